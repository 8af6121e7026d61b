//! Random use of the safe API, beside a model: each coroutine has locals that a second coroutine, a heap node
//! and the host know by address, and each access finds what the model says.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use proptest::prelude::*;
use stackswitch_coroutine::{Coroutine, Stack, State, Suspender};

/// What a body does when it is resumed.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Adds to its locals and suspends.
    Suspend(u64),
    /// The same, so many calls deeper.
    Deeper(u8, u64),
    /// Makes a coroutine that it resumes to the end.
    Nested(u8),
    /// Drops a coroutine that has begun.
    Abandon,
    /// Catches its own panic.
    Catch,
    Return,
    Panic,
}

/// What the host does with one of its coroutines.
#[derive(Clone, Copy, Debug)]
enum Action {
    Make(usize),
    Resume(usize, Step),
    Drop(usize),
    Cancel(usize),
    Forget(usize),
}

const SLOTS: usize = 6;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..100_u64).prop_map(Step::Suspend),
        3 => ((1..20_u8), (0..100_u64)).prop_map(|(depth, add)| Step::Deeper(depth, add)),
        2 => (0..5_u8).prop_map(Step::Nested),
        1 => Just(Step::Abandon),
        1 => Just(Step::Catch),
        1 => Just(Step::Return),
        1 => Just(Step::Panic),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (0..SLOTS).prop_map(Action::Make),
        9 => ((0..SLOTS), step()).prop_map(|(slot, step)| Action::Resume(slot, step)),
        1 => (0..SLOTS).prop_map(Action::Drop),
        1 => (0..SLOTS).prop_map(Action::Cancel),
        1 => (0..SLOTS).prop_map(Action::Forget),
    ]
}

/// Counts the bodies that are alive.
struct Alive(Rc<Cell<u32>>);

impl Alive {
    fn new(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get() + 1);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

type Subject = Coroutine<Step, u64, u64>;

/// Suspends `depth` calls deeper, each with locals of its own.
fn deeper(depth: u8, sum: u64, suspender: &Suspender<Step, u64>) -> Step {
    let local = std::hint::black_box([u64::from(depth); 100]);
    let next = match depth {
        0 => suspender.suspend(sum),
        _ => deeper(depth - 1, sum, suspender),
    };
    assert_eq!(local, [u64::from(depth); 100]);
    next
}

fn body(suspender: &Suspender<Step, u64>, mut step: Step, alive: &Alive) -> u64 {
    let sum = Cell::new(0);
    loop {
        step = match step {
            Step::Suspend(add) => {
                sum.set(sum.get() + add);
                suspender.suspend(sum.get())
            }
            Step::Deeper(depth, add) => {
                sum.set(sum.get() + add);
                deeper(depth, sum.get(), suspender)
            }
            Step::Nested(count) => {
                stackswitch_coroutine::scope(
                    |inner: &Suspender<(), ()>, ()| {
                        for _ in 0..count {
                            sum.set(sum.get() + 1);
                            inner.suspend(());
                        }
                    },
                    |inner| inner.for_each(drop),
                );
                suspender.suspend(sum.get())
            }
            Step::Abandon => {
                let guard = Alive::new(&alive.0);
                let mut inner = Coroutine::<(), (), ()>::new(move |suspender, ()| {
                    let _guard = guard;
                    suspender.suspend(());
                });
                inner.resume(());
                drop(inner);
                suspender.suspend(sum.get())
            }
            Step::Catch => {
                let caught = panic::catch_unwind(|| panic::resume_unwind(Box::new(1_u8)));
                assert!(caught.is_err());
                suspender.suspend(sum.get())
            }
            Step::Return => return sum.get(),
            Step::Panic => panic::resume_unwind(Box::new(sum.get())),
        }
    }
}

fn make(stack: usize, alive: &Rc<Cell<u32>>) -> Subject {
    let guard = Alive::new(alive);
    let stack = Stack::with_size((128 << 10) << (stack % 3));
    Coroutine::with_stack(stack, move |suspender, first| body(suspender, first, &guard))
        .expect("there is memory")
}

/// Resumes a coroutine and compares with the model, which is the sum that it should have. The new sum, or
/// `None` if it has ended.
fn resume(subject: &mut Subject, sum: u64, step: Step) -> Option<u64> {
    let expected = sum
        + match step {
            Step::Suspend(add) | Step::Deeper(_, add) => add,
            Step::Nested(count) => u64::from(count),
            _ => 0,
        };
    match panic::catch_unwind(AssertUnwindSafe(|| subject.resume(step))) {
        Ok(State::Yielded(found)) => {
            assert_eq!(found, expected);
            return Some(expected);
        }
        Ok(State::Returned(found)) => {
            assert_eq!((found, true), (expected, matches!(step, Step::Return)))
        }
        Err(payload) => {
            assert!(matches!(step, Step::Panic));
            assert_eq!(payload.downcast_ref::<u64>(), Some(&expected));
        }
    }
    assert!(subject.is_done() && subject.try_resume(step).is_err());
    None
}

fn run(actions: &[Action]) {
    let alive = Rc::new(Cell::new(0));
    let mut subjects: [Option<(Subject, Option<u64>)>; SLOTS] = Default::default();
    let mut forgotten = 0;
    for &action in actions {
        match action {
            Action::Make(slot) => subjects[slot] = Some((make(slot, &alive), Some(0))),
            Action::Resume(slot, step) => {
                let Some((subject, sum)) = &mut subjects[slot] else { continue };
                if let Some(before) = *sum {
                    *sum = resume(subject, before, step);
                }
            }
            Action::Drop(slot) => subjects[slot] = None,
            Action::Cancel(slot) => {
                let Some((subject, sum)) = &mut subjects[slot] else { continue };
                subject.cancel();
                assert!(subject.is_done());
                *sum = None;
            }
            Action::Forget(slot) => {
                let Some((subject, sum)) = subjects[slot].take() else { continue };
                forgotten += u32::from(sum.is_some());
                std::mem::forget(subject);
            }
        }
    }
    drop(subjects);
    assert_eq!(alive.get(), forgotten, "bodies that are still alive");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_safe_functions_do_what_the_model_does(actions in prop::collection::vec(action(), 1..80)) {
        run(&actions);
    }
}
