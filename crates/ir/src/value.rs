//! Values: constants, and the function or variable that an address is of.

use inkwell::llvm_sys::LLVMOpcode::{LLVMAddrSpaceCast, LLVMBitCast, LLVMGetElementPtr};
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::text::{name_bytes, take_message};
use crate::wrappers::{Function, Type, Value};

/// How many casts, aliases or address computations are followed. Valid IR has no circles of them;
/// the bound is for IR that is not valid.
const MAX_STEPS: usize = 64;

impl<'m> Value<'m> {
    /// The null constant of a type.
    pub fn null(ty: Type<'m>) -> Self {
        // SAFETY: the type is live.
        Value::new(unsafe { LLVMConstNull(ty.raw()) })
    }

    /// A constant of the integer type `ty`.
    pub fn integer(ty: Type<'m>, value: u64) -> Self {
        // SAFETY: the type is live and, as the caller sees to, an integer type.
        Value::new(unsafe { LLVMConstInt(ty.raw(), value, 0) })
    }

    /// Whether it is the null constant of its type.
    pub fn is_null(self) -> bool {
        // SAFETY: the value is live.
        unsafe { LLVMIsNull(self.raw()) != 0 }
    }

    /// Whether it is a constant; the address of a function or a global variable is one.
    pub fn is_constant(self) -> bool {
        // SAFETY: the value is live.
        unsafe { LLVMIsConstant(self.raw()) != 0 }
    }

    /// Its name; empty for a value without one. Bytes that are no UTF-8 are replaced.
    pub fn name(self) -> String {
        // SAFETY: the value is live, and the name is copied at once.
        String::from_utf8_lossy(unsafe { name_bytes(self) }).into_owned()
    }

    /// Whether nothing uses it.
    pub fn is_unused(self) -> bool {
        // SAFETY: the value is live.
        unsafe { LLVMGetFirstUse(self.raw()).is_null() }
    }

    /// Whether it is `undef`. `poison` is not.
    pub fn is_undefined(self) -> bool {
        // SAFETY: the value is live.
        unsafe { LLVMIsUndef(self.raw()) != 0 && LLVMIsPoison(self.raw()) == 0 }
    }

    /// Its value, if it is an integer constant of at most 64 bits.
    pub fn as_integer(self) -> Option<u64> {
        // SAFETY: the value is live; the width is asked of integers only.
        unsafe {
            let constant = LLVMIsAConstantInt(self.raw());
            (!constant.is_null() && LLVMGetIntTypeWidth(LLVMTypeOf(constant)) <= 64)
                .then(|| LLVMConstIntGetZExtValue(constant))
        }
    }

    /// The function that it is the address of. Casts and aliases are followed.
    pub fn as_function(self) -> Option<Function<'m>> {
        self.follow_to_function(|_| true)
    }

    /// The function that it is the address of, if the program is certain to run the body that the
    /// function has here. See [`Function::is_exact`].
    pub fn as_exact_function(self) -> Option<Function<'m>> {
        self.follow_to_function(Function::has_exact_definition).filter(|f| f.is_exact())
    }

    /// The function that it is the address of, if a copy of its body here may run instead of it.
    /// See [`Function::may_be_copied`].
    pub fn as_copyable_function(self) -> Option<Function<'m>> {
        self.follow_to_function(|alias| !alias.is_interposable()).filter(|f| f.may_be_copied())
    }

    /// Follows casts, and the aliases that `accept` takes, to a function. An alias is asked about
    /// as if it were a function: both have a linkage.
    fn follow_to_function(self, accept: impl Fn(Function<'m>) -> bool) -> Option<Function<'m>> {
        let mut value = self.raw();
        for _ in 0..MAX_STEPS {
            // SAFETY: each value is reached from a live one, and each accessor is used on the kind
            // of value that was just tested for.
            unsafe {
                if !LLVMIsAFunction(value).is_null() {
                    return Some(Function::new(Value::new(value)));
                }
                let is_alias = !LLVMIsAGlobalAlias(value).is_null();
                if is_alias && accept(Function::new(Value::new(value))) {
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

    /// Whether it is certainly an address in a local or a global variable.
    pub fn is_variable_address(self) -> bool {
        let mut value = self.raw();
        for _ in 0..MAX_STEPS {
            // SAFETY: each value is reached from a live one; the opcode is asked of constant
            // expressions only, and an address computation has a first operand.
            unsafe {
                if !LLVMIsAAllocaInst(value).is_null() || !LLVMIsAGlobalVariable(value).is_null() {
                    return true;
                }
                let is_computed = !LLVMIsAGetElementPtrInst(value).is_null()
                    || (!LLVMIsAConstantExpr(value).is_null()
                        && LLVMGetConstOpcode(value) == LLVMGetElementPtr);
                if !is_computed {
                    return false;
                }
                value = LLVMGetOperand(value, 0);
            }
        }
        false
    }

    /// The text that LLVM prints for it.
    pub fn print(self) -> String {
        // SAFETY: the value is live; the text is ours to free.
        unsafe { take_message(LLVMPrintValueToString(self.raw())) }
    }
}

/// Whether `value` is a constant expression that only changes a pointer's type.
///
/// # Safety
/// `value` must belong to a live module.
unsafe fn is_cast_expression(value: LLVMValueRef) -> bool {
    // SAFETY: the caller vouches for the value; the opcode is asked of constant expressions only.
    unsafe {
        !LLVMIsAConstantExpr(value).is_null()
            && matches!(LLVMGetConstOpcode(value), LLVMBitCast | LLVMAddrSpaceCast)
    }
}
