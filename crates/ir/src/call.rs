//! Calls and invokes, and building new ones in their place.

use std::ffi::CStr;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::debuginfo::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::{LLVMAtomicOrdering, LLVMTailCallKind};

use super::function::{AttributePlace, attribute_kind};
use super::{Function, Instruction, Module, Type, Value, edge};
use crate::Location;

// SAFETY: this is a function of `shim.cc`, with the types that it has there.
unsafe extern "C" {
    fn stackswitch_ir_may_inline(call: LLVMValueRef) -> bool;
}

/// A call, an invoke or a `callbr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call<'m>(Value<'m>);

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A plain call.
    Call,
    /// An invoke or a `callbr`, which ends its block.
    Terminator,
}

// SAFETY: this is the function of `shim.cc`, with the types that it has there.
unsafe extern "C" {
    fn stackswitch_ir_call_rarely(
        call: LLVMValueRef,
        condition: LLVMValueRef,
        otherwise: LLVMValueRef,
    );
}

/// Metadata that says something of a call's result, which may not hold for one of another type.
const RESULT_METADATA: [&str; 6] =
    ["range", "nonnull", "align", "dereferenceable", "dereferenceable_or_null", "fpmath"];

/// What is known of a call's place at the end of its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// It may become a jump.
    Allowed,
    /// Nothing, or that it must not become a jump.
    Plain,
}

impl<'m> Call<'m> {
    /// The call that an instruction of a live module is, if it is one.
    pub(super) fn from_raw(raw: LLVMValueRef) -> Option<Self> {
        // SAFETY: the value belongs to a live module.
        let call = unsafe {
            !LLVMIsACallInst(raw).is_null()
                || !LLVMIsAInvokeInst(raw).is_null()
                || (!LLVMIsAInstruction(raw).is_null()
                    && LLVMGetInstructionOpcode(raw) == inkwell::llvm_sys::LLVMOpcode::LLVMCallBr)
        };
        call.then(|| Call(Value::new(raw)))
    }

