//! The POSIX layer: positions that can be captured and gone back to, any number of times.
//!
//! A captured position lies in the extent of the context that captured it, its
//! *home*. Going to a position first goes to its home, as any switch does,
//! then puts the slice back that was captured with a base, and jumps. A stack
//! given to `makecontext` is the home of what runs on it: a hidden context on a
//! region of its own, which lies at the top of the stack. As long as a thread has
//! no other contexts, homes do not matter and are not noted, see `track`. Since a capture with a base must survive any number of
//! resumptions, its slice is saved at once and kept.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::arch::{self, Position, points};
use crate::check::{Carried, Seal};
use crate::context::{Context, State, Tag};
use crate::error::Code;
use crate::place::{self, MASKED, MIN_STACK, Place};
use crate::switch::{self, Landing};
use crate::sys;
use crate::thread::{self, Thread, Tls, refuse};
use crate::ucontext;

/// How to capture: what the object's memory held before counts for nothing.
pub(crate) const RAW: u32 = 1;
/// How to capture: with the signal mask.
pub(crate) const WITH_MASK: u32 = 2;

/// What lies in the caller's memory; all zero until the first capture.
#[repr(C)]
pub(crate) struct Object {
    /// Where it goes on.
    pub place: Place,
    /// The stack position of the base it was captured with, or 0.
    base: usize,
    /// The bytes from the position to the base, kept until the object is freed.
    slice: *mut u8,
    /// How many they are.
    length: usize,
    /// The context in whose extent the position lies; null if the thread took no notes when it was
    /// captured.
    home: *mut Context,
    /// Of the slice, in the checked build.
    seal: Seal,
}

const _: () = assert!(
    core::mem::offset_of!(Object, place) + core::mem::offset_of!(Place, tag)
        == core::mem::offset_of!(Context, tag),
    "a handle's tag is found without knowing what the handle is"
);

/// What debuggers need to find what was captured, see `describe`.
pub(crate) mod described {
    use super::Object;
    use core::mem::offset_of;

    pub(crate) const POINT: usize = offset_of!(Object, place.point);
    pub(crate) const POSITION: usize = offset_of!(Object, place.position);
    pub(crate) const SLICE: usize = offset_of!(Object, slice);
    pub(crate) const LENGTH: usize = offset_of!(Object, length);
    pub(crate) const HOME: usize = offset_of!(Object, home);
}

/// A capture that is made but not yet in its object.
struct Capture {
    position: Position,
    base: usize,
    slice: *mut u8,
    length: usize,
    home: *mut Context,
    seal: Seal,
}

impl Capture {
    /// One without a slice.
    fn of(position: Position, base: usize, home: *mut Context) -> Self {
        let slice = ptr::null_mut();
        // SAFETY: the slice is empty.
        let seal = unsafe { Seal::of(slice, 0) };
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

/// The same without a base, as `how` says: 0, or -1 and `errno`.
///
/// # Safety
/// Called by the assembly; `record` is its record. There is memory for an object.
pub(crate) unsafe extern "C-unwind" fn capture_raw(
    object: *mut Object,
    how: u32,
    record: usize,
) -> i32 {
    // SAFETY: `prepare` checks the object.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return as_errno(Code::Memory);
        }
        match prepare(&mut *thread, object, ptr::null_mut(), record, how) {
            Ok(capture) => {
                commit(&mut *thread, object, capture, how);
                if how & WITH_MASK != 0 {
                    sys::exchange_signal_mask(ptr::null(), ucontext::mask_of(object));
                }
                0
            }
            Err(code) => as_errno(code),
        }
    }
}

/// A refusal as C's own functions report it.
fn as_errno(code: Code) -> i32 {
    sys::set_errno(if code == Code::Memory { sys::ENOMEM } else { sys::EINVAL });
    -1
}

/// `stackswitch_swapcontext`, and with `from` null `stackswitch_setcontext`.
///
/// # Safety
/// Called by the assembly on the side stack; `record` is its record. The
/// pointers are objects or null.
pub(crate) unsafe extern "C" fn swapcontext(
    from: *mut Object,
    to: *mut Object,
    base: *mut Object,
    record: usize,
    how: u32,
) -> Landing {
    let tls = arch::tls();
    // SAFETY: the words are this thread's.
    let thread = unsafe { &mut *(*tls).thread };
    // SAFETY: as the caller's.
    match unsafe { try_swap(thread, from, to, base, record, how) } {
        Ok(landing) => landing,
        Err(code) => {
            thread.refusal.code = code;
            thread.sets_errno = how & RAW != 0;
            Landing { sp: record, pc: points::code() }
        }
    }
}

