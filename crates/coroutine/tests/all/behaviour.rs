//! Values, states, iteration and stacks.

use stackswitch_coroutine::{Coroutine, Finished, Stack, State, Suspender};

use crate::Drops;

#[test]
fn a_body_runs_when_it_is_resumed_first() {
    let drops = Drops::default();
    let guard = drops.guard();
    let mut coroutine = Coroutine::<(), (), ()>::new(move |_, ()| drop(guard));
    assert!(!coroutine.has_begun() && !coroutine.is_done());
    assert_eq!(drops.count(), 0);
    assert_eq!(coroutine.resume(()), State::Returned(()));
    assert!(coroutine.has_begun() && coroutine.is_done());
    assert_eq!(drops.count(), 1);
}

#[test]
fn values_of_three_types_travel() {
    let mut coroutine = Coroutine::new(|suspender, first: f64| {
        assert_eq!(first, 2.5);
        let second = suspender.suspend(vec![1, 2]);
        assert_eq!(second, 3.5);
        String::from("end")
    });
    assert_eq!(coroutine.resume(2.5).yielded(), Some(vec![1, 2]));
    assert_eq!(coroutine.resume(3.5).returned().as_deref(), Some("end"));
}

#[test]
fn values_may_be_large_and_aligned() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(128))]
    struct Large([u64; 512]);

    let captured = Large([7; 512]);
    let mut coroutine = Coroutine::new(move |suspender, mut value: Large| {
        assert_eq!((&raw const captured).addr() % 128, 0);
        for _ in 0..3 {
            value = suspender.suspend(Large(value.0.map(|word| word + captured.0[0])));
        }
    });
    for round in 0..3 {
        assert_eq!(coroutine.resume(Large([round; 512])), State::Yielded(Large([round + 7; 512])));
    }
    assert_eq!(coroutine.resume(Large([0; 512])), State::Returned(()));
}

#[test]
fn a_finished_coroutine_hands_the_value_back() {
    let mut coroutine = Coroutine::<String, (), ()>::new(|_, _| ());
    coroutine.resume(String::new());
    assert_eq!(coroutine.try_resume("mine".into()), Err(Finished("mine".into())));
}

#[test]
#[should_panic(expected = "whose body has ended")]
fn resuming_a_finished_coroutine_panics() {
    let mut coroutine = Coroutine::<(), (), ()>::new(|_, ()| ());
    coroutine.resume(());
    coroutine.resume(());
}

#[test]
fn an_iterator_yields_from_deep_in_calls() {
    fn count_down(from: u32, suspender: &Suspender<(), u32>) {
        if from > 0 {
            suspender.suspend(from);
            count_down(from - 1, suspender);
            suspender.suspend(from);
        }
    }
    let mut values = Coroutine::new(|suspender, ()| count_down(3, suspender));
    assert!(values.by_ref().eq([3, 2, 1, 1, 2, 3]));
    assert_eq!(values.next(), None);
}

#[test]
fn coroutines_resume_coroutines() {
    let mut outer = Coroutine::new(|suspender, ()| {
        for inner in (1..4).map(|n| Coroutine::new(move |s, ()| (0..n).for_each(|i| s.suspend(i))))
        {
            inner.for_each(|value| suspender.suspend(value));
        }
    });
    assert!(outer.by_ref().eq([0, 0, 1, 0, 1, 2]));
}

#[test]
fn a_stack_is_as_large_as_asked_for() {
    fn recurse(depth: u32) -> u32 {
        let bytes = std::hint::black_box([depth as u8; 10_000]);
        if depth == 0 { 0 } else { 1 + recurse(depth - 1) + u32::from(bytes[0] != depth as u8) }
    }
    let mut coroutine =
        Coroutine::<(), (), u32>::with_stack(Stack::with_size(16 << 20), |_, ()| recurse(800))
            .expect("there is memory");
    assert_eq!(coroutine.resume(()), State::Returned(800));
}

#[test]
fn many_live_at_once_and_their_stacks_are_used_again() {
    for _ in 0..3 {
        let mut all: Vec<_> = (0..500_u64)
            .map(|n| Coroutine::new(move |s, ()| (0..10).for_each(|i| s.suspend(n * 10 + i))))
            .collect();
        for round in 0..10 {
            for (n, coroutine) in (0..).zip(&mut all) {
                assert_eq!(coroutine.next(), Some(n * 10 + round));
            }
        }
        assert!(all.iter_mut().all(|coroutine| coroutine.next().is_none()));
    }
}

#[test]
fn sliced_coroutines_share_regions() {
    let mut all: Vec<_> = (0..300_u64)
        .map(|n| {
            let body = move |suspender: &Suspender<(), u64>, ()| {
                let local = [n; 64];
                for i in 0..10 {
                    suspender.suspend(local[i * 6] * 10 + i as u64);
                }
            };
            // SAFETY: the body lends its locals to nobody.
            unsafe { Coroutine::sliced(body) }.expect("there is memory")
        })
        .collect();
    for round in 0..10 {
        for (n, coroutine) in (0..).zip(&mut all) {
            assert_eq!(coroutine.next(), Some(n * 10 + round));
        }
    }
}

#[test]
fn one_that_is_dropped_is_unwound() {
    let drops = Drops::default();
    let (captured, local) = (drops.guard(), drops.clone());
    let body = move |suspender: &Suspender<(), ()>, ()| {
        let _captured = captured;
        let _local = local.guard();
        suspender.suspend(());
        unreachable!("it is never resumed");
    };
    let mut coroutine = Coroutine::<(), (), ()>::new(body);
    coroutine.resume(());
    assert_eq!(drops.count(), 0);
    drop(coroutine);
    assert_eq!(drops.count(), 2);
}

#[test]
fn one_that_has_not_begun_is_dropped() {
    let drops = Drops::default();
    let guard = drops.guard();
    let mut coroutine = Coroutine::<(), (), ()>::new(move |_, ()| drop(guard));
    coroutine.cancel();
    assert!(coroutine.is_done() && !coroutine.has_begun());
    assert_eq!(drops.count(), 1);
    assert!(coroutine.try_resume(()).is_err());
    drop(coroutine);
    assert_eq!(drops.count(), 1);
}

#[test]
fn values_in_flight_are_dropped() {
    let drops = Drops::default();
    let yielded = drops.clone();
    let mut coroutine = Coroutine::new(move |suspender, first| {
        drop(first);
        suspender.suspend(yielded.guard());
        yielded.guard()
    });
    drop(coroutine.resume(drops.guard()));
    assert_eq!(drops.count(), 2);
    drop(coroutine);
    assert_eq!(drops.count(), 2);
}
