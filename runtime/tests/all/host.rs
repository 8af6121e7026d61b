//! What hosts have to throw away what a program has made.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the contract; what was thrown away is only asked whether it is"
)]

use std::ffi::c_void;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;
use stackswitch_rt::host::{abandon, checkpoint, discard_since, keep, room};

use crate::common::*;

unsafe extern "C-unwind" fn body(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut value = first;
    while !value.is_null() {
        value = unsafe { stackswitch_suspend(value) };
    }
    word(1)
}

/// A context that has been resumed once.
fn suspended(base: *mut c_void) -> *mut c_void {
    unsafe {
        let context = stackswitch_spawn(base, body as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume(context, word(3)), word(3));
        context
    }
}

fn is_alive(context: *mut c_void) -> bool {
    let errors = errors_of(|| assert!(unsafe { stackswitch_status(context) } <= 3));
    assert!(errors.iter().all(|(code, ..)| *code == Code::Destroyed));
    errors.is_empty()
}

fn stats() -> Stats {
    let mut stats = Stats::default();
    unsafe { stackswitch_get_stats(&raw mut stats) };
    stats
}

#[test]
fn what_was_made_since_a_mark_goes_and_nothing_else() {
    unsafe {
        let old = [suspended(null_mut()), suspended(null_mut())];
        let before = stats();
        let mark = checkpoint().unwrap();
        let base = stackswitch_base_create(1 << 20);
        let here = stackswitch_base_here();
        // Two that displace one another, one that has not run, and one that has finished.
        let new = [
            suspended(base),
            suspended(base),
            suspended(here),
            stackswitch_spawn(base, body as *mut c_void, null_mut()),
            stackswitch_clone(old[0]),
            suspended(base),
        ];
        stackswitch_resume(new[5], null_mut());
        let mine = suspended(base);
        keep(mine);
        discard_since(mark);
        assert!(new.iter().all(|context| !is_alive(*context)));
        assert_eq!(error_of(|| stackswitch_base_destroy(here)), Code::Destroyed);
        for context in old.into_iter().chain([mine]) {
            assert_eq!(stackswitch_resume(context, word(5)), word(5));
        }
        // Its base is there as long as it is.
        assert_eq!(error_of(|| stackswitch_base_destroy(base)), Code::Busy);
        stackswitch_destroy(mine);
        stackswitch_base_destroy(base);
        assert_eq!((stats().contexts, stats().regions), (before.contexts, before.regions));
        old.iter().for_each(|context| stackswitch_destroy(*context));
        assert_eq!(stats().bytes_parked, 0);
    }
}

#[test]
fn what_is_older_than_all_marks_there_can_be_stays() {
    unsafe {
        let first = checkpoint().unwrap();
        let old = suspended(null_mut());
        // More than an era can tell apart.
        (0..1 << 24).for_each(|_| assert!(checkpoint().is_some()));
        let last = checkpoint().unwrap();
        let new = suspended(null_mut());
        discard_since(last);
        assert!(!is_alive(new));
        assert!(is_alive(old));
        assert_ne!(first, last);
        stackswitch_destroy(old);
    }
}

#[test]
fn an_abandoned_context_has_finished_where_it_stood() {
    unsafe {
        let context = suspended(null_mut());
        abandon(context);
        assert_eq!(stackswitch_status(context), 3);
        assert_eq!(error_of(|| _ = stackswitch_resume(context, word(1))), Code::Finished);
        stackswitch_destroy(context);
        // Nothing happens to what cannot be.
        let new = stackswitch_spawn(null_mut(), body as *mut c_void, null_mut());
        for other in [null_mut(), stackswitch_current(), new] {
            abandon(other);
        }
        assert_eq!(stackswitch_resume(new, word(4)), word(4));
        stackswitch_destroy(new);
    }
}

unsafe extern "C-unwind" fn has_room(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    word(room().unwrap())
}

#[test]
fn a_context_knows_its_room() {
    unsafe {
        stackswitch_current();
        assert_eq!(room(), None);
        let base = stackswitch_base_create(1 << 20);
        let context = stackswitch_spawn(base, has_room as *mut c_void, null_mut());
        let room = stackswitch_resume(context, null_mut()).addr();
        assert!((1 << 19..=1 << 22).contains(&room), "{room}");
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
    }
}
