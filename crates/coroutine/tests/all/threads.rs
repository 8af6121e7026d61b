//! Locals that others see, and the ends of threads.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use stackswitch_coroutine::{Coroutine, Suspender};

/// A coroutine that lends its locals to a scoped thread, which tells when one has changed, and suspends
/// meanwhile until it is told to stop. Returns whether the thread saw other values.
fn lends_locals(
    stop: Arc<AtomicBool>,
    started: Option<mpsc::Sender<()>>,
    end: Option<mpsc::Sender<bool>>,
) -> Coroutine<(), (), bool> {
    Coroutine::new(move |suspender, ()| {
        let local = [const { AtomicU64::new(0x1111) }; 512];
        thread::scope(|threads| {
            let watcher = threads.spawn(|| {
                if let Some(started) = &started {
                    started.send(()).expect("somebody waits");
                }
                let mut changed = false;
                while !stop.load(Relaxed) {
                    changed |= local.iter().any(|word| word.load(Relaxed) != 0x1111);
                }
                if let Some(end) = &end {
                    end.send(changed).expect("somebody waits");
                }
                changed
            });
            while !stop.load(Relaxed) {
                suspender.suspend(());
            }
            watcher.join().expect("it does not panic")
        })
    })
}

/// A coroutine that fills its stack with other bytes.
fn fills_its_stack() -> Coroutine<(), (), ()> {
    Coroutine::new(|suspender: &Suspender<(), ()>, ()| {
        loop {
            std::hint::black_box([0xAB_u8; 8192]);
            suspender.suspend(());
        }
    })
}

#[test]
fn what_a_coroutine_lends_does_not_change_while_it_is_suspended() {
    let stop = Arc::new(AtomicBool::new(false));
    let mut lends = lends_locals(stop.clone(), None, None);
    // More than a thread has regions for those that share them.
    let mut others: Vec<_> = (0..130).map(|_| fills_its_stack()).collect();
    for _ in 0..20 {
        lends.resume(());
        for other in &mut others {
            other.resume(());
        }
    }
    stop.store(true, Relaxed);
    assert_eq!(lends.resume(()).returned(), Some(false));
}

#[test]
fn what_a_coroutine_lends_does_not_change_while_it_resumes_others() {
    let mut outer = Coroutine::<(), (), u64>::new(|_, ()| {
        let local = [const { AtomicU64::new(1) }; 512];
        thread::scope(|threads| {
            threads.spawn(|| {
                for word in &local {
                    word.fetch_add(1, Relaxed);
                }
            });
            let mut others: Vec<_> = (0..70).map(|_| fills_its_stack()).collect();
            for other in &mut others {
                other.resume(());
            }
        });
        local.iter().map(|word| word.load(Relaxed)).sum()
    });
    assert_eq!(outer.resume(()).returned(), Some(1024));
}

#[test]
fn a_forgotten_coroutine_keeps_what_it_has_lent_when_its_thread_ends() {
    let stop = Arc::new(AtomicBool::new(false));
    let (started, has_started) = mpsc::channel();
    let (end, has_ended) = mpsc::channel();
    let stopped = stop.clone();
    thread::spawn(move || {
        let mut lends = lends_locals(stopped, Some(started), Some(end));
        lends.resume(());
        mem::forget(lends);
    })
    .join()
    .expect("it does not panic");
    has_started.recv().expect("the scoped thread runs on");
    // What is mapped now would take the place of a stack that was given back.
    let others: Vec<_> = (0..8).map(|_| vec![0xAB_u8; 2 << 20]).collect();
    std::hint::black_box(&others);
    stop.store(true, Relaxed);
    assert!(!has_ended.recv().expect("the scoped thread runs on"), "it saw other values");
}

#[test]
fn coroutines_in_thread_locals_are_unwound_at_the_end() {
    thread_local! {
        static LOCAL: std::cell::RefCell<Option<Coroutine<(), (), ()>>> = const { std::cell::RefCell::new(None) };
    }
    struct Sends(mpsc::Sender<u32>);
    impl Drop for Sends {
        fn drop(&mut self) {
            self.0.send(7).expect("somebody waits");
        }
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut coroutine = Coroutine::<(), (), ()>::new(move |suspender, ()| {
            let _sends = Sends(sender);
            suspender.suspend(());
        });
        coroutine.resume(());
        LOCAL.set(Some(coroutine));
    })
    .join()
    .expect("it does not panic");
    assert_eq!(receiver.try_recv(), Ok(7));
}
