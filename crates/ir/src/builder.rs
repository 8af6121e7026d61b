//! Building instructions.

use std::ffi::CStr;

use inkwell::llvm_sys::LLVMAtomicOrdering;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;

use crate::call::CallKind;
use crate::invoke_edge;
use crate::wrappers::{Call, Function, Instruction, Module, Type, Value};

/// Builds instructions at one position of a function, with one debug location.
#[derive(Debug)]
pub struct Builder<'m> {
    raw: LLVMBuilderRef,
    module: Module<'m>,
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        // SAFETY: the builder was made by one of the constructors and is freed once.
        unsafe { LLVMDisposeBuilder(self.raw) }
    }
}

impl<'m> Builder<'m> {
    /// A builder right before `call`, with its debug location.
    pub fn before(module: Module<'m>, call: Call<'m>) -> Self {
        Self::before_instruction(module, call.instruction())
    }

    /// A builder right before an instruction, with its debug location.
    pub fn before_instruction(module: Module<'m>, at: Instruction<'m>) -> Self {
        // SAFETY: the context and the instruction are live.
        unsafe {
            let raw = LLVMCreateBuilderInContext(module.context());
            LLVMPositionBuilderBefore(raw, at.value().raw());
            LLVMSetCurrentDebugLocation2(raw, LLVMInstructionGetDebugLoc(at.value().raw()));
            Builder { raw, module }
        }
    }

    /// A builder at the end of a block, without a debug location.
    pub(crate) fn at_end(module: Module<'m>, block: LLVMBasicBlockRef) -> Self {
        // SAFETY: the context and the block are live.
        unsafe {
            let raw = LLVMCreateBuilderInContext(module.context());
            LLVMPositionBuilderAtEnd(raw, block);
            Builder { raw, module }
        }
    }

    /// LLVM's pointer.
    pub(crate) fn raw(&self) -> LLVMBuilderRef {
        self.raw
    }

