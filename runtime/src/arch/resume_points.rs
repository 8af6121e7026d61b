//! The addresses that the assembly provides: the resume addresses, and where the switches are.

/// Gives the address of one.
macro_rules! point {
    ($(#[$doc:meta])* $name:ident = $symbol:ident) => {
        $(#[$doc])*
        pub(crate) fn $name() -> usize {
            unsafe extern "C" {
                fn $symbol();
            }
            $symbol as *const () as usize
        }
    };
}

point!(
    /// A switch was refused: calls the error handler, then the call returns 0.
    refused = stackswitch_point_refused
);
point!(
    /// A POSIX call was refused: it returns the error code.
    code = stackswitch_point_code
);
point!(
    /// Calls a function on top of the context, then resumes the context.
    ontop = stackswitch_point_ontop
);
point!(
    /// Calls a function on top of a context that has not run, then starts the context.
    ontop_new = stackswitch_point_ontop_new
);
point!(
    /// Starts a new context.
    entry = stackswitch_point_entry
);
point!(
    /// A context could not finish: calls the error handler, then tries again.
    unfinished = stackswitch_point_unfinished
);
point!(
    /// An exception has left a context's body: finishes the context.
    escaped = stackswitch_point_escaped
);
#[cfg(feature = "libc")]
point!(
    /// The running context has had a fault.
    fault = stackswitch_point_fault
);
point!(
    /// Resumes the captured position in an object of the POSIX layer.
    position = stackswitch_point_position
);
point!(
    /// Starts a context of `stackswitch_makecontext`.
    posix_entry = stackswitch_point_posix_entry
);
point!(
    /// Starts a context of C's `makecontext`, with its arguments.
    ucontext_entry = stackswitch_point_ucontext_entry
);

/// Whether an instruction is one of the switches' assembly. There an overflow of the stack is harmless:
/// it comes from writing the switch record, before the switch has changed anything.
#[cfg(feature = "libc")]
pub(crate) fn is_switch(pc: usize) -> bool {
    unsafe extern "C" {
        fn stackswitch_switches();
        fn stackswitch_switches_end();
    }
    let (start, end) = (stackswitch_switches as *const (), stackswitch_switches_end as *const ());
    (start.addr()..end.addr()).contains(&pc)
}
