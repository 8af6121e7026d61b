//! A walk over all that a thread's contexts hold: what a garbage collector needs to find roots.

use core::ffi::c_void;
use core::ptr;

use crate::arch;
use crate::blocks::Blocks;
use crate::context::{Context, State};
use crate::saved;
use crate::sys;

/// Told of one piece of a context: `length` bytes that belong at `belongs` and are at `at` now.
pub type Visit = unsafe extern "C" fn(
    data: *mut c_void,
    ctx: *mut c_void,
    belongs: *mut c_void,
    at: *mut c_void,
    length: usize,
);

/// One walk.
struct Walk {
    visit: Visit,
    data: *mut c_void,
    /// The context on whose stack the walk's caller is.
    running: *mut Context,
    /// Where that context's live bytes begin.
    sp: usize,
    /// What frames have on the heap.
    blocks: *const Blocks,
    /// The thread's native stack as a context, and where it ends.
    native: *mut Context,
    native_end: usize,
}

/// Visits everything that the calling thread's contexts hold. The running context's part begins
/// at `sp`, or, if that is null, at the frame of this call.
///
/// # Safety
/// `sp` is null or lies in the running context's stack; `visit` does what its type says.
pub(crate) unsafe fn visit(sp: *mut c_void, visit: Option<Visit>, data: *mut c_void) {
    let Some(visit) = visit else { return };
    let here = 0_usize;
    // SAFETY: the words are this thread's; its headers are alive.
    unsafe {
        let tls = arch::tls();
        let thread = (*tls).thread;
        if thread.is_null() {
            return; // no contexts yet
        }
        (*thread).keep_track(tls);
        let walk = Walk {
            visit,
            data,
            running: (*tls).current,
            sp: if sp.is_null() { (&raw const here).addr() & !15 } else { sp.addr() },
            blocks: &raw const (*thread).blocks,
            native: &raw mut (*thread).main,
            native_end: sys::native_stack_end(),
        };
        walk.context(&raw mut (*thread).main);
        (*thread).heap.store.headers().for_each(|header| walk.context(header.cast()));
    }
}

impl Walk {
    /// # Safety
    /// `context` is a header, of a live context or not.
    unsafe fn context(&self, context: *mut Context) {
        // SAFETY: a base's tag is where a context's is; one that is away has a live header there.
        unsafe {
            match (*context).tag.state() {
                State::New => {
                    // All it holds is the argument of its body.
                    let argument = (&raw mut (*context).sp).cast();
                    self.tell(context, ptr::null_mut(), argument, size_of::<usize>());
                }
                State::Ready | State::Parked | State::Running => {
                    self.stack(context, context);
                    if !(*context).away.is_null() {
                        self.stack(context, (*context).away);
                    }
                }
                _ => {}
            }
        }
    }

    /// Visits one stack of a context: its own, or one of the POSIX layer that it is on.
    ///
    /// # Safety
    /// Both are live headers.
    unsafe fn stack(&self, known: *mut Context, context: *mut Context) {
        // SAFETY: a live context's base is alive.
        unsafe {
            let end = if context == self.native { self.native_end } else { (*(*context).base).top };
            let (sp, length) = if context == self.running {
                (self.sp, 0)
            } else {
                ((*context).sp, (*context).saved)
            };
            if length != 0 {
                let slice = saved::bytes((*context).slice).cast_mut();
                self.tell(known, sp as *mut c_void, slice.cast(), length);
            }
            (*self.blocks).visit(context, |bytes, length| {
                self.tell(known, bytes.cast(), bytes.cast(), length);
            });
            let place = sp + length;
            if place < end {
                self.tell(known, place as *mut c_void, place as *mut c_void, end - place);
            }
        }
    }

    /// # Safety
    /// The callback does what its type says.
    unsafe fn tell(&self, ctx: *mut Context, belongs: *mut c_void, at: *mut c_void, bytes: usize) {
        // SAFETY: the caller vouches for it.
        unsafe { (self.visit)(self.data, ctx.cast(), belongs, at, bytes) };
    }
}
