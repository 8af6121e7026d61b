//! Capturing a position.

use core::ptr;

use stackswitch_abi::Code;

use super::object::{Object, check, free_slice, home_of, signal_mask};
use crate::arch::{self, Position, RAW, WITH_MASK};
use crate::check::{ObjectMark, Seal};
use crate::context::{Context, State, Tag};
use crate::destination::{Destination, MASKED, PLAIN};
use crate::sys;
use crate::thread::{self, Thread, ThreadWords};

/// A capture that is not yet in its object.
pub(super) struct Capture {
    position: Position,
    base: usize,
    pub slice: *mut u8,
    pub length: usize,
    home: *mut Context,
    seal: Seal,
}

impl Capture {
    /// A capture without a slice.
    pub(super) fn without_slice(position: Position, base: usize, home: *mut Context) -> Self {
        let slice = ptr::null_mut();
        // SAFETY: the slice is empty.
        let seal = unsafe { Seal::compute(slice, 0) };
        Self { position, base, slice, length: 0, home, seal }
    }
}

/// `stackswitch_getcontext`: 0, or a code.
///
/// # Safety
/// Called by the assembly; `record` is its record. The pointers are objects or null.
pub(crate) unsafe extern "C-unwind" fn capture(
    object: *mut Object,
    base: *mut Object,
    record: usize,
) -> i32 {
    // SAFETY: `prepare` checks the objects.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return Code::Memory as i32;
        }
        match prepare(&mut *thread, object, base, record, 0) {
            Ok(capture) => {
                commit(&mut *thread, object, capture, 0);
                0
            }
            Err(code) => code as i32,
        }
    }
}

/// The same without a base, for `<ucontext.h>`: 0, or -1 and `errno`.
///
/// # Safety
/// Called by the assembly; `record` is its record. There is memory for an object.
pub(crate) unsafe extern "C-unwind" fn capture_raw(
    object: *mut Object,
    flags: u32,
    record: usize,
) -> i32 {
    // SAFETY: `prepare` checks the object.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return as_errno(Code::Memory);
        }
        match prepare(&mut *thread, object, ptr::null_mut(), record, flags) {
            Ok(capture) => {
                commit(&mut *thread, object, capture, flags);
                if flags & WITH_MASK != 0 {
                    sys::exchange_signal_mask(ptr::null(), signal_mask(object));
                }
                0
            }
            Err(code) => as_errno(code),
        }
    }
}

/// A refusal as C's own functions report it.
pub(super) fn as_errno(code: Code) -> i32 {
    sys::set_errno(if code == Code::Memory { sys::ENOMEM } else { sys::EINVAL });
    -1
}

/// Captures the position after the call that left `record`, without touching `object`.
///
/// # Safety
/// The pointers are objects or null; the record lies in the running context's extent.
pub(super) unsafe fn prepare(
    thread: &mut Thread,
    object: *mut Object,
    base: *mut Object,
    record: usize,
    flags: u32,
) -> Result<Capture, Code> {
    // SAFETY: the checks make `base` a captured object of this thread; all of the running
    // context from the record to the base is in place.
    unsafe {
        if object.is_null() || !object.is_aligned() {
            return Err(Code::Invalid);
        }
        let tag = (*object).destination.tag;
        match tag.state() {
            _ if flags & RAW != 0 => {}
            State::Dead => {}
            State::Posix if tag.thread() != thread.number => return Err(Code::Foreign),
            State::Posix => {}
            _ => return Err(Code::Invalid),
        }
        let tls = ThreadWords::get();
        let home = if Thread::is_untracked(tls) { ptr::null_mut() } else { (*tls).current };
        let position = Position::after_record(record);
        let mut capture = Capture::without_slice(position, 0, home);
        if !base.is_null() {
            check(thread, base)?;
            let top = (*base).destination.position.sp;
            let here = if home.is_null() { thread.home_at(position.sp) } else { home };
            if home_of(thread, base) != here || top < position.sp {
                return Err(Code::Invalid);
            }
            // Two resumptions would share what its frames have on the heap.
            thread.blocks.sweep(&mut thread.heap, here, position.sp);
            if thread.blocks.any_between(here, position.sp, top) {
                return Err(Code::Unsupported);
            }
            capture.base = top;
            capture.length = top - position.sp;
            if capture.length != 0 {
                capture.slice = thread.heap.store.allocate(capture.length);
                if capture.slice.is_null() {
                    return Err(Code::Memory);
                }
                arch::copy(capture.slice, position.sp as *const u8, capture.length);
                capture.seal = Seal::compute(capture.slice, capture.length);
                thread.heap.stats.saved(capture.length, capture.length);
            }
        }
        Ok(capture)
    }
}

/// Puts a capture into its object; what a captured one held before is freed. Of an object without
/// a tag nothing but the tag is looked at.
///
/// # Safety
/// `object` passed [`prepare`].
pub(super) unsafe fn commit(
    thread: &mut Thread,
    object: *mut Object,
    capture: Capture,
    flags: u32,
) {
    // SAFETY: the caller vouches for the object.
    unsafe {
        if flags & RAW == 0 && (*object).destination.tag.state() == State::Posix {
            free_slice(thread, (*object).slice, (*object).length);
        }
        let kind = if flags & WITH_MASK != 0 {
            MASKED
        } else if capture.home.is_null() && capture.length == 0 {
            PLAIN
        } else {
            0
        };
        let tag = Tag::new(thread.number, State::Posix);
        (*object).destination = Destination::at(capture.position, tag, kind);
        (*object).base = capture.base;
        (*object).slice = capture.slice;
        (*object).length = capture.length;
        (*object).home = capture.home;
        (*object).seal = capture.seal;
        (*object).mark = ObjectMark::CAPTURED;
    }
}
