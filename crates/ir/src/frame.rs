//! Local variables and the part of a frame that grows and shrinks while a function runs.

use std::collections::HashSet;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::{LLVMInlineAsmDialect, LLVMOpcode};

use super::call::Builder;
use super::function::{AttributePlace, attribute_kind};
use super::{Call, Function, Instruction, Linkage, Module, Type, TypeKind, Value};

/// A use of a local variable for which it matters that it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableUse {
    /// Inline assembly has its address.
    Assembly,
    /// LLVM, or a target's convention, wants a variable of the frame there.
    Bound,
}

/// Intrinsics of LLVM's that take any address, by what their names start with.
const TAKES_ANY_ADDRESS: [&[u8]; 7] = [
    b"llvm.lifetime.",
    b"llvm.mem",
    b"llvm.va_",
    b"llvm.prefetch",
    b"llvm.invariant.",
    b"llvm.masked.",
    b"llvm.dbg.",
];

// SAFETY: these are the functions of `shim.cc`, with the types that they have there.
unsafe extern "C" {
    fn stackswitch_ir_is_bound(variable: LLVMValueRef) -> bool;
    fn stackswitch_ir_describe_through(
        module: LLVMModuleRef,
        variable: LLVMValueRef,
        pointer: LLVMValueRef,
        offset: i32,
    );
}

/// What a mark says of a local variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// From here on it is needed.
    Start,
    /// It is not needed any more.
    End,
}

impl<'m> Instruction<'m> {
    /// The mark on a whole local variable that it is, if it is one.
    pub fn lifetime(self) -> Option<(Lifetime, Value<'m>)> {
        let call = self.call()?;
        let callee = call.callee().as_function()?;
        let name = callee.name_bytes();
        let which = if name.starts_with(b"llvm.lifetime.start") {
            Lifetime::Start
        } else if name.starts_with(b"llvm.lifetime.end") {
            Lifetime::End
        } else {
            return None;
        };
        // Before LLVM 22 the size comes first.
        call.args().last().map(|&variable| (which, variable))
    }

    /// Whether it moves the stack pointer back, or asks where it is.
    pub fn saves_or_restores_stack(self) -> bool {
        self.call().and_then(|call| call.callee().as_function()).is_some_and(|callee| {
            callee.name_bytes().starts_with(b"llvm.stacksave")
                || callee.name_bytes().starts_with(b"llvm.stackrestore")
        })
    }

