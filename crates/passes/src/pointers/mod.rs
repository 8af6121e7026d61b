//! Keeps pointers to local variables valid while their context is suspended.
//!
//! When a context is displaced, other code's bytes take the place of its frames. So
//! `stackswitch-pointers` moves each local variable that other code may access meanwhile from the frame
//! to memory of the context that never moves. `shared` decides which variables these are, `moving` moves
//! them.

mod moving;
mod shared;

use stackswitch_abi::intrinsics::FRAME_ALLOC;
use stackswitch_ir::{AttributePlace, Call, Function, Instruction, Module, Reach};

use crate::opt::nosuspend;
pub use crate::pointer_mode::Pointers;
use crate::remark::Remark;
use crate::verify;
use moving::Moving;
use shared::{REMARK, Variable};

/// Moves the shared variables of all functions whose mode says so; `mode` is that of the module. In such
/// functions variables of `threshold` bytes and more move too, none for 0. Returns the functions that
/// changed.
pub(crate) fn make_stable<'m>(
    module: Module<'m>,
    mode: Pointers,
    threshold: u64,
    report: &dyn Fn(&Remark<'m>),
) -> Vec<Function<'m>> {
    let wanted: Vec<Function<'m>> = module
        .functions()
        .into_iter()
        .filter(|&f| Pointers::of(f, mode) == Pointers::Stable && has_variables(module, f))
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let analysis = verify::analyse(module);
    if !analysis.findings.is_empty() {
        return Vec::new();
    }
    let index = verify::index(&analysis.sites);
    let facts = nosuspend::infer(module, &index);
    let may_switch = |call: Call<'m>| facts.may_switch(call, &index);
    // A wide operation copies its value before it leaves, and writes the result after it is back.
    let reach = |call: Call<'m>, argument: usize| {
        if index.get(&call).is_some_and(|site| site.is_value_memory(argument)) {
            Reach::Nothing
        } else if may_switch(call) {
            Reach::OtherCode
        } else {
            Reach::Callee
        }
    };
    let mut changed = Vec::new();
    for function in wanted {
        let points: Vec<Call<'m>> =
            function.walk().filter_map(Instruction::call).filter(|&c| may_switch(c)).collect();
        if points.is_empty() {
            continue;
        }
        let found = shared::find(module, function, &points, &reach, threshold);
        if found.is_empty() {
            continue;
        }
        if let Some(why) = obstacle(function) {
            for Variable { why_shared, place, .. } in found {
                let text = format!("{} stays in the frame: {why}", place.describe(module));
                report(&Remark { at: why_shared.at(), taken: false, name: REMARK, text });
            }
            continue;
        }
        if Moving::plan(module, found, report).apply(module, function) {
            changed.push(function);
        }
    }
    changed
}

/// Whether a function has variables in memory.
fn has_variables<'m>(module: Module<'m>, function: Function<'m>) -> bool {
    !function.is_declaration()
        && (function.walk().any(Instruction::is_alloca)
            || (0..function.params().len() as u32)
                .any(|i| function.copied_param(module, i).is_some()))
}

/// The reason why all variables of a function stay, if there is one.
fn obstacle(function: Function<'_>) -> Option<&'static str> {
    let has = |name| function.attribute(AttributePlace::Function, name).is_some();
    if has("safestack") {
        return Some("LLVM's safe stack moves the function's variables");
    }
    if has("presplitcoroutine") || has("naked") {
        return Some("the function's frame is not made yet");
    }
    if function.has_collector() {
        return Some("the function has a garbage collector");
    }
    for instruction in function.walk() {
        if instruction.is_funclet() {
            return Some("the function handles exceptions in parts of itself");
        }
        let callee = instruction.call().and_then(|call| call.callee().as_function());
        if callee.is_some_and(|f| f.name() == FRAME_ALLOC) {
            return Some("the function's shared variables were moved before");
        }
    }
    None
}
