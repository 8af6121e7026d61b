//! The little of LLVM's C interface that the passes need, as checked Rust types.
//!
//! The types here are copies of LLVM's pointers. Their lifetime is that of the module's borrow, made
//! once by [`Module::from_raw`], which is where the caller promises that the module is alive and
//! ours to change. Nothing here frees a type, a context or a module; a function or an instruction
//! that is erased is not used again, which is for the passes to see to.

mod assembly;
mod call;
mod coroutine;
mod edge;
mod frame;
mod function;
mod instruction;
mod location;
pub mod mangle;
mod mark;
mod metadata;
mod object;
mod phi;
mod trace;
mod types;

pub use assembly::Assembly;
pub use call::{Builder, Call, CallKind, Tail};
pub use coroutine::{Coroutine, Presplit, split};
pub use frame::{Lifetime, VariableUse};
pub use function::{AttributePlace, Function, Linkage};
pub use instruction::{Block, Instruction};
pub use location::Location;
pub use object::{Access, AccessKind};
pub use phi::Phi;
pub use types::{Type, TypeKind};

/// The version of LLVM that this crate was built for.
pub const LLVM_VERSION: &str = env!("STACKSWITCH_LLVM_VERSION");

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;

use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;
use inkwell::llvm_sys::target::{LLVMGetModuleDataLayout, LLVMPointerSize};

/// A module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'m> {
    raw: LLVMModuleRef,
    borrow: PhantomData<&'m ()>,
}

impl<'m> Module<'m> {
    /// Wraps a module of LLVM's.
    ///
    /// # Safety
    /// `raw` must be a live module that nothing else changes during `'m`.
    pub unsafe fn from_raw(raw: LLVMModuleRef) -> Self {
        Module { raw, borrow: PhantomData }
    }

    /// LLVM's pointer.
    pub fn raw(self) -> LLVMModuleRef {
        self.raw
    }

    /// The context that owns the module's types.
    pub fn context(self) -> LLVMContextRef {
        // SAFETY: the module is live, see `from_raw`.
        unsafe { LLVMGetModuleContext(self.raw) }
    }

