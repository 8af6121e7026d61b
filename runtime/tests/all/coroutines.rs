//! The coroutine layer through the C ABI, as a program uses it.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, or breaks it where the test's name says"
)]

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;

use crate::common::*;

/// Counts up from its argument, adding what it is resumed with.
unsafe extern "C-unwind" fn counter(argument: *mut c_void, first: i64) -> i64 {
    let mut got = first;
    for step in 0..3 {
        got = unsafe { stackswitch_suspend_i64(argument.addr() as i64 + step + got) };
    }
    -got
}

#[test]
fn a_generator_yields_then_returns_its_result() {
    unsafe {
        let generator = stackswitch_spawn_i64(null_mut(), counter as *mut c_void, word(100));
        assert_eq!(stackswitch_status(generator), 0);
        assert_eq!(stackswitch_resume_i64(generator, 1), 101);
        assert_eq!(stackswitch_status(generator), 1);
        assert_eq!(stackswitch_resume_i64(generator, 2), 103);
        assert_eq!(stackswitch_resume_i64(generator, 3), 105);
        assert_eq!(stackswitch_resume_i64(generator, 7), -7);
        assert_eq!(stackswitch_status(generator), 3);
        stackswitch_destroy(generator);
    }
}

unsafe extern "C-unwind" fn doubles(_: *mut c_void, mut value: f64) -> f64 {
    while value < 100.0 {
        value = unsafe { stackswitch_suspend_f64(value * 2.0) };
    }
    -1.5
}

#[test]
fn floats_travel() {
    unsafe {
        let context = stackswitch_spawn_f64(null_mut(), doubles as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume_f64(context, 1.25), 2.5);
        assert_eq!(stackswitch_resume_f64(context, -3.5), -7.0);
        assert_eq!(stackswitch_resume_f64(context, 1e3), -1.5);
        stackswitch_destroy(context);
    }
}

/// As a body in IR may return an `i8`: with anything above it in the register.
unsafe extern "C-unwind" fn unextended(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    word(0xABCD_1234_5678_80FE)
}

#[test]
fn small_integers_arrive_extended() {
    type Wide = unsafe extern "C-unwind" fn(*mut c_void, i32) -> i32;
    unsafe {
        let spawn = || stackswitch_spawn(null_mut(), unextended as *mut c_void, null_mut());
        // What C sees of the register that an `int8_t` comes back in.
        let resume_i8: Wide = std::mem::transmute(stackswitch_resume_i8 as *const ());
        assert_eq!(resume_i8(spawn(), 0), -2);
        let resume_i16: Wide = std::mem::transmute(stackswitch_resume_i16 as *const ());
        assert_eq!(resume_i16(spawn(), 0), -0x7F02);
    }
}

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Debug)]
struct Large([u64; 8]);

unsafe extern "C-unwind" fn large_body(_: *mut c_void, slot: *mut Large) {
    let mut value = unsafe { slot.read() };
    for _ in 0..3 {
        value.0.iter_mut().for_each(|v| *v += 1);
        unsafe { stackswitch_suspend_wide((&raw mut value).cast(), 64) };
    }
    unsafe { slot.write(Large([9; 8])) };
}

unsafe extern "C-unwind" fn large_entry(_: *mut c_void, argument: *mut c_void, slot: *mut c_void) {
    unsafe { large_body(argument, slot.cast()) };
}

#[test]
fn sixty_four_bytes_travel_both_ways() {
    unsafe {
        let entry = large_entry as *mut c_void;
        let context = stackswitch_spawn_wide(null_mut(), entry, null_mut(), entry);
        let mut value = Large([1, 2, 3, 4, 5, 6, 7, 8]);
        for round in 1..4 {
            let sent = value;
            stackswitch_resume_wide(context, (&raw mut value).cast(), 64);
            assert_eq!(value.0, sent.0.map(|v| v + 1), "round {round}");
        }
        stackswitch_resume_wide(context, (&raw mut value).cast(), 64);
        assert_eq!(value, Large([9; 8]));
        stackswitch_destroy(context);
    }
}

