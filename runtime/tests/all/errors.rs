//! Wrong use is refused, reported once, and changes nothing.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, or breaks it where the test's name says"
)]

use std::ffi::c_void;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;

use crate::common::*;

unsafe extern "C-unwind" fn body(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut value = first;
    while !value.is_null() {
        value = unsafe { stackswitch_suspend(value) };
    }
    word(1)
}

fn spawn() -> *mut c_void {
    unsafe { stackswitch_spawn(null_mut(), body as *mut c_void, null_mut()) }
}

#[test]
fn a_finished_context_cannot_be_switched_to() {
    unsafe {
        let context = spawn();
        assert_eq!(stackswitch_resume(context, null_mut()), word(1));
        assert_eq!(
            error_of(|| assert!(stackswitch_resume(context, word(9)).is_null())),
            Code::Finished
        );
        assert_eq!(
            error_of(|| assert!(stackswitch_swap(context, word(9)).is_null())),
            Code::Finished
        );
        assert_eq!(stackswitch_status(context), 3);
        stackswitch_destroy(context);
    }
}

#[test]
fn a_destroyed_context_is_known_as_such_until_its_header_is_used_again() {
    unsafe {
        let context = spawn();
        stackswitch_resume(context, word(3));
        stackswitch_destroy(context);
        assert_eq!(error_of(|| _ = stackswitch_resume(context, word(9))), Code::Destroyed);
        assert_eq!(error_of(|| _ = stackswitch_status(context)), Code::Destroyed);
        assert_eq!(error_of(|| stackswitch_destroy(context)), Code::Destroyed);
    }
}

#[test]
fn all_headers_of_many_destroyed_contexts_read_as_destroyed() {
    unsafe {
        let contexts: Vec<_> = (0..10_000).map(|_| spawn()).collect();
        contexts.iter().for_each(|c| stackswitch_destroy(*c));
        for context in contexts {
            assert_eq!(error_of(|| _ = stackswitch_resume(context, word(9))), Code::Destroyed);
        }
    }
}

#[test]
fn the_running_context_cannot_be_resumed_destroyed_or_cloned() {
    unsafe {
        let me = stackswitch_current();
        assert_eq!(error_of(|| _ = stackswitch_resume(me, word(9))), Code::Running);
        assert_eq!(error_of(|| assert!(stackswitch_clone(me).is_null())), Code::Invalid);
        assert_eq!(error_of(|| stackswitch_destroy(me)), Code::Invalid);
    }
}

#[test]
fn null_handles_are_refused() {
    unsafe {
        stackswitch_current();
        assert_eq!(error_of(|| _ = stackswitch_swap(null_mut(), word(9))), Code::Invalid);
        assert_eq!(error_of(|| _ = stackswitch_resume(null_mut(), word(9))), Code::Invalid);
        assert_eq!(error_of(|| stackswitch_destroy(null_mut())), Code::Invalid);
        assert_eq!(error_of(|| stackswitch_base_destroy(null_mut())), Code::Invalid);
        let no_body = || assert!(stackswitch_spawn(null_mut(), null_mut(), null_mut()).is_null());
        assert_eq!(error_of(no_body), Code::Invalid);
        stackswitch_prefetch(null_mut());
    }
}

#[test]
fn the_first_operation_of_a_thread_may_be_a_wrong_one() {
    std::thread::spawn(|| unsafe {
        assert_eq!(error_of(|| _ = stackswitch_suspend(word(1))), Code::NoLink);
    })
    .join()
    .unwrap();
}

#[test]
fn suspend_needs_a_link_that_is_alive() {
    unsafe {
        assert_eq!(error_of(|| assert!(stackswitch_suspend(word(1)).is_null())), Code::NoLink);
        let dead = spawn();
        let me = stackswitch_current();
        stackswitch_setlink(me, dead);
        stackswitch_destroy(dead);
        assert_eq!(error_of(|| assert!(stackswitch_suspend(word(1)).is_null())), Code::NoLink);
        stackswitch_setlink(me, null_mut());
    }
}

#[test]
fn a_base_with_contexts_is_kept() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let context = stackswitch_spawn(base, body as *mut c_void, null_mut());
        assert_eq!(error_of(|| stackswitch_base_destroy(base)), Code::Busy);
        assert_eq!(stackswitch_resume(context, word(4)), word(4));
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
        assert_eq!(error_of(|| stackswitch_base_destroy(base)), Code::Destroyed);
    }
}

#[test]
fn handles_of_one_kind_are_not_taken_for_another() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        assert_eq!(error_of(|| _ = stackswitch_resume(base, word(9))), Code::Invalid);
        let context = spawn();
        let wrong =
            || assert!(stackswitch_spawn(context, body as *mut c_void, null_mut()).is_null());
        assert_eq!(error_of(wrong), Code::Invalid);
        assert_eq!(error_of(|| stackswitch_base_destroy(context)), Code::Invalid);
        stackswitch_destroy(context);
        stackswitch_base_destroy(base);
    }
}

#[test]
fn a_region_larger_than_the_address_space_is_refused() {
    unsafe {
        assert_eq!(
            error_of(|| assert!(stackswitch_base_create(usize::MAX).is_null())),
            Code::Memory
        );
        assert_eq!(error_of(|| assert!(stackswitch_base_create(1 << 60).is_null())), Code::Memory);
        assert_eq!(error_of(|| assert!(stackswitch_base_create(0).is_null())), Code::Invalid);
    }
}

#[test]
fn another_threads_context_is_foreign() {
    let context = spawn().expose_provenance();
    std::thread::spawn(move || unsafe {
        let context = std::ptr::with_exposed_provenance_mut::<c_void>(context);
        assert_eq!(error_of(|| _ = stackswitch_resume(context, word(9))), Code::Foreign);
        assert_eq!(error_of(|| _ = stackswitch_swap(context, word(9))), Code::Foreign);
        assert_eq!(error_of(|| stackswitch_destroy(context)), Code::Foreign);
    })
    .join()
    .unwrap();
    unsafe {
        let context = std::ptr::with_exposed_provenance_mut::<c_void>(context);
        assert_eq!(stackswitch_resume(context, word(8)), word(8));
        stackswitch_destroy(context);
    }
}

#[test]
fn threads_may_end_with_contexts_left() {
    for _ in 0..50 {
        std::thread::spawn(|| unsafe {
            for _ in 0..200 {
                stackswitch_resume(spawn(), word(8));
            }
        })
        .join()
        .unwrap();
    }
}
