//! What only the checked build detects.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the tests break the C ABI's contract where their names say"
)]

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;

use crate::common::*;

/// Suspends until it is brought 0, after a frame of about 1 KiB; says where that is.
unsafe extern "C-unwind" fn body(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut frame = [0x1111_2222_3333_4444_usize; 128];
    let mut value = first;
    while !value.is_null() {
        value = unsafe { stackswitch_suspend(black_box(&mut frame).as_mut_ptr().cast()) };
    }
    word(1)
}

unsafe extern "C-unwind" fn shallow(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_suspend(first) }
}

fn spawn(base: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_spawn(base, body as *mut c_void, null_mut()) }
}

#[test]
fn destroyed_handles_are_known_whatever_comes_after_them() {
    unsafe {
        let stale = spawn(null_mut());
        let base = stackswitch_base_create(1 << 20);
        stackswitch_destroy(stale);
        stackswitch_base_destroy(base);
        for _ in 0..20_000 {
            let other = spawn(null_mut());
            assert_ne!(other, stale);
            assert_ne!(other, base);
            stackswitch_destroy(other);
        }
        assert_eq!(error_of(|| _ = stackswitch_resume(stale, word(1))), Code::Destroyed);
        assert_eq!(error_of(|| _ = stackswitch_status(stale)), Code::Destroyed);
        assert_eq!(error_of(|| stackswitch_destroy(stale)), Code::Destroyed);
        assert_eq!(error_of(|| stackswitch_base_destroy(base)), Code::Destroyed);
    }
}