/// # Safety
/// As [`swapcontext`].
unsafe fn try_swap(
    thread: &mut Thread,
    from: *mut Object,
    to: *mut Object,
    base: *mut Object,
    record: usize,
    how: u32,
) -> Result<Landing, Code> {
    // SAFETY: the checks make the objects captured ones of this thread.
    unsafe {
        let tls = arch::tls();
        check(thread, to)?;
        if !Thread::is_plain(tls) {
            thread.lose_track(tls);
        }
        if !(*to).seal.holds((*to).slice, (*to).length) {
            return Err(Code::Corrupt);
        }
        let home = if Thread::is_plain(tls) { (*tls).current } else { home_of(thread, to) };
        if home != (*tls).current {
            match (*home).tag.state() {
                State::Ready | State::Parked => {}
                State::Finished => return Err(Code::Finished),
                _ => return Err(Code::Destroyed),
            }
        }
        if from == to {
            // To oneself: the call returns 0.
            return Ok(Landing { sp: record, pc: arch::point_of(record) });
        }
        let captured =
            if from.is_null() { None } else { Some(prepare(thread, from, base, record, how)?) };
        if home == (*tls).current {
            thread.heap.stats.switches_slow += 1;
        } else if let Err(code) = go_home(thread, tls, home, record) {
            if let Some(capture) = captured {
                forget(thread, capture.slice, capture.length);
            }
            return Err(code);
        }
        let masks = (
            if (*to).place.kind & MASKED != 0 { ucontext::mask_of(to) } else { ptr::null_mut() },
            if how & WITH_MASK != 0 { ucontext::mask_of(from) } else { ptr::null_mut() },
        );
        if masks != (ptr::null_mut(), ptr::null_mut()) {
            sys::exchange_signal_mask(masks.0, masks.1);
        }
        if let Some(capture) = captured {
            commit(thread, from, capture, how);
        }
        // The object itself may lie where its slice goes: read it first.
        thread.going = (*to).place;
        let (slice, length) = ((*to).slice, (*to).length);
        arch::copy(thread.going.position.sp as *mut u8, slice, length);
        thread.heap.stats.bytes_restored += length as u64;
        Ok(Landing { sp: (&raw const thread.going).addr(), pc: thread.going.point })
    }
}

/// Leaves the running context, whose record is at `record`, for the home of a position.
///
/// # Errors
/// [`Code::Memory`]; nothing has changed.
///
/// # Safety
/// As [`swapcontext`]; the thread takes notes, and `home` is suspended.
unsafe fn go_home(
    thread: &mut Thread,
    tls: *mut Tls,
    home: *mut Context,
    record: usize,
) -> Result<(), Code> {
    // SAFETY: as the caller's.
    unsafe {
        let current = (*tls).current;
        (*current).sp = record;
        (*current).checks.awaits = Carried::ANY;
        let known = Context::known(current);
        let away = (*home).away;
        if (*home).is_hidden() {
            (*home).away = known;
        }
        if let Err(code) = switch::go(thread, tls, home) {
            (*home).away = away;
            return Err(code);
        }
        if (*home).is_hidden() {
            // The flow of control of the context that users know goes on over there.
            (*known).away = home;
            (*known).suspend(false);
        } else {
            (*home).away = ptr::null_mut();
        }
        Ok(())
    }
}

/// The context in whose extent a captured position lies.
///
/// # Safety
/// `object` passed [`check`]; the thread takes notes.
unsafe fn home_of(thread: &mut Thread, object: *mut Object) -> *mut Context {
    // SAFETY: the caller vouches for the object.
    unsafe {
        if (*object).home.is_null() {
            thread.home_at((*object).place.position.sp)
        } else {
            (*object).home
        }
    }
}

/// The code of the POSIX call that was refused last.
///
/// # Safety
/// Called by the assembly after a refusal on this thread.
pub(crate) unsafe extern "C-unwind" fn refused_code() -> i32 {
    // SAFETY: the thread is set up.
    let thread = unsafe { &*(*arch::tls()).thread };
    if thread.sets_errno { as_errno(thread.refusal.code) } else { thread.refusal.code as i32 }
}

