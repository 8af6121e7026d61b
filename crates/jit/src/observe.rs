//! What contexts do, told to an observer: for traces and the like.
//!
//! Switches are heard of through the runtime's hooks, which every thread starts with once there is
//! an observer; so they are complete, and none is in place. What has no hook (spawn, clone,
//! cancel, destroy) is heard of where programs call it: their names are bound to functions here,
//! which call the runtime's.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    ffi::{CString, c_void},
    ptr::null_mut,
    sync::OnceLock,
};

use inkwell::{
    llvm_sys::core::{LLVMAddAlias2, LLVMGlobalGetValueType},
    module::{Linkage, Module},
    types::BasicMetadataTypeEnum,
    values::{AsValueRef, FunctionValue},
};
use stackswitch_rt::abi::{self, Hooks};

use super::ModuleId;

/// Something that a context of the calling thread has done, or that was done to it. Contexts are
/// named by the addresses of their handles, which are used again after a `destroy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// There is a new context.
    Spawned {
        /// The new one.
        context: usize,
        /// The address of its body's code; 0 for the context that a call of the host runs in.
        body: usize,
    },
    /// There is a second context that goes on from the same point.
    Cloned {
        /// The new one.
        context: usize,
        /// The one that it was made from.
        of: usize,
    },
    /// Bytes of a stack went to the heap.
    Saved {
        /// The context whose bytes they are; 0 where they belong to objects of the POSIX layer.
        context: usize,
        /// How many.
        bytes: usize,
    },
    /// Bytes came back to their stack.
    Restored {
        /// The context whose bytes they are.
        context: usize,
        /// How many.
        bytes: usize,
    },
    /// A context went on. What was saved and restored for it has been told before.
    Switched {
        /// The context that was left; 0 after an overflow, which nobody goes on from. The same as
        /// `to` where the POSIX layer takes a context to another of its stacks.
        from: usize,
        /// The one that runs now.
        to: usize,
        /// All bytes that were moved for it to the heap.
        saved: u64,
        /// And back.
        restored: u64,
    },
    /// A context's body ended when the context was last left. Told at the thread's next event.
    Finished {
        /// The context.
        context: usize,
    },
    /// A context is gone.
    Destroyed {
        /// What was its handle.
        context: usize,
    },
    /// The thread has ended, and its contexts are gone.
    ThreadEnded,
}

/// Somebody who is told what contexts do, on the thread whose contexts they are.
///
/// Events of switches are told on a small stack of the runtime's (64 KiB) between two contexts. The
/// observer must not switch, nor use contexts otherwise, and must not panic.
pub trait Observer: Send + Sync {
    /// Something has happened.
    fn observe(&self, event: Event);
}

static OBSERVER: OnceLock<Box<dyn Observer>> = OnceLock::new();

/// Has an observer told of the contexts of this thread and of those that start to use the runtime
/// later. Contexts of coroutines that Rust drives are heard of when they switch, not when they are
/// made or dropped. JITs must be built after it. There is one for the process, for good; false if there was
/// one before.
pub fn observe(observer: Box<dyn Observer>) -> bool {
    if OBSERVER.set(observer).is_err() {
        return false;
    }
    let hooks: &'static Hooks = Box::leak(Box::new(Hooks {
        data: null_mut(),
        on_switch: Some(on_switch),
        on_leave: Some(on_leave),
        on_enter: Some(on_enter),
    }));
    // SAFETY: the callbacks may be called on any thread, and need no data.
    unsafe {
        stackswitch_rt::set_initial_hooks(Some(hooks));
        abi::stackswitch_set_hooks(hooks);
    }
    true
}

/// Whether there is an observer.
pub(super) fn observing() -> bool {
    OBSERVER.get().is_some()
}

/// The functions of the runtime for programs to call: those that nothing hooks are ours while
/// there is an observer.
pub(super) fn symbols<'s>() -> impl Iterator<Item = (&'s str, *const ())> {
    let ours: HashMap<_, _> =
        if observing() { bound::TABLE.iter().copied().collect() } else { HashMap::new() };
    abi::symbols().iter().map(move |s| (s.name, ours.get(s.name).map_or(s.address, |own| own.0)))
}

/// What is known of the calling thread's contexts.
#[derive(Default)]
struct Tracker {
    /// Bytes that the thread had saved and restored at the last event.
    totals: (u64, u64),
    /// The sizes of slices, of contexts that have one.
    slices: HashMap<usize, usize>,
    /// Contexts that have run and had no slice when they were last looked at; the one that ran
    /// last is the last.
    whole: Vec<usize>,
    /// Those of which a part may still be in place.
    partial: HashSet<usize>,
    /// The context that was left last and may have finished.
    left: Option<usize>,
    /// The hooks that the program has set itself.
    program: Option<Hooks>,
}

impl Drop for Tracker {
    fn drop(&mut self) {
        if let Some(observer) = OBSERVER.get() {
            observer.observe(Event::ThreadEnded);
        }
    }
}

thread_local! {
    static TRACKER: RefCell<Tracker> = RefCell::default();
}

