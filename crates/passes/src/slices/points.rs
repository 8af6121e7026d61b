//! The calls at which a frame may be left for another context, and the frames that must not change.

use std::collections::{HashMap, HashSet};

use stackswitch_ir::{AttributePlace, Call, Function};

use crate::verify::{Analysis, Site};

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

/// Why all variables stay in a function's frame, if they do.
pub(super) fn frame_is_followed(function: Function<'_>) -> Option<&'static str> {
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
pub(super) fn switch_points<'m>(analysis: &Analysis<'m>) -> Vec<(Function<'m>, Vec<Call<'m>>)> {
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
