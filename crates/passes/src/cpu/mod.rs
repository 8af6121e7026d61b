//! What the passes know about CPUs: everything that depends on one is here.
//!
//! A new CPU is a module of this folder that fills in a [`Cpu`], and a line in [`CPUS`]. For a
//! module of any other CPU the passes stay on the safe side: switches stay calls, and bounds on
//! frames are generous.

mod aarch64;
mod description;
mod switch;
mod x86_64;

pub(crate) use description::{ControlState, Cpu, FrameCosts, InPlace, JumpReturn};
pub(crate) use switch::{
    Conditions, ObjectPlace, Operand, Operands, Operation, Registers, SlowCall,
};

use stackswitch_ir::Module;

/// The CPUs that are known.
const CPUS: &[&Cpu] = &[&aarch64::CPU, &x86_64::CPU];

/// The CPU that a module is compiled for, as its target triple says. `None` if it is not known, or
/// if the module has no triple.
pub(crate) fn of(module: Module<'_>) -> Option<&'static Cpu> {
    let triple = module.triple();
    CPUS.iter().copied().find(|cpu| (cpu.is_named_by)(&triple))
}

/// What a call and a frame cost on the CPU that a module is compiled for.
pub(crate) fn frame_costs(module: Module<'_>) -> FrameCosts {
    let known = of(module).and_then(|cpu| (cpu.frame_costs)(module));
    known.unwrap_or(FrameCosts::UNKNOWN)
}

/// Whether the runtime knows the layout of the system's `ucontext_t` on the module's target. A
/// module without a triple is for the machine that it is compiled on.
pub(crate) fn knows_ucontext(module: Module<'_>) -> bool {
    module.triple().is_empty() || of(module).is_some_and(|cpu| (cpu.knows_ucontext)(module))
}
