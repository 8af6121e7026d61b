//! Moves variables of a function to memory that never moves.
//!
//! The function takes one block for all variables of known size when it starts, and one more for each
//! variable whose size is computed. It gives them back when it returns. The runtime finds the blocks of
//! frames that are left in another way: an address in the frame says in which order they were taken.

use stackswitch_abi::intrinsics::{FRAME_ALLOC, FRAME_FREE};
use stackswitch_ir::{
    AttributePlace, Builder, Function, Instruction, Linkage, Module, Type, Value,
};

use super::shared::{Place, REMARK, Variable};
use crate::remark::Remark;

/// The least alignment of the runtime's blocks.
const ALIGNMENT: u64 = 16;

/// The largest block. Debug information has offsets of 32 bits.
const MAX_BYTES: u64 = i32::MAX as u64;

/// The variables of one function that move.
#[derive(Debug)]
pub(super) struct Moving<'m> {
    /// Those in the first block, and their offsets in it.
    fixed: Vec<(Place<'m>, u64)>,
    /// Those with blocks of their own.
    growing: Vec<Instruction<'m>>,
    bytes: u64,
    alignment: u64,
}

impl<'m> Moving<'m> {
    /// Lays out the shared variables, except those that cannot move, and reports both.
    pub(super) fn plan(
        module: Module<'m>,
        found: Vec<Variable<'m>>,
        report: &dyn Fn(&Remark<'m>),
    ) -> Self {
        let mut moving =
            Moving { fixed: Vec::new(), growing: Vec::new(), bytes: 0, alignment: ALIGNMENT };
        for Variable { place, why_shared } in found {
            let text = match moving.add(place) {
                Ok(()) => {
                    format!("{} never moves: {}", place.describe(module), why_shared.text())
                }
                Err(why) => format!("{} stays in the frame: {why}", place.describe(module)),
            };
            let taken = !text.contains(" stays in the frame: ");
            report(&Remark { at: why_shared.at(), taken, name: REMARK, text });
        }
        moving
    }

    /// Adds a variable, or says why it cannot move.
    fn add(&mut self, place: Place<'m>) -> Result<(), &'static str> {
        let (bytes, unit) = match place {
            Place::Local(variable, _) | Place::Growing(variable)
                if variable.is_required_in_frame() =>
            {
                return Err("LLVM or a calling convention needs it there");
            }
            Place::Growing(variable) if !variable.has_sized_variable() => {
                return Err("LLVM does not know its size");
            }
            Place::Growing(variable) => {
                self.growing.push(variable);
                return Ok(());
            }
            Place::Local(variable, bytes) => (bytes, variable.variable_alignment().max(1)),
            Place::Argument(_, bytes, alignment) => (bytes, alignment.max(ALIGNMENT)),
        };
        if bytes > MAX_BYTES.saturating_sub(self.bytes).saturating_sub(unit) {
            return Err("it is too large");
        }
        let offset = self.bytes.next_multiple_of(unit);
        self.fixed.push((place, offset));
        self.bytes = offset + bytes;
        self.alignment = self.alignment.max(unit);
        Ok(())
    }

    /// Moves the variables. Returns whether there are any.
    pub(super) fn apply(self, module: Module<'m>, function: Function<'m>) -> bool {
        if self.fixed.is_empty() && self.growing.is_empty() {
            return false;
        }
        let runtime = Runtime::declare(module);
        let pointer = Type::pointer(module, 0);
        // The variable's own address identifies the frame, and debuggers find the block through it.
        let holder = Builder::at_entry(module, function).alloca(
            pointer,
            pointer.alignment(module),
            c"stackswitch.stable",
        );
        let is_fixed = |i: &Instruction<'m>| i.is_alloca() && i.variable_size(module).is_some();
        let Some(start) = function.walk().find(|i| !is_fixed(i)) else { return false };
        let builder = Builder::before_instruction(module, start);
        builder.set_no_line_of(function);
        let (bytes, alignment) = (builder.size(self.bytes), builder.size(self.alignment));
        let block = runtime.take(&builder, bytes, alignment, holder);
        builder.store(block, holder, pointer.alignment(module));
        let place = |offset| if offset == 0 { block } else { builder.offset(block, offset) };
        let places: Vec<Value<'m>> = self.fixed.iter().map(|&(_, offset)| place(offset)).collect();
        let last_acts = LastActs::find(function);
        for (&(moved, offset), new) in self.fixed.iter().zip(places) {
            moved.address().describe_through(module, holder, offset as u32);
            match moved {
                Place::Local(variable, _) | Place::Growing(variable) => {
                    remove_lifetime(variable);
                    variable.replace_variable(new);
                }
                Place::Argument(argument, bytes, alignment) => {
                    argument.replace_argument(new);
                    builder.copy_bytes(new, argument, alignment, bytes);
                    last_acts.give_back_argument(module, argument, new, bytes, alignment);
                }
            }
        }
        for variable in self.growing {
            move_growing(module, function, variable, runtime);
        }
        for end in last_acts.all {
            let builder = Builder::before_instruction(module, end);
            builder.ensure_location(function);
            builder.call(runtime.free_type, runtime.free, &[block], None);
        }
        correct_attributes(module, function);
        true
    }
}

/// The runtime's functions.
#[derive(Clone, Copy, Debug)]
struct Runtime<'m> {
    alloc_type: Type<'m>,
    alloc: Value<'m>,
    free_type: Type<'m>,
    free: Value<'m>,
}

impl<'m> Runtime<'m> {
    fn declare(module: Module<'m>) -> Self {
        let (pointer, size) = (Type::pointer(module, 0), Type::size(module));
        let alloc_type = Type::function(pointer, &[size, size, pointer]);
        let free_type = Type::function(Type::void(module), &[pointer]);
        let alloc = module.function(FRAME_ALLOC).unwrap_or_else(|| {
            let made = Function::add(module, FRAME_ALLOC, alloc_type, Linkage::External);
            made.add_attribute(module, AttributePlace::Result, "noalias", 0);
            made
        });
        let free = module.function(FRAME_FREE).unwrap_or_else(|| {
            let made = Function::add(module, FRAME_FREE, free_type, Linkage::External);
            made.add_attribute(module, AttributePlace::Function, "nounwind", 0);
            made
        });
        Runtime { alloc_type, alloc: alloc.value(), free_type, free: free.value() }
    }