    /// As a value: its result.
    pub fn value(self) -> Value<'m> {
        self.0
    }

    /// Whether it is a plain call.
    pub fn kind(self) -> CallKind {
        // SAFETY: the instruction is live.
        if unsafe { LLVMIsACallInst(self.0.raw()).is_null() } {
            CallKind::Terminator
        } else {
            CallKind::Call
        }
    }

    /// Whether it is an invoke.
    pub fn is_invoke(self) -> bool {
        // SAFETY: the instruction is live.
        unsafe { !LLVMIsAInvokeInst(self.0.raw()).is_null() }
    }

    /// What is called.
    pub fn callee(self) -> Value<'m> {
        // SAFETY: the instruction is live and a call.
        Value::new(unsafe { LLVMGetCalledValue(self.0.raw()) })
    }

    /// Whether it is an intrinsic of LLVM's that calls nothing in the program and never throws.
    pub fn is_harmless_intrinsic(self) -> bool {
        self.callee().as_function().is_some_and(|callee| {
            // SAFETY: the function is live.
            let known = unsafe { LLVMGetIntrinsicID(callee.value().raw()) } != 0;
            let has = |name| callee.attribute(AttributePlace::Function, name).is_some();
            known && has("nocallback") && has("nounwind")
        })
    }

    /// Whether it is inline assembly.
    pub fn is_assembly(self) -> bool {
        // SAFETY: the value belongs to a live module.
        unsafe { !LLVMIsAInlineAsm(self.callee().raw()).is_null() }
    }

    /// Whether it must become a jump.
    pub fn is_musttail(self) -> bool {
        self.tail_kind() == LLVMTailCallKind::LLVMTailCallKindMustTail
    }

    /// The type that it is called with, which may differ from the callee's own.
    pub fn function_type(self) -> Type<'m> {
        // SAFETY: the instruction is live and a call.
        Type::new(unsafe { LLVMGetCalledFunctionType(self.0.raw()) })
    }

    /// Whether the body of what it calls may take its place, if nothing else calls for another one.
    pub fn may_be_inlined(self) -> bool {
        // SAFETY: the instruction is live and a call.
        let may = unsafe { stackswitch_ir_may_inline(self.0.raw()) };
        let same = |what| {
            let callee = self.callee().as_function();
            callee.is_some_and(|f| f.string_attribute(what) == self.caller().string_attribute(what))
        };
        may && !self.has_bundles() && same("target-cpu") && same("target-features")
    }

    /// The arguments.
    pub fn args(self) -> Vec<Value<'m>> {
        // SAFETY: the instruction is live and a call; its arguments are its first operands.
        unsafe {
            (0..LLVMGetNumArgOperands(self.0.raw()))
                .map(|i| Value::new(LLVMGetOperand(self.0.raw(), i)))
                .collect()
        }
    }

    /// The calling convention; 0 is C's.
    pub fn calling_convention(self) -> u32 {
        // SAFETY: the instruction is live and a call.
        unsafe { LLVMGetInstructionCallConv(self.0.raw()) }
    }

    /// As an instruction.
    pub fn instruction(self) -> Instruction<'m> {
        Instruction::new(self.0)
    }

    /// The function that it is in.
    pub fn caller(self) -> Function<'m> {
        self.instruction().function()
    }

    /// Where the source says so, if there is debug information.
    pub fn location(self) -> Option<Location> {
        self.instruction().location()
    }

    /// Whether it may, must or must not become a jump.
    fn tail_kind(self) -> LLVMTailCallKind {
        if self.kind() == CallKind::Terminator {
            return LLVMTailCallKind::LLVMTailCallKindNone;
        }
        // SAFETY: the instruction is live and a plain call.
        unsafe { LLVMGetTailCallKind(self.0.raw()) }
    }

    /// Whether it has operand bundles.
    pub fn has_bundles(self) -> bool {
        // SAFETY: the instruction is live and a call.
        unsafe { LLVMGetNumOperandBundles(self.0.raw()) != 0 }
    }

    /// Whether the call, or the function that it calls, has an enum attribute.
    pub fn has_attribute(self, place: AttributePlace, name: &str) -> bool {
        // SAFETY: the instruction is live; the kind is one that LLVM named.
        let own = unsafe {
            LLVMGetCallSiteEnumAttribute(self.0.raw(), place.index(), attribute_kind(name))
        };
        !own.is_null()
            || self.callee().as_function().is_some_and(|f| f.attribute(place, name).is_some())
    }

    /// Calls another function or piece of assembly instead, which takes and gives the same. Everything
    /// else of the instruction stays as it is.
    pub fn set_callee(self, callee: Value<'m>) {
        // SAFETY: the callee is the last operand of every kind of call; the passes hand in one of the
        // type that this call is of.
        unsafe {
            let last = LLVMGetNumOperands(self.0.raw()) as u32 - 1;
            LLVMSetOperand(self.0.raw(), last, callee.raw());
        }
    }

    /// Makes sure that control comes back to after the call.
    pub fn forbid_jump(self) {
        // SAFETY: the instruction is live and a plain call.
        unsafe { LLVMSetTailCallKind(self.0.raw(), LLVMTailCallKind::LLVMTailCallKindNone) }
    }

    /// Gives the call itself an attribute with a name of its own, without a value, unless it has
    /// it; returns whether it changed.
    pub fn add_string_attribute(self, module: Module<'m>, name: &str) -> bool {
        let (place, length) = (AttributePlace::Function.index(), name.len() as u32);
        // SAFETY: the instruction and its context are live; the length is that of the name.
        unsafe {
            let text = name.as_ptr().cast();
            if !LLVMGetCallSiteStringAttribute(self.0.raw(), place, text, length).is_null() {
                return false;
            }
            let none = c"".as_ptr();
            let attribute = LLVMCreateStringAttribute(module.context(), text, length, none, 0);
            LLVMAddCallSiteAttribute(self.0.raw(), place, attribute);
        }
        true
    }

    /// Replaces an argument by a value of the same type.
    pub fn set_arg(self, index: u32, value: Value<'m>) {
        // SAFETY: the index is that of an argument.
        unsafe { LLVMSetOperand(self.0.raw(), index, value.raw()) }
    }

    /// Gives the call itself an enum attribute unless it has it; returns whether it changed.
    pub fn add_attribute(self, module: Module<'m>, name: &str) -> bool {
        let (kind, place) = (attribute_kind(name), AttributePlace::Function.index());
        // SAFETY: the instruction and its context are live; the kind is one that LLVM named.
        unsafe {
            if !LLVMGetCallSiteEnumAttribute(self.0.raw(), place, kind).is_null() {
                return false;
            }
            let attribute = LLVMCreateEnumAttribute(module.context(), kind, 0);
            LLVMAddCallSiteAttribute(self.0.raw(), place, attribute);
        }
        true
    }

    /// Takes an enum attribute away from the call; returns whether it was there.
    pub fn remove_attribute(self, place: AttributePlace, name: &str) -> bool {
        let (kind, index) = (attribute_kind(name), place.index());
        // SAFETY: the instruction is live; the kind is one that LLVM named.
        unsafe {
            if LLVMGetCallSiteEnumAttribute(self.0.raw(), index, kind).is_null() {
                return false;
            }
            LLVMRemoveCallSiteEnumAttribute(self.0.raw(), index, kind);
        }
        true
    }

    /// Gives the call an attribute that another function has in the same place.
    pub fn set_attribute(self, place: AttributePlace, attribute: LLVMAttributeRef) {
        // SAFETY: the instruction is live and in the attribute's context.
        unsafe { LLVMAddCallSiteAttribute(self.0.raw(), place.index(), attribute) }
    }

    /// Takes over what `old` says besides its operands and of its result: metadata, the call's own
    /// attributes (not those of parameters, whose types may differ), and whether it may become a
    /// jump.
    pub fn inherit(self, old: Call<'m>, tail: Tail) {
        let index = AttributePlace::Function.index();
        // SAFETY: both instructions are live and in one context; the lists are as long as LLVM
        // says, and the metadata list is freed once.
        unsafe {
            let context = LLVMGetTypeContext(LLVMTypeOf(old.0.raw()));
            let about_result = RESULT_METADATA.map(|name| {
                LLVMGetMDKindIDInContext(context, name.as_ptr().cast(), name.len() as u32)
            });
            let mut count = 0;
            let entries = LLVMInstructionGetAllMetadataOtherThanDebugLoc(old.0.raw(), &mut count);
            for i in 0..count as u32 {
                let node = LLVMValueMetadataEntriesGetMetadata(entries, i);
                let kind = LLVMValueMetadataEntriesGetKind(entries, i);
                if about_result.contains(&kind) {
                    continue;
                }
                LLVMSetMetadata(self.0.raw(), kind, LLVMMetadataAsValue(context, node));
            }
            LLVMDisposeValueMetadataEntries(entries);

            let count = LLVMGetCallSiteAttributeCount(old.0.raw(), index) as usize;
            let mut attributes = vec![std::ptr::null_mut(); count];
            LLVMGetCallSiteAttributes(old.0.raw(), index, attributes.as_mut_ptr());
            for attribute in attributes {
                LLVMAddCallSiteAttribute(self.0.raw(), index, attribute);
            }
        }
        let kind = match (tail, old.tail_kind()) {
            (Tail::Allowed, LLVMTailCallKind::LLVMTailCallKindMustTail) => {
                LLVMTailCallKind::LLVMTailCallKindTail
            }
            (Tail::Allowed, kind) => kind,
            (Tail::Plain, LLVMTailCallKind::LLVMTailCallKindNoTail) => {
                LLVMTailCallKind::LLVMTailCallKindNoTail
            }
            (Tail::Plain, _) => LLVMTailCallKind::LLVMTailCallKindNone,
        };
        // SAFETY: the instruction is live and a plain call.
        unsafe { LLVMSetTailCallKind(self.0.raw(), kind) }
    }

    /// Has control come here only where `condition` holds, which is rare. Where it does not, what
    /// uses the result has `otherwise` instead. Both must be there before the call, which is no
    /// `callbr`.
    pub fn make_rare(self, condition: Value<'m>, otherwise: Value<'m>) {
        // SAFETY: all are live and of one function; `otherwise` has the result's type.
        unsafe { stackswitch_ir_call_rarely(self.0.raw(), condition.raw(), otherwise.raw()) }
    }

    /// Puts a value that is there already where the result was used, and removes the call, which
    /// must not be used again.
    pub fn fold(self, value: Value<'m>) {
        self.instruction().fold(value);
    }

    /// Puts `value` where the result was used (nothing for a call without one) and removes the
    /// call, which must not be used again.
    pub fn replace(self, value: Option<Value<'m>>) {
        // SAFETY: the instruction is live, and the value has its type.
        unsafe {
            if let Some(value) = value {
                LLVMReplaceAllUsesWith(self.0.raw(), value.raw());
                let mut length = 0;
                let name = LLVMGetValueName2(self.0.raw(), &mut length);
                let name: Vec<u8> = if length == 0 {
                    Vec::new()
                } else {
                    std::slice::from_raw_parts(name.cast(), length).to_vec()
                };
                LLVMSetValueName2(self.0.raw(), c"".as_ptr(), 0);
                LLVMSetValueName2(value.raw(), name.as_ptr().cast(), name.len());
            }
            LLVMInstructionEraseFromParent(self.0.raw());
        }
    }
}