#[test]
fn headers_of_the_dead_keep_no_more_memory_than_a_page_in_sixteen() {
    let name = "headers_of_the_dead_keep_no_more_memory_than_a_page_in_sixteen";
    let output = in_own_process(module_path!(), name, || {
        let resident = || {
            let text = std::fs::read_to_string("/proc/self/statm").unwrap();
            text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
        };
        let before = resident();
        for _ in 0..400_000 {
            unsafe { stackswitch_destroy(spawn(null_mut())) };
        }
        let grown = resident().saturating_sub(before);
        // 128 bytes each would be 51 MB.
        assert!(grown < 10_000_000, "{grown}");
    });
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn handles_of_a_thread_that_has_ended_read_as_destroyed() {
    let handles = std::thread::spawn(|| unsafe {
        let base = stackswitch_base_create(1 << 20);
        let context = spawn(base);
        stackswitch_resume(context, word(1));
        [base, context, stackswitch_current()].map(|handle| handle.expose_provenance())
    });
    let [base, context, own] =
        handles.join().unwrap().map(std::ptr::with_exposed_provenance_mut::<c_void>);
    unsafe {
        stackswitch_current();
        assert_eq!(error_of(|| _ = stackswitch_resume(context, word(1))), Code::Destroyed);
        assert_eq!(error_of(|| _ = stackswitch_swap(own, word(1))), Code::Destroyed);
        assert_eq!(error_of(|| _ = stackswitch_spawn(base, word(1), word(1))), Code::Destroyed);
    }
}

/// Pointers that are no handles: misaligned, inside a header, to other memory of the program, of the
/// runtime and of the stack, to memory that cannot be read, and to none.
fn wild_pointers(context: *mut c_void) -> Vec<*mut c_void> {
    static PROGRAM: [u64; 64] = [7; 64];
    let local = [u64::MAX; 64];
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let page = unsafe { libc::mmap(null_mut(), 4096, libc::PROT_NONE, flags, -1, 0) };
    let slice = Box::leak(Box::new([0x42_u8; 4096])).as_mut_ptr();
    vec![
        context.wrapping_byte_add(1),
        context.wrapping_byte_add(4),
        context.wrapping_byte_add(8),
        context.wrapping_byte_add(64),
        context.map_addr(|address| address & !0xFFFF),
        (&raw const PROGRAM).cast::<c_void>().cast_mut(),
        (&raw const local).cast::<c_void>().cast_mut(),
        slice.cast(),
        page,
        word(8),
        word(1 << 46),
        word(0x1234_5678_9ABC_DEF0),
        word(usize::MAX),
        word(usize::MAX & !63),
    ]
}

#[test]
fn pointers_that_can_be_no_handles_are_refused_by_every_operation() {
    let refused = |operation: &mut dyn FnMut()| assert_eq!(error_of(operation), Code::Invalid);
    unsafe {
        let context = spawn(null_mut());
        stackswitch_resume(context, word(1));
        for wild in wild_pointers(context) {
            refused(&mut || assert!(stackswitch_resume(wild, word(1)).is_null()));
            refused(&mut || assert!(stackswitch_swap(wild, word(1)).is_null()));
            refused(&mut || assert_eq!(stackswitch_resume_i64(wild, 1), 0));
            refused(&mut || assert_eq!(stackswitch_swap_f64(wild, 1.0), 0.0));
            let ontop = shallow as *mut c_void;
            refused(&mut || assert!(stackswitch_swap_ontop(wild, ontop, word(1)).is_null()));
            refused(&mut || _ = stackswitch_status(wild));
            refused(&mut || _ = stackswitch_link(wild));
            refused(&mut || stackswitch_setlink(wild, null_mut()));
            refused(&mut || stackswitch_setlink(context, wild));
            refused(&mut || _ = stackswitch_clone(wild));
            refused(&mut || stackswitch_cancel(wild));
            refused(&mut || stackswitch_destroy(wild));
            refused(&mut || _ = stackswitch_slice_size(wild));
            refused(&mut || _ = stackswitch_stacktop(wild));
            refused(&mut || _ = stackswitch_spawn(wild, body as *mut c_void, null_mut()));
            refused(&mut || stackswitch_base_destroy(wild));
            let (mut base_stats, mut stats) = (BaseStats::default(), ContextStats::default());
            refused(&mut || stackswitch_get_base_stats(wild, &raw mut base_stats));
            refused(&mut || stackswitch_get_context_stats(wild, &raw mut stats));
            // A hint is not refused; it does nothing.
            let errors = errors_of(|| (0..8).for_each(|_| stackswitch_prefetch(wild)));
            assert!(errors.is_empty(), "{errors:?}");
        }
        assert!(!stackswitch_resume(context, word(1)).is_null());
        stackswitch_destroy(context);
    }
}

#[test]
fn pointers_that_can_be_no_objects_are_refused() {
    unsafe {
        let context = spawn(null_mut());
        for wild in wild_pointers(context).into_iter().skip(5) {
            let code = Code::from_value(stackswitch_setcontext(wild));
            // Readable memory may look like an object that was freed.
            assert!(matches!(code, Some(Code::Invalid | Code::Destroyed)), "{wild:p}: {code:?}");
            let mut object = vec![0_u64; stackswitch_context_size() / 8];
            let from = object.as_mut_ptr().cast();
            let again = Code::from_value(stackswitch_swapcontext(from, wild, null_mut()));
            assert_eq!(again, code);
        }
        stackswitch_destroy(context);
    }
}

unsafe extern "C" fn find_slice(
    data: *mut c_void,
    context: *mut c_void,
    belongs: *mut c_void,
    at: *mut c_void,
    length: usize,
) {
    let found = unsafe { &mut *data.cast::<(*mut c_void, *mut u8, usize)>() };
    if context == found.0 && belongs != at {
        (found.1, found.2) = (at.cast(), length);
    }
}

#[test]
fn a_slice_that_was_written_to_is_not_put_back() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let (victim, other) = (spawn(base), spawn(base));
        stackswitch_resume(victim, word(1));
        stackswitch_resume(other, word(1));
        let mut found = (victim, null_mut::<u8>(), 0);
        stackswitch_visit(null_mut(), Some(find_slice), (&raw mut found).cast());
        let (_, slice, length) = found;
        assert_eq!(length, stackswitch_slice_size(victim));
        for at in [0, length / 2, length - 1] {
            let byte = slice.add(at);
            byte.write(byte.read() ^ 1);
            let errors = errors_of(|| assert!(stackswitch_resume(victim, word(1)).is_null()));
            let [(Code::Corrupt, context, _)] = errors[..] else { panic!("{errors:?}") };
            assert_eq!(context, victim);
            // The others go on, and so does this one when it is mended.
            assert!(!stackswitch_resume(other, word(1)).is_null());
            byte.write(byte.read() ^ 1);
        }
        assert!(!stackswitch_resume(victim, word(1)).is_null());
        assert_eq!(stackswitch_resume(victim, null_mut()), word(1));
        [victim, other].into_iter().for_each(|context| stackswitch_destroy(context));
        stackswitch_base_destroy(base);
    }
}