    /// The saved stack pointer that it goes back to, if it does.
    pub fn restored_stack(self) -> Option<Value<'m>> {
        let call = self.call()?;
        let callee = call.callee().as_function()?;
        callee.name_bytes().starts_with(b"llvm.stackrestore").then(|| call.args()[0])
    }

    /// Whether it is in the first block of its function.
    pub fn is_in_entry(self) -> bool {
        // SAFETY: the function has a body, since it has an instruction.
        unsafe { LLVMGetEntryBasicBlock(self.function().value().raw()) == self.block() }
    }

    /// Whether it belongs to the handling of exceptions by funclets.
    pub fn is_funclet(self) -> bool {
        use LLVMOpcode::{LLVMCatchPad, LLVMCatchSwitch, LLVMCleanupPad};
        matches!(self.opcode(), LLVMCatchPad | LLVMCleanupPad | LLVMCatchSwitch)
    }

    /// Whether it is arithmetic on integers or addresses, or a value that a loop carries.
    pub fn computes(self) -> bool {
        use LLVMOpcode::*;
        matches!(
            self.opcode(),
            LLVMAdd
                | LLVMSub
                | LLVMMul
                | LLVMUDiv
                | LLVMSDiv
                | LLVMURem
                | LLVMSRem
                | LLVMShl
                | LLVMLShr
                | LLVMAShr
                | LLVMAnd
                | LLVMOr
                | LLVMXor
                | LLVMTrunc
                | LLVMZExt
                | LLVMSExt
                | LLVMPtrToInt
                | LLVMIntToPtr
                | LLVMGetElementPtr
                | LLVMPHI
        )
    }

    /// Whether its result is used by an instruction that is not among those of its block, or by a
    /// PHI, whose operands are needed at the end of another block.
    pub fn is_needed_outside(self, block: &HashSet<Instruction<'m>>) -> bool {
        self.value().all_users().is_none_or(|users| {
            users.iter().any(|i| !block.contains(i) || i.opcode() == LLVMOpcode::LLVMPHI)
        })
    }

    /// The ends of the blocks from which a PHI takes a value; nothing for other instructions.
    pub fn sources_of(self, value: Value<'m>) -> Option<Vec<Instruction<'m>>> {
        if self.opcode() != LLVMOpcode::LLVMPHI {
            return None;
        }
        let mut found = Vec::new();
        for (index, operand) in self.operands().into_iter().enumerate() {
            if operand == value {
                // SAFETY: the instruction is a PHI with so many sources; each block has an end.
                found.push(Instruction::new(Value::new(unsafe {
                    let block = LLVMGetIncomingBlock(self.value().raw(), index as u32);
                    LLVMGetBasicBlockTerminator(block)
                })));
            }
        }
        Some(found)
    }

    /// Whether its result may be an address that was made out of one that it is given, and is not
    /// read from memory.
    pub fn hands_on_address(self) -> bool {
        let is_plain = matches!(
            self.value().ty().kind(),
            TypeKind::Void | TypeKind::Integer(_) | TypeKind::Float(_)
        );
        self.opcode() != LLVMOpcode::LLVMLoad && !is_plain
    }

    /// Uses another value in the place of one.
    pub fn replace_operand(self, old: Value<'m>, new: Value<'m>) {
        for (index, operand) in self.operands().into_iter().enumerate() {
            if operand == old {
                // SAFETY: the instruction is live and has that operand; both are pointers.
                unsafe { LLVMSetOperand(self.value().raw(), index as u32, new.raw()) }
            }
        }
    }

    /// Takes a local variable away that nothing uses any more but metadata, which then means `new`,
    /// as does the name.
    pub fn give_way_to(self, new: Value<'m>) {
        // SAFETY: the instruction is live and makes a variable; nothing uses it afterwards.
        unsafe {
            let old = self.value().raw();
            LLVMReplaceAllUsesWith(old, new.raw());
            let mut length = 0;
            let name = LLVMGetValueName2(old, &mut length);
            let name = std::slice::from_raw_parts(name.cast::<u8>(), length).to_vec();
            LLVMSetValueName2(old, c"".as_ptr(), 0);
            LLVMSetValueName2(new.raw(), name.as_ptr().cast(), name.len());
            LLVMInstructionEraseFromParent(old);
        }
    }

    /// Has debuggers find the local variable that it makes `offset` bytes from where `pointer`, which
    /// is a local variable as well, points to.
    pub fn describe_through(self, module: Module<'m>, pointer: Value<'m>, offset: u32) {
        // SAFETY: both are variables of one function of the live module.
        unsafe {
            stackswitch_ir_describe_through(
                module.raw(),
                self.value().raw(),
                pointer.raw(),
                offset as i32,
            );
        }
    }

    /// Why the local variable that it makes cannot be elsewhere than in the frame, if it cannot.
    pub fn variable_use(self) -> Option<VariableUse> {
        // SAFETY: the instruction is live and makes a variable.
        if unsafe { stackswitch_ir_is_bound(self.value().raw()) } {
            return Some(VariableUse::Bound);
        }
        let (mut seen, mut open) = (HashSet::new(), vec![self.value()]);
        while let Some(value) = open.pop() {
            if !seen.insert(value) {
                continue;
            }
            let Some(users) = value.all_users() else { return Some(VariableUse::Bound) };
            for user in users {
                let Some(call) = user.call() else {
                    use LLVMOpcode::{LLVMGetElementPtr, LLVMPHI, LLVMSelect};
                    if matches!(user.opcode(), LLVMGetElementPtr | LLVMPHI | LLVMSelect) {
                        open.push(user.value());
                    }
                    continue;
                };
                if call.is_assembly() {
                    return Some(VariableUse::Assembly);
                }
                let Some(callee) = call.callee().as_function() else { continue };
                let name = callee.name_bytes();
                let takes_any = TAKES_ANY_ADDRESS.iter().any(|start| name.starts_with(start));
                if name.starts_with(b"llvm.") && !takes_any {
                    return Some(VariableUse::Bound);
                }
            }
        }
        None
    }

    /// Whether it asks where the frame is, or tells others.
    pub fn looks_at_frame(self) -> bool {
        const NAMES: [&[u8]; 11] = [
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
        self.call()
            .and_then(|call| call.callee().as_function())
            .is_some_and(|callee| NAMES.iter().any(|name| callee.name_bytes().starts_with(name)))
    }

    /// Whether it leaves its function: by returning, or by unwinding on from a cleanup.
    pub fn leaves_function(self) -> bool {
        matches!(self.opcode(), LLVMOpcode::LLVMRet | LLVMOpcode::LLVMResume)
    }

    /// The alignment of the local variable that it makes.
    pub fn variable_alignment(self) -> u64 {
        // SAFETY: the instruction is live and makes a variable.
        u64::from(unsafe { LLVMGetAlignment(self.value().raw()) })
    }
}

impl<'m> Value<'m> {
    /// All instructions that use it, each once; `None` where something else does.
    pub fn all_users(self) -> Option<Vec<Instruction<'m>>> {
        let (mut users, mut seen) = (Vec::new(), HashSet::new());
        // SAFETY: the value belongs to a live module, whose uses are not changed meanwhile.
        let mut next = unsafe { LLVMGetFirstUse(self.raw()) };
        while !next.is_null() {
            // SAFETY: `next` is a use of a live value.
            let user = Value::new(unsafe { LLVMGetUser(next) }).as_instruction()?;
            if seen.insert(user) {
                users.push(user);
            }
            // SAFETY: as above.
            next = unsafe { LLVMGetNextUse(next) };
        }
        Some(users)
    }

    /// Whether somebody may know this address when the function's own uses of it are over, as far
    /// as few steps show.
    pub fn may_be_kept(self) -> bool {
        /// How many uses are looked at.
        const MAX_USES: usize = 1024;
        let (mut seen, mut open, mut looked) = (HashSet::new(), vec![self], 0);
        while let Some(value) = open.pop() {
            if !seen.insert(value) {
                continue;
            }
            let Some(users) = value.all_users() else { return true };
            for user in users {
                looked += 1;
                if looked > MAX_USES {
                    return true;
                }
                match user.opcode() {
                    LLVMOpcode::LLVMLoad | LLVMOpcode::LLVMICmp => {}
                    LLVMOpcode::LLVMStore if user.operand(0) != value => {}
                    LLVMOpcode::LLVMGetElementPtr
                    | LLVMOpcode::LLVMBitCast
                    | LLVMOpcode::LLVMAddrSpaceCast
                    | LLVMOpcode::LLVMFreeze
                    | LLVMOpcode::LLVMPHI
                    | LLVMOpcode::LLVMSelect => open.push(user.value()),
                    _ => match user.call() {
                        Some(call) if !call.may_keep(value) => {
                            if call.gives_back(value) {
                                open.push(user.value());
                            }
                        }
                        _ => return true,
                    },
                }
            }
        }
        false
    }
}

