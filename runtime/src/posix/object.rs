//! The objects that hold captured positions.

use core::ffi::c_void;
use core::ptr;

use stackswitch_abi::{Code, cpu};

use crate::check::{CHECKED, ObjectMark, Seal};
use crate::context::{Context, State, Tag};
use crate::destination::Destination;
use crate::error::refuse;
use crate::sys;
use crate::thread::{self, Thread};

/// An object of the POSIX layer, in the caller's memory; all zero until the first capture.
#[repr(C)]
pub(crate) struct Object {
    /// The captured position.
    pub destination: Destination,
    /// The stack position of the base that it was captured with, or 0.
    pub base: usize,
    /// The bytes from the position to the base, kept until the object is freed.
    pub slice: *mut u8,
    /// Bytes of the slice.
    pub length: usize,
    /// The context in whose extent the position lies; null if the thread did not track stacks when
    /// it was captured.
    pub home: *mut Context,
    /// The seal of the slice, in the checked build.
    pub seal: Seal,
    /// In the checked build: whether this is an object that was captured into.
    pub mark: ObjectMark,
}

const _: () = assert!(
    core::mem::offset_of!(Object, destination) + core::mem::offset_of!(Destination, tag)
        == core::mem::offset_of!(Context, tag),
    "a handle's tag is found without knowing what the handle is"
);

/// Offsets for debuggers, see `debug_table`.
pub(crate) mod debug_offsets {
    use super::Object;
    use core::mem::offset_of;

    pub(crate) const RESUME_ADDRESS: usize = offset_of!(Object, destination.resume_address);
    pub(crate) const POSITION: usize = offset_of!(Object, destination.position);
    pub(crate) const SLICE: usize = offset_of!(Object, slice);
    pub(crate) const LENGTH: usize = offset_of!(Object, length);
    pub(crate) const HOME: usize = offset_of!(Object, home);
}

/// The signal mask beside an object in a `ucontext_t`.
pub(super) fn signal_mask(object: *mut Object) -> *mut c_void {
    let structure = object.wrapping_byte_sub(cpu::ucontext::OBJECT);
    structure.wrapping_byte_add(cpu::ucontext::SIGNAL_MASK).cast()
}

/// Bytes of the mask, as the C libraries of Linux have it.
const SIGNAL_MASK_BYTES: usize = 128;

const _: () = assert!(
    cpu::ucontext::OBJECT + size_of::<Object>() <= cpu::ucontext::SIGNAL_MASK
        || cpu::ucontext::SIGNAL_MASK + SIGNAL_MASK_BYTES <= cpu::ucontext::OBJECT,
    "an object in a ucontext_t does not overlap the signal mask"
);

/// Whether there can be an object at an address. Only the checked build tests it.
fn is_object(object: *const Object) -> bool {
    let last = object.addr().wrapping_add(size_of::<Object>() - size_of::<u64>());
    !CHECKED || (sys::is_readable(object.addr()) && sys::is_readable(last))
}

/// Whether `object` holds a position of this thread.
///
/// # Safety
/// `object` is an object or null.
pub(super) unsafe fn check(thread: &Thread, object: *mut Object) -> Result<(), Code> {
    if object.is_null() || !object.is_aligned() || !is_object(object) {
        return Err(Code::Invalid);
    }
    // SAFETY: an object's memory is readable.
    let (tag, mark) = unsafe { ((*object).destination.tag, (*object).mark) };
    match tag.state() {
        State::Posix if !mark.is_captured() => Err(Code::Invalid),
        State::Posix if tag.thread() == thread.number => Ok(()),
        State::Posix => Err(Code::Foreign),
        State::Dead => Err(Code::Destroyed),
        _ => Err(Code::Invalid),
    }
}

/// The context in whose extent a captured position lies.
///
/// # Safety
/// `object` passed [`check`]; the thread tracks stacks.
pub(super) unsafe fn home_of(thread: &mut Thread, object: *mut Object) -> *mut Context {
    // SAFETY: the caller vouches for the object.
    unsafe {
        if (*object).home.is_null() {
            thread.home_at((*object).destination.position.sp)
        } else {
            (*object).home
        }
    }
}

/// Frees a slice, if there is one.
///
/// # Safety
/// The slice is an object's, or a capture's, and is not used again.
pub(super) unsafe fn free_slice(thread: &mut Thread, slice: *mut u8, length: usize) {
    if length != 0 {
        // SAFETY: the caller vouches for the slice.
        unsafe { thread.heap.store.free(slice, length) };
        thread.heap.stats.dropped(length);
    }
}

/// `stackswitch_freecontext`.
///
/// # Safety
/// `object` is an object or null.
pub(crate) unsafe fn freecontext(object: *mut Object) {
    // SAFETY: the check makes `object` a captured one of this thread, which owns its slice.
    unsafe {
        if object.is_null() {
            return;
        }
        let thread = thread::ensure();
        if thread.is_null() {
            return;
        }
        match check(&*thread, object) {
            Ok(()) => {
                free_slice(&mut *thread, (*object).slice, (*object).length);
                (*object).slice = ptr::null_mut();
                (*object).length = 0;
                (*object).destination.tag = Tag(0);
            }
            // Freed or never captured: it holds no slice.
            Err(Code::Destroyed) => {}
            Err(code) => refuse(code, object.cast(), "freecontext"),
        }
    }
}

/// The stack position of a captured object; `None` if `handle` is not a captured object.
///
/// # Errors
/// [`Code::Foreign`].
///
/// # Safety
/// `handle` is an object, a handle or null.
pub(crate) unsafe fn stacktop(
    thread: &Thread,
    handle: *mut c_void,
) -> Option<Result<*mut c_void, Code>> {
    let object = handle.cast::<Object>();
    // SAFETY: tags of handles and objects are at one place.
    unsafe {
        if object.is_null()
            || !object.is_aligned()
            || !is_object(object)
            || (*object).destination.tag.state() != State::Posix
        {
            return None;
        }
        Some(check(thread, object).map(|()| (*object).destination.position.sp as *mut c_void))
    }
}

/// Bytes of an object.
pub(crate) const fn size() -> usize {
    size_of::<Object>().next_multiple_of(16)
}
