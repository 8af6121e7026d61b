//! IR functions as futures, and futures that IR awaits.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    ptr::null_mut,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use stackswitch::jit::{Jit, Task, Value};

const PROGRAM: &str = "
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @__gxx_personality_v0(...)
declare i64 @fetch(i64)
declare void @note(i64)
define i64 @guarded(i64 %x) personality ptr @__gxx_personality_v0 {
  %buffer = alloca [100 x i64]
  store volatile i64 %x, ptr %buffer
  %r = invoke i64 @fetch(i64 %x) to label %done unwind label %cleanup
done:
  %kept = load volatile i64, ptr %buffer
  %sum = add i64 %r, %kept
  ret i64 %sum
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  call void @note(i64 %x)
  resume { ptr, i32 } %pad
}
define i64 @one(ptr %x, i64 %first) {
  %n = ptrtoint ptr %x to i64
  %r = call i64 @guarded(i64 %n)
  ret i64 %r
}
define i64 @two(ptr %x, i64 %first) {
  %n = ptrtoint ptr %x to i64
  %r = call i64 @guarded(i64 %n)
  %s = call i64 @guarded(i64 %r)
  ret i64 %s
}
define i64 @inside(ptr %x, i64 %first) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @two, ptr %x)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %r
}
define i64 @yields(ptr %x, i64 %first) {
  %a = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  %b = call i64 @llvm.stackswitch.suspend.i64(i64 2)
  %c = add i64 %a, %b
  ret i64 %c
}
define i64 @call(i64 %x) {
  %r = call i64 @fetch(i64 %x)
  ret i64 %r
}
";

type Log = Rc<RefCell<Vec<i64>>>;

/// A JIT with [`PROGRAM`], whose `fetch` is this, and what `note` is called with.
fn jit<F: Future<Output = i64> + 'static>(fetch: impl Fn(i64) -> F + 'static) -> (Jit, Log) {
    let jit = Jit::builder().build().unwrap();
    let log = Log::default();
    let notes = log.clone();
    jit.host_fn("note", move |x: i64| notes.borrow_mut().push(x)).unwrap();
    jit.host_async_fn("fetch", fetch).unwrap();
    jit.add_ir("test.ll", PROGRAM).unwrap();
    (jit, log)
}

fn start<'jit, Out: Value>(jit: &'jit Jit, name: &str, x: usize) -> Task<'jit, Out> {
    // SAFETY: the functions of these tests are sound, and take a number for a pointer.
    unsafe { jit.task(name, std::ptr::without_provenance_mut(x)) }.unwrap()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls until the future is ready, and parks the thread in between.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

/// Twice the value, worked out by another thread.
fn elsewhere(x: i64) -> impl Future<Output = i64> {
    type Shared = Arc<Mutex<(Option<i64>, Option<Waker>)>>;
    let shared = Shared::default();
    let theirs = shared.clone();
    thread::spawn(move || {
        thread::yield_now();
        let mut shared = theirs.lock().unwrap();
        shared.0 = Some(2 * x);
        shared.1.take().map(Waker::wake)
    });
    poll_fn(move |context| {
        let mut shared = shared.lock().unwrap();
        shared.1 = Some(context.waker().clone());
        shared.0.map_or(Poll::Pending, Poll::Ready)
    })
}

#[test]
fn ir_awaits_what_another_thread_works_out() {
    let (jit, log) = jit(elsewhere);
    assert_eq!(block_on(start::<i64>(&jit, "one", 5)).unwrap(), 15);
    for name in ["two", "inside"] {
        assert_eq!(block_on(start::<i64>(&jit, name, 5)).unwrap(), 45);
    }
    assert_eq!(*log.borrow(), [0; 0]);
}

#[test]
fn hundreds_wait_side_by_side() {
    let (jit, _) = jit(elsewhere);
    let mut tasks: Vec<_> = (0..300).map(|x| Some(start::<i64>(&jit, "two", x))).collect();
    let mut results = vec![None; tasks.len()];
    block_on(poll_fn(|context| {
        for (slot, result) in tasks.iter_mut().zip(&mut results) {
            if let Some(task) = slot
                && let Poll::Ready(done) = Pin::new(task).poll(context)
            {
                *result = Some(done.unwrap());
                *slot = None;
            }
        }
        if tasks.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    }));
    assert_eq!(results, (0..300).map(|x| Some(9 * x)).collect::<Vec<_>>());
}

