//! Keeps slices small: fewer bytes of a function's frame are copied when a context is displaced.
//!
//! `stackswitch-slices` moves local variables that no switch needs out of the part of the frame that a
//! switch copies. With a threshold it also moves large variables that a switch needs to the heap.
//! `stackswitch-slice-size` says how many bytes are left. Both run late, after inlining, because inlined
//! functions bring their variables along.

mod heap;
mod lives;
mod memory;
mod pop;
mod size;

pub(crate) use heap::FLAG as HEAP_FLAG;
pub(crate) use size::measure;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use crate::opt::{Remark, nosuspend};
use crate::verify::{self, Analysis, Site};
use stackswitch_ir::{AttributePlace, Call, Function, Module};

/// Attributes of functions whose frames stay as they are: others follow these frames.
const KEPT_IN: [&str; 9] = [
    "naked",
    "sanitize_address",
    "sanitize_hwaddress",
    "sanitize_memory",
    "sanitize_thread",
    "sanitize_realtime",
    "sanitize_memtag",
    "safestack",
    "presplitcoroutine",
];

/// Makes the part of frames smaller that switches copy. Variables of `threshold` bytes and more go
/// to the heap, none for 0. Returns the functions that changed.
pub(crate) fn shrink<'m>(
    module: Module<'m>,
    threshold: u64,
    tell: &dyn Fn(&Remark<'m>),
) -> Vec<Function<'m>> {
    let analysis = verify::analyse(module);
    if analysis.sites.is_empty() || !analysis.findings.is_empty() {
        return Vec::new();
    }
    let points = switch_points(&analysis);
    if points.is_empty() {
        return Vec::new();
    }
    let index = verify::index(&analysis.sites);
    // Few modules need it, and it looks at all of one.
    let facts = OnceCell::new();
    let mut all = Vec::new();
    for (function, points) in points {
        if !function.is_optnone() {
            let mut changed = false;
            if threshold != 0 {
                changed |= heap::run(module, function, &points, threshold, tell);
            }
            let may_switch = |call| {
                facts.get_or_init(|| nosuspend::infer(module, &index)).may_switch(call, &index)
            };
            changed |= pop::run(module, function, &points, &may_switch, tell);
            all.extend(changed.then_some(function));
        }
    }
    all
}

/// Why variables stay in a function's frame whatever is in it, if they do.
fn frame_is_followed(function: Function<'_>) -> Option<&'static str> {
    let has = |name: &&str| {
        function.attribute(AttributePlace::Function, name).is_some()
            || function.string_attribute(name).is_some()
    };
    if KEPT_IN.iter().any(has) {
        return Some("the function's frame is followed by others");
    }
    function.has_collector().then_some("the function has a garbage collector")
}

/// The calls at which a frame may be left for another context, by function: switches, and calls of
/// this module's functions that come to one.
fn switch_points<'m>(analysis: &Analysis<'m>) -> Vec<(Function<'m>, Vec<Call<'m>>)> {
    let (mut places, mut found) = (HashMap::new(), Vec::<(Function<'m>, Vec<Call<'m>>)>::new());
    let mut open = Vec::new();
    let mut add = |call: Call<'m>, open: &mut Vec<Function<'m>>| {
        let caller = call.caller();
        let place = *places.entry(caller).or_insert_with(|| {
            found.push((caller, Vec::new()));
            open.push(caller);
            found.len() - 1
        });
        found[place].1.push(call);
    };
    let suspends = |site: &&Site<'m>| site.intrinsic.properties.may_suspend_caller();
    let switches = analysis.sites.iter().filter(suspends);
    for call in switches.map(|site| site.call).chain(analysis.doubtful.iter().copied()) {
        add(call, &mut open);
    }
    let mut seen = HashSet::new();
    while let Some(function) = open.pop() {
        if seen.insert(function) {
            for call in function.uses().0 {
                add(call, &mut open);
            }
        }
    }
    found
}
