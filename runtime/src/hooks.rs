//! Callbacks on switches: for tracing, and for what a program keeps per context.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::check::CHECKED;
use crate::context::{Context, State, Tag};
use crate::tools::FOLLOW_SWITCHES;

/// What is called on a thread's switches: `struct stackswitch_hooks`. Null for none.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Hooks {
    /// Given to the callbacks.
    pub data: *mut c_void,
    /// A switch has happened; `bytes` were moved for it, both ways together. `from` is null
    /// after a fault.
    pub on_switch: Option<
        unsafe extern "C" fn(data: *mut c_void, from: *mut c_void, to: *mut c_void, bytes: usize),
    >,
    /// `ctx` has been left, finished or not.
    pub on_leave: Option<unsafe extern "C" fn(data: *mut c_void, ctx: *mut c_void)>,
    /// `ctx` will go on.
    pub on_enter: Option<unsafe extern "C" fn(data: *mut c_void, ctx: *mut c_void)>,
}

/// What threads start with: a [`Hooks`], null for none.
static FIRST: AtomicPtr<Hooks> = AtomicPtr::new(ptr::null_mut());

/// Sets the hooks that threads start with which have not used the runtime yet; `None` for none.
/// `stackswitch_set_hooks` replaces them.
///
/// # Safety
/// The callbacks may be called on any thread, with the data.
pub unsafe fn set_first_hooks(hooks: Option<&'static Hooks>) {
    let hooks = hooks.map_or(ptr::null(), ptr::from_ref).cast_mut();
    FIRST.store(hooks, Ordering::Release);
}

impl Hooks {
    /// Those that a thread starts with.
    pub(crate) fn first() -> Self {
        let first = FIRST.load(Ordering::Acquire);
        // SAFETY: a pointer that is not null comes from a static reference.
        if first.is_null() { Self::NONE } else { unsafe { *first } }
    }

    pub(crate) const NONE: Self =
        Self { data: ptr::null_mut(), on_switch: None, on_leave: None, on_enter: None };

    const fn is_none(&self) -> bool {
        self.on_switch.is_none() && self.on_leave.is_none() && self.on_enter.is_none()
    }

    /// Tells of a switch from one context to another, null for one that nobody knows.
    #[cold]
    unsafe fn tell(&self, from: *mut Context, to: *mut Context, bytes: usize) {
        // SAFETY: the functions do what their types say.
        unsafe {
            if from != to {
                self.left(from);
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

    /// Tells of a context that has been left.
    unsafe fn left(&self, context: *mut Context) {
        if let Some(on_leave) = self.on_leave {
            if !context.is_null() {
                // SAFETY: the function does what its type says.
                unsafe { on_leave(self.data, context.cast()) };
            }
        }
    }
}

impl Hooks {
    /// The tags that the fast path and the exchange of this thread compare with. Ones that no context has send
    /// every switch the long way, where hooks and checks are.
    pub(crate) fn short_ways(&self, thread: u32) -> (Tag, Tag) {
        if CHECKED || FOLLOW_SWITCHES || !self.is_none() {
            (Tag(u32::MAX), Tag(u32::MAX))
        } else {
            (Tag::new(thread, State::Ready), Tag::new(thread, State::Parked))
        }
    }

    /// Tells the hooks, if there are any, of a switch for which `bytes` were moved.
    ///
    /// # Safety
    /// The contexts are live headers.
    #[inline]
    pub(crate) unsafe fn tell_switch(&self, from: *mut Context, to: *mut Context, bytes: usize) {
        if !self.is_none() {
            // SAFETY: the caller vouches for the headers.
            unsafe { self.tell(handle_of(from), handle_of(to), bytes) };
        }
    }

    /// Tells the hooks of a context that ended by a fault.
    ///
    /// # Safety
    /// The context is a live header.
    pub(crate) unsafe fn tell_fault(&self, context: *mut Context) {
        // SAFETY: the caller vouches for the header.
        unsafe { self.left(handle_of(context)) };
    }
}

/// The handle by which users know `context`, or null if they do not.
///
/// # Safety
/// It is a live header.
unsafe fn handle_of(context: *mut Context) -> *mut Context {
    // SAFETY: the caller vouches for it.
    unsafe {
        let known = Context::known(context);
        if (*known).is_hidden() { ptr::null_mut() } else { known }
    }
}