impl<'m> Call<'m> {
    /// Whether what is called may remember an address beyond the call.
    fn may_keep(self, address: Value<'m>) -> bool {
        let args = self.args();
        let given = args.iter().enumerate().filter(|(_, arg)| **arg == address);
        // Operands that are no arguments, such as a bundle's, are of no known meaning.
        let uses = self.instruction().operands().iter().filter(|o| **o == address).count();
        let harmless = given
            .filter(|(index, _)| {
                let place = AttributePlace::Param(*index as u32);
                self.is_not_captured(place)
            })
            .count();
        harmless != uses
    }

    /// Whether the argument in that place is said not to be remembered.
    fn is_not_captured(self, place: AttributePlace) -> bool {
        // LLVM 21 says what may be known of it afterwards, which is nothing if that is 0.
        self.attribute_value(place, "captures") == Some(0)
            || self.attribute_value(place, "nocapture").is_some()
    }

    /// Whether the result is that argument.
    fn gives_back(self, address: Value<'m>) -> bool {
        let place = |index| AttributePlace::Param(index as u32);
        let mut args = self.args().into_iter().enumerate();
        args.any(|(i, arg)| arg == address && self.attribute_value(place(i), "returned").is_some())
    }

    /// The value of an enum attribute of the call or of the function that it calls.
    fn attribute_value(self, place: AttributePlace, name: &str) -> Option<u64> {
        let kind = attribute_kind(name);
        if kind == 0 {
            return None;
        }
        // SAFETY: the instruction and its callee are live; the kind is one that LLVM named.
        unsafe {
            let own = LLVMGetCallSiteEnumAttribute(self.value().raw(), place.index(), kind);
            let found = if own.is_null() {
                self.callee().as_function()?.attribute(place, name)?
            } else {
                own
            };
            Some(LLVMGetEnumAttributeValue(found))
        }
    }
}