/// Captures the position after the call that left `record`, without touching `object`.
///
/// # Safety
/// The pointers are objects or null; the record lies in the running context's extent.
unsafe fn prepare(
    thread: &mut Thread,
    object: *mut Object,
    base: *mut Object,
    record: usize,
    how: u32,
) -> Result<Capture, Code> {
    // SAFETY: the checks make `base` a captured object of this thread; all of the running
    // context from the record to the base is in place.
    unsafe {
        if object.is_null() || !object.is_aligned() {
            return Err(Code::Invalid);
        }
        let tag = (*object).place.tag;
        match tag.state() {
            _ if how & RAW != 0 => {}
            State::Dead => {}
            State::Posix if tag.thread() != thread.number => return Err(Code::Foreign),
            State::Posix => {}
            _ => return Err(Code::Invalid),
        }
        let tls = arch::tls();
        let home = if Thread::is_plain(tls) { ptr::null_mut() } else { (*tls).current };
        let position = Position::after(record);
        let mut capture = Capture::of(position, 0, home);
        if !base.is_null() {
            check(thread, base)?;
            let top = (*base).place.position.sp;
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
                capture.seal = Seal::of(capture.slice, capture.length);
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
unsafe fn commit(thread: &mut Thread, object: *mut Object, capture: Capture, how: u32) {
    // SAFETY: the caller vouches for the object.
    unsafe {
        if how & RAW == 0 && (*object).place.tag.state() == State::Posix {
            forget(thread, (*object).slice, (*object).length);
        }
        let kind = if how & WITH_MASK != 0 {
            MASKED
        } else if capture.home.is_null() && capture.length == 0 {
            place::PLAIN
        } else {
            0
        };
        let tag = Tag::new(thread.number, State::Posix);
        (*object).place = Place::at(capture.position, tag, kind);
        (*object).base = capture.base;
        (*object).slice = capture.slice;
        (*object).length = capture.length;
        (*object).home = capture.home;
        (*object).seal = capture.seal;
    }
}

/// Frees a slice, if there is one.
///
/// # Safety
/// The slice came from [`prepare`] and is not used again.
unsafe fn forget(thread: &mut Thread, slice: *mut u8, length: usize) {
    if length != 0 {
        // SAFETY: the caller vouches for the slice.
        unsafe { thread.heap.store.free(slice, length) };
        thread.heap.stats.dropped(length);
    }
}

/// Whether `object` holds a position of this thread.
///
/// # Safety
/// `object` is an object or null.
unsafe fn check(thread: &Thread, object: *mut Object) -> Result<(), Code> {
    if object.is_null() || !object.is_aligned() {
        return Err(Code::Invalid);
    }
    // SAFETY: an object's memory is readable.
    let tag = unsafe { (*object).place.tag };
    match tag.state() {
        State::Posix if tag.thread() == thread.number => Ok(()),
        State::Posix => Err(Code::Foreign),
        State::Dead => Err(Code::Destroyed),
        _ => Err(Code::Invalid),
    }
}

/// `stackswitch_makecontext`: 0, or a code.
///
/// # Safety
/// `object` and `link` are objects or null; `stack` is null or `size` bytes for
/// this object alone; `function` may be called with `argument`.
pub(crate) unsafe fn makecontext(
    object: *mut Object,
    stack: *mut c_void,
    size: usize,
    link: *mut Object,
    function: *mut c_void,
    argument: *mut c_void,
) -> i32 {
    // SAFETY: as the caller's.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return Code::Memory as i32;
        }
        match try_make(&mut *thread, object, stack, size, link, function, argument) {
            Ok(()) => 0,
            Err(code) => code as i32,
        }
    }
}

/// # Safety
/// As [`makecontext`].
unsafe fn try_make(
    thread: &mut Thread,
    object: *mut Object,
    stack: *mut c_void,
    size: usize,
    link: *mut Object,
    function: *mut c_void,
    argument: *mut c_void,
) -> Result<(), Code> {
    // SAFETY: the checks make the object a captured one of this thread.
    unsafe {
        check(thread, object)?;
        if function.is_null() {
            return Err(Code::Invalid);
        }
        let (top, base, home) = if stack.is_null() {
            if (*object).base == 0 {
                return Err(Code::Invalid);
            }
            ((*object).base, (*object).base, (*object).home)
        } else {
            let (top, home) = give_stack(thread, stack.addr(), size)?;
            (top, 0, home)
        };
        let (function, argument) = (function.addr(), argument.addr());
        let position = Position::start(top & !15, function, argument, link.addr());
        commit(thread, object, Capture::of(position, base, home), 0);
        Ok(())
    }
}

/// Makes `size` bytes from `low` on a stack; says where it begins, and the home of what will run on
/// it.
///
/// # Errors
/// [`Code::Invalid`] if they are too few, [`Code::Memory`].
///
/// # Safety
/// They are for this use alone.
unsafe fn give_stack(
    thread: &mut Thread,
    low: usize,
    size: usize,
) -> Result<(usize, *mut Context), Code> {
    if size < MIN_STACK || low.checked_add(size).is_none() {
        return Err(Code::Invalid);
    }
    // SAFETY: the caller vouches for the memory; the words are this thread's.
    unsafe {
        let tls = arch::tls();
        let stack = thread.take_stack(tls, low, size).ok_or(Code::Memory)?;
        thread.blocks.forget(&mut thread.heap, &raw mut (*stack).context);
        let home = if Thread::is_plain(tls) { ptr::null_mut() } else { &raw mut (*stack).context };
        Ok((stack.addr(), home))
    }
}

/// `makecontext` of `<ucontext.h>`: `words` for the registers first, then those for the stack.
///
/// # Errors
/// [`Code::Invalid`] for a stack that is too small, or none, and for an object that is none;
/// [`Code::Memory`].
///
/// # Safety
/// `object` is memory for one; `low` is null or `size` bytes for it alone; `function` may be called
/// with the `words`.
pub(crate) unsafe fn make_with(
    object: *mut Object,
    (low, size): (usize, usize),
    link: *mut Object,
    function: usize,
    words: impl ExactSizeIterator<Item = usize>,
) -> Result<(), Code> {
    const REGISTERS: usize = 6;
    const WORD: usize = size_of::<usize>();
    // SAFETY: the check makes the object a captured one of this thread; the words are written to
    // memory that the stack has left.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return Err(Code::Memory);
        }
        let thread = &mut *thread;
        check(thread, object)?;
        let more = words.len().saturating_sub(REGISTERS);
        let bytes = more.checked_mul(WORD).ok_or(Code::Invalid)?.next_multiple_of(16);
        let all = bytes + REGISTERS * WORD;
        if low == 0 || function == 0 || size < MIN_STACK || size - MIN_STACK < bytes {
            return Err(Code::Invalid);
        }
        let (top, home) = give_stack(thread, low, size)?;
        let sp = top - all;
        let in_registers = top - REGISTERS * WORD;
        for (i, word) in words.enumerate() {
            let at =
                if i < REGISTERS { in_registers + i * WORD } else { sp + (i - REGISTERS) * WORD };
            (at as *mut usize).write(word);
        }
        let position = Position::start_with(sp, function, in_registers, link.addr());
        let how = RAW | if (*object).place.kind & MASKED != 0 { WITH_MASK } else { 0 };
        commit(thread, object, Capture::of(position, 0, home), how);
        Ok(())
    }
}