    /// The functions whose name starts with `prefix`, in the module's order.
    pub fn functions(self, prefix: &str) -> Vec<Function<'m>> {
        let mut found = Vec::new();
        // SAFETY: the module is live.
        let mut next = unsafe { LLVMGetFirstFunction(self.raw) };
        while !next.is_null() {
            let function = Function(Value::new(next));
            if function.name_bytes().starts_with(prefix.as_bytes()) {
                found.push(function);
            }
            // SAFETY: `next` is a function of the live module.
            next = unsafe { LLVMGetNextFunction(next) };
        }
        found
    }

    /// Where each function and each instruction stands in the module.
    pub fn positions(self) -> HashMap<Value<'m>, usize> {
        let mut positions = HashMap::new();
        for function in self.functions("") {
            positions.insert(function.value(), positions.len());
            for instruction in function.instructions() {
                positions.insert(instruction.value(), positions.len());
            }
        }
        positions
    }

    /// The function of that name, if there is one.
    pub fn function(self, name: &str) -> Option<Function<'m>> {
        let name = CString::new(name).ok()?;
        // SAFETY: the module is live, the name ends with a zero.
        let raw = unsafe { LLVMGetNamedFunction(self.raw, name.as_ptr()) };
        (!raw.is_null()).then(|| Function(Value::new(raw)))
    }

    /// Whether a variable, an alias or a resolver has that name.
    pub fn has_other_symbol(self, name: &str) -> bool {
        let Ok(c_name) = CString::new(name) else { return false };
        // SAFETY: the module is live, the name ends with a zero and its length is right.
        unsafe {
            !LLVMGetNamedGlobal(self.raw, c_name.as_ptr()).is_null()
                || !LLVMGetNamedGlobalAlias(self.raw, c_name.as_ptr(), name.len()).is_null()
                || !LLVMGetNamedGlobalIFunc(self.raw, c_name.as_ptr(), name.len()).is_null()
        }
    }

    /// A variable of that name which another module defines. `None` where this module has something
    /// else of that name.
    pub fn external_variable(self, name: &str, ty: Type<'m>) -> Option<Value<'m>> {
        let c_name = CString::new(name).ok()?;
        // SAFETY: the module and the type are live, the name ends with a zero.
        unsafe {
            let found = LLVMGetNamedGlobal(self.raw, c_name.as_ptr());
            if !found.is_null() {
                return Some(Value::new(found));
            }
            if self.function(name).is_some() || self.has_other_symbol(name) {
                return None;
            }
            Some(Value::new(LLVMAddGlobal(self.raw, ty.raw(), c_name.as_ptr())))
        }
    }

    /// The target triple, empty if the module has none.
    pub fn triple(self) -> String {
        // SAFETY: the module is live and keeps the text, which ends with a zero.
        let text = unsafe { CStr::from_ptr(LLVMGetTarget(self.raw)) };
        text.to_string_lossy().into_owned()
    }

    /// The value of an integer among the module's flags.
    pub fn flag(self, name: &str) -> Option<u64> {
        // SAFETY: the module is live and the name's length is right; a value as metadata has that
        // value for its one operand.
        unsafe {
            let flag = LLVMGetModuleFlag(self.raw, name.as_ptr().cast(), name.len());
            if flag.is_null() {
                return None;
            }
            let flag = LLVMMetadataAsValue(self.context(), flag);
            if LLVMIsAValueAsMetadata(flag).is_null() {
                return None;
            }
            Value::new(LLVMGetOperand(flag, 0)).as_integer()
        }
    }

    /// Sets a flag to 1, in this module and in all that it is linked with. Returns whether it was not.
    pub fn set_flag(self, name: &str) -> bool {
        if self.flag(name) == Some(1) {
            return false;
        }
        // SAFETY: module and context are live and the name's length is right.
        unsafe {
            let one = LLVMConstInt(LLVMInt32TypeInContext(self.context()), 1, 0);
            LLVMAddModuleFlag(
                self.raw,
                inkwell::llvm_sys::LLVMModuleFlagBehavior::LLVMModuleFlagBehaviorOverride,
                name.as_ptr().cast(),
                name.len(),
                LLVMValueAsMetadata(one),
            );
        }
        true
    }

    /// Bytes of a pointer.
    pub fn pointer_size(self) -> u32 {
        // SAFETY: the module is live and owns the data layout.
        unsafe { LLVMPointerSize(LLVMGetModuleDataLayout(self.raw)) }
    }
}

/// Any value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value<'m> {
    raw: LLVMValueRef,
    borrow: PhantomData<&'m ()>,
}

impl<'m> Value<'m> {
    /// Wraps a value that belongs to a live module.
    fn new(raw: LLVMValueRef) -> Self {
        Value { raw, borrow: PhantomData }
    }

    /// LLVM's pointer.
    pub fn raw(self) -> LLVMValueRef {
        self.raw
    }

