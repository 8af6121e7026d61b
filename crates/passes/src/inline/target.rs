//! What a CPU has to give for switches in place: a module with a [`Target`], and a line in
//! [`TARGETS`]. On targets that are none of them calls of the runtime stay.

use super::x86_64;
use stackswitch_ir::{Assembly, Builder, Module, Value};

/// All that are known.
const TARGETS: &[&Target] = &[&x86_64::TARGET];

/// A target whose switch is known.
#[derive(Debug)]
pub(super) struct Target {
    /// Whether a module is for it.
    pub(super) fits: fn(Module<'_>) -> bool,
    /// The address of what lies so many bytes from the thread pointer on.
    pub(super) at_thread: for<'m> fn(&Builder<'m>, Value<'m>) -> Value<'m>,
    /// Where an object of the POSIX layer lies in the system's `ucontext_t`.
    pub(super) in_ucontext: u64,
    /// The assembly of a switch.
    ///
    /// Its inputs are those of the operation, where a thread's words are or the thread's mark, and
    /// the runtime's function; its outputs the result and then what becomes of the inputs. All in
    /// that order. The mark that comes out is the thread's where control goes on, or none that an
    /// object has. A `swapcontext` has one input more after the mark: the object that control came by,
    /// which comes out as the second object; null where that is not known.
    ///
    /// With [`Conditions::slow_call`] the outputs are the result, two arguments, where the words are,
    /// and the function that is to be called with these arguments; that is null where the result
    /// is there. Each argument is as wide as a pointer.
    pub(super) assembly: fn(Operation, Conditions) -> Assembly,
}

impl Target {
    /// The one that a module is for.
    pub(super) fn of(module: Module<'_>) -> Option<&'static Self> {
        TARGETS.iter().copied().find(|target| (target.fits)(module))
    }
}

/// The operations that can be in place, with their inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    /// The target and the value.
    Swap,
    /// The target and the value.
    Resume,
    /// The value.
    Suspend,
    /// Two objects of the POSIX layer: the one to capture into, and the one to go to.
    SwapContext(Objects),
}

/// Where objects of the POSIX layer come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Objects {
    /// From the program: the runtime's function takes them, and a base. They may be null.
    Own,
    /// They lie in the system's structures, whose addresses the runtime's function takes.
    InUcontext,
}

/// What a switch is made of depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Conditions {
    /// Signal handlers leave the bytes below the stack pointer alone.
    pub(super) red_zone: bool,
    /// Indirect jumps may only go to marked places.
    pub(super) marked_targets: bool,
    /// The compiler may need a register of its own to find the frame.
    pub(super) base_pointer: bool,
    /// What may throw is called outside of the assembly, see [`super::slow_call`].
    pub(super) slow_call: bool,
    /// Of `swapcontext`: control mostly came by the object that is captured into.
    pub(super) landed: bool,
}