/// `stackswitch_freecontext`.
///
/// # Safety
/// `object` is an object or null.
pub(crate) unsafe fn freecontext(object: *mut Object) {
    // SAFETY: as the caller's.
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
                forget(&mut *thread, (*object).slice, (*object).length);
                (*object).slice = ptr::null_mut();
                (*object).length = 0;
                (*object).place.tag = Tag(0);
            }
            // Freed or never captured: nothing is held.
            Err(Code::Destroyed) => {}
            Err(code) => refuse(code, object.cast(), "freecontext"),
        }
    }
}

/// The stack position of a captured object; `None` if it is no such thing.
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
        if object.is_null() || (*object).place.tag.state() != State::Posix {
            return None;
        }
        Some(check(thread, object).map(|()| (*object).place.position.sp as *mut c_void))
    }
}

/// What ends a thread when a context without a link has returned.
pub type EndThread = unsafe extern "C-unwind" fn();

static END_THREAD: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Sets what is called, on the ending context's stack, when a POSIX context
/// without a link returns; it must not return. `None`: the thread ends.
pub fn set_end_thread(end: Option<EndThread>) {
    END_THREAD.store(end.map_or(ptr::null_mut(), |end| end as *mut ()), Ordering::Release);
}

/// The function of a context of `makecontext` has returned.
///
/// # Safety
/// Called by the assembly on that context's stack.
pub(crate) unsafe extern "C-unwind" fn end(link: *mut Object) -> ! {
    // SAFETY: nothing of this stack is needed any more.
    unsafe {
        let tls = arch::tls();
        (*(*tls).thread).leave_stack(tls);
        if link.is_null() {
            let end = END_THREAD.load(Ordering::Acquire);
            if !end.is_null() {
                core::mem::transmute::<*mut (), EndThread>(end)();
            }
            sys::end_thread();
        }
        let value = arch::stackswitch_setcontext(link.cast());
        let code = Code::from_value(value).unwrap_or(Code::Invalid);
        refuse(code, link.cast(), "link of a context made by makecontext");
        sys::print(b"stackswitch: a context has ended and its link cannot go on\n");
        sys::abort()
    }
}

/// Bytes of an object.
pub(crate) const fn size() -> usize {
    size_of::<Object>().next_multiple_of(16)
}
