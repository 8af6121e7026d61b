//! Keeps slices small: fewer bytes of a function's frame are copied when a context is displaced.
//!
//! `stackswitch-slices` moves local variables that no switch needs out of the part of the frame that a
//! switch copies. With a threshold it also moves large variables that a switch needs to the heap.
//! `stackswitch-slice-size` says how many bytes are left. Both run late, after inlining, because inlined
//! functions bring their variables along.

mod heap;
mod lives;
mod memory;
mod points;
mod pop;
mod size;

pub(crate) use heap::FLAG as HEAP_FLAG;
pub(crate) use lives::Lives;
pub(crate) use size::measure;

use std::cell::OnceCell;

use crate::opt::nosuspend;
use crate::remark::Remark;
use crate::verify;
use points::switch_points;
use stackswitch_ir::{Function, Module};

/// Makes the part of frames smaller that switches copy. Variables of `threshold` bytes and more go
/// to the heap, none for 0. Returns the functions that changed.
pub(crate) fn shrink<'m>(
    module: Module<'m>,
    threshold: u64,
    report: &dyn Fn(&Remark<'m>),
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
                changed |= heap::move_to_heap(module, function, &points, threshold, report);
            }
            let may_switch = |call| {
                facts.get_or_init(|| nosuspend::infer(module, &index)).may_switch(call, &index)
            };
            changed |= pop::move_below_frame(module, function, &points, &may_switch, report);
            all.extend(changed.then_some(function));
        }
    }
    all
}
