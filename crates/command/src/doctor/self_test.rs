//! Checks whether the JIT and the runtime work on this machine.

use stackswitch::jit::{Error, Jit, OptLevel};

use super::checks::Checks;

/// Contexts that displace each other, and one that overflows.
const PROGRAM: &str = include_str!("self_test.ll");
/// What its function `slices` returns: ten times the sum of two contexts' locals.
const SUM: i64 = 10 * (1 + 2);
/// `STACKSWITCH_EOVERFLOW` of the C header.
const OVERFLOW: i32 = stackswitch_rt::error::Code::Overflow as i32;

pub(super) fn check(checks: &mut Checks) {
    let version = stackswitch_ir::LLVM_VERSION;
    let advice = "please report this with what the program above says";
    for (name, level) in
        [("switches and slices, -O0", OptLevel::O0), ("switches and slices, -O2", OptLevel::O2)]
    {
        match slices(level) {
            Ok(SUM) => checks.ok(name, format!("they work, with LLVM {version}")),
            Ok(other) => checks.problem(name, format!("{other} instead of {SUM}"), advice),
            Err(error) => checks.problem(name, error.to_string(), advice),
        }
    }
    match overflow() {
        Err(Error::Fault(fault)) if fault.code == OVERFLOW => {
            checks.ok("stack overflow", "caught, and the other contexts still run");
        }
        Err(error) => checks.problem("stack overflow", error.to_string(), advice),
        Ok(()) => checks.problem("stack overflow", "not noticed", advice),
    }
}

fn program(level: OptLevel) -> Result<Jit, Error> {
    let jit = Jit::builder().opt_level(level).build()?;
    jit.add_ir("self_test.ll", PROGRAM)?;
    Ok(jit)
}

fn slices(level: OptLevel) -> Result<i64, Error> {
    let jit = program(level)?;
    let slices = jit.function::<unsafe extern "C" fn() -> i64>("slices")?;
    // SAFETY: the program's functions are sound.
    unsafe { jit.call(|| slices()) }
}

fn overflow() -> Result<(), Error> {
    let jit = program(OptLevel::O0)?;
    let overflow = jit.function::<unsafe extern "C" fn()>("overflow")?;
    // SAFETY: as before; no frame relies on being left.
    unsafe { jit.call(|| overflow()) }
}