/// Makes instructions.
#[derive(Debug)]
pub struct Builder<'m> {
    raw: LLVMBuilderRef,
    module: Module<'m>,
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        // SAFETY: the builder was made here and is freed once.
        unsafe { LLVMDisposeBuilder(self.raw) }
    }
}

impl<'m> Builder<'m> {
    /// One that stands right before `call` and gives instructions its debug location.
    pub fn before(module: Module<'m>, call: Call<'m>) -> Self {
        Self::before_instruction(module, call.instruction())
    }

    /// One that stands right before an instruction and gives others its debug location.
    pub fn before_instruction(module: Module<'m>, at: Instruction<'m>) -> Self {
        // SAFETY: the context and the instruction are live.
        unsafe {
            let raw = LLVMCreateBuilderInContext(module.context());
            LLVMPositionBuilderBefore(raw, at.value().raw());
            LLVMSetCurrentDebugLocation2(raw, LLVMInstructionGetDebugLoc(at.value().raw()));
            Builder { raw, module }
        }
    }

    /// One that stands at the end of a block.
    pub(super) fn at_end(module: Module<'m>, block: LLVMBasicBlockRef) -> Self {
        // SAFETY: the context and the block are live.
        unsafe {
            let raw = LLVMCreateBuilderInContext(module.context());
            LLVMPositionBuilderAtEnd(raw, block);
            Builder { raw, module }
        }
    }

