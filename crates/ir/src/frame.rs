//! The stack frame as a whole: who observes its address, and the part of it that grows while the
//! function runs.

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::assembly::Assembly;
use crate::builder::Builder;
use crate::function::Linkage;
use crate::text::name_bytes;
use crate::wrappers::{Function, Instruction, Module, Type, Value};

/// Intrinsics of LLVM's that observe or publish the address of the frame, by how their names start.
const OBSERVES_FRAME: [&[u8]; 11] = [
    b"llvm.frameaddress",
    b"llvm.addressofreturnaddress",
    b"llvm.sponentry",
    b"llvm.localescape",
    b"llvm.localrecover",
    b"llvm.eh.sjlj.",
    b"llvm.eh.dwarf.cfa",
    b"llvm.eh.recoverfp",
    b"llvm.eh.return",
    b"llvm.experimental.stackmap",
    b"llvm.experimental.patchpoint",
];

impl<'m> Instruction<'m> {
    /// Whether it observes the address of the frame, or publishes it.
    pub fn observes_frame(self) -> bool {
        OBSERVES_FRAME.iter().any(|name| self.calls_function_with_prefix(name))
    }

    /// Whether it reads or sets the stack pointer (`llvm.stacksave`, `llvm.stackrestore`).
    pub fn saves_or_restores_stack(self) -> bool {
        self.calls_function_with_prefix(b"llvm.stacksave")
            || self.calls_function_with_prefix(b"llvm.stackrestore")
    }

    /// The saved stack pointer that it restores, if it is an `llvm.stackrestore`.
    pub fn restored_stack(self) -> Option<Value<'m>> {
        let call = self.call()?;
        self.calls_function_with_prefix(b"llvm.stackrestore").then(|| call.args()[0])
    }

    fn calls_function_with_prefix(self, prefix: &[u8]) -> bool {
        self.call()
            .and_then(|call| call.callee().as_function())
            .is_some_and(|callee| callee.name_bytes().starts_with(prefix))
    }
}

impl<'m> Function<'m> {
    /// Adds a new first block, which jumps to the old one, and moves the local variables of fixed
    /// size into it. Returns a builder right before the jump.
    pub fn add_first_block(self, module: Module<'m>) -> Builder<'m> {
        let variables: Vec<Instruction<'m>> = self
            .instructions()
            .into_iter()
            .take_while(|i| i.is_in_entry())
            .filter(|i| i.variable_size(module).is_some())
            .collect();
        // SAFETY: the function has a body. Its variables are moved to before all their uses. The
        // old first block has no predecessors, so it has no PHI nodes that would need to change.
        unsafe {
            let old = LLVMGetEntryBasicBlock(self.value().raw());
            let new = LLVMInsertBasicBlockInContext(module.context(), old, c"".as_ptr());
            let builder = Builder::at_end(module, new);
            for variable in variables {
                let raw: LLVMValueRef = variable.value().raw();
                // Removing an instruction from its block takes its name away.
                let name = name_bytes(variable.value()).to_vec();
                LLVMInstructionRemoveFromParent(raw);
                LLVMInsertIntoBuilder(builder.raw(), raw);
                LLVMSetValueName2(raw, name.as_ptr().cast(), name.len());
            }
            LLVMBuildBr(builder.raw(), old);
            LLVMPositionBuilderBefore(builder.raw(), LLVMGetBasicBlockTerminator(new));
            builder
        }
    }
}

impl<'m> Builder<'m> {
    /// The stack pointer (`llvm.stacksave`).
    pub fn save_stack(&self) -> Value<'m> {
        let pointer = Type::pointer(self.module(), 0);
        let ty = Type::function(pointer, &[]);
        self.call(ty, self.intrinsic("llvm.stacksave.p0", ty), &[], None).value()
    }

    /// Sets the stack pointer to a saved value (`llvm.stackrestore`).
    pub fn restore_stack(&self, saved: Value<'m>) {
        let ty = Type::function(Type::void(self.module()), &[saved.ty()]);
        self.call(ty, self.intrinsic("llvm.stackrestore.p0", ty), &[saved], None);
    }

    /// A variable of `bytes` bytes in the part of the frame that grows. LLVM does not know its
    /// size, so it never moves it to the fixed part.
    pub fn growing_variable(&self, bytes: u64, alignment: u64) -> Value<'m> {
        let bytes = self.opaque(self.size(bytes));
        // SAFETY: the builder is in a function; the alignment is a variable's.
        unsafe {
            let byte = Type::byte(self.module()).raw();
            let raw = LLVMBuildArrayAlloca(self.raw(), byte, bytes.raw(), c"".as_ptr());
            LLVMSetAlignment(raw, alignment as u32);
            Value::new(raw)
        }
    }

    /// The integer `value`, by way of empty assembly: LLVM no longer knows it.
    fn opaque(&self, value: Value<'m>) -> Value<'m> {
        let ty = Type::function(value.ty(), &[value.ty()]);
        let assembly = Assembly {
            text: String::new(),
            constraints: "=r,0".to_owned(),
            has_effects: false,
            throws: false,
        };
        self.call(ty, assembly.value(ty), &[value], None).value()
    }

    fn intrinsic(&self, name: &str, ty: Type<'m>) -> Value<'m> {
        match self.module().function(name) {
            Some(found) => found.value(),
            None => Function::add(self.module(), name, ty, Linkage::External).value(),
        }
    }
}
