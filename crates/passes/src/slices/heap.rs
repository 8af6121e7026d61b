//! Variables on the heap: with a threshold, large local variables that a switch needs are not copied
//! with their frame.
//!
//! The function takes one block for all of them when it starts, and frees it when it returns. The runtime
//! frees the block when the frame is left in another way. It refuses to clone or capture the frame, because
//! two copies of a frame would share the block. That is why there is no threshold by default.

use super::lives::Lives;
use super::points::frame_is_followed;
use crate::remark::Remark;
use stackswitch_abi::intrinsics::{FRAME_ALLOC, FRAME_FREE};
use stackswitch_ir::{
    AttributePlace, Builder, Call, Function, Instruction, Linkage, Module, MoveObstacle, Type,
    Value,
};

/// The module flag with the threshold in bytes. 0 means no threshold.
pub(crate) const FLAG: &str = "stackswitch-heap-threshold";

/// The least alignment of the runtime's blocks.
const ALIGNMENT: u64 = 16;

/// The largest block. Debug information has offsets of 32 bits.
const MAX_BYTES: u64 = i32::MAX as u64;

/// A variable that moves, and its offset in the block.
#[derive(Clone, Copy, Debug)]
struct Moved<'m> {
    variable: Instruction<'m>,
    offset: u64,
}

/// Moves the variables of one function that has calls at which its frame may be left. Returns
/// whether anything changed.
pub(super) fn move_to_heap<'m>(
    module: Module<'m>,
    function: Function<'m>,
    points: &[Call<'m>],
    threshold: u64,
    report: &dyn Fn(&Remark<'m>),
) -> bool {
    let needed = needed(module, function, points, threshold);
    if needed.is_empty() {
        return false;
    }
    let remark = |at: Instruction<'m>, taken, text| {
        report(&Remark { at, taken, name: "FrameOnHeap", text });
    };
    let at = points[0].instruction();
    if let Some(why) = obstacle(function) {
        let bytes = needed.iter().fold(0, |sum: u64, (_, b)| sum.saturating_add(*b));
        remark(at, false, format!("{bytes} bytes of local variables stay in the frame: {why}"));
        return false;
    }
    let (mut moved, mut end, mut alignment) = (Vec::new(), 0, ALIGNMENT);
    for (variable, bytes) in needed {
        let unit = variable.variable_alignment().max(1);
        let why = match variable.move_obstacle() {
            Some(MoveObstacle::Assembly) => Some("inline assembly has its address"),
            Some(MoveObstacle::Frame) => Some("something wants it there"),
            None if bytes > MAX_BYTES.saturating_sub(end).saturating_sub(unit) => {
                Some("it is too large")
            }
            None => None,
        };
        if let Some(why) = why {
            let text = format!("a local variable of {bytes} bytes stays in the frame: {why}");
            remark(at, false, text);
            continue;
        }
        let offset = end.next_multiple_of(unit);
        moved.push(Moved { variable, offset });
        (end, alignment) = (offset + bytes, alignment.max(unit));
    }
    if moved.is_empty() {
        return false;
    }
    let text = match moved.len() {
        1 => format!("a local variable of {end} bytes is on the heap: no switch copies it"),
        count => {
            format!("{count} local variables of {end} bytes are on the heap: no switch copies them")
        }
    };
    remark(at, true, text);
    apply(module, function, &moved, end, alignment);
    true
}