    /// LLVM's pointer.
    pub(super) fn raw(&self) -> LLVMBuilderRef {
        self.raw
    }

    /// The module that it builds in.
    pub(super) fn module(&self) -> Module<'m> {
        self.module
    }

    /// Gives instructions a location in `function` if they would have none: LLVM wants one for
    /// calls between functions with debug information.
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

    /// Gives instructions no line, as those have that are there before a function's own begin.
    pub fn set_no_line_of(&self, function: Function<'m>) {
        // SAFETY: the builder is live; null stands for no location.
        unsafe { LLVMSetCurrentDebugLocation2(self.raw, std::ptr::null_mut()) };
        self.ensure_location(function);
    }

    /// Gives instructions the line of `function` itself, if it is described to debuggers.
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

    /// One that stands where control goes on after `call` has returned, and gives instructions its
    /// debug location. Nothing for a `callbr`.
    pub fn after(module: Module<'m>, call: Call<'m>) -> Option<Self> {
        // SAFETY: the context and the instruction are live; a plain call is followed by another
        // instruction.
        unsafe {
            let next = if call.kind() == CallKind::Call {
                LLVMGetNextInstruction(call.0.raw())
            } else {
                edge::after_invoke(module, call.0.raw())?
            };
            let raw = LLVMCreateBuilderInContext(module.context());
            LLVMPositionBuilderBefore(raw, next);
            LLVMSetCurrentDebugLocation2(raw, LLVMInstructionGetDebugLoc(call.0.raw()));
            Some(Builder { raw, module })
        }
    }

    /// One that stands at the start of a function with a body.
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

    /// One that stands in the new, only block of a function.
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

    /// Memory in the frame, called so.
    pub fn alloca(&self, ty: Type<'m>, alignment: u32, name: &CStr) -> Value<'m> {
        // SAFETY: the builder stands in a function, the type has a size.
        unsafe {
            let raw = LLVMBuildAlloca(self.raw, ty.raw(), name.as_ptr());
            LLVMSetAlignment(raw, alignment);
            Value::new(raw)
        }
    }

    /// Stores `value` to `address`.
    pub fn store(&self, value: Value<'m>, address: Value<'m>, alignment: u32) {
        // SAFETY: the builder stands in a function, the address is a pointer.
        unsafe { LLVMSetAlignment(LLVMBuildStore(self.raw, value.raw(), address.raw()), alignment) }
    }

    /// Loads a value from `address`.
    pub fn load(&self, ty: Type<'m>, address: Value<'m>, alignment: u32) -> Value<'m> {
        // SAFETY: the builder stands in a function, the address is a pointer.
        unsafe {
            let raw = LLVMBuildLoad2(self.raw, ty.raw(), address.raw(), c"".as_ptr());
            LLVMSetAlignment(raw, alignment);
            Value::new(raw)
        }
    }

    /// An integer as a wider or equally wide one; the new bits are zero.
    pub fn widen(&self, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: both are integers and the new type is not narrower.
        Value::new(unsafe { LLVMBuildZExt(self.raw, value.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// An integer as a wider or equally wide one; the new bits are the sign.
    pub fn widen_signed(&self, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: both are integers and the new type is not narrower.
        Value::new(unsafe { LLVMBuildSExt(self.raw, value.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// Loads a value that other threads may be storing, and of which any is right.
    pub fn load_shared(&self, ty: Type<'m>, address: Value<'m>) -> Value<'m> {
        let value = self.load(ty, address, ty.alignment(self.module));
        // SAFETY: the load is live and of a type that machines load at once.
        unsafe {
            LLVMSetOrdering(value.raw(), LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic);
        }
        value
    }

    /// An address that is a number in an address space.
    pub fn pointer_to(&self, number: Value<'m>, space: u32) -> Value<'m> {
        let ty = Type::pointer(self.module, space);
        // SAFETY: the number is an integer, the type a pointer.
        Value::new(unsafe { LLVMBuildIntToPtr(self.raw, number.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// An address so many bytes behind another, in the same object.
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

    /// A field of a structure that is a value.
    pub fn field(&self, value: Value<'m>, index: u32) -> Value<'m> {
        // SAFETY: the value is a structure with such a field.
        Value::new(unsafe { LLVMBuildExtractValue(self.raw, value.raw(), index, c"".as_ptr()) })
    }

    /// The low bits of an integer.
    pub fn narrow(&self, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: both are integers and the new type is not wider.
        Value::new(unsafe { LLVMBuildTrunc(self.raw, value.raw(), ty.raw(), c"".as_ptr()) })
    }

    /// A constant of the target's pointer-sized integer type.
    pub fn size(&self, bytes: u64) -> Value<'m> {
        // SAFETY: the type is an integer type.
        Value::new(unsafe { LLVMConstInt(Type::size(self.module).raw(), bytes, 0) })
    }

    /// A call, with the operand bundles of `bundles_of`.
    pub fn call(
        &self,
        ty: Type<'m>,
        callee: Value<'m>,
        args: &[Value<'m>],
        bundles_of: Option<Call<'m>>,
    ) -> Call<'m> {
        let mut args: Vec<LLVMValueRef> = args.iter().map(|a| a.raw()).collect();
        // SAFETY: the builder stands in a function; the arguments fit the type, as the passes see
        // to; lengths are those of the lists; each bundle is freed once, after its use.
        unsafe {
            let mut bundles: Vec<_> = bundles_of
                .map(|call| {
                    (0..LLVMGetNumOperandBundles(call.0.raw()))
                        .map(|i| LLVMGetOperandBundleAtIndex(call.0.raw(), i))
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
            Call(Value::new(raw))
        }
    }

    /// A call, or an invoke that goes on where `like` does if that is one. The latter is not to stay.
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
        // SAFETY: the builder stands where `like` is, a live invoke; the arguments fit the type, as
        // the passes see to, and their count is that of the list.
        Call(Value::new(unsafe {
            LLVMBuildInvoke2(
                self.raw,
                ty.raw(),
                callee.raw(),
                args.as_mut_ptr(),
                args.len() as u32,
                LLVMGetNormalDest(like.0.raw()),
                LLVMGetUnwindDest(like.0.raw()),
                c"".as_ptr(),
            )
        }))
    }

    /// Whether a pointer is not null.
    pub fn is_there(&self, pointer: Value<'m>) -> Value<'m> {
        // SAFETY: the builder stands in a function, the value is a pointer.
        Value::new(unsafe { LLVMBuildIsNotNull(self.raw, pointer.raw(), c"".as_ptr()) })
    }

    /// Sets the calling convention of a call.
    pub fn set_convention(&self, call: Call<'m>, convention: u32) {
        // SAFETY: the instruction is live and a call.
        unsafe { LLVMSetInstructionCallConv(call.0.raw(), convention) }
    }

    /// The end of a function, with or without a result.
    pub fn ret(&self, value: Option<Value<'m>>) {
        // SAFETY: the builder stands at the end of a function that returns the value's type.
        unsafe {
            match value {
                Some(value) => LLVMBuildRet(self.raw, value.raw()),
                None => LLVMBuildRetVoid(self.raw),
            };
        }
    }
}
