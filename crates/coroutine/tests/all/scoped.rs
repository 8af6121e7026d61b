//! Coroutines that borrow.

use std::panic::{self, AssertUnwindSafe};

use stackswitch_coroutine::{State, Suspender, scope};

use crate::Drops;

#[test]
fn a_body_changes_what_it_has_borrowed() {
    let mut log = Vec::new();
    let text = String::from("borrowed");
    let result = scope(
        |suspender, first: &str| {
            log.push(first.len());
            let second: &str = suspender.suspend(&text[..3]);
            log.push(second.len());
            text.len()
        },
        |mut coroutine| {
            assert_eq!(coroutine.resume("a"), State::Yielded("bor"));
            coroutine.resume("bb").returned()
        },
    );
    assert_eq!((result, log), (Some(8), vec![1, 2]));
}

#[test]
fn it_is_unwound_when_the_scope_ends() {
    let drops = Drops::default();
    let body = |suspender: &Suspender<(), ()>, ()| {
        let _guard = drops.guard();
        suspender.suspend(());
    };
    scope(body, |mut coroutine| {
        coroutine.resume(());
        // The handle owns nothing.
        let _ = std::mem::ManuallyDrop::new(coroutine);
    });
    assert_eq!(drops.count(), 1);
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        scope(body, |mut coroutine| {
            coroutine.resume(());
            panic!("the host's");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(drops.count(), 2);
    scope(body, |_| ());
    assert_eq!(drops.count(), 2);
}

#[test]
fn scoped_threads_end_with_the_scope() {
    let mut counters = [0_u64; 4];
    scope(
        |suspender: &Suspender<(), ()>, ()| {
            std::thread::scope(|threads| {
                for counter in &mut counters {
                    threads.spawn(|| (0..1000).for_each(|_| *counter += 1));
                }
                suspender.suspend(());
            });
        },
        |mut coroutine| coroutine.resume(()),
    );
    assert_eq!(counters, [1000; 4]);
}

#[test]
fn scopes_nest() {
    let mut total = 0;
    scope(
        |suspender, ()| {
            let local = [1, 2, 3];
            scope(
                |inner, ()| local.iter().for_each(|value| inner.suspend(value)),
                |coroutine| coroutine.for_each(|value| suspender.suspend(*value)),
            );
        },
        |coroutine| coroutine.for_each(|value: i32| total += value),
    );
    assert_eq!(total, 6);
}
