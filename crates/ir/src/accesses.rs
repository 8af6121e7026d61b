//! The accesses to an object: every use of its address.

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::prelude::*;

use crate::attributes::AttributePlace;
use crate::wrappers::{Call, Instruction, Module, Value};

/// How many uses of an address, and of addresses computed from it, are looked at.
const MAX_USES: usize = 256;

/// Attributes of an argument that make the callee get a copy of the object instead of its address.
const COPIES: [&str; 3] = ["byval", "inalloca", "preallocated"];

// SAFETY: this is a function of `cpp/variables.cc`, with the types that it has there.
unsafe extern "C" {
    fn stackswitch_ir_constant_offset(address: LLVMValueRef, offset: *mut i64) -> bool;
}

/// The kind of an access to some bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind<'m> {
    /// A load.
    Load,
    /// A store of this value.
    Store(Value<'m>),
    /// Another way of reading, such as the source of a `memcpy`.
    Read,
    /// Another way of writing, such as the destination of a `memcpy`.
    Write,
    /// The call is given their address, as the argument of this index, and may do anything to the
    /// object.
    Argument(Call<'m>, usize),
}

/// A use of an object's address.
#[derive(Clone, Copy, Debug)]
pub struct Access<'m> {
    /// The instruction.
    pub at: Instruction<'m>,
    /// What it does.
    pub kind: AccessKind<'m>,
    /// The first byte, counted from the start of the object.
    pub offset: i64,
    /// The number of bytes; 0 for a call, for which it is not known.
    pub bytes: u64,
}

impl Access<'_> {
    /// Whether it accesses any of the `bytes` bytes from `offset` on.
    pub fn touches(&self, offset: i64, bytes: u64) -> bool {
        let end = |offset: i64, bytes: u64| i128::from(offset) + i128::from(bytes);
        i128::from(self.offset) < end(offset, bytes)
            && i128::from(offset) < end(self.offset, self.bytes)
    }
}

impl<'m> Value<'m> {
    /// All accesses through this address, which is that of the byte `offset` of an object. `None`
    /// if the address is stored, compared or otherwise used in a way that is not followed.
    pub fn accesses(self, module: Module<'m>, offset: i64) -> Option<Vec<Access<'m>>> {
        let (mut found, mut open, mut looked_at) = (Vec::new(), vec![(self, offset)], 0);
        while let Some((address, offset)) = open.pop() {
            for user in address.all_users()? {
                looked_at += 1;
                if looked_at > MAX_USES {
                    return None;
                }
                if let Some(further) = user.constant_offset(address) {
                    open.push((user.value(), offset.checked_add(further)?));
                    continue;
                }
                user.add_accesses(module, address, offset, &mut found)?;
            }
        }
        Some(found)
    }
}

impl<'m> Instruction<'m> {
    /// The constant number of bytes from `address` to its result, if it computes an address.
    fn constant_offset(self, address: Value<'m>) -> Option<i64> {
        if self.opcode() != LLVMOpcode::LLVMGetElementPtr || self.operand(0) != address {
            return None;
        }
        let mut offset = 0;
        // SAFETY: the instruction is live and computes an address.
        unsafe { stackswitch_ir_constant_offset(self.value().raw(), &mut offset) }.then_some(offset)
    }

    /// Adds the accesses through one use of an address. `None` if the use is not followed.
    fn add_accesses(
        self,
        module: Module<'m>,
        address: Value<'m>,
        offset: i64,
        found: &mut Vec<Access<'m>>,
    ) -> Option<()> {
        let mut add = |kind, bytes| found.push(Access { at: self, kind, offset, bytes });
        if self.is_plain_load() {
            add(AccessKind::Load, self.value().ty().memory_size(module));
            return Some(());
        }
        if self.is_plain_store() {
            let value = self.operand(0);
            add(AccessKind::Store(value), value.ty().memory_size(module));
            return (value != address).then_some(());
        }
        let call = self.call()?;
        if self.lifetime().is_some() {
            return Some(());
        }
        if call.has_bundles() || call.callee() == address {
            return None;
        }
        let args = call.args();
        let bulk = bulk_bytes(call);
        for (index, _) in args.iter().enumerate().filter(|&(_, &arg)| arg == address) {
            if let Some(bytes) = bulk {
                let kind = if index == 0 { AccessKind::Write } else { AccessKind::Read };
                add(kind, bytes.as_integer()?);
                continue;
            }
            let place = AttributePlace::Param(index as u32);
            if COPIES.iter().any(|name| call.has_attribute(place, name)) {
                return None;
            }
            add(AccessKind::Argument(call, index), 0);
        }
        Some(())
    }
}

/// The number of bytes that a call sets, copies or moves, if it is an intrinsic of LLVM's for that.
fn bulk_bytes<'m>(call: Call<'m>) -> Option<Value<'m>> {
    const NAMES: [&[u8]; 3] = [b"llvm.memset.", b"llvm.memcpy.", b"llvm.memmove."];
    let callee = call.callee().as_function()?;
    let known = NAMES.iter().any(|name| callee.name_bytes().starts_with(name));
    known.then(|| call.args()[2])
}
