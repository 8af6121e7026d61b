//! The hooks of the runtime, which report switches. The program's own hooks are called after them.

use std::ffi::c_void;

use stackswitch_rt::abi::Hooks;

use super::{
    event::Event,
    tracker::{state_of, with_tracker},
};

/// Called at each switch, between the two contexts.
pub(super) unsafe extern "C" fn on_switch(
    _: *mut c_void,
    from: *mut c_void,
    to: *mut c_void,
    bytes: usize,
) {
    let program = with_tracker(|tracker, observer| {
        tracker.report_finished(observer);
        let (saved, restored) = tracker.report_saved(observer);
        let (left, context) = (from.expose_provenance(), to.expose_provenance());
        if let Ok(bytes @ 1..) = usize::try_from(restored) {
            observer.observe(Event::Restored { context, bytes });
        }
        tracker.set_running(context);
        tracker.suspended_last = (left != 0 && left != context).then_some(left);
        observer.observe(Event::Switched { from: left, to: context, saved, restored });
        tracker.program_hooks
    });
    if let Some(Hooks { data, on_switch: Some(on_switch), .. }) = program {
        // SAFETY: the program has set this callback for its own contexts, with this data.
        unsafe { on_switch(data, from, to, bytes) };
    }
}

/// Called before a context is left. After a fault this is the only event that shows its end.
pub(super) unsafe extern "C" fn on_leave(_: *mut c_void, context: *mut c_void) {
    let program = with_tracker(|tracker, observer| {
        let left = context.expose_provenance();
        if state_of(left).is_some_and(|state| state.finished) {
            tracker.forget(left);
            observer.observe(Event::Finished { context: left });
        }
        tracker.program_hooks
    });
    if let Some(Hooks { data, on_leave: Some(on_leave), .. }) = program {
        // SAFETY: the program has set this callback for its own contexts, with this data.
        unsafe { on_leave(data, context) };
    }
}

/// Called before a context is resumed; the event is that of the switch.
pub(super) unsafe extern "C" fn on_enter(_: *mut c_void, context: *mut c_void) {
    if let Some(Hooks { data, on_enter: Some(on_enter), .. }) =
        with_tracker(|tracker, _| tracker.program_hooks)
    {
        // SAFETY: the program has set this callback for its own contexts, with this data.
        unsafe { on_enter(data, context) };
    }
}
