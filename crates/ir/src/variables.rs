//! Local variables (`alloca`): size, alignment, lifetime, and whether they can be moved elsewhere.

use std::collections::HashSet;

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::core::*;
use inkwell::llvm_sys::prelude::*;

use crate::builder::Builder;
use crate::wrappers::{Instruction, Module, Type, Value};

// SAFETY: these are functions of `cpp/variables.cc`, with the types that they have there.
unsafe extern "C" {
    fn stackswitch_ir_is_bound_to_frame(variable: LLVMValueRef) -> bool;
    fn stackswitch_ir_is_marked_for_frame(variable: LLVMValueRef) -> bool;
    fn stackswitch_ir_mark_lifetime(
        builder: LLVMBuilderRef,
        variable: LLVMValueRef,
        bytes: u64,
        starts: bool,
    );
}

/// Why a local variable has to stay in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveObstacle {
    /// Inline assembly has its address.
    Assembly,
    /// LLVM or a calling convention needs it in the frame, or it is used in an unknown way.
    Frame,
}

/// Intrinsics of LLVM's that take the address of any memory, by how their names start.
const TAKES_ANY_ADDRESS: [&[u8]; 7] = [
    b"llvm.lifetime.",
    b"llvm.mem",
    b"llvm.va_",
    b"llvm.prefetch",
    b"llvm.invariant.",
    b"llvm.masked.",
    b"llvm.dbg.",
];

/// Intrinsics of LLVM's that take the address of a variable in the frame, by how their names start.
const NEEDS_FRAME: [&[u8]; 5] = [
    b"llvm.gcroot",
    b"llvm.localescape",
    b"llvm.stackprotector",
    b"llvm.coro.",
    b"llvm.call.preallocated",
];

/// The meaning of a lifetime marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The variable is live from here on.
    Start,
    /// The variable is dead from here on.
    End,
}

impl<'m> Instruction<'m> {
    /// Whether it makes a local variable.
    pub fn is_alloca(self) -> bool {
        self.opcode() == LLVMOpcode::LLVMAlloca
    }

    /// Bytes of the local variable that it makes. `None` if it makes none, if the size is not known
    /// at compile time, or if it can make several in one activation of its function.
    pub fn variable_size(self, module: Module<'m>) -> Option<u64> {
        if !self.is_alloca() || !self.is_in_entry() {
            return None;
        }
        // SAFETY: the instruction is live and makes a variable.
        let ty = Type::new(unsafe { LLVMGetAllocatedType(self.value().raw()) });
        let count = self.operand(0).as_integer().filter(|_| ty.is_storable())?;
        ty.alloc_size(module).checked_mul(count)
    }

    /// The alignment of the local variable that it makes.
    pub fn variable_alignment(self) -> u64 {
        // SAFETY: the instruction is live and makes a variable.
        u64::from(unsafe { LLVMGetAlignment(self.value().raw()) })
    }

    /// If it is a lifetime marker: its meaning and the variable.
    pub fn lifetime(self) -> Option<(Lifetime, Value<'m>)> {
        let call = self.call()?;
        let callee = call.callee().as_function()?;
        let name = callee.name_bytes();
        let meaning = if name.starts_with(b"llvm.lifetime.start") {
            Lifetime::Start
        } else if name.starts_with(b"llvm.lifetime.end") {
            Lifetime::End
        } else {
            return None;
        };
        // Before LLVM 22 the first argument is the size.
        call.args().last().map(|&variable| (meaning, variable))
    }

    /// Why the local variable that it makes has to stay in the frame. `None` if it can be moved.
    pub fn move_obstacle(self) -> Option<MoveObstacle> {
        // SAFETY: the instruction is live and makes a variable.
        if unsafe { stackswitch_ir_is_bound_to_frame(self.value().raw()) } {
            return Some(MoveObstacle::Frame);
        }
        let (mut seen, mut open) = (HashSet::new(), vec![self.value()]);
        while let Some(address) = open.pop() {
            if !seen.insert(address) {
                continue;
            }
            let Some(users) = address.all_users() else { return Some(MoveObstacle::Frame) };
            for user in users {
                use LLVMOpcode::{LLVMGetElementPtr, LLVMPHI, LLVMSelect};
                if matches!(user.opcode(), LLVMGetElementPtr | LLVMPHI | LLVMSelect) {
                    open.push(user.value());
                } else if let Some(obstacle) = user.callee_obstacle() {
                    return Some(obstacle);
                }
            }
        }
        None
    }

    /// Whether the local variable that it makes has to be in the frame: LLVM or a calling
    /// convention finds it there. Inline assembly takes any address.
    pub fn is_required_in_frame(self) -> bool {
        // SAFETY: the instruction is live and makes a variable.
        let is_marked = unsafe { stackswitch_ir_is_marked_for_frame(self.value().raw()) };
        is_marked
            || self.value().all_users().is_none_or(|users| {
                users.iter().any(|user| {
                    let callee = user.call().and_then(|call| call.callee().as_function());
                    callee.is_some_and(|callee| {
                        NEEDS_FRAME.iter().any(|start| callee.name_bytes().starts_with(start))
                    })
                })
            })
    }

    /// The bytes of the local variable that it makes where that is not known at compile time: one value
    /// computed by `builder`. `None` for types without a size.
    pub fn computed_size(self, builder: &Builder<'m>) -> Option<Value<'m>> {
        let module = builder.module();
        // SAFETY: the instruction is live and makes a variable.
        let ty = Type::new(unsafe { LLVMGetAllocatedType(self.value().raw()) });
        ty.is_storable().then(|| {
            let count = builder.as_size(self.operand(0));
            builder.multiply(count, builder.size(ty.alloc_size(module)))
        })
    }

    /// Whether the type of the local variable that it makes has a size.
    pub fn has_sized_variable(self) -> bool {
        // SAFETY: the instruction is live and makes a variable.
        Type::new(unsafe { LLVMGetAllocatedType(self.value().raw()) }).is_storable()
    }

    /// Why an address that it is given, if it is a call, has to be one in the frame.
    fn callee_obstacle(self) -> Option<MoveObstacle> {
        let call = self.call()?;
        if call.is_assembly() {
            return Some(MoveObstacle::Assembly);
        }
        let callee = call.callee().as_function()?;
        let name = callee.name_bytes();
        let takes_any = TAKES_ANY_ADDRESS.iter().any(|start| name.starts_with(start));
        (name.starts_with(b"llvm.") && !takes_any).then_some(MoveObstacle::Frame)
    }
}

impl<'m> Builder<'m> {
    /// Marks the place where the lifetime of a local variable of `bytes` bytes starts or ends.
    pub fn mark_lifetime(&self, variable: Value<'m>, bytes: u64, meaning: Lifetime) {
        let starts = meaning == Lifetime::Start;
        // SAFETY: the builder is in the variable's function, and the size is the variable's.
        unsafe { stackswitch_ir_mark_lifetime(self.raw(), variable.raw(), bytes, starts) }
    }
}
