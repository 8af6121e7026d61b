//! Replaces one piece of code by another.

use inkwell::llvm_sys::LLVMTailCallKind::{self, *};
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::text::name_bytes;
use crate::wrappers::{Call, Function, Instruction, Module, Value};

// SAFETY: these are functions of `cpp/replacement.cc`, with the types that they have there.
unsafe extern "C" {
    fn stackswitch_ir_may_inline(call: LLVMValueRef) -> bool;
    fn stackswitch_ir_drop_claims(call: LLVMValueRef);
    fn stackswitch_ir_inline(call: LLVMValueRef) -> bool;
    fn stackswitch_ir_call_rarely(
        call: LLVMValueRef,
        condition: LLVMValueRef,
        otherwise: LLVMValueRef,
    );
}

// SAFETY: this is a function of `cpp/debug_info.cc`, with the types that it has there.
unsafe extern "C" {
    fn stackswitch_ir_describe_through(
        module: LLVMModuleRef,
        variable: LLVMValueRef,
        pointer: LLVMValueRef,
        offset: i32,
    );
}

/// Metadata about a call's result, which need not hold for a result of another type.
const RESULT_METADATA: [&str; 6] =
    ["range", "nonnull", "align", "dereferenceable", "dereferenceable_or_null", "fpmath"];

/// Whether a call that replaces another may become a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// It may if the other may.
    Allowed,
    /// It may not: the callee is given the address of a local variable.
    Forbidden,
}

impl<'m> Call<'m> {
    /// Copies from `old`, the call that this one replaces: its metadata but for that about the
    /// result, its own attributes but for those of the result and of the arguments, and, as `tail`
    /// allows, its tail marker. This call must be a plain call.
    pub fn inherit(self, old: Call<'m>, tail: Tail) {
        self.copy_metadata(old);
        self.copy_own_attributes(old);
        let kind: LLVMTailCallKind = match (tail, old.tail_kind()) {
            (Tail::Allowed, LLVMTailCallKindMustTail) => LLVMTailCallKindTail,
            (Tail::Allowed, kind) => kind,
            (Tail::Forbidden, LLVMTailCallKindNoTail) => LLVMTailCallKindNoTail,
            (Tail::Forbidden, _) => LLVMTailCallKindNone,
        };
        // SAFETY: the call is live and a plain call.
        unsafe { LLVMSetTailCallKind(self.value().raw(), kind) }
    }

    /// Copies the metadata of another call, but for that about its result and its location.
    fn copy_metadata(self, old: Call<'m>) {
        let context = old.value().ty().context();
        // SAFETY: both calls are live and in this context; the list is as long as LLVM says, and
        // is freed once.
        unsafe {
            let about_result = RESULT_METADATA.map(|name| {
                LLVMGetMDKindIDInContext(context, name.as_ptr().cast(), name.len() as u32)
            });
            let mut count = 0;
            let entries =
                LLVMInstructionGetAllMetadataOtherThanDebugLoc(old.value().raw(), &mut count);
            for i in 0..count as u32 {
                let node = LLVMValueMetadataEntriesGetMetadata(entries, i);
                let kind = LLVMValueMetadataEntriesGetKind(entries, i);
                if !about_result.contains(&kind) {
                    let node = LLVMMetadataAsValue(context, node);
                    LLVMSetMetadata(self.value().raw(), kind, node);
                }
            }
            LLVMDisposeValueMetadataEntries(entries);
        }
    }

    /// Removes what is claimed of the call besides its operands: attributes, metadata but for the
    /// debug location, and the tail marker.
    pub fn drop_claims(self) {
        // SAFETY: the call is live.
        unsafe { stackswitch_ir_drop_claims(self.value().raw()) }
    }

    /// Makes control come to the call only if `condition` holds, which LLVM is told is rare. If it
    /// does not hold, `otherwise` takes the place of the result. Both values must be available
    /// right before the call, which must not be a `callbr`.
    pub fn make_conditional(self, condition: Value<'m>, otherwise: Value<'m>) {
        // SAFETY: all are live and of one function; `otherwise` has the result's type.
        unsafe {
            stackswitch_ir_call_rarely(self.value().raw(), condition.raw(), otherwise.raw());
        }
    }

    /// Makes every use of the result a use of `value`, which has the same type, and erases the
    /// call. No copy of this wrapper may be used afterwards.
    pub fn replace_with(self, value: Value<'m>) {
        self.instruction().replace_with(value);
    }

    /// As [`Call::replace_with`], and `value` takes over the call's name. `None` is for a call
    /// without a result.
    pub fn replace_and_name(self, value: Option<Value<'m>>) {
        let raw = self.value().raw();
        if let Some(value) = value {
            // SAFETY: the call is live, and the value has its type.
            unsafe { LLVMReplaceAllUsesWith(raw, value.raw()) }
            move_name(self.value(), value);
        }
        self.instruction().erase();
    }

    /// Whether the body of the callee may take the call's place.
    pub fn may_be_inlined(self) -> bool {
        // SAFETY: the call is live.
        let may = unsafe { stackswitch_ir_may_inline(self.value().raw()) };
        let has_same = |attribute| {
            self.callee().as_function().is_some_and(|callee| {
                callee.string_attribute(attribute) == self.caller().string_attribute(attribute)
            })
        };
        let returns_twice =
            self.callee().as_function().is_some_and(Function::calls_what_returns_twice);
        may && !returns_twice
            && !self.has_bundles()
            && has_same("target-cpu")
            && has_same("target-features")
    }

    /// Puts the body of the callee in the call's place, and returns whether LLVM could. If it
    /// could, no copy of this wrapper may be used afterwards.
    pub fn inline(self) -> bool {
        // SAFETY: the call is live. LLVM leaves a call that it cannot inline as it is.
        unsafe { stackswitch_ir_inline(self.value().raw()) }
    }
}

impl<'m> Instruction<'m> {
    /// Erases a local variable that nothing but metadata uses. `new` takes its place in the
    /// metadata, and takes over its name. No copy of this wrapper may be used afterwards.
    pub fn replace_variable(self, new: Value<'m>) {
        // SAFETY: the instruction is live and makes a variable; both are pointers.
        unsafe { LLVMReplaceAllUsesWith(self.value().raw(), new.raw()) }
        move_name(self.value(), new);
        self.erase();
    }
}

impl<'m> Value<'m> {
    /// Makes debuggers find this local variable, or argument that is passed by value in memory,
    /// `offset` bytes after the address that the local variable `pointer` holds.
    pub fn describe_through(self, module: Module<'m>, pointer: Value<'m>, offset: u32) {
        // SAFETY: both are variables, or the first is an argument, of one function of the live module.
        unsafe {
            stackswitch_ir_describe_through(module.raw(), self.raw(), pointer.raw(), offset as i32);
        }
    }

    /// Makes every use of this argument a use of `new`. Both are pointers.
    pub fn replace_argument(self, new: Value<'m>) {
        // SAFETY: both are live pointers of one function.
        unsafe { LLVMReplaceAllUsesWith(self.raw(), new.raw()) }
    }
}

/// Gives `to` the name of `from`.
pub(crate) fn move_name(from: Value<'_>, to: Value<'_>) {
    // SAFETY: both values are live. The name is copied before `from` loses it.
    unsafe {
        let name = name_bytes(from).to_vec();
        LLVMSetValueName2(from.raw(), c"".as_ptr(), 0);
        LLVMSetValueName2(to.raw(), name.as_ptr().cast(), name.len());
    }
}