/// Swaps with whoever sends it a handle.
unsafe extern "C-unwind" fn echo(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut peer = first;
    while !peer.is_null() {
        peer = unsafe { stackswitch_swap(peer, stackswitch_current()) };
    }
    word(77)
}

#[test]
fn swap_is_symmetric_and_leaves_links_alone() {
    unsafe {
        let me = stackswitch_current();
        let other = stackswitch_spawn(null_mut(), echo as *mut c_void, null_mut());
        assert_eq!(stackswitch_swap(other, me), other);
        assert_eq!(stackswitch_swap(other, me), other);
        assert!(stackswitch_link(other).is_null());
        stackswitch_setlink(other, me);
        assert_eq!(stackswitch_link(other), me);
        assert_eq!(stackswitch_swap(other, null_mut()), word(77));
        stackswitch_destroy(other);
    }
}

#[test]
fn swap_to_oneself_returns_the_value() {
    unsafe { assert_eq!(stackswitch_swap(stackswitch_current(), word(5)), word(5)) };
}

unsafe extern "C-unwind" fn starts_with(argument: *mut c_void, first: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_setlink(stackswitch_current(), argument) };
    word(first.addr() + 1)
}

#[test]
fn a_new_link_gets_the_result_as_its_first_value() {
    unsafe {
        let me = stackswitch_current();
        let second = stackswitch_spawn(null_mut(), starts_with as *mut c_void, me);
        let first = stackswitch_spawn(null_mut(), starts_with as *mut c_void, second);
        assert_eq!(stackswitch_resume(first, word(10)), word(12));
        stackswitch_destroy(first);
        stackswitch_destroy(second);
    }
}

unsafe extern "C-unwind" fn plus_hundred(value: *mut c_void) -> *mut c_void {
    word(value.addr() + 100)
}

#[test]
fn ontop_runs_on_a_suspended_a_new_and_the_own_context() {
    unsafe {
        let function = plus_hundred as *mut c_void;
        let me = stackswitch_current();
        assert_eq!(stackswitch_swap_ontop(me, function, word(1)), word(101));
        let context = stackswitch_spawn_i64(null_mut(), counter as *mut c_void, word(0));
        stackswitch_setlink(context, me);
        assert_eq!(stackswitch_swap_ontop_i64(context, function, 5), 105);
        assert_eq!(stackswitch_swap_ontop_i64(context, function, 6), 107);
        stackswitch_destroy(context);
    }
}

#[test]
fn a_clone_goes_on_from_the_same_point() {
    unsafe {
        let one = stackswitch_spawn_i64(null_mut(), counter as *mut c_void, word(10));
        assert_eq!(stackswitch_resume_i64(one, 0), 10);
        let two = stackswitch_clone(one);
        assert_eq!(stackswitch_resume_i64(one, 5), 16);
        assert_eq!(stackswitch_resume_i64(two, 50), 61);
        assert_eq!(stackswitch_resume_i64(one, 6), 18);
        assert_eq!(stackswitch_resume_i64(two, 60), 72);
        stackswitch_destroy(one);
        stackswitch_destroy(two);
    }
}

fn stats() -> Stats {
    let mut stats = Stats::default();
    unsafe { stackswitch_get_stats(&mut stats) };
    stats
}

/// Fills `argument` words of its frame, and checks them whenever it is resumed.
unsafe extern "C-unwind" fn deep(argument: *mut c_void, first: *mut c_void) -> *mut c_void {
    #[inline(never)]
    fn with<const N: usize>(mark: usize) -> *mut c_void {
        let mut frame = [mark; N];
        std::hint::black_box(&mut frame);
        let mut rounds = 0;
        loop {
            let message = unsafe { stackswitch_suspend(word(rounds)) };
            assert!(std::hint::black_box(&frame).iter().all(|word| *word == mark + rounds));
            if message.is_null() {
                return word(rounds);
            }
            rounds += 1;
            std::hint::black_box(&mut frame).iter_mut().for_each(|word| *word += 1);
        }
    }
    match argument.addr() {
        1024 => with::<1024>(first.addr()),
        _ => with::<500_000>(first.addr()),
    }
}

