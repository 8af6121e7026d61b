//! What is counted, and that the counts are true.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, or breaks it where the test's name says"
)]

use std::cell::Cell;
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;

use crate::common::*;

/// Suspends for ever, with about `argument` bytes of frame.
unsafe extern "C-unwind" fn body(argument: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut small = [1_u8; 200];
    let mut large = [1_u8; 2000];
    let mut value = first;
    loop {
        if argument.is_null() {
            black_box(&mut small);
        } else {
            black_box(&mut large);
        }
        value = unsafe { stackswitch_suspend(value) };
    }
}

fn spawn(base: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_spawn(base, body as *mut c_void, null_mut()) }
}

fn stats() -> Stats {
    let mut stats = Stats::default();
    unsafe { stackswitch_get_stats(&mut stats) };
    stats
}

fn of_base(base: *mut c_void) -> BaseStats {
    let mut stats = BaseStats::default();
    unsafe { stackswitch_get_base_stats(base, &mut stats) };
    stats
}

fn of_context(context: *mut c_void) -> ContextStats {
    let mut stats = ContextStats::default();
    unsafe { stackswitch_get_context_stats(context, &mut stats) };
    stats
}

#[test]
fn a_base_counts_what_is_moved_for_its_contexts() {
    unsafe {
        let (busy, quiet) = (stackswitch_base_create(1 << 20), stackswitch_base_create(1 << 20));
        let pair = [spawn(busy), spawn(busy)];
        let alone = spawn(quiet);
        for _ in 0..10 {
            for context in [pair[0], pair[1], alone] {
                stackswitch_resume(context, word(1));
            }
        }
        let (one, other) = (of_base(busy), of_base(quiet));
        let slice = stackswitch_slice_size(pair[0]) as u64;
        assert!(slice > 2000, "{slice}");
        assert_eq!(one.contexts, 2);
        // The first start finds an empty stack; from then on each switch displaces the other.
        assert_eq!(one.switches_copying, 19);
        assert_eq!(one.bytes_saved, 19 * slice);
        assert_eq!(one.bytes_restored, 18 * slice);
        assert_eq!(one.bytes_parked, slice);
        assert!(one.bytes_parked_peak >= slice);
        assert_eq!((other.contexts, other.switches_copying, other.bytes_saved), (1, 0, 0));
        let all = stats();
        assert_eq!(all.bytes_saved, one.bytes_saved);
        assert_eq!(all.switches_copying, one.switches_copying);
        assert_eq!(all.switches, 60);
        assert_eq!(all.regions, 2);

        let (parked, resident) = (of_context(pair[0]), of_context(pair[1]));
        assert_eq!((parked.bytes_parked, parked.bytes_in_place), (slice, 0));
        assert_eq!((resident.bytes_parked, resident.bytes_in_place), (0, slice));
        if cfg!(feature = "checked") {
            assert_eq!((one.switches, other.switches), (20, 10));
            assert_eq!((parked.switches, parked.switches_copying), (10, 9));
            assert_eq!((resident.switches, resident.switches_copying), (10, 10));
            assert_eq!((parked.bytes_saved, parked.bytes_restored), (10 * slice, 9 * slice));
            assert_eq!(parked.bytes_parked_peak, slice);
        } else {
            assert_eq!((one.switches, parked.switches, parked.bytes_saved), (0, 0, 0));
        }

        // What goes with a context is not parked any more.
        stackswitch_destroy(pair[0]);
        assert_eq!(of_base(busy).bytes_parked, 0);
        [pair[1], alone].into_iter().for_each(|context| stackswitch_destroy(context));
        [busy, quiet].into_iter().for_each(|base| stackswitch_base_destroy(base));
        assert_eq!(stats().regions, 0);
    }
}

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// Swaps with whom it is brought, and suspends when all switches have been made.
unsafe extern "C-unwind" fn swaps(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut other = first;
    loop {
        unsafe {
            if LEFT.get() == 0 {
                stackswitch_suspend(null_mut());
            }
            LEFT.set(LEFT.get() - 1);
            other = stackswitch_swap(other, stackswitch_current());
        }
    }
}

