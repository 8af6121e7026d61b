//! The operations that can be in place, and the names of their operands.
//!
//! The pass that builds the call of the assembly, the code that handles its results and the CPU's
//! assembly all find an operand by its name here. Nobody else knows a position.

/// An operation that can be in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    /// `swap`
    Swap,
    /// `resume`
    Resume,
    /// `suspend`
    Suspend,
    /// `swapcontext` without a base
    SwapContext(ObjectPlace),
}

impl Operation {
    /// Whether it may return more than once.
    pub(crate) fn returns_twice(self) -> bool {
        matches!(self, Operation::SwapContext(_))
    }
}

/// Where the objects of a `swapcontext` lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ObjectPlace {
    /// In the program's memory. The runtime's function takes two objects, which may be null, and a
    /// base.
    OwnMemory,
    /// In the system's `ucontext_t`. The runtime's function takes the addresses of two such
    /// structures.
    Ucontext,
}

/// What the assembly of an operation depends on besides the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Conditions {
    /// Signal handlers leave the bytes below the stack pointer alone.
    pub(crate) red_zone: bool,
    /// Indirect jumps may only go to marked instructions.
    pub(crate) marked_targets: bool,
    /// The compiler may need a base pointer to find the frame.
    pub(crate) base_pointer: bool,
    /// The slow path is a call after the assembly, see [`Operands::slow_call`].
    pub(crate) slow_call: bool,
    /// The function has unwind tables, which the assembly completes: at the instructions where the
    /// stack pointer is not the function's, an unwinder stops.
    pub(crate) unwind_tables: bool,
    /// For `swapcontext`: [`Operand::Resumed`] is known, and is mostly the object that is captured
    /// into.
    pub(crate) knows_resumed: bool,
    /// The registers that can hold values of the function.
    pub(crate) registers: Registers,
}

/// The groups of registers that not every CPU has or not every function uses. LLVM takes long to find
/// a register by its name, so the assembly names none in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Registers {
    /// General registers that an extension adds.
    pub(crate) more_general: bool,
    /// Vector registers that an extension adds, with their masks.
    pub(crate) more_vectors: bool,
    /// Registers whose values have types of their own: tiles, and old ones.
    pub(crate) rare: bool,
}

impl Registers {
    /// All registers that any CPU has.
    pub(crate) const ALL: Self = Registers { more_general: true, more_vectors: true, rare: true };

    /// These without those whose values have types of their own.
    pub(crate) fn without_rare(self) -> Self {
        Registers { rare: false, ..self }
    }
}

/// An input of the assembly. Each is as wide as a pointer, but for the value without a slow call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// The context to switch to, or the object to resume.
    Target,
    /// The value that the switch carries.
    Value,
    /// The distance of the thread words from the thread pointer; 0 before the thread is set up.
    ThreadWords,
    /// For `swapcontext`: the object to capture into.
    Captured,
    /// For `swapcontext`: the mark of the thread's plain captures, or one that no object has.
    ///
    /// Afterwards it is the mark of the thread that control is on.
    Mark,
    /// For `swapcontext`: the object whose resume brought control here last; null if unknown.
    Resumed,
    /// The runtime's function, for the slow path.
    SlowPath,
}

/// The positions of an operation's operands.
///
/// The inputs come in the order of [`Operands::inputs`]. The outputs are the result and then what
/// each input's register holds after the switch, in the same order; [`Operands::extra_output`] may
/// stand between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operands {
    operation: Operation,
    slow_call: bool,
}

/// The outputs that say which call is to follow the assembly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowCall {
    /// The function to call; null if none is, because the result is there.
    pub(crate) function: u32,
    /// Its two arguments, each as wide as a pointer. A function with one parameter takes the
    /// first.
    pub(crate) arguments: [u32; 2],
}

impl Operands {
    /// The output that is the operation's result.
    pub(crate) const RESULT: u32 = 0;

    /// The operands of an operation under these conditions.
    pub(crate) fn of(operation: Operation, conditions: Conditions) -> Self {
        Operands { operation, slow_call: conditions.slow_call }
    }

    /// The inputs, in order.
    pub(crate) fn inputs(self) -> &'static [Operand] {
        use Operand::*;
        match self.operation {
            Operation::Swap | Operation::Resume => &[Target, Value, ThreadWords, SlowPath],
            Operation::Suspend => &[Value, ThreadWords, SlowPath],
            Operation::SwapContext(_) => &[Captured, Target, Mark, Resumed, SlowPath],
        }
    }

    /// Whether there is an output between the result and the inputs' registers: the first argument
    /// of the slow call, for an operation without a target.
    pub(crate) fn has_extra_output(self) -> bool {
        self.slow_call && self.operation == Operation::Suspend
    }

    /// The position of an input.
    pub(crate) fn input(self, operand: Operand) -> u32 {
        let position = self.inputs().iter().position(|&input| input == operand);
        position.expect("the operation has this operand") as u32
    }

    /// The position of the output that has what an input's register holds after the switch.
    pub(crate) fn after(self, operand: Operand) -> u32 {
        1 + u32::from(self.has_extra_output()) + self.input(operand)
    }

    /// The outputs that say which call is to follow, with [`Conditions::slow_call`]. The call is
    /// one of the runtime, on the slow path, or of the function that a `swap.ontop` to this context
    /// runs.
    pub(crate) fn slow_call(self) -> SlowCall {
        SlowCall {
            function: self.after(Operand::SlowPath),
            arguments: [1, self.after(Operand::Value)],
        }
    }
}
