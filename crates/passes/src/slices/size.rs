//! `stackswitch-slice-size`: bounds the bytes of a function's frame that are copied when a context that
//! was left at a switch is displaced.
//!
//! The code generator decides the size of a frame later. The bound counts local variables; each value that
//! is live beyond its block, and for each block the values that are live at once, as if none had a
//! register; in loops one more word for each computed value, which may be kept from turn to turn; the stack
//! arguments of calls; and the caller's registers.

use std::collections::{HashMap, HashSet};

use super::points::switch_points;
use crate::cpu;
use crate::remark::Remark;
use crate::verify;
use stackswitch_ir::{Block, Call, Function, Instruction, Module, Value};

/// The metadata's name. It is on calls at which a frame may be left, and on functions with such calls.
const METADATA: &str = "stackswitch.slice-size";

/// The bytes of a function's frame that a switch at a call may copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// At most so many bytes.
    Bytes(u64),
    /// No bound: the size of a variable is unknown, or how often it is allocated.
    Unbounded,
}

/// Bounds each call at which a frame may be left, as metadata and as a remark. Returns whether the
/// metadata changed.
pub(crate) fn measure<'m>(module: Module<'m>, report: &dyn Fn(&Remark<'m>)) -> bool {
    let analysis = verify::analyse(module);
    if analysis.sites.is_empty() || !analysis.findings.is_empty() {
        return false;
    }
    let mut changed = false;
    for (function, points) in switch_points(&analysis) {
        let blocks = function.blocks();
        let fixed = fixed(module, function, &blocks);
        let grown = grown(module, &blocks);
        let mut largest = Size::Bytes(0);
        for point in points {
            let size = match grown.contains(&point.instruction()) {
                true => Size::Unbounded,
                false => Size::Bytes(fixed),
            };
            if largest != Size::Unbounded {
                largest = size;
            }
            let text = match size {
                Size::Bytes(bytes) => {
                    format!("at most {bytes} bytes of the frame of '{}' travel", function.name())
                }
                Size::Unbounded => format!(
                    "any number of bytes of the frame of '{}' may travel: it grows by local \
                     variables of no known size",
                    function.name()
                ),
            };
            report(&Remark { at: point.instruction(), taken: true, name: "SliceSize", text });
            changed |= write(module, point, size);
        }
        changed |= match largest {
            Size::Bytes(bytes) => function.set_metadata(module, METADATA, Some(bytes)),
            Size::Unbounded => function.set_metadata(module, METADATA, None),
        };
    }
    changed
}

fn write<'m>(module: Module<'m>, point: Call<'m>, size: Size) -> bool {
    match size {
        Size::Bytes(bytes) => point.set_metadata(module, METADATA, Some(bytes)),
        Size::Unbounded => point.set_metadata(module, METADATA, None),
    }
}

/// A bound for the fixed part of a frame.
fn fixed<'m>(module: Module<'m>, function: Function<'m>, blocks: &[Block<'m>]) -> u64 {
    let costs = cpu::frame_costs(module);
    let bytes = |value: Value<'m>| value.ty().memory_size(module).next_multiple_of(8);
    let parameters: u64 = function.params().into_iter().map(bytes).sum();
    let (mut variables, mut alignment, mut pushed) = (0u64, 16, 0);
    let (mut lasting, mut passing, mut all) = (0, 0, 0);
    let mut shared = true;
    for (block, repeats) in blocks.iter().zip(repeating(blocks)) {
        let here: HashSet<Instruction<'m>> = block.instructions.iter().copied().collect();
        // From the block's end to its start: the values of this block alone that are live.
        let mut needed: HashMap<Value<'m>, u64> = HashMap::new();
        let mut at_once = 0u64;
        for &instruction in block.instructions.iter().rev() {
            if let Some(size) = instruction.variable_size(module) {
                let unit = instruction.variable_alignment().max(8);
                alignment = alignment.max(unit);
                variables = variables.saturating_add(size.next_multiple_of(unit)) + unit - 8;
                continue;
            }
            if let Some(call) = instruction.call() {
                let sum: u64 = call.args().into_iter().map(bytes).sum();
                pushed = pushed.max(sum.saturating_sub(costs.argument_registers));
                shared &= !call.may_return_twice();
            }
            let size = bytes(instruction.value());
            all += size;
            if repeats && instruction.is_arithmetic_or_phi() {
                lasting += size;
            }
            if size != 0 {
                if instruction.is_needed_outside(&here) {
                    lasting += size;
                } else if let Some(size) = needed.remove(&instruction.value()) {
                    at_once -= size;
                }
            }
            for operand in instruction.operands() {
                let local = operand.as_instruction().filter(|i| here.contains(i) && !i.is_alloca());
                if let Some(local) = local
                    && !local.is_needed_outside(&here)
                    && needed.insert(operand, bytes(operand)).is_none()
                {
                    at_once += bytes(operand);
                }
            }
            passing = passing.max(at_once);
        }
    }
    // A call that returns twice must find every value as it was, so no two values share memory.
    let values = if shared { lasting + passing } else { 2 * all };
    let sum = [variables, parameters, values, pushed, costs.fixed]
        .into_iter()
        .fold(alignment - 16, u64::saturating_add);
    sum.next_multiple_of(16)
}