/// Tells the observer what `work` finds out, which has the thread's tracker. Nothing happens
/// without an observer, and at the thread's end, when the tracker is gone.
fn tell<R: Default>(work: impl FnOnce(&mut Tracker, &dyn Observer) -> R) -> R {
    let Some(observer) = OBSERVER.get() else { return R::default() };
    TRACKER
        .try_with(|tracker| work(&mut tracker.borrow_mut(), observer.as_ref()))
        .unwrap_or_default()
}

/// A look at a context that may be gone.
fn look(context: usize) -> Option<stackswitch_rt::Snapshot> {
    // SAFETY: observers are told of handles only, and a handle stays readable until its thread,
    // this one, ends.
    unsafe { stackswitch_rt::snapshot(std::ptr::with_exposed_provenance_mut(context)) }
}

impl Tracker {
    /// Tells that the context that was left last has finished, if so.
    fn tell_finished(&mut self, observer: &dyn Observer) {
        if let Some(context) = self.left.take()
            && look(context).is_some_and(|look| look.finished)
        {
            self.forget(context);
            observer.observe(Event::Finished { context });
        }
    }

    /// Tells what has been saved since the last event, and gives that and what has been restored.
    fn tell_saved(&mut self, observer: &dyn Observer) -> (u64, u64) {
        let mut stats = abi::Stats::default();
        // SAFETY: the statistics are ours to fill.
        unsafe { abi::stackswitch_get_stats(&raw mut stats) };
        let before = std::mem::replace(&mut self.totals, (stats.bytes_saved, stats.bytes_restored));
        let saved = stats.bytes_saved - before.0;
        let mut missing = usize::try_from(saved).unwrap_or(usize::MAX);
        // Whoever ran last is the likeliest to be in the way.
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

    /// By how much a context's slice has grown; `None` if the context is gone.
    fn grown(&mut self, context: usize) -> Option<usize> {
        let saved = look(context)?.saved;
        if saved == 0 {
            return Some(0);
        }
        let before = self.slices.insert(context, saved).unwrap_or(0);
        Some(saved.saturating_sub(before))
    }

    /// A context is no more.
    fn forget(&mut self, context: usize) {
        self.slices.remove(&context);
        self.partial.remove(&context);
        self.whole.retain(|&other| other != context);
    }

    /// A context runs: it is whole, and the last.
    fn runs(&mut self, context: usize) {
        self.slices.remove(&context);
        self.partial.remove(&context);
        if let Some(index) = self.whole.iter().rposition(|&other| other == context) {
            self.whole.remove(index);
        }
        self.whole.push(context);
    }
}

/// A switch of a thread.
unsafe extern "C" fn on_switch(_: *mut c_void, from: *mut c_void, to: *mut c_void, bytes: usize) {
    let program = tell(|tracker, observer| {
        tracker.tell_finished(observer);
        let (saved, restored) = tracker.tell_saved(observer);
        let (left, context) = (from.expose_provenance(), to.expose_provenance());
        if let Ok(bytes @ 1..) = usize::try_from(restored) {
            observer.observe(Event::Restored { context, bytes });
        }
        tracker.runs(context);
        tracker.left = (left != 0 && left != context).then_some(left);
        observer.observe(Event::Switched { from: left, to: context, saved, restored });
        tracker.program
    });
    if let Some(Hooks { data, on_switch: Some(on_switch), .. }) = program {
        // SAFETY: the program vouches for its own callback.
        unsafe { on_switch(data, from, to, bytes) };
    }
}

/// A context is left. Only after an overflow nothing else tells that it has ended.
unsafe extern "C" fn on_leave(_: *mut c_void, context: *mut c_void) {
    let program = tell(|tracker, observer| {
        let left = context.expose_provenance();
        if look(left).is_some_and(|look| look.finished) {
            tracker.forget(left);
            observer.observe(Event::Finished { context: left });
        }
        tracker.program
    });
    if let Some(Hooks { data, on_leave: Some(on_leave), .. }) = program {
        // SAFETY: the program vouches for its own callback.
        unsafe { on_leave(data, context) };
    }
}

/// A context goes on, of which the switch has told.
unsafe extern "C" fn on_enter(_: *mut c_void, context: *mut c_void) {
    if let Some(Hooks { data, on_enter: Some(on_enter), .. }) = tell(|tracker, _| tracker.program) {
        // SAFETY: the program vouches for its own callback.
        unsafe { on_enter(data, context) };
    }
}

/// A context has been spawned, unless it is null.
pub(super) fn spawned(context: *mut c_void, body: *const c_void) {
    tell(|tracker, observer| {
        if !context.is_null() {
            tracker.tell_finished(observer);
            let (context, body) = (context.expose_provenance(), body.expose_provenance());
            // The handle may be that of one whose end nobody told of.
            tracker.forget(context);
            observer.observe(Event::Spawned { context, body });
        }
    });
}

/// A context has been destroyed, unless that was refused.
pub(super) fn destroyed(context: *mut c_void) {
    tell(|tracker, observer| {
        tracker.tell_finished(observer);
        let context = context.expose_provenance();
        if context != 0 && look(context).is_none() {
            tracker.forget(context);
            observer.observe(Event::Destroyed { context });
        }
    });
}

/// Contexts may have been discarded. Of those that never ran nobody knew anything but their making.
pub(super) fn discarded() {
    tell(|tracker, observer| {
        tracker.tell_finished(observer);
        let known: HashSet<usize> = tracker
            .whole
            .iter()
            .chain(tracker.slices.keys())
            .chain(&tracker.partial)
            .copied()
            .collect();
        for context in known.into_iter().filter(|&context| look(context).is_none()) {
            tracker.forget(context);
            observer.observe(Event::Destroyed { context });
        }
    });
}

/// The runtime's functions that no hook tells of, as programs under observation call them.
mod bound {
    use super::{Event, Hooks, abi, c_void, destroyed, look, spawned, tell};

