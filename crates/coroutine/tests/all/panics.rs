//! Panics that leave bodies, and those that unwind them.

use std::panic::{self, AssertUnwindSafe};

use stackswitch_coroutine::{Coroutine, State, Suspender};

use crate::Drops;

/// The text of the panic that leaves `work`.
fn panic_of(work: impl FnOnce()) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(work)).expect_err("it panics");
    payload.downcast_ref::<&str>().map_or_else(
        || payload.downcast_ref::<String>().cloned().unwrap_or_default(),
        |text| (*text).to_owned(),
    )
}

#[test]
fn a_panic_goes_on_in_resume() {
    let drops = Drops::default();
    let guard = drops.guard();
    let mut coroutine = Coroutine::<(), (), ()>::new(move |suspender, ()| {
        let _guard = guard;
        suspender.suspend(());
        panic!("from the body");
    });
    coroutine.resume(());
    assert_eq!(panic_of(|| _ = coroutine.resume(())), "from the body");
    assert_eq!(drops.count(), 1);
    assert!(coroutine.is_done());
    assert!(!std::thread::panicking());
}

#[test]
fn a_panic_goes_through_coroutines() {
    let drops = Drops::default();
    let counted = drops.clone();
    let mut outer = Coroutine::<(), (), ()>::new(move |_, ()| {
        let _outer = counted.guard();
        let guard = counted.guard();
        let mut inner = Coroutine::<(), (), ()>::new(move |_, ()| {
            let _inner = guard;
            panic!("from inside");
        });
        inner.resume(());
    });
    assert_eq!(panic_of(|| _ = outer.resume(())), "from inside");
    assert_eq!(drops.count(), 2);
}

#[test]
fn each_coroutine_has_its_panic() {
    let body = |suspender: &Suspender<(), ()>, ()| {
        let caught = panic::catch_unwind(|| panic!("caught inside"));
        suspender.suspend(());
        caught.is_err()
    };
    let mut all: Vec<_> = (0..8).map(|_| Coroutine::<(), (), bool>::new(body)).collect();
    all.iter_mut().for_each(|coroutine| assert_eq!(coroutine.resume(()), State::Yielded(())));
    all.iter_mut().for_each(|coroutine| assert_eq!(coroutine.resume(()), State::Returned(true)));
}

#[test]
fn a_body_that_catches_its_end_is_unwound_again() {
    let drops = Drops::default();
    let guard = drops.guard();
    let counted = drops.clone();
    let mut coroutine = Coroutine::<(), u32, ()>::new(move |suspender, ()| {
        let _guard = guard;
        for round in 0..3 {
            let _round = counted.guard();
            let suspend = AssertUnwindSafe(|| suspender.suspend(round));
            assert!(panic::catch_unwind(suspend).is_err());
        }
        suspender.suspend(9);
        unreachable!("it is unwound from its last suspension, too");
    });
    coroutine.resume(());
    coroutine.cancel();
    assert!(coroutine.is_done());
    assert_eq!(drops.count(), 4);
}

#[test]
fn a_body_may_return_instead_of_being_unwound() {
    let mut coroutine = Coroutine::<(), (), u32>::new(|suspender, ()| {
        u32::from(panic::catch_unwind(AssertUnwindSafe(|| suspender.suspend(()))).is_err())
    });
    coroutine.resume(());
    coroutine.cancel();
    assert!(coroutine.is_done() && coroutine.try_resume(()).is_err());
}

#[test]
fn a_panic_of_a_destructor_leaves_the_drop() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                return;
            }
            let caught = panic::catch_unwind(|| panic!("a destructor's own"));
            assert!(caught.is_err());
        }
    }
    let mut coroutine = Coroutine::<(), (), ()>::new(|suspender, ()| {
        let _panics = Panics;
        if panic::catch_unwind(AssertUnwindSafe(|| suspender.suspend(()))).is_err() {
            panic!("instead of going on");
        }
    });
    coroutine.resume(());
    assert_eq!(panic_of(|| drop(coroutine)), "instead of going on");
}

#[test]
fn coroutines_are_dropped_and_resumed_while_the_host_panics() {
    let drops = Drops::default();
    let guard = drops.guard();
    let mut suspended = Coroutine::<(), (), ()>::new(move |suspender, ()| {
        let _guard = guard;
        suspender.suspend(());
    });
    suspended.resume(());
    struct Sums(Coroutine<(), u32, ()>, std::rc::Rc<std::cell::Cell<u32>>);
    impl Drop for Sums {
        fn drop(&mut self) {
            self.1.set(self.0.by_ref().sum());
        }
    }
    let sum = std::rc::Rc::default();
    let sums =
        Sums(Coroutine::new(|s, ()| (1..5).for_each(|n| s.suspend(n))), std::rc::Rc::clone(&sum));
    let text = panic_of(move || {
        let _both = (sums, suspended);
        panic!("of the host");
    });
    assert_eq!((text.as_str(), drops.count(), sum.get()), ("of the host", 1, 10));
}

#[test]
fn a_suspender_is_refused_in_another_coroutine() {
    let mut outer = Coroutine::<(), (), String>::new(|suspender, ()| {
        panic_of(|| {
            stackswitch_coroutine::scope(
                |_: &Suspender<(), ()>, ()| suspender.suspend(()),
                |mut inner| _ = inner.resume(()),
            );
        })
    });
    let text = outer.resume(()).returned().expect("it is not suspended");
    assert_eq!(text, "a coroutine is suspended while another one runs");
}