/// The blocks that may be part of a loop: all blocks but those that lie only before, or only after, every
/// loop.
fn repeating(blocks: &[Block<'_>]) -> Vec<bool> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); blocks.len()];
    let previous: Vec<Vec<usize>> = blocks.iter().map(|b| b.predecessors.clone()).collect();
    for (b, sources) in previous.iter().enumerate() {
        sources.iter().for_each(|&source| next[source].push(b));
    }
    let mut left = vec![true; blocks.len()];
    for (sources, targets) in [(&previous, &next), (&next, &previous)] {
        let live = |of: &Vec<usize>, left: &[bool]| of.iter().filter(|&&b| left[b]).count();
        let mut waiting: Vec<usize> = sources.iter().map(|of| live(of, &left)).collect();
        let mut open: Vec<usize> =
            (0..blocks.len()).filter(|&b| left[b] && waiting[b] == 0).collect();
        while let Some(block) = open.pop() {
            left[block] = false;
            for &target in targets[block].iter().filter(|&&t| left[t]) {
                waiting[target] -= 1;
                if waiting[target] == 0 {
                    open.push(target);
                }
            }
        }
    }
    left
}

/// The calls at which a frame may still be larger than its fixed part.
fn grown<'m>(module: Module<'m>, blocks: &[Block<'m>]) -> HashSet<Instruction<'m>> {
    let grows = |i: &Instruction<'m>| i.is_alloca() && i.variable_size(module).is_none();
    // Restoring the stack pointer of the function's start frees all such memory.
    let restores = |i: &Instruction<'m>| {
        i.restored_stack().and_then(Value::as_instruction).is_some_and(|saved| saved.is_in_entry())
    };
    let mut found = HashSet::new();
    let early = |block: &Block<'m>| block.instructions.iter().position(grows);
    let saves = |i: &Instruction<'m>| i.saves_or_restores_stack();
    let sound = blocks.first().is_some_and(|entry| {
        let last_save = entry.instructions.iter().rposition(saves);
        early(entry).is_none_or(|grown| last_save.is_none_or(|save| save < grown))
    });
    let effect = |start: bool, instructions: &[Instruction<'m>]| {
        instructions.iter().fold(start, |grown, i| (grown && !(sound && restores(i))) || grows(i))
    };
    let mut starts = vec![false; blocks.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for (b, block) in blocks.iter().enumerate() {
            let start = starts[b]
                || block.predecessors.iter().any(|&p| effect(starts[p], &blocks[p].instructions));
            changed |= start != starts[b];
            starts[b] = start;
        }
    }
    for (block, &start) in blocks.iter().zip(&starts) {
        let mut grown = start;
        for instruction in &block.instructions {
            if grown && instruction.call().is_some() {
                found.insert(*instruction);
            }
            grown = (grown && !(sound && restores(instruction))) || grows(instruction);
        }
    }
    found
}
