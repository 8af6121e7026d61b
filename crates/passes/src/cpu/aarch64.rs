//! AArch64. Switches stay calls.

use stackswitch_ir::{Assembly, Module};

use super::description::{ControlState, Cpu, FrameCosts};

/// The description of this CPU.
pub(super) const CPU: Cpu =
    Cpu { is_named_by, frame_costs, control_state, knows_ucontext, in_place: |_| None };

/// Both orders of bytes, but not with 32-bit pointers: `arm64_32`, `ilp32`.
fn is_named_by(triple: &str) -> bool {
    let named = ["aarch64-", "aarch64_be-", "arm64-"].iter().any(|name| triple.starts_with(name));
    named && !triple.ends_with("ilp32")
}

/// Systems with calling conventions of their own.
const OTHER_SYSTEMS: [&str; 6] = ["windows", "darwin", "macos", "ios", "uefi", "cygwin"];

fn frame_costs(module: Module<'_>) -> Option<FrameCosts> {
    /// x19 to x30, and d8 to d15. Functions of `aarch64_vector_pcs` save q8 to q23: those are
    /// counted.
    const SAVED_REGISTERS: u64 = 12 * 8 + 16 * 16;
    /// Bytes that the code generator adds: constants, copies, a base pointer, alignment.
    const OTHER: u64 = 128;
    let triple = module.triple();
    let has_part = |system: &&str| triple.split('-').any(|part| part.starts_with(*system));
    let is_aapcs = !OTHER_SYSTEMS.iter().any(has_part) && module.pointer_size() == 8;
    let argument_registers = 8 * stackswitch_abi::cpu::aarch64::ARGUMENT_REGISTERS as u64;
    is_aapcs.then_some(FrameCosts { fixed: SAVED_REGISTERS + OTHER, argument_registers })
}

/// fpcr: rounding, traps, flushing. The flags of exceptions that were raised are in another register,
/// which stays as it is.
fn control_state() -> ControlState {
    let assembly = |text: &str| Assembly {
        text: text.to_owned(),
        constraints: "r,~{x9},~{memory}".to_owned(),
        has_effects: true,
        throws: false,
    };
    ControlState {
        bytes: 8,
        save: assembly("mrs x9, fpcr\nstr x9, [$0]"),
        restore: assembly("ldr x9, [$0]\nmsr fpcr, x9"),
    }
}

fn knows_ucontext(module: Module<'_>) -> bool {
    let triple = module.triple();
    triple.contains("linux") && module.pointer_size() == 8
}