impl<'m> Function<'m> {
    /// Puts a new first block before all others, with the variables that are of one size in it, and
    /// gives a builder that stands at its end.
    pub fn add_first_block(self, module: Module<'m>) -> Builder<'m> {
        let variables: Vec<Instruction<'m>> = self
            .instructions()
            .into_iter()
            .take_while(|i| i.is_in_entry())
            .filter(|i| i.variable_size(module).is_some())
            .collect();
        // SAFETY: the function has a body. The variables are moved up within it, before all that
        // may use them; the old first block has no sources, so it has no PHIs.
        unsafe {
            let old = LLVMGetEntryBasicBlock(self.value().raw());
            let new = LLVMInsertBasicBlockInContext(module.context(), old, c"".as_ptr());
            let builder = Builder::at_end(module, new);
            for variable in variables {
                let raw: LLVMValueRef = variable.value().raw();
                let mut length = 0;
                let name = LLVMGetValueName2(raw, &mut length);
                let name = std::slice::from_raw_parts(name.cast::<u8>(), length).to_vec();
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
    /// Asks where the stack pointer is.
    pub fn save_stack(&self) -> Value<'m> {
        let pointer = Type::pointer(self.module(), 0);
        let ty = Type::function(pointer, &[]);
        self.call(ty, self.intrinsic("llvm.stacksave.p0", ty), &[], None).value()
    }

    /// Moves the stack pointer back to where it was.
    pub fn restore_stack(&self, saved: Value<'m>) {
        let ty = Type::function(Type::void(self.module()), &[saved.ty()]);
        self.call(ty, self.intrinsic("llvm.stackrestore.p0", ty), &[saved], None);
    }

    /// Memory in the part of the frame that grows.
    pub fn growing_variable(&self, bytes: u64, alignment: u64) -> Value<'m> {
        // A variable of a plain number of bytes would be part of the fixed frame wherever blocks
        // become one with the first.
        let bytes = self.hide(self.size(bytes));
        // SAFETY: the builder stands in a function; the alignment is a variable's.
        unsafe {
            let byte = Type::byte(self.module()).raw();
            let raw = LLVMBuildArrayAlloca(self.raw(), byte, bytes.raw(), c"".as_ptr());
            LLVMSetAlignment(raw, alignment as u32);
            Value::new(raw)
        }
    }

    /// An integer of which LLVM does not know that it is this one.
    fn hide(&self, value: Value<'m>) -> Value<'m> {
        let ty = Type::function(value.ty(), &[value.ty()]);
        let constraints = "=r,0";
        // SAFETY: the type fits the constraints; the length is that of the text.
        let same = Value::new(unsafe {
            LLVMGetInlineAsm(
                ty.raw(),
                c"".as_ptr(),
                0,
                constraints.as_ptr().cast(),
                constraints.len(),
                0,
                0,
                LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
                0,
            )
        });
        self.call(ty, same, &[value], None).value()
    }

    fn intrinsic(&self, name: &str, ty: Type<'m>) -> Value<'m> {
        match self.module().function(name) {
            Some(found) => found.value(),
            None => Function::add(self.module(), name, ty, Linkage::External).value(),
        }
    }
}
