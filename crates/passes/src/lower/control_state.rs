//! The control state of floating-point arithmetic in `strictfp` functions.
//!
//! The state belongs to the thread, so other contexts may change it during a switch. A `strictfp`
//! function reads and sets it on purpose. Code around each switch of such a function saves the state
//! and restores it afterwards. Flags of exceptions that were raised meanwhile stay raised.

use stackswitch_abi::intrinsics::Intrinsic;
use stackswitch_ir::{
    Assembly, AttributePlace, Builder, Call, CallKind, Function, Module, Type, Value,
};

use crate::cpu::{self, ControlState};

/// The attribute of calls around which the code is there already.
const DONE: &str = "stackswitch-keeps-control-state";

/// Whether other contexts may run before the runtime's function returns, other than in an error
/// handler.
fn switches(intrinsic: &Intrinsic) -> bool {
    intrinsic.properties.captures || intrinsic.properties.may_suspend_caller()
}

/// Saves the state before a call of the runtime and restores it after, if the caller is `strictfp`
/// and other contexts may run during the call. `memory` makes a local variable of so many bytes.
/// Returns whether anything changed.
pub(super) fn keep<'m>(
    module: Module<'m>,
    call: Call<'m>,
    intrinsic: &Intrinsic,
    memory: impl FnOnce(u64) -> Value<'m>,
) -> bool {
    if !switches(intrinsic) || !is_strict(call.caller()) {
        return false;
    }
    let Some(cpu) = cpu::of(module) else { return false };
    if !call.add_string_attribute(module, DONE) {
        return false;
    }
    let Some(after) = Builder::after(module, call) else { return true };
    if call.kind() == CallKind::Call {
        call.forbid_jump();
    }
    let ControlState { bytes, save, restore } = (cpu.control_state)();
    let state = memory(bytes);
    call_assembly(module, &Builder::before(module, call), &save, state);
    call_assembly(module, &after, &restore, state);
    true
}

fn is_strict(function: Function<'_>) -> bool {
    function.attribute(AttributePlace::Function, "strictfp").is_some()
}

fn call_assembly<'m>(
    module: Module<'m>,
    builder: &Builder<'m>,
    assembly: &Assembly,
    state: Value<'m>,
) {
    let ty = Type::function(Type::void(module), &[state.ty()]);
    let call = builder.call(ty, assembly.value(ty), &[state], None);
    for name in ["nounwind", "strictfp"] {
        call.add_attribute(module, name);
    }
}