#[test]
fn clones_of_a_parked_context_share_its_bytes_until_they_run() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let one = stackswitch_spawn(base, deep as *mut c_void, word(1024));
        let other = stackswitch_spawn(base, deep as *mut c_void, word(1024));
        stackswitch_resume(one, word(7));
        stackswitch_resume(other, word(70));
        let size = stackswitch_slice_size(one);
        assert!(size > 8192);
        let before = stats();
        let clones: Vec<_> = (0..100).map(|_| stackswitch_clone(one)).collect();
        let nested = stackswitch_clone(clones[5]);
        let after = stats();
        assert_eq!(after.bytes_saved, before.bytes_saved, "not a byte was copied");
        assert_eq!(after.bytes_parked, before.bytes_parked, "they are held once");
        assert_eq!(after.contexts_parked, before.contexts_parked + 101);
        assert!(clones.iter().all(|clone| stackswitch_slice_size(*clone) == size));
        // Each goes its own way from the same point; some are dropped unrun.
        for (n, clone) in clones.iter().enumerate() {
            for round in 0..n % 5 {
                assert_eq!(stackswitch_resume(*clone, word(1)), word(round + 1));
            }
        }
        clones.iter().for_each(|clone| stackswitch_destroy(*clone));
        assert_eq!(stackswitch_resume(other, word(1)), word(1));
        assert_eq!(stackswitch_resume(nested, word(1)), word(1));
        assert_eq!(stackswitch_resume(one, word(1)), word(1));
        assert_eq!(stackswitch_resume(nested, null_mut()), word(1));
        [one, other, nested].iter().for_each(|context| stackswitch_destroy(*context));
        stackswitch_base_destroy(base);
        assert_eq!((stats().bytes_parked, stats().contexts_parked), (0, 0));
    }
}

/// Contexts of megabytes, whose pages are moved; clones of them, and some that are dropped.
#[test]
fn large_contexts_keep_their_bytes() {
    unsafe {
        let base = stackswitch_base_create(64 << 20);
        let spawn = |n| {
            let context = stackswitch_spawn(base, deep as *mut c_void, word(500_000));
            assert_eq!(stackswitch_resume(context, word(n)), word(0));
            context
        };
        let contexts: Vec<_> = (0..6).map(spawn).collect();
        let clone = stackswitch_clone(contexts[2]);
        for round in 1..4 {
            for context in &contexts {
                assert_eq!(stackswitch_resume(*context, word(1)), word(round));
            }
        }
        stackswitch_destroy(contexts[3]);
        assert_eq!(stackswitch_resume(clone, word(1)), word(1));
        let second = stackswitch_clone(clone);
        let again = stackswitch_clone(contexts[2]);
        assert_eq!(stackswitch_resume(again, word(1)), word(4));
        for context in [contexts[0], contexts[1], contexts[2], clone, second, again] {
            assert!(!stackswitch_resume(context, null_mut()).is_null());
            assert_eq!(stackswitch_status(context), 3);
            stackswitch_destroy(context);
        }
        stackswitch_destroy(contexts[4]);
        stackswitch_destroy(contexts[5]);
        stackswitch_base_destroy(base);
        assert_eq!((stats().bytes_parked, stats().contexts_parked), (0, 0));
    }
}

/// A loop that resumes contexts from the frame that made their base is never copied itself.
#[test]
fn a_scheduler_above_its_contexts_is_never_copied() {
    unsafe {
        let base = stackswitch_base_here();
        let contexts: Vec<_> = (0..1000)
            .map(|n| stackswitch_spawn_i64(base, counter as *mut c_void, word(n)))
            .collect();
        let mut scratch = [0_u8; 4096];
        std::hint::black_box(&mut scratch);
        for (n, context) in contexts.iter().enumerate() {
            assert_eq!(stackswitch_resume_i64(*context, 0), n as i64);
        }
        let me = stackswitch_current();
        assert_eq!(stackswitch_slice_size(me), 0);
        let parked: usize = contexts.iter().map(|c| stackswitch_slice_size(*c)).sum();
        let mut stats = Stats::default();
        stackswitch_get_stats(&mut stats);
        assert_eq!(stats.bytes_parked, parked as u64);
        assert_eq!(stats.bytes_saved, parked as u64, "only the contexts were saved, each once");
        contexts.iter().for_each(|c| stackswitch_destroy(*c));
        stackswitch_base_destroy(base);
        stackswitch_get_stats(&mut stats);
        assert_eq!((stats.contexts, stats.bytes_parked), (0, 0));
    }
}

