//! A walk over all memory of a thread's contexts, by which a garbage collector finds roots.

use core::ffi::c_void;
use core::ptr;

use crate::context::{Context, State};
use crate::frame_blocks::Blocks;
use crate::saved;
use crate::sys;
use crate::thread::ThreadWords;

/// A visitor. It is called for each piece of a context: `length` bytes that belong at the address
/// `belongs` and are at `at` now.
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
    /// Variables of frames on the heap.
    blocks: *const Blocks,
    /// The thread's native stack as a context, and where it ends.
    native: *mut Context,
    native_end: usize,
}

/// Visits all memory of the calling thread's contexts. The running context's part begins
/// at `sp`, or, if that is null, at the frame of this call.
///
/// # Safety
/// `sp` is null or lies in the running context's stack; `visit` does what its type says.
pub(crate) unsafe fn visit(sp: *mut c_void, visit: Option<Visit>, data: *mut c_void) {
    let Some(visit) = visit else { return };
    let here = 0_usize;
    // SAFETY: the words are this thread's; its headers are alive.
    unsafe {
        let tls = ThreadWords::get();
        let thread = (*tls).thread;
        if thread.is_null() {
            return; // no contexts yet
        }
        (*thread).start_tracking(tls);
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
        // SAFETY: a base's tag is where a context's is; one whose control is on a user stack has a live header there.
        unsafe {
            match (*context).tag.state() {
                State::New => {
                    // It has nothing but the argument of its body.
                    let argument = (&raw mut (*context).sp).cast();
                    self.show(context, ptr::null_mut(), argument, size_of::<usize>());
                }
                State::Ready | State::Parked => {
                    self.stack(context, context);
                    if !(*context).counterpart.is_null() {
                        self.stack(context, (*context).counterpart);
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
    unsafe fn stack(&self, visible: *mut Context, context: *mut Context) {
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
                self.show(visible, sp as *mut c_void, slice.cast(), length);
            }
            (*self.blocks).visit(context, |bytes, length| {
                self.show(visible, bytes.cast(), bytes.cast(), length);
            });
            let resident = sp + length;
            // Where the frames of a context begin that is on a stack of other code is not known.
            let is_known =
                context == self.running || context == self.native || (*context).is_on_own_stack();
            if is_known && resident < end {
                let at = resident as *mut c_void;
                self.show(visible, at, at, end - resident);
            }
        }
    }

    /// # Safety
    /// The callback does what its type says.
    unsafe fn show(&self, ctx: *mut Context, belongs: *mut c_void, at: *mut c_void, bytes: usize) {
        // SAFETY: the caller vouches for it.
        unsafe { (self.visit)(self.data, ctx.cast(), belongs, at, bytes) };
    }
}