    /// The module that it builds in.
    pub(crate) fn module(&self) -> Module<'m> {
        self.module
    }

    /// Sets the debug location to line 0 of `function`, if there is none. LLVM demands a location
    /// for calls between functions with debug information.
    pub fn ensure_location(&self, function: Function<'m>) {
        // SAFETY: the builder and the function are live; a subprogram is a scope.
        unsafe {
            let scope = LLVMGetSubprogram(function.value().raw());
            if scope.is_null() || !LLVMGetCurrentDebugLocation2(self.raw).is_null() {
                return;
            }
            let context = self.module.context();
            let nowhere =
                LLVMDIBuilderCreateDebugLocation(context, 0, 0, scope, std::ptr::null_mut());
            LLVMSetCurrentDebugLocation2(self.raw, nowhere);
        }
    }

    /// Sets the debug location to line 0 of `function`, as for code before its first line.
    pub fn set_no_line_of(&self, function: Function<'m>) {
        // SAFETY: the builder is live; null stands for no location.
        unsafe { LLVMSetCurrentDebugLocation2(self.raw, std::ptr::null_mut()) };
        self.ensure_location(function);
    }

    /// Sets the debug location to the line of `function` itself, if it has debug information.
    pub fn set_line_of(&self, function: Function<'m>) {
        // SAFETY: the builder and the function are live; a subprogram is a scope with a line.
        unsafe {
            let scope = LLVMGetSubprogram(function.value().raw());
            if scope.is_null() {
                return;
            }
            let (context, line) = (self.module.context(), LLVMDISubprogramGetLine(scope));
            let location =
                LLVMDIBuilderCreateDebugLocation(context, line, 0, scope, std::ptr::null_mut());
            LLVMSetCurrentDebugLocation2(self.raw, location);
        }
    }

    /// A builder at the place where control continues after `call` has returned, with its debug
    /// location. `None` for a `callbr`.
    pub fn after(module: Module<'m>, call: Call<'m>) -> Option<Self> {
        // SAFETY: the context and the instruction are live; a plain call is followed by another
        // instruction.
        unsafe {
            let next = if call.kind() == CallKind::Call {
                LLVMGetNextInstruction(call.value().raw())
            } else {
                invoke_edge::after_invoke(module, call.value().raw())?
            };
            let raw = LLVMCreateBuilderInContext(module.context());
            LLVMPositionBuilderBefore(raw, next);
            LLVMSetCurrentDebugLocation2(raw, LLVMInstructionGetDebugLoc(call.value().raw()));
            Some(Builder { raw, module })
        }
    }

    /// A builder at the start of a function with a body, without a debug location.
    pub fn at_entry(module: Module<'m>, function: Function<'m>) -> Self {
        // SAFETY: the context is live; a function with a call in it has a block with instructions.
        unsafe {
            let raw = LLVMCreateBuilderInContext(module.context());
            let block = LLVMGetEntryBasicBlock(function.value().raw());
            LLVMPositionBuilderBefore(raw, LLVMGetFirstInstruction(block));
            LLVMSetCurrentDebugLocation2(raw, std::ptr::null_mut());
            Builder { raw, module }
        }
    }

    /// A builder in a new block of a function that has none, without a debug location.
    pub fn in_new_body(module: Module<'m>, function: Function<'m>) -> Self {
        // SAFETY: the context and the function are live.
        unsafe {
            let raw = LLVMCreateBuilderInContext(module.context());
            let block = LLVMAppendBasicBlockInContext(
                module.context(),
                function.value().raw(),
                c"entry".as_ptr(),
            );
            LLVMPositionBuilderAtEnd(raw, block);
            Builder { raw, module }
        }
    }

    /// A local variable of the type `ty`, called `name`.
    pub fn alloca(&self, ty: Type<'m>, alignment: u32, name: &CStr) -> Value<'m> {
        // SAFETY: the builder is in a function, the type has a size.
        unsafe {
            let raw = LLVMBuildAlloca(self.raw, ty.raw(), name.as_ptr());
            LLVMSetAlignment(raw, alignment);
            Value::new(raw)
        }
    }

    /// A store of `value` to `address`.
    pub fn store(&self, value: Value<'m>, address: Value<'m>, alignment: u32) {
        // SAFETY: the builder is in a function, the address is a pointer.
        unsafe { LLVMSetAlignment(LLVMBuildStore(self.raw, value.raw(), address.raw()), alignment) }
    }

    /// A load of a value from `address`.
    pub fn load(&self, ty: Type<'m>, address: Value<'m>, alignment: u32) -> Value<'m> {
        // SAFETY: the builder is in a function, the address is a pointer.
        unsafe {
            let raw = LLVMBuildLoad2(self.raw, ty.raw(), address.raw(), c"".as_ptr());
            LLVMSetAlignment(raw, alignment);
            Value::new(raw)
        }
    }

    /// The integer `value`, extended with zeros to the type `ty`, which is not narrower.
    pub fn widen(&self, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: both are integers and the new type is not narrower.
        Value::new(unsafe { LLVMBuildZExt(self.raw, value.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// The integer `value`, extended with its sign to the type `ty`, which is not narrower.
    pub fn widen_signed(&self, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: both are integers and the new type is not narrower.
        Value::new(unsafe { LLVMBuildSExt(self.raw, value.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// A load of a value that other threads may store meanwhile. It is atomic, without order.
    pub fn load_shared(&self, ty: Type<'m>, address: Value<'m>) -> Value<'m> {
        let value = self.load(ty, address, ty.alignment(self.module));
        // SAFETY: the load is live and of a type that every machine loads at once.
        unsafe {
            LLVMSetOrdering(value.raw(), LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic);
        }
        value
    }

    /// The integer `number` as an address in the address space `space`.
    pub fn pointer_to(&self, number: Value<'m>, space: u32) -> Value<'m> {
        let ty = Type::pointer(self.module, space);
        // SAFETY: the number is an integer, the type a pointer.
        Value::new(unsafe { LLVMBuildIntToPtr(self.raw, number.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// The address `bytes` after `address`, in the same object.
    pub fn offset(&self, address: Value<'m>, bytes: u64) -> Value<'m> {
        let mut index = self.size(bytes).raw();
        // SAFETY: the address is a pointer, the index an integer.
        Value::new(unsafe {
            LLVMBuildInBoundsGEP2(
                self.raw,
                Type::byte(self.module).raw(),
                address.raw(),
                &raw mut index,
                1,
                c"".as_ptr(),
            )
        })
    }

    /// The product of two integers of one type. It does not overflow.
    pub fn multiply(&self, a: Value<'m>, b: Value<'m>) -> Value<'m> {
        // SAFETY: both are integers of one type.
        Value::new(unsafe { LLVMBuildNUWMul(self.raw, a.raw(), b.raw(), c"".as_ptr()) })
    }

    /// The integer `number`, without a sign, as one of the target's pointer-sized integer type.
    pub fn as_size(&self, number: Value<'m>) -> Value<'m> {
        let ty = Type::size(self.module);
        // SAFETY: the value and the type are integers.
        Value::new(unsafe { LLVMBuildIntCast2(self.raw, number.raw(), ty.raw(), 0, c"".as_ptr()) })
    }

    /// Copies `bytes` bytes between two objects that do not overlap, both aligned to `alignment`.
    pub fn copy_bytes(&self, to: Value<'m>, from: Value<'m>, alignment: u64, bytes: u64) {
        let (unit, bytes) = (alignment as u32, self.size(bytes));
        // SAFETY: the builder is in a function; both are pointers, the number is an integer.
        unsafe { LLVMBuildMemCpy(self.raw, to.raw(), unit, from.raw(), unit, bytes.raw()) };
    }

    /// The field number `index`, from 0, of a structure that is a value.
    pub fn field(&self, value: Value<'m>, index: u32) -> Value<'m> {
        // SAFETY: the value is a structure with such a field.
        Value::new(unsafe { LLVMBuildExtractValue(self.raw, value.raw(), index, c"".as_ptr()) })
    }

    /// The low bits of the integer `value`, as many as the type `ty` has.
    pub fn narrow(&self, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: both are integers and the new type is not wider.
        Value::new(unsafe { LLVMBuildTrunc(self.raw, value.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// A constant of the target's pointer-sized integer type.
    pub fn size(&self, bytes: u64) -> Value<'m> {
        // SAFETY: the type is an integer type.
        Value::new(unsafe { LLVMConstInt(Type::size(self.module).raw(), bytes, 0) })
    }

    /// A call of `callee`, whose type is `ty`. It gets the operand bundles of `bundles_of`.
    pub fn call(
        &self,
        ty: Type<'m>,
        callee: Value<'m>,
        args: &[Value<'m>],
        bundles_of: Option<Call<'m>>,
    ) -> Call<'m> {
        let mut args: Vec<LLVMValueRef> = args.iter().map(|a| a.raw()).collect();
        // SAFETY: the builder is in a function; the arguments fit the type, as the passes see
        // to; lengths are those of the lists; each bundle is freed once, after its use.
        unsafe {
            let mut bundles: Vec<_> = bundles_of
                .map(|call| {
                    (0..LLVMGetNumOperandBundles(call.value().raw()))
                        .map(|i| LLVMGetOperandBundleAtIndex(call.value().raw(), i))
                        .collect()
                })
                .unwrap_or_default();
            let raw = LLVMBuildCallWithOperandBundles(
                self.raw,
                ty.raw(),
                callee.raw(),
                args.as_mut_ptr(),
                args.len() as u32,
                bundles.as_mut_ptr(),
                bundles.len() as u32,
                c"".as_ptr(),
            );
            for bundle in bundles {
                LLVMDisposeOperandBundle(bundle);
            }
            Call::new(Value::new(raw))
        }
    }

    /// A call of `callee`, whose type is `ty`. If `like` is an invoke it is an invoke too, with the
    /// same two destinations; `like` must then be erased.
    pub fn call_like(
        &self,
        like: Call<'m>,
        ty: Type<'m>,
        callee: Value<'m>,
        args: &[Value<'m>],
    ) -> Call<'m> {
        if !like.is_invoke() {
            return self.call(ty, callee, args, None);
        }
        let mut args: Vec<LLVMValueRef> = args.iter().map(|a| a.raw()).collect();
        // SAFETY: the builder is at `like`, a live invoke; the arguments fit the type, as
        // the passes see to, and their count is that of the list.
        Call::new(Value::new(unsafe {
            LLVMBuildInvoke2(
                self.raw,
                ty.raw(),
                callee.raw(),
                args.as_mut_ptr(),
                args.len() as u32,
                LLVMGetNormalDest(like.value().raw()),
                LLVMGetUnwindDest(like.value().raw()),
                c"".as_ptr(),
            )
        }))
    }

    /// Whether `pointer` is not null.
    pub fn is_not_null(&self, pointer: Value<'m>) -> Value<'m> {
        // SAFETY: the builder is in a function, the value is a pointer.
        Value::new(unsafe { LLVMBuildIsNotNull(self.raw, pointer.raw(), c"".as_ptr()) })
    }

    /// A return from the function, with its result if it has one.
    pub fn ret(&self, value: Option<Value<'m>>) {
        // SAFETY: the builder is at the end of a block of a function that returns the value's type.
        unsafe {
            match value {
                Some(value) => LLVMBuildRet(self.raw, value.raw()),
                None => LLVMBuildRetVoid(self.raw),
            };
        }
    }
}
