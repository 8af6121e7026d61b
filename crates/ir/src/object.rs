//! What is done to an object through its address.

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::prelude::*;

use super::{AttributePlace, Call, Instruction, Module, Value};

/// How many uses of an address, and of those made out of it, are looked at.
const MAX_USES: usize = 256;

/// How an argument may be passed so that it is not the address itself.
const COPIES: [&str; 3] = ["byval", "inalloca", "preallocated"];

// SAFETY: this is a function of `shim.cc`, with the types that it has there.
unsafe extern "C" {
    fn stackswitch_ir_constant_offset(address: LLVMValueRef, offset: *mut i64) -> bool;
}

/// What is done to some bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind<'m> {
    /// They are loaded.
    Load,
    /// This is stored there.
    Store(Value<'m>),
    /// They are read in another way.
    Read,
    /// They are written in another way.
    Write,
    /// A call has their address as its argument of that index, and may do anything to the object.
    Given(Call<'m>, usize),
}

/// A use of an object's address.
#[derive(Clone, Copy, Debug)]
pub struct Access<'m> {
    /// The instruction.
    pub at: Instruction<'m>,
    /// What the instruction does with the address.
    pub kind: AccessKind<'m>,
    /// The first byte that it is about.
    pub offset: i64,
    /// How many it is about; of a call's that is not known.
    pub bytes: u64,
}

impl Access<'_> {
    /// Whether it is about some of so many bytes from an offset on.
    pub fn touches(&self, offset: i64, bytes: u64) -> bool {
        let end = |offset: i64, bytes: u64| i128::from(offset) + i128::from(bytes);
        i128::from(self.offset) < end(offset, bytes)
            && i128::from(offset) < end(self.offset, self.bytes)
    }
}

impl<'m> Value<'m> {
    /// All that a function does with an address, which is that of the byte `offset` of an object;
    /// `None` where somebody else may get to know it, or where it cannot be followed.
    pub fn accesses(self, module: Module<'m>, offset: i64) -> Option<Vec<Access<'m>>> {
        let (mut found, mut open, mut looked) = (Vec::new(), vec![(self, offset)], 0);
        while let Some((address, offset)) = open.pop() {
            for user in address.all_users()? {
                looked += 1;
                if looked > MAX_USES {
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
    /// How far behind an address its result is, if it does nothing but compute that.
    fn constant_offset(self, address: Value<'m>) -> Option<i64> {
        if self.opcode() != LLVMOpcode::LLVMGetElementPtr || self.operand(0) != address {
            return None;
        }
        let mut offset = 0;
        // SAFETY: the instruction is live and computes an address.
        unsafe { stackswitch_ir_constant_offset(self.value().raw(), &mut offset) }.then_some(offset)
    }

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
            add(AccessKind::Given(call, index), 0);
        }
        Some(())
    }
}

/// How many bytes a call sets, copies or moves to its first argument, if it is an intrinsic of LLVM's
/// for that.
fn bulk_bytes<'m>(call: Call<'m>) -> Option<Value<'m>> {
    const NAMES: [&[u8]; 3] = [b"llvm.memset.", b"llvm.memcpy.", b"llvm.memmove."];
    let callee = call.callee().as_function()?;
    let known = NAMES.iter().any(|name| callee.name_bytes().starts_with(name));
    known.then(|| call.args()[2])
}