    /// An address of code, which any thread can use.
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
                    // SAFETY: the program vouches for its call.
                    let context = unsafe { abi::$name(base, function, argument) };
                    spawned(context, function);
                    context
                }
            )*
            /// Names and addresses.
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
        // SAFETY: the program vouches for its call.
        let context = unsafe { abi::stackswitch_spawn_wide(base, function, argument, entry) };
        spawned(context, function);
        context
    }

    unsafe extern "C-unwind" fn stackswitch_clone(of: *mut c_void) -> *mut c_void {
        // SAFETY: the program vouches for its call.
        let context = unsafe { abi::stackswitch_clone(of) };
        tell(|tracker, observer| {
            tracker.tell_finished(observer);
            // What the two share has been saved just now, of the original.
            tracker.tell_saved(observer);
            if let Some(look) = look(context.expose_provenance()) {
                let (context, of) = (context.expose_provenance(), of.expose_provenance());
                tracker.slices.insert(context, look.saved);
                observer.observe(Event::Cloned { context, of });
            }
        });
        context
    }

    unsafe extern "C-unwind" fn stackswitch_cancel(context: *mut c_void) {
        // SAFETY: the program vouches for its call.
        unsafe { abi::stackswitch_cancel(context) };
        tell(|tracker, observer| {
            let cancelled = context.expose_provenance();
            // One that was new finishes without a switch.
            if tracker.left != Some(cancelled) && look(cancelled).is_some_and(|l| l.finished) {
                tracker.forget(cancelled);
                observer.observe(Event::Finished { context: cancelled });
            }
            tracker.tell_finished(observer);
        });
    }

    unsafe extern "C-unwind" fn stackswitch_destroy(context: *mut c_void) {
        // A context that has finished is known as such only until it is destroyed.
        tell(|tracker, observer| tracker.tell_finished(observer));
        // SAFETY: the program vouches for its call.
        unsafe { abi::stackswitch_destroy(context) };
        destroyed(context);
    }

    /// The program's hooks are called after ours.
    unsafe extern "C-unwind" fn stackswitch_set_hooks(hooks: *const Hooks) {
        // SAFETY: the program vouches for what is not null.
        let hooks = unsafe { hooks.as_ref() }.copied();
        tell(|tracker, _| tracker.program = hooks);
    }
}

/// A function that can be the body of a context.
pub(super) struct Body {
    pub(super) module: ModuleId,
    /// What the linker calls it.
    pub(super) symbol: String,
    /// What its module calls it.
    pub(super) name: String,
}

/// Makes the functions of a module that can be bodies of contexts findable, and notes them. A
/// function that only its module sees gets a second name; nothing is optimised any more that would
/// be kept from it.
pub(super) fn name_bodies(id: ModuleId, module: &Module<'_>, bodies: &mut Vec<Body>) {
    let found: Vec<FunctionValue<'_>> =
        module.get_functions().filter(|f| f.count_basic_blocks() > 0 && can_be_body(*f)).collect();
    for (number, function) in found.into_iter().enumerate() {
        let name = function.get_name().to_string_lossy().into_owned();
        if !matches!(function.get_linkage(), Linkage::Internal | Linkage::Private) {
            bodies.push(Body { module: id, symbol: name.clone(), name });
            continue;
        }
        let symbol = format!("__stackswitch_body_{id}_{number}");
        let Ok(c_symbol) = CString::new(symbol.as_str()) else { continue };
        // SAFETY: module and function are alive, and the alias has the function's type.
        unsafe {
            let value = function.as_value_ref();
            let ty = LLVMGlobalGetValueType(value);
            LLVMAddAlias2(module.as_mut_ptr(), ty, 0, value, c_symbol.as_ptr());
        }
        bodies.push(Body { module: id, symbol, name });
    }
}

/// Whether a function has parameters as bodies have: an address, and the value that comes first.
fn can_be_body(function: FunctionValue<'_>) -> bool {
    let ty = function.get_type();
    matches!(ty.get_param_types().as_slice(), [BasicMetadataTypeEnum::PointerType(_), _])
        && !ty.is_var_arg()
}
