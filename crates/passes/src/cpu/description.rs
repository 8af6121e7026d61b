//! The properties of a CPU that the passes use.

use stackswitch_ir::{Assembly, Builder, Module, Value};

use super::switch::{Conditions, Operation, Registers};

/// A CPU.
#[derive(Debug)]
pub(crate) struct Cpu {
    /// Whether a target triple is for this CPU.
    pub(crate) is_named_by: fn(&str) -> bool,
    /// The costs of calls and frames; `None` if the ABI of the module's target is not known.
    pub(crate) frame_costs: fn(Module<'_>) -> Option<FrameCosts>,
    /// How to save the control state of floating-point arithmetic.
    pub(crate) control_state: fn() -> ControlState,
    /// Whether the runtime knows the layout of the system's `ucontext_t` on the module's target.
    pub(crate) knows_ucontext: fn(Module<'_>) -> bool,
    /// The switch in place; `None` if the module's target has none.
    pub(crate) in_place: fn(Module<'_>) -> Option<InPlace>,
}

/// What calls and frames cost, for bounds on the size of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameCosts {
    /// An upper bound of the bytes of the return address, of the registers that a function saves
    /// for its caller, and of what the code generator adds: constants, copies, a base pointer,
    /// alignment.
    pub(crate) fixed: u64,
    /// Bytes of arguments that every call passes in registers, at least.
    pub(crate) argument_registers: u64,
}

impl FrameCosts {
    /// For any CPU. No ABI that LLVM knows has a function save 900 bytes of registers.
    pub(crate) const UNKNOWN: Self = FrameCosts { fixed: 1024, argument_registers: 0 };
}

/// How code saves and restores the control state of floating-point arithmetic: rounding, exception
/// masks, flushing of denormals.
#[derive(Clone, Debug)]
pub(crate) struct ControlState {
    /// Bytes of memory that it needs, aligned to 16.
    pub(crate) bytes: u64,
    /// Saves the state to the memory whose address is its one input.
    pub(crate) save: Assembly,
    /// Restores it from there. Flags of exceptions that were raised meanwhile stay raised.
    pub(crate) restore: Assembly,
}

/// The switch in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InPlace {
    /// Computes an address from its distance to the thread pointer.
    pub(crate) thread_address: for<'m> fn(&Builder<'m>, Value<'m>) -> Value<'m>,
    /// The assembly of an operation. Its operands are those of [`Operands`](super::Operands).
    pub(crate) assembly: fn(Operation, Conditions) -> Assembly,
    /// The registers that the CPU of this process has.
    pub(crate) registers_here: fn() -> Registers,
    /// Where an object of the POSIX layer lies in the system's `ucontext_t`.
    pub(crate) object_in_ucontext: u64,
    /// How a function can return by a jump.
    pub(crate) jump_return: JumpReturn,
}

/// A return by a jump, whose target the CPU predicts by the jumps before it. It predicts the target
/// of a return instruction by the calls before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JumpReturn {
    /// The attribute of functions that return so. They jump to a symbol that LLVM has a name for.
    pub(crate) attribute: &'static str,
    /// Assembly that defines the symbol within the object file. It may be there more than once.
    pub(crate) assembly: &'static str,
}