#[test]
fn a_base_counts_short_slices_that_change_places() {
    unsafe {
        LEFT.set(1000);
        let base = stackswitch_base_create(1 << 20);
        let pair = [0, 1].map(|_| stackswitch_spawn(base, swaps as *mut c_void, null_mut()));
        pair.iter().for_each(|c| stackswitch_setlink(*c, stackswitch_current()));
        stackswitch_swap(pair[0], pair[1]);
        let (all, one) = (stats(), of_base(base));
        // All but the way here, the first start and the way back.
        assert_eq!(one.switches_copying, 1000);
        assert_eq!(all.switches_copying, 1000);
        assert_eq!((one.bytes_saved, one.bytes_restored), (all.bytes_saved, all.bytes_restored));
        assert_eq!(one.bytes_saved - one.bytes_restored, one.bytes_parked);
        pair.into_iter().for_each(|context| stackswitch_destroy(context));
        assert_eq!(of_base(base).bytes_parked, 0);
        stackswitch_base_destroy(base);
    }
}

#[test]
fn switches_that_copy_nothing_are_told_apart() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let context = spawn(base);
        let before = stats();
        for _ in 0..100 {
            stackswitch_resume(context, word(1));
        }
        let after = stats();
        assert_eq!(after.switches - before.switches, 200);
        assert_eq!(after.switches_copying, before.switches_copying);
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
    }
}

#[test]
fn statistics_of_what_is_gone_are_refused_and_zero() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let context = spawn(base);
        stackswitch_resume(context, word(1));
        assert_eq!(error_of(|| assert_eq!(of_base(context), BaseStats::default())), Code::Invalid);
        assert_eq!(
            error_of(|| assert_eq!(of_context(base), ContextStats::default())),
            Code::Invalid
        );
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
        assert_eq!(error_of(|| assert_eq!(of_base(base), BaseStats::default())), Code::Destroyed);
        assert_eq!(
            error_of(|| assert_eq!(of_context(context), ContextStats::default())),
            Code::Destroyed
        );
    }
}

/// Bytes that a round over `count` contexts without a base moves, each over `regions` regions.
fn moved_by_a_round(regions: usize, count: usize) -> (u64, u64) {
    std::thread::spawn(move || unsafe {
        assert_eq!(stackswitch_set_default_regions(regions), 64, "the default");
        let contexts: Vec<_> = (0..count).map(|_| spawn(null_mut())).collect();
        let round = || contexts.iter().for_each(|c| _ = stackswitch_resume(*c, word(1)));
        round();
        let before = stats().bytes_saved;
        round();
        (stats().bytes_saved - before, stats().regions)
    })
    .join()
    .unwrap()
}

#[test]
fn more_default_regions_mean_less_copying() {
    assert_eq!(moved_by_a_round(32, 32), (0, 32));
    assert_eq!(moved_by_a_round(64, 32), (0, 32), "regions are mapped as they are needed");
    let (all, one) = moved_by_a_round(1, 32);
    let (half, sixteen) = moved_by_a_round(16, 32);
    assert_eq!((one, sixteen), (1, 16));
    assert!(all > 32 * 2000 && half > 32 * 2000, "{all} {half}");
}

#[test]
fn a_number_of_default_regions_that_cannot_be_is_refused() {
    unsafe {
        assert_eq!(error_of(|| _ = stackswitch_set_default_regions(0)), Code::Invalid);
        assert_eq!(error_of(|| _ = stackswitch_set_default_regions(65)), Code::Invalid);
        assert_eq!(stackswitch_set_default_regions(3), 64);
        assert_eq!(stackswitch_set_default_regions(64), 3);
    }
}
