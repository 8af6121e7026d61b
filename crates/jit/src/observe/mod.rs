//! Reports what contexts do to an observer, for traces and the like.
//!
//! The runtime's hooks report switches. Every thread has them once there is an observer, so no switch is
//! missed, and none takes the fast path. No hook reports `spawn`, `clone`, `cancel` and `destroy`:
//! programs under observation call the functions of `wrappers` instead, which call the runtime's.

mod event;
mod hooks;
mod tracker;
mod wrappers;

use std::{collections::HashMap, ptr::null_mut};

use stackswitch_rt::abi::{self, Hooks};

pub use event::{Event, Observer};
pub(crate) use tracker::{destroyed, discarded, spawned};

/// Sets the process's observer, for good. It receives the events of this thread's contexts, and of
/// those of threads that use the runtime later. JITs must be built after it. Contexts of coroutines that
/// Rust resumes have events when they switch, but none when they are created or dropped. False if there
/// is an observer already.
pub fn observe(observer: Box<dyn Observer>) -> bool {
    if !event::set_observer(observer) {
        return false;
    }
    let hooks: &'static Hooks = Box::leak(Box::new(Hooks {
        data: null_mut(),
        on_switch: Some(hooks::on_switch),
        on_leave: Some(hooks::on_leave),
        on_enter: Some(hooks::on_enter),
    }));
    // SAFETY: the callbacks may be called on any thread, and need no data.
    unsafe {
        stackswitch_rt::set_initial_hooks(Some(hooks));
        abi::stackswitch_set_hooks(hooks);
    }
    true
}

/// Whether there is an observer.
pub(crate) fn observing() -> bool {
    event::observer().is_some()
}

/// The functions of the runtime that programs call, by name. With an observer some are those of
/// `wrappers`.
pub(crate) fn symbols<'s>() -> impl Iterator<Item = (&'s str, *const ())> {
    let ours: HashMap<_, _> =
        if observing() { wrappers::TABLE.iter().copied().collect() } else { HashMap::new() };
    abi::symbols().iter().map(move |s| (s.name, ours.get(s.name).map_or(s.address, |own| own.0)))
}