/// The variables of at least `threshold` bytes that a switch may need, with their sizes.
fn needed<'m>(
    module: Module<'m>,
    function: Function<'m>,
    points: &[Call<'m>],
    threshold: u64,
) -> Vec<(Instruction<'m>, u64)> {
    let mut large: Vec<(Instruction<'m>, u64)> = function
        .instructions()
        .into_iter()
        .take_while(|i| i.is_in_entry())
        .filter_map(|i| Some((i, i.variable_size(module)?)))
        .filter(|&(_, bytes)| bytes >= threshold)
        .collect();
    if large.is_empty() {
        return large;
    }
    // Without lifetime markers a variable may be needed everywhere.
    let Some(lives) = Lives::analyse(module, function) else { return large };
    let all = lives.needed_at(points).iter().fold(0, |all, (_, needed)| all | needed);
    let (marked, kept) = (lives.members(u64::MAX), lives.members(all));
    large.retain(|one| !marked.contains(one) || kept.contains(one));
    large
}

/// The reason why a function's variables stay, if there is one.
fn obstacle(function: Function<'_>) -> Option<&'static str> {
    if let Some(why) = frame_is_followed(function) {
        return Some(why);
    }
    if function.attribute(AttributePlace::Function, "alwaysinline").is_some() {
        // A frame has one block, so the function must not be inlined.
        return Some("the function is always inlined");
    }
    for instruction in function.instructions() {
        if instruction.is_funclet() {
            return Some("the function handles exceptions in parts of itself");
        }
        if instruction.call().is_some_and(Call::may_return_twice) {
            return Some("the function calls what returns twice");
        }
        if instruction.observes_frame() {
            return Some("the function asks where its frame is");
        }
        if let Some(call) = instruction.call() {
            if call.is_musttail() {
                return Some("a call must be the function's last act");
            }
            if call.callee().as_function().is_some_and(|f| f.name() == FRAME_ALLOC) {
                return Some("the function has variables on the heap");
            }
        }
    }
    None
}

/// Moves the variables.
fn apply<'m>(
    module: Module<'m>,
    function: Function<'m>,
    moved: &[Moved<'m>],
    bytes: u64,
    alignment: u64,
) {
    let (pointer, size) = (Type::pointer(module, 0), Type::size(module));
    let declare = |name: &str, ty| {
        module.function(name).unwrap_or_else(|| {
            let made = Function::add(module, name, ty, Linkage::External);
            if name == FRAME_FREE {
                made.add_attribute(module, AttributePlace::Function, "nounwind", 0);
            } else {
                made.add_attribute(module, AttributePlace::Result, "noalias", 0);
            }
            made
        })
    };
    let alloc_type = Type::function(pointer, &[size, size, pointer]);
    let free_type = Type::function(Type::void(module), &[pointer]);
    let (alloc, free) = (declare(FRAME_ALLOC, alloc_type), declare(FRAME_FREE, free_type));
    // The block's address is stored in a variable: the variable's own address identifies the frame, and
    // debuggers find the block through it.
    let holder = Builder::at_entry(module, function).alloca(
        pointer,
        pointer.alignment(module),
        c"stackswitch.heap",
    );
    let mut instructions = function.instructions().into_iter();
    let Some(start) = instructions.find(|i| !i.is_alloca()) else { return };
    let builder = Builder::before_instruction(module, start);
    builder.set_no_line_of(function);
    let args = [builder.size(bytes), builder.size(alignment), holder];
    let block = builder.call(alloc_type, alloc.value(), &args, None).value();
    builder.store(block, holder, pointer.alignment(module));
    let place = |one: &Moved<'m>| match one.offset {
        0 => block,
        offset => builder.offset(block, offset),
    };
    let places: Vec<Value<'m>> = moved.iter().map(place).collect();
    for (one, place) in moved.iter().zip(places) {
        let users = one.variable.value().all_users().unwrap_or_default();
        for mark in users.into_iter().filter(|user| user.lifetime().is_some()) {
            if let Some(call) = mark.call() {
                call.replace_and_name(None);
            }
        }
        one.variable.value().describe_through(module, holder, one.offset as u32);
        one.variable.replace_variable(place);
    }
    for end in function.instructions().into_iter().filter(|i| i.leaves_function()) {
        let builder = Builder::before_instruction(module, end);
        builder.ensure_location(function);
        builder.call(free_type, free.value(), &[block], None);
    }
    function.add_attribute(module, AttributePlace::Function, "noinline", 0);
}