/// How many of the 128 words at `frame` are poison.
unsafe fn poisoned(frame: *mut c_void) -> usize {
    (0..128)
        .filter(
            |n| unsafe { frame.cast::<usize>().add(*n).read_volatile() } == usize::MAX / 255 * 0xDB,
        )
        .count()
}

#[test]
fn vacated_stack_is_poisoned() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let (deep, flat) =
            (spawn(base), stackswitch_spawn(base, shallow as *mut c_void, null_mut()));
        let frame = stackswitch_resume(deep, word(1));
        assert_eq!(poisoned(frame), 0);
        // Displaced by somebody who needs less of the stack.
        stackswitch_resume(flat, word(1));
        assert!(poisoned(frame) > 60, "{}", poisoned(frame));
        // Brought back.
        assert_eq!(stackswitch_resume(deep, word(1)), frame);
        assert_eq!(poisoned(frame), 0);
        stackswitch_destroy(deep);
        assert_eq!(poisoned(frame), 128, "destroyed");
        let ending = spawn(base);
        let frame = stackswitch_resume(ending, word(1));
        assert_eq!(poisoned(frame), 0);
        stackswitch_resume(ending, null_mut());
        assert!(poisoned(frame) > 20, "{}", poisoned(frame));
        [flat, ending].into_iter().for_each(|context| stackswitch_destroy(context));
        stackswitch_base_destroy(base);
    }
}

unsafe extern "C-unwind" fn doubles(_: *mut c_void, first: f64) -> f64 {
    let mut value = first;
    while value != 0.0 {
        value = unsafe { stackswitch_suspend_f64(value * 2.0) };
    }
    0.5
}

#[test]
fn values_of_two_types_are_refused() {
    unsafe {
        let words = spawn(null_mut());
        let floats = stackswitch_spawn_f64(null_mut(), doubles as *mut c_void, null_mut());
        for _ in 0..2 {
            // New, then suspended.
            let mut wide = [0_u8; 24];
            let bytes = wide.as_mut_ptr().cast::<c_void>();
            assert_eq!(error_of(|| _ = stackswitch_resume_f64(words, 1.0)), Code::Type);
            assert_eq!(error_of(|| stackswitch_resume_wide(words, bytes, 24)), Code::Type);
            assert_eq!(error_of(|| _ = stackswitch_swap(floats, word(1))), Code::Type);
            assert_eq!(error_of(|| _ = stackswitch_resume_f32(floats, 1.0)), Code::Type);
            assert_eq!(error_of(|| stackswitch_resume_wide(floats, bytes, 24)), Code::Type);
            // What fits goes on as if nothing had been tried.
            assert!(!stackswitch_resume_i32(words, 1).eq(&0));
            assert_eq!(stackswitch_resume_f64(floats, 1.5), 3.0);
        }
        // The answer's type counts as well: this one suspends with a double.
        let answers = stackswitch_spawn(null_mut(), answers_with_a_double as *mut c_void, word(0));
        assert_eq!(stackswitch_resume(answers, word(1)), word(7));
        [words, floats, answers].into_iter().for_each(|context| stackswitch_destroy(context));
    }
}

unsafe extern "C-unwind" fn answers_with_a_double(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    unsafe {
        assert_eq!(error_of(|| assert_eq!(stackswitch_suspend_f64(1.0), 0.0)), Code::Type);
        stackswitch_suspend(word(7))
    }
}