    /// Its type.
    pub fn ty(self) -> Type<'m> {
        // SAFETY: the value belongs to a live module.
        Type::new(unsafe { LLVMTypeOf(self.raw) })
    }

    /// The null constant of a type.
    pub fn null(ty: Type<'m>) -> Self {
        // SAFETY: the type is live.
        Value::new(unsafe { LLVMConstNull(ty.raw()) })
    }

    /// A constant of an integer type.
    pub fn integer(ty: Type<'m>, value: u64) -> Self {
        // SAFETY: the type is live; only asked of integer types.
        Value::new(unsafe { LLVMConstInt(ty.raw(), value, 0) })
    }

    /// Whether it is a null pointer constant.
    pub fn is_null(self) -> bool {
        // SAFETY: the value belongs to a live module.
        unsafe { LLVMIsNull(self.raw) != 0 }
    }

    /// Whether it is a constant, or the address of a function or a global variable.
    pub fn is_constant(self) -> bool {
        // SAFETY: the value belongs to a live module.
        unsafe { LLVMIsConstant(self.raw) != 0 }
    }

    /// Whether nothing uses it.
    pub fn is_unused(self) -> bool {
        // SAFETY: the value belongs to a live module.
        unsafe { LLVMGetFirstUse(self.raw).is_null() }
    }

    /// Whether it is `undef` and not `poison`, which LLVM counts among it.
    pub fn is_undefined(self) -> bool {
        // SAFETY: the value belongs to a live module.
        unsafe { LLVMIsUndef(self.raw) != 0 && LLVMIsPoison(self.raw) == 0 }
    }

    /// Its value, if it is an integer constant of at most 64 bits.
    pub fn as_integer(self) -> Option<u64> {
        // SAFETY: the value belongs to a live module; the width is asked for integers only.
        unsafe {
            let constant = LLVMIsAConstantInt(self.raw);
            (!constant.is_null() && LLVMGetIntTypeWidth(LLVMTypeOf(constant)) <= 64)
                .then(|| LLVMConstIntGetZExtValue(constant))
        }
    }

    /// The function that this is the address of, through casts and aliases.
    pub fn as_function(self) -> Option<Function<'m>> {
        self.resolve(|_| true)
    }

    /// The function that this is certainly the address of when the program runs, with the body that
    /// it has here.
    pub fn as_exact_function(self) -> Option<Function<'m>> {
        self.resolve(|alias| Function(alias).has_fixed_meaning()).filter(|f| f.is_exact())
    }

    /// The function that this is the address of, if a copy of the body that it has here may run in
    /// its stead.
    pub fn as_copyable_function(self) -> Option<Function<'m>> {
        self.resolve(|alias| Function(alias).may_be_copied()).filter(|f| f.may_be_copied())
    }

    /// Follows casts, and aliases that `accept` takes, to a function.
    fn resolve(self, accept: impl Fn(Value<'m>) -> bool) -> Option<Function<'m>> {
        let mut value = self.raw;
        // An alias cannot lead back to itself in valid IR; the bound is for IR that is not.
        for _ in 0..64 {
            // SAFETY: each value is reached from one that belongs to a live module, and each
            // accessor is used on the kind of value that was just tested for.
            unsafe {
                if !LLVMIsAFunction(value).is_null() {
                    return Some(Function(Value::new(value)));
                }
                if !LLVMIsAGlobalAlias(value).is_null() && accept(Value::new(value)) {
                    value = LLVMAliasGetAliasee(value);
                } else if is_cast_expression(value) {
                    value = LLVMGetOperand(value, 0);
                } else {
                    return None;
                }
            }
        }
        None
    }

    /// Whether it is certainly the address of some memory: a variable or a part of one.
    pub fn is_object(self) -> bool {
        let mut value = self.raw;
        for _ in 0..64 {
            // SAFETY: as in `as_function`.
            unsafe {
                if !LLVMIsAAllocaInst(value).is_null() || !LLVMIsAGlobalVariable(value).is_null() {
                    return true;
                }
                let address = !LLVMIsAGetElementPtrInst(value).is_null()
                    || (!LLVMIsAConstantExpr(value).is_null()
                        && LLVMGetConstOpcode(value)
                            == inkwell::llvm_sys::LLVMOpcode::LLVMGetElementPtr);
                if !address {
                    return false;
                }
                value = LLVMGetOperand(value, 0);
            }
        }
        false
    }

    /// As LLVM prints it.
    pub fn print(self) -> String {
        // SAFETY: the value belongs to a live module; the text is ours to free.
        unsafe { take_message(LLVMPrintValueToString(self.raw)) }
    }
}

/// Whether `value` is a constant expression that only changes a pointer's type.
///
/// # Safety
/// `value` must belong to a live module.
unsafe fn is_cast_expression(value: LLVMValueRef) -> bool {
    use inkwell::llvm_sys::LLVMOpcode::{LLVMAddrSpaceCast, LLVMBitCast};
    // SAFETY: the caller vouches for `value`; the opcode is asked of constant expressions only.
    unsafe {
        !LLVMIsAConstantExpr(value).is_null()
            && matches!(LLVMGetConstOpcode(value), LLVMBitCast | LLVMAddrSpaceCast)
    }
}

/// Copies a text that LLVM allocated and frees it.
///
/// # Safety
/// `text` must be null or a string from one of LLVM's functions that hand out ownership.
pub unsafe fn take_message(text: *mut c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for `text`; it is freed once, after the copy.
    unsafe {
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeMessage(text);
        copy
    }
}

/// Copies `length` bytes of text that LLVM keeps.
///
/// # Safety
/// `text` must be null or point to `length` readable bytes.
unsafe fn copy_text(text: *const c_char, length: usize) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for the bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    String::from_utf8_lossy(bytes).into_owned()
}
