//! Variables of a function that are on the heap instead of in its frame, so that they are not copied
//! when its context is displaced. The pass `stackswitch-slices` calls these functions.

use core::ptr;

use stackswitch_abi::Code;

use crate::context::{Context, Origin};
use crate::error::refuse;
use crate::frame_blocks::Bounds;
use crate::sys;
use crate::thread::{self, Thread, ThreadWords};

/// `size` bytes, aligned to `alignment` (a power of two), for the frame that has the address
/// `frame`. Never null: when there is no memory the error handler is told, and if it returns the
/// program ends, as no caller can do without.
///
/// # Safety
/// `frame` is in the frame of the caller, which takes no other block, and gives this one back
/// when it returns.
#[inline]
pub(crate) unsafe fn take(size: usize, alignment: usize, frame: usize) -> *mut u8 {
    // SAFETY: the words are this thread's, and so is the running context.
    unsafe {
        let tls = ThreadWords::get();
        if let Some(thread) = (*tls).thread.as_mut() {
            let bytes = thread.blocks.take_next((*tls).current, frame, size, alignment);
            if !bytes.is_null() {
                return bytes;
            }
        }
        take_slowly(size, alignment, frame)
    }
}

/// # Safety
/// As [`take`].
#[cold]
#[inline(never)]
unsafe fn take_slowly(size: usize, alignment: usize, frame: usize) -> *mut u8 {
    // SAFETY: the words are this thread's. Frames below the caller's have ended.
    unsafe {
        let thread = thread::ensure();
        let bytes = if thread.is_null() {
            // The error handler was called.
            ptr::null_mut()
        } else {
            let tls = ThreadWords::get();
            // From now on it matters whose frame it is.
            (*thread).start_tracking(tls);
            let thread = &mut *thread;
            let mut owner = (*tls).current;
            let bounds = stack_of(thread, owner);
            if bounds.contain(frame) {
                thread.blocks.sweep(&mut thread.heap, owner, frame + 1);
            } else {
                // On a stack that the runtime does not know, frames have no known order.
                owner = ptr::null_mut();
            }
            let bytes = thread.blocks.take(&mut thread.heap, owner, bounds, frame, size, alignment);
            if bytes.is_null() {
                refuse(Code::Memory, Context::visible((*tls).current).cast(), "frame.alloc");
            }
            bytes
        };
        if bytes.is_null() {
            sys::print(b"stackswitch: a function cannot run without memory for its variables\n");
            sys::abort();
        }
        bytes
    }
}

/// Gives a block back.
///
/// # Safety
/// `bytes` came from [`take`] on this thread, and is not used again.
#[inline]
pub(crate) unsafe fn give_back(bytes: *mut u8) {
    // SAFETY: the thread is set up, as it gave the block.
    unsafe {
        let thread = &mut *(*ThreadWords::get()).thread;
        thread.blocks.give_back(&mut thread.heap, bytes);
    }
}

/// The stack that a context's frames are on.
///
/// # Safety
/// `context` is a live header of `thread`.
unsafe fn stack_of(thread: &mut Thread, context: *mut Context) -> Bounds {
    // SAFETY: a live context's region is alive.
    unsafe {
        let region = &*(*(*context).base).region;
        if region.origin == Origin::Native {
            let (low, high) = thread.native_ends();
            return Bounds { low, high };
        }
        Bounds { low: region.low + region.guard, high: region.low + region.length }
    }
}