/// A hot set on the default regions does not copy.
#[test]
fn a_few_dozen_contexts_of_null_base_never_copy() {
    unsafe {
        let contexts: Vec<_> = (0..32)
            .map(|n| stackswitch_spawn_i64(null_mut(), counter as *mut c_void, word(n)))
            .collect();
        for round in 0..3 {
            for (n, context) in contexts.iter().enumerate() {
                assert_eq!(stackswitch_resume_i64(*context, 0), (n + round) as i64);
            }
        }
        let mut stats = Stats::default();
        stackswitch_get_stats(&mut stats);
        assert_eq!((stats.bytes_saved, stats.bytes_restored), (0, 0));
        assert_eq!((stats.contexts, stats.contexts_peak), (32, 32));
        contexts.iter().for_each(|c| stackswitch_destroy(*c));
    }
}

/// Writes down where it was dropped.
struct Noted<'a>(&'a Cell<u32>, u32);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() * 10 + self.1);
    }
}

unsafe extern "C-unwind" fn holder(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    let notes = unsafe { &*argument.cast::<Cell<u32>>() };
    let _outer = Noted(notes, 1);
    hold(notes);
    unreachable!("a cancelled context goes on");
}

#[inline(never)]
fn hold(notes: &Cell<u32>) {
    let _inner = Noted(notes, 2);
    unsafe { stackswitch_suspend(word(9)) };
    notes.set(999);
}

#[test]
fn cancel_runs_cleanups_and_comes_back() {
    unsafe {
        let notes = Cell::new(0_u32);
        let argument = (&raw const notes).cast_mut().cast();
        let context = stackswitch_spawn(null_mut(), holder as *mut c_void, argument);
        assert_eq!(stackswitch_resume(context, null_mut()), word(9));
        stackswitch_cancel(context);
        assert_eq!(notes.get(), 21);
        assert_eq!(stackswitch_status(context), 3);
        stackswitch_destroy(context);
        let new = stackswitch_spawn(null_mut(), holder as *mut c_void, argument);
        stackswitch_cancel(new);
        assert_eq!((stackswitch_status(new), notes.get()), (3, 21));
        stackswitch_destroy(new);
    }
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Goes down 200 MB and comes back, then suspends for ever.
unsafe extern "C-unwind" fn excursion(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    #[inline(never)]
    fn descend(depth: usize) -> u8 {
        let mut frame = [depth as u8; 64 << 10];
        std::hint::black_box(&mut frame);
        if depth == 0 { 0 } else { descend(depth - 1) ^ std::hint::black_box(&frame)[5] }
    }
    let mut answer = word(usize::from(descend(3000)));
    loop {
        answer = unsafe { stackswitch_suspend(answer) };
    }
}

#[test]
fn memory_of_a_deep_excursion_goes_back() {
    let name = "memory_of_a_deep_excursion_goes_back";
    let output = in_own_process(module_path!(), name, || unsafe {
        let base = stackswitch_base_create(512 << 20);
        let context = stackswitch_spawn(base, excursion as *mut c_void, null_mut());
        let neighbour = stackswitch_spawn(base, echo_all as *mut c_void, null_mut());
        stackswitch_resume(context, null_mut());
        assert!(resident() > 180 << 20);
        for _ in 0..5000 {
            stackswitch_resume(neighbour, word(1));
            stackswitch_resume(context, word(1));
        }
        assert!(resident() < 100 << 20, "{}", resident());
        stackswitch_destroy(context);
        stackswitch_destroy(neighbour);
        stackswitch_base_destroy(base);
    });
    assert!(output.status.success(), "{output:?}");
}

unsafe extern "C-unwind" fn echo_all(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut value = first;
    loop {
        value = unsafe { stackswitch_suspend(value) };
    }
}
