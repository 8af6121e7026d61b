//! Whether an address escapes: whether other code may still know it after the last use in the function.

use std::collections::HashSet;

use inkwell::llvm_sys::LLVMOpcode;

use crate::attributes::AttributePlace;
use crate::wrappers::{Call, Value};

/// How many uses are looked at before the answer is yes.
const MAX_USES: usize = 1024;

impl<'m> Value<'m> {
    /// Whether this address may escape. Its uses in the function are followed through casts,
    /// address computations, PHI nodes and selects.
    pub fn may_escape(self) -> bool {
        let (mut seen, mut open, mut looked_at) = (HashSet::new(), vec![self], 0);
        while let Some(address) = open.pop() {
            if !seen.insert(address) {
                continue;
            }
            let Some(users) = address.all_users() else { return true };
            for user in users {
                looked_at += 1;
                if looked_at > MAX_USES {
                    return true;
                }
                match user.opcode() {
                    LLVMOpcode::LLVMLoad | LLVMOpcode::LLVMICmp => {}
                    LLVMOpcode::LLVMStore if user.operand(0) != address => {}
                    LLVMOpcode::LLVMGetElementPtr
                    | LLVMOpcode::LLVMBitCast
                    | LLVMOpcode::LLVMAddrSpaceCast
                    | LLVMOpcode::LLVMFreeze
                    | LLVMOpcode::LLVMPHI
                    | LLVMOpcode::LLVMSelect => open.push(user.value()),
                    _ => match user.call() {
                        Some(call) if !call.may_capture(address) => {
                            if call.returns_argument(address) {
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
    /// Whether the callee may remember an address beyond the call.
    pub(crate) fn may_capture(self, address: Value<'m>) -> bool {
        let args = self.args();
        let given = args.iter().enumerate().filter(|(_, arg)| **arg == address);
        let harmless = given.filter(|(index, _)| self.does_not_capture(*index)).count();
        // An operand that is not an argument, such as one of an operand bundle, may mean anything.
        let all = self.instruction().operands().iter().filter(|o| **o == address).count();
        harmless != all
    }

    /// Whether attributes say that the callee does not remember that argument.
    fn does_not_capture(self, argument: usize) -> bool {
        let place = AttributePlace::Param(argument as u32);
        // Since LLVM 21 `captures` lists the parts of the address that are captured: 0 is none.
        self.attribute_value(place, "captures") == Some(0)
            || self.attribute_value(place, "nocapture").is_some()
    }

    /// Whether attributes say that the result is an argument, which is `address`.
    pub(crate) fn returns_argument(self, address: Value<'m>) -> bool {
        let is_returned = |index| {
            let place = AttributePlace::Param(index as u32);
            self.attribute_value(place, "returned").is_some()
        };
        let mut args = self.args().into_iter().enumerate();
        args.any(|(index, arg)| arg == address && is_returned(index))
    }
}
