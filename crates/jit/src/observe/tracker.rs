//! What the observer needs to know about the calling thread's contexts between two events.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    ffi::c_void,
};

use stackswitch_rt::abi::{self, Hooks};

use super::event::{Event, Observer, observer};

/// The contexts of the calling thread, as far as events need them.
#[derive(Default)]
pub(super) struct Tracker {
    /// The bytes that the thread had saved and restored at the last event.
    pub(super) totals: (u64, u64),
    /// The sizes of the slices, by context.
    pub(super) slices: HashMap<usize, usize>,
    /// The contexts that have run and had no slice at the last event, in the order in which they ran.
    pub(super) whole: Vec<usize>,
    /// The contexts of which a part may still be on the stack.
    pub(super) partial: HashSet<usize>,
    /// The context that was suspended last; it may have finished.
    pub(super) suspended_last: Option<usize>,
    /// The hooks that the program has set.
    pub(super) program_hooks: Option<Hooks>,
}

impl Drop for Tracker {
    fn drop(&mut self) {
        if let Some(observer) = observer() {
            observer.observe(Event::ThreadEnded);
        }
    }
}

thread_local! {
    static TRACKER: RefCell<Tracker> = RefCell::default();
}

/// Runs `work` with the thread's tracker and the observer. Does nothing without an observer, and at the
/// end of the thread, when the tracker is gone.
pub(super) fn with_tracker<R: Default>(work: impl FnOnce(&mut Tracker, &dyn Observer) -> R) -> R {
    let Some(observer) = observer() else { return R::default() };
    TRACKER.try_with(|tracker| work(&mut tracker.borrow_mut(), observer)).unwrap_or_default()
}

/// The state of a context; `None` if it was destroyed.
pub(super) fn state_of(context: usize) -> Option<stackswitch_rt::Snapshot> {
    // SAFETY: the tracker knows handles of this thread only, and a handle stays readable until its
    // thread ends.
    unsafe { stackswitch_rt::snapshot(std::ptr::with_exposed_provenance_mut(context)) }
}

impl Tracker {
    /// Reports that the context that was suspended last has finished, if it has.
    pub(super) fn report_finished(&mut self, observer: &dyn Observer) {
        if let Some(context) = self.suspended_last.take()
            && state_of(context).is_some_and(|state| state.finished)
        {
            self.forget(context);
            observer.observe(Event::Finished { context });
        }
    }

    /// Reports the bytes that were saved since the last event. Returns the bytes saved and restored.
    pub(super) fn report_saved(&mut self, observer: &dyn Observer) -> (u64, u64) {
        let mut stats = abi::Stats::default();
        // SAFETY: the pointer is to a structure of the type that the function fills.
        unsafe { abi::stackswitch_get_stats(&raw mut stats) };
        let before = std::mem::replace(&mut self.totals, (stats.bytes_saved, stats.bytes_restored));
        let saved = stats.bytes_saved - before.0;
        let mut missing = usize::try_from(saved).unwrap_or(usize::MAX);
        // The context that ran last is the most likely to have been displaced.
        let mut index = self.whole.len();
        while missing > 0 && index > 0 {
            index -= 1;
            let context = self.whole[index];
            let grown = self.grown(context);
            if grown != Some(0) {
                self.whole.remove(index);
            }
            if let Some(bytes @ 1..) = grown {
                self.partial.insert(context);
                observer.observe(Event::Saved { context, bytes });
                missing = missing.saturating_sub(bytes);
            }
        }
        if missing > 0 {
            let mut partial = std::mem::take(&mut self.partial);
            partial.retain(|&context| {
                let grown = self.grown(context);
                if let Some(bytes @ 1..) = grown {
                    observer.observe(Event::Saved { context, bytes });
                    missing = missing.saturating_sub(bytes);
                }
                grown.is_some()
            });
            self.partial = partial;
        }
        if missing > 0 {
            observer.observe(Event::Saved { context: 0, bytes: missing });
        }
        (saved, stats.bytes_restored - before.1)
    }

    /// By how many bytes a context's slice has grown; `None` if the context was destroyed.
    fn grown(&mut self, context: usize) -> Option<usize> {
        let saved = state_of(context)?.saved;
        if saved == 0 {
            return Some(0);
        }
        let before = self.slices.insert(context, saved).unwrap_or(0);
        Some(saved.saturating_sub(before))
    }

    /// Removes a context.
    pub(super) fn forget(&mut self, context: usize) {
        self.slices.remove(&context);
        self.partial.remove(&context);
        self.whole.retain(|&other| other != context);
    }

    /// Notes that a context runs: all of it is on the stack, and it is the last that ran.
    pub(super) fn set_running(&mut self, context: usize) {
        self.slices.remove(&context);
        self.partial.remove(&context);
        if let Some(index) = self.whole.iter().rposition(|&other| other == context) {
            self.whole.remove(index);
        }
        self.whole.push(context);
    }
}

/// Reports that a context was spawned, unless it is null.
pub(crate) fn spawned(context: *mut c_void, body: *const c_void) {
    with_tracker(|tracker, observer| {
        if !context.is_null() {
            tracker.report_finished(observer);
            let (context, body) = (context.expose_provenance(), body.expose_provenance());
            // The handle may be that of a context whose end was not reported.
            tracker.forget(context);
            observer.observe(Event::Spawned { context, body });
        }
    });
}

/// Reports that a context was destroyed, unless that was refused.
pub(crate) fn destroyed(context: *mut c_void) {
    with_tracker(|tracker, observer| {
        tracker.report_finished(observer);
        let context = context.expose_provenance();
        if context != 0 && state_of(context).is_none() {
            tracker.forget(context);
            observer.observe(Event::Destroyed { context });
        }
    });
}

/// Reports the contexts that a failed call has discarded, as far as they have ever run.
pub(crate) fn discarded() {
    with_tracker(|tracker, observer| {
        tracker.report_finished(observer);
        let known: HashSet<usize> = tracker
            .whole
            .iter()
            .chain(tracker.slices.keys())
            .chain(&tracker.partial)
            .copied()
            .collect();
        for context in known.into_iter().filter(|&context| state_of(context).is_none()) {
            tracker.forget(context);
            observer.observe(Event::Destroyed { context });
        }
    });
}
