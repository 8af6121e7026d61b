//! Hooks: callbacks on switches, for tracing and for data that a program keeps per context.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::check::CHECKED;
use crate::context::{Context, State, Tag};
use crate::instrumentation::FOLLOW_SWITCHES;

/// The callbacks of a thread: `struct stackswitch_hooks`. Null for none.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Hooks {
    /// The first argument of each callback.
    pub data: *mut c_void,
    /// A switch has happened; `bytes` were moved for it, both ways together. `from` is null
    /// after a fault.
    pub on_switch: Option<
        unsafe extern "C" fn(data: *mut c_void, from: *mut c_void, to: *mut c_void, bytes: usize),
    >,
    /// `ctx` has been left, finished or not.
    pub on_leave: Option<unsafe extern "C" fn(data: *mut c_void, ctx: *mut c_void)>,
    /// `ctx` will continue.
    pub on_enter: Option<unsafe extern "C" fn(data: *mut c_void, ctx: *mut c_void)>,
}

/// The hooks of new threads; null for none.
static INITIAL: AtomicPtr<Hooks> = AtomicPtr::new(ptr::null_mut());

/// Sets the hooks of threads that have not used the runtime yet; `None` for none. A thread replaces
/// them with `stackswitch_set_hooks`.
///
/// # Safety
/// The callbacks may be called on any thread, with the data.
pub unsafe fn set_initial_hooks(hooks: Option<&'static Hooks>) {
    let hooks = hooks.map_or(ptr::null(), ptr::from_ref).cast_mut();
    INITIAL.store(hooks, Ordering::Release);
}

impl Hooks {
    /// The hooks of a new thread.
    pub(crate) fn initial() -> Self {
        let initial = INITIAL.load(Ordering::Acquire);
        // SAFETY: a pointer that is not null comes from a static reference.
        if initial.is_null() { Self::NONE } else { unsafe { *initial } }
    }

    pub(crate) const NONE: Self =
        Self { data: ptr::null_mut(), on_switch: None, on_leave: None, on_enter: None };

    const fn is_none(&self) -> bool {
        self.on_switch.is_none() && self.on_leave.is_none() && self.on_enter.is_none()
    }

    /// Calls the hooks for a switch; a context is null if users do not have its handle.
    #[cold]
    unsafe fn call(&self, from: *mut Context, to: *mut Context, bytes: usize) {
        // SAFETY: the functions do what their types say.
        unsafe {
            if from != to {
                self.call_leave(from);
            }
            if let Some(on_switch) = self.on_switch {
                on_switch(self.data, from.cast(), to.cast(), bytes);
            }
            if from != to {
                if let Some(on_enter) = self.on_enter {
                    on_enter(self.data, to.cast());
                }
            }
        }
    }

    /// Calls the hook for a context that has been left.
    unsafe fn call_leave(&self, context: *mut Context) {
        if let Some(on_leave) = self.on_leave {
            if !context.is_null() {
                // SAFETY: the function does what its type says.
                unsafe { on_leave(self.data, context.cast()) };
            }
        }
    }
}

impl Hooks {
    /// The tags that the fast path and the exchange of this thread compare with. If hooks or checks are
    /// needed they are tags that no context has, so that every switch takes the slow path in Rust.
    pub(crate) fn fast_tags(&self, thread: u32) -> (Tag, Tag) {
        if CHECKED || FOLLOW_SWITCHES || !self.is_none() {
            (Tag::NONE, Tag::NONE)
        } else {
            (Tag::new(thread, State::Ready), Tag::new(thread, State::Parked))
        }
    }

    /// Calls the hooks, if there are any, for a switch that moved `bytes`.
    ///
    /// # Safety
    /// The contexts are live headers.
    #[inline]
    pub(crate) unsafe fn call_switch_hooks(
        &self,
        from: *mut Context,
        to: *mut Context,
        bytes: usize,
    ) {
        if !self.is_none() {
            // SAFETY: the caller vouches for the headers.
            unsafe { self.call(handle_of(from), handle_of(to), bytes) };
        }
    }

    /// Calls the hooks for a context that ended by a fault.
    ///
    /// # Safety
    /// The context is a live header.
    pub(crate) unsafe fn call_fault_hooks(&self, context: *mut Context) {
        // SAFETY: the caller vouches for the header.
        unsafe { self.call_leave(handle_of(context)) };
    }
}

/// The handle that users have for `context`, or null if they have none.
///
/// # Safety
/// It is a live header.
unsafe fn handle_of(context: *mut Context) -> *mut Context {
    // SAFETY: the caller vouches for it.
    unsafe {
        let visible = Context::visible(context);
        if (*visible).is_hidden() { ptr::null_mut() } else { visible }
    }
}