    /// Takes a block for the frame that has the address `frame`.
    fn take(
        self,
        builder: &Builder<'m>,
        bytes: Value<'m>,
        alignment: Value<'m>,
        frame: Value<'m>,
    ) -> Value<'m> {
        builder.call(self.alloc_type, self.alloc, &[bytes, alignment, frame], None).value()
    }
}

/// The instructions before which the blocks are given back.
#[derive(Debug)]
struct LastActs<'m> {
    /// Returns, the ends of cleanups, and musttail calls instead of the returns after them.
    all: Vec<Instruction<'m>>,
}

impl<'m> LastActs<'m> {
    fn find(function: Function<'m>) -> Self {
        let mut all = Vec::new();
        for block in function.blocks() {
            let is_musttail =
                |i: &&Instruction<'m>| i.call().is_some_and(stackswitch_ir::Call::is_musttail);
            let Some(&last) = block.instructions.last() else { continue };
            if let Some(&call) = block.instructions.iter().find(is_musttail) {
                all.push(call);
            } else if last.leaves_function() {
                all.push(last);
            }
        }
        LastActs { all }
    }

    /// Makes musttail calls pass the argument itself: the block is given back before them.
    fn give_back_argument(
        &self,
        module: Module<'m>,
        argument: Value<'m>,
        moved: Value<'m>,
        bytes: u64,
        alignment: u64,
    ) {
        for call in self.all.iter().filter(|i| i.operands().contains(&moved)) {
            let builder = Builder::before_instruction(module, *call);
            builder.copy_bytes(argument, moved, alignment, bytes);
            call.replace_operand(moved, argument);
        }
    }
}

/// Moves a variable whose size is computed. A small variable stays where it was: its address is lower
/// than those of all variables that were made before, and control that leaves the variable's scope makes
/// the stack pointer higher again. So the runtime knows which blocks are over.
fn move_growing<'m>(
    module: Module<'m>,
    function: Function<'m>,
    variable: Instruction<'m>,
    runtime: Runtime<'m>,
) {
    let builder = Builder::before_instruction(module, variable);
    builder.ensure_location(function);
    let Some(bytes) = variable.computed_size(&builder) else { return };
    let alignment = builder.size(variable.variable_alignment().max(ALIGNMENT));
    let marker = builder.growing_variable(1, ALIGNMENT);
    let block = runtime.take(&builder, bytes, alignment, marker);
    remove_lifetime(variable);
    variable.replace_variable(block);
}

/// Removes a variable's lifetime markers, which only variables of the frame may have.
fn remove_lifetime(variable: Instruction<'_>) {
    let users = variable.value().all_users().unwrap_or_default();
    for mark in users.into_iter().filter(|user| user.lifetime().is_some()) {
        if let Some(call) = mark.call() {
            call.replace_and_name(None);
        }
    }
}

/// Removes attributes that are false for a function that takes blocks.
fn correct_attributes<'m>(module: Module<'m>, function: Function<'m>) {
    for name in ["alwaysinline", "inlinehint", "memory", "speculatable"] {
        function.remove_attribute(AttributePlace::Function, name);
    }
    // A frame has one first block, known by an address in the frame.
    function.add_attribute(module, AttributePlace::Function, "noinline", 0);
}