#[test]
fn a_future_that_is_ready_does_not_wait() {
    let (jit, _) = jit(|x| ready(x + 1));
    let mut task = pin!(start::<i64>(&jit, "two", 1));
    let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(7))));
}

#[test]
fn a_suspend_of_irs_own_lets_others_run() {
    let (jit, _) = jit(ready);
    struct Count(Mutex<usize>);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let count = Arc::new(Count(Mutex::new(0)));
    let waker = Waker::from(count.clone());
    let mut context = Context::from_waker(&waker);
    let mut task = pin!(start::<i64>(&jit, "yields", 0));
    assert!(task.as_mut().poll(&mut context).is_pending());
    assert_eq!(*count.0.lock().unwrap(), 1);
    assert!(task.as_mut().poll(&mut context).is_pending());
    assert_eq!(*count.0.lock().unwrap(), 2);
    assert!(matches!(task.as_mut().poll(&mut context), Poll::Ready(Ok(0))));
}

#[test]
fn dropping_a_task_drops_what_it_waits_for_and_cancels_it() {
    struct Noisy(Rc<Cell<u32>>);
    impl Drop for Noisy {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let drops = Rc::new(Cell::new(0));
    let shared = drops.clone();
    let (jit, log) = jit(move |_| {
        let noisy = Noisy(shared.clone());
        async move {
            let _noisy = noisy;
            pending::<i64>().await
        }
    });
    for (name, expected) in [("one", 1), ("inside", 2)] {
        let mut task = start::<i64>(&jit, name, 8);
        let polled = Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        assert_eq!(drops.get(), expected - 1);
        drop(task);
        assert_eq!(drops.get(), expected);
    }
    assert_eq!(*log.borrow(), [8, 8]);
    drop(start::<i64>(&jit, "one", 8));
    assert_eq!(drops.get(), 2);
}

#[test]
fn a_panic_of_the_future_goes_on_in_poll() {
    let (jit, log) = jit(|x| async move { if x == 3 { panic!("no {x}") } else { x } });
    let caught = catch_unwind(AssertUnwindSafe(|| block_on(start::<i64>(&jit, "one", 3))));
    assert_eq!(caught.unwrap_err().downcast_ref::<String>(), Some(&"no 3".to_owned()));
    assert_eq!(*log.borrow(), [3]);
    assert_eq!(block_on(start::<i64>(&jit, "one", 4)).unwrap(), 8);
}

#[test]
fn awaiting_outside_of_a_task_is_a_panic() {
    let (jit, _) = jit(ready);
    type Call = unsafe extern "C" fn(i64) -> i64;
    let call = jit.function::<Call>("call").unwrap();
    // SAFETY: the frames have nothing to drop.
    let caught = catch_unwind(AssertUnwindSafe(|| unsafe { jit.call(|| call(1)) }));
    let payload = caught.unwrap_err();
    let message = payload.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(message.contains("no task calls it"), "{message}");
    // A coroutine that is no task's cannot wait either.
    // SAFETY: the function is sound.
    let mut coroutine = unsafe { jit.coroutine::<i64, i64>("one", null_mut()) }.unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| coroutine.resume(0))).is_err());
}

#[test]
fn a_task_may_be_polled_from_different_contexts() {
    let polls = Rc::new(Cell::new(0));
    let shared = polls.clone();
    let (jit, _) = jit(move |x| {
        let polls = shared.clone();
        let mut times = 0;
        poll_fn(move |_| {
            times += 1;
            polls.set(polls.get() + 1);
            if times == 3 { Poll::Ready(x) } else { Poll::Pending }
        })
    });
    for name in ["two", "inside"] {
        let mut task = start::<i64>(&jit, name, 1);
        let mut poll = || {
            Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop())).map(Result::unwrap)
        };
        assert!(poll().is_pending());
        // SAFETY: the frames have nothing to drop.
        unsafe { jit.call(|| assert!(poll().is_pending())) }.unwrap();
        assert!(poll().is_pending());
        // SAFETY: as above.
        unsafe { jit.call(|| assert!(poll().is_pending())) }.unwrap();
        assert_eq!(poll(), Poll::Ready(4));
    }
    assert_eq!(polls.get(), 12);
}
