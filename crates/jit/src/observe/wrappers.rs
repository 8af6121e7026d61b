//! Functions that programs under observation call in place of the runtime's, where no hook reports the
//! operation.

use std::ffi::c_void;

use stackswitch_rt::abi::{self, Hooks};

use super::{
    event::Event,
    tracker::{destroyed, spawned, state_of, with_tracker},
};

/// The address of a function.
#[derive(Clone, Copy)]
pub(super) struct Address(pub(super) *const ());

// SAFETY: nothing is read or written through it.
unsafe impl Sync for Address {}

macro_rules! spawns {
    ($($name:ident),*) => {
        $(
            unsafe extern "C-unwind" fn $name(
                base: *mut c_void,
                function: *mut c_void,
                argument: *mut c_void,
            ) -> *mut c_void {
                // SAFETY: the arguments are those of the program, which calls the runtime's function.
                let context = unsafe { abi::$name(base, function, argument) };
                spawned(context, function);
                context
            }
        )*
        /// The names of the functions here, and their addresses.
        pub(super) static TABLE: &[(&str, Address)] = &[
            $((stringify!($name), Address($name as *const ())),)*
            ("stackswitch_spawn_wide", Address(stackswitch_spawn_wide as *const ())),
            ("stackswitch_clone", Address(stackswitch_clone as *const ())),
            ("stackswitch_cancel", Address(stackswitch_cancel as *const ())),
            ("stackswitch_destroy", Address(stackswitch_destroy as *const ())),
            ("stackswitch_set_hooks", Address(stackswitch_set_hooks as *const ())),
        ];
    };
}

spawns!(
    stackswitch_spawn,
    stackswitch_spawn_i8,
    stackswitch_spawn_i16,
    stackswitch_spawn_i32,
    stackswitch_spawn_i64,
    stackswitch_spawn_f32,
    stackswitch_spawn_f64
);

unsafe extern "C-unwind" fn stackswitch_spawn_wide(
    base: *mut c_void,
    function: *mut c_void,
    argument: *mut c_void,
    entry: *mut c_void,
) -> *mut c_void {
    // SAFETY: the arguments are those of the program, which calls the runtime's function.
    let context = unsafe { abi::stackswitch_spawn_wide(base, function, argument, entry) };
    spawned(context, function);
    context
}

unsafe extern "C-unwind" fn stackswitch_clone(of: *mut c_void) -> *mut c_void {
    // SAFETY: the arguments are those of the program, which calls the runtime's function.
    let context = unsafe { abi::stackswitch_clone(of) };
    with_tracker(|tracker, observer| {
        tracker.report_finished(observer);
        // The clone has saved the bytes that the two share, as the original's.
        tracker.report_saved(observer);
        if let Some(state) = state_of(context.expose_provenance()) {
            let (context, of) = (context.expose_provenance(), of.expose_provenance());
            tracker.slices.insert(context, state.saved);
            observer.observe(Event::Cloned { context, of });
        }
    });
    context
}

unsafe extern "C-unwind" fn stackswitch_cancel(context: *mut c_void) {
    // SAFETY: the arguments are those of the program, which calls the runtime's function.
    unsafe { abi::stackswitch_cancel(context) };
    with_tracker(|tracker, observer| {
        let cancelled = context.expose_provenance();
        // A context that had not begun finishes without a switch.
        if tracker.suspended_last != Some(cancelled)
            && state_of(cancelled).is_some_and(|state| state.finished)
        {
            tracker.forget(cancelled);
            observer.observe(Event::Finished { context: cancelled });
        }
        tracker.report_finished(observer);
    });
}

unsafe extern "C-unwind" fn stackswitch_destroy(context: *mut c_void) {
    // A context that has finished is known as such only until it is destroyed.
    with_tracker(|tracker, observer| tracker.report_finished(observer));
    // SAFETY: the arguments are those of the program, which calls the runtime's function.
    unsafe { abi::stackswitch_destroy(context) };
    destroyed(context);
}

/// The program's hooks are called after ours.
unsafe extern "C-unwind" fn stackswitch_set_hooks(hooks: *const Hooks) {
    // SAFETY: the program passes null or its hooks, as the runtime's function demands.
    let hooks = unsafe { hooks.as_ref() }.copied();
    with_tracker(|tracker, _| tracker.program_hooks = hooks);
}
