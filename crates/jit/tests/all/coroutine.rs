//! IR functions as coroutines that Rust drives.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::null_mut,
    rc::Rc,
};

use stackswitch::jit::{Coroutine, Error, Jit, OptLevel, State, Status, Value, ValueType};

const DECLARATIONS: &str = "
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @stackswitch_suspend_i64(i64)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @llvm.stackswitch.current()
declare void @note(i64)
declare i32 @__gxx_personality_v0(...)
";

/// Counts up from the first value by what it is resumed with, notes what it unwinds.
const COUNTER: &str = "
define i64 @counter(ptr %arg, i64 %first) personality ptr @__gxx_personality_v0 {
entry:
  br label %loop
loop:
  %n = phi i64 [ %first, %entry ], [ %next, %done ]
  %got = invoke i64 @stackswitch_suspend_i64(i64 %n) to label %done unwind label %cleanup
done:
  %next = add i64 %n, %got
  %ends = icmp eq i64 %got, 99
  br i1 %ends, label %end, label %loop
end:
  ret i64 %n
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  call void @note(i64 %n)
  resume { ptr, i32 } %pad
}
";

type Log = Rc<RefCell<Vec<i64>>>;

/// A JIT with these functions, and what `note` is called with.
fn jit_at(level: OptLevel, text: &str) -> (Jit, Log) {
    let jit = Jit::builder().opt_level(level).build().unwrap();
    let log = Log::default();
    let notes = log.clone();
    jit.host_fn("note", move |x: i64| notes.borrow_mut().push(x)).unwrap();
    jit.add_ir("test.ll", &format!("{DECLARATIONS}{COUNTER}{text}")).unwrap();
    (jit, log)
}

fn jit(text: &str) -> (Jit, Log) {
    jit_at(OptLevel::O2, text)
}

/// A coroutine without an argument.
fn start<'jit, In: Value, Out: Value>(jit: &'jit Jit, name: &str) -> Coroutine<'jit, In, Out> {
    // SAFETY: the functions of these tests are sound, and are asked for by their types.
    unsafe { jit.coroutine(name, null_mut()) }.unwrap()
}

#[test]
fn values_go_in_and_out_at_every_level() {
    for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
        let (jit, log) = jit_at(level, "");
        let mut counter = start::<i64, i64>(&jit, "counter");
        assert_eq!(counter.status(), Status::New);
        assert_eq!(counter.resume(5).unwrap(), State::Yielded(5));
        assert_eq!(counter.resume(10).unwrap(), State::Yielded(15));
        assert_eq!(counter.status(), Status::Suspended);
        assert_eq!(counter.resume(99).unwrap(), State::Returned(15));
        assert!(counter.is_done());
        assert!(matches!(counter.resume(1), Err(Error::Finished)));
        drop(counter);
        assert_eq!(*log.borrow(), [0; 0]);
    }
}

/// A body of any type that gives back what it gets, and returns the third.
fn echo<T: Value + PartialEq + std::fmt::Debug>(ty: &str, suffix: &str, values: [T; 3]) {
    for level in [OptLevel::O0, OptLevel::O2] {
        let text = format!(
            "declare {ty} @llvm.stackswitch.suspend.{suffix}({ty})
             define {ty} @echo(ptr %arg, {ty} %first) {{
               %second = call {ty} @llvm.stackswitch.suspend.{suffix}({ty} %first)
               %third = call {ty} @llvm.stackswitch.suspend.{suffix}({ty} %second)
               ret {ty} %third
             }}"
        );
        let jit = Jit::builder().opt_level(level).build().unwrap();
        jit.add_ir("echo.ll", &text).unwrap();
        let mut echo = start::<T, T>(&jit, "echo");
        assert_eq!(echo.resume(values[0]).unwrap(), State::Yielded(values[0]));
        assert_eq!(echo.resume(values[1]).unwrap(), State::Yielded(values[1]));
        assert_eq!(echo.resume(values[2]).unwrap(), State::Returned(values[2]));
        // Nobody looks at the values.
        let mut silent = start::<(), ()>(&jit, "echo");
        assert_eq!(silent.resume(()).unwrap(), State::Yielded(()));
        let mut zeros = start::<(), T>(&jit, "echo");
        let State::Yielded(zero) = zeros.resume(()).unwrap() else { panic!("returned") };
        assert_eq!(zeros.resume(()).unwrap(), State::Yielded(zero));
        let mut dropped = start::<T, ()>(&jit, "echo");
        assert_eq!(dropped.resume(values[0]).unwrap(), State::Yielded(()));
    }
}

#[test]
fn every_type_travels_whole() {
    echo("i1", "i1", [true, false, true]);
    echo("i8", "i8", [-1_i8, i8::MIN, 7]);
    echo("i8", "i8", [255_u8, 128, 7]);
    echo("i16", "i16", [-1_i16, i16::MIN, 7]);
    echo("i16", "i16", [u16::MAX, 32768, 7]);
    echo("i32", "i32", [-1_i32, i32::MIN, 7]);
    echo("i32", "i32", [u32::MAX, 1 << 31, 7]);
    echo("i64", "i64", [-1_i64, i64::MIN, 7]);
    echo("i64", "i64", [u64::MAX, 1 << 63, 7]);
    echo("i64", "i64", [usize::MAX, 1, 7]);
    echo("float", "f32", [1.5_f32, f32::MIN_POSITIVE, -0.25]);
    echo("double", "f64", [1.5_f64, f64::MAX, -0.1]);
    let cell = Box::leak(Box::new(5));
    echo("ptr", "p0", [std::ptr::from_mut(cell), null_mut(), cell]);
}

#[test]
fn a_type_that_does_not_fit_is_an_error() {
    let (jit, _) = jit("define i64 @alone(i64 %x) { ret i64 %x }
        define i8 @relies(ptr %arg, i8 signext %first) { ret i8 %first }
        define { i64, i64 } @pair(ptr %arg, { i64, i64 } %first) { ret { i64, i64 } %first }");
    // SAFETY: none of them is made.
    unsafe {
        let error = jit.coroutine::<i32, i64>("counter", null_mut()).err().unwrap();
        assert!(
            matches!(
                error,
                Error::BodyType { found: ValueType::I64, expected: ValueType::I32, .. }
            ),
            "{error}"
        );
        assert_eq!(error.to_string(), "`counter` takes and returns i64, but i32 was asked for");
        let error = jit.coroutine::<(), f64>("counter", null_mut()).err().unwrap();
        assert!(matches!(error, Error::BodyType { .. }), "{error}");
        for name in ["alone", "pair", "relies"] {
            let error = jit.coroutine::<i64, i64>(name, null_mut()).err().unwrap();
            assert!(matches!(&error, Error::NotBody(what) if what == name), "{error}");
        }
        let error = jit.coroutine::<i64, i64>("nobody", null_mut()).err().unwrap();
        assert!(matches!(error, Error::MissingSymbol(_)), "{error}");
    }
}

const SQUARES: &str = "
define i64 @squares(ptr %count, i64 %first) {
entry:
  %n = load i64, ptr %count
  br label %loop
loop:
  %i = phi i64 [ 1, %entry ], [ %next, %loop ]
  %square = mul i64 %i, %i
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %square)
  %next = add i64 %i, 1
  %more = icmp sle i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret i64 -1
}
";

#[test]
fn a_generator_is_an_iterator() {
    let (jit, _) = jit(SQUARES);
    let mut count = 5_i64;
    // SAFETY: the count outlives the coroutine.
    let squares = unsafe { jit.coroutine::<(), i64>("squares", (&raw mut count).cast()).unwrap() };
    let mut seen = Vec::new();
    for square in squares {
        seen.push(square.unwrap());
    }
    assert_eq!(seen, [1, 4, 9, 16, 25]);
    // SAFETY: as above.
    let mut squares =
        unsafe { jit.coroutine::<(), i64>("squares", (&raw mut count).cast()).unwrap() };
    let sum: i64 = squares.by_ref().take(3).map(Result::unwrap).sum();
    assert_eq!((sum, squares.is_done()), (14, false));
    assert_eq!(squares.by_ref().count(), 2);
    assert!(squares.next().is_none() && squares.is_done());
}

#[test]
fn a_function_may_run_on_top_of_the_host_that_waits_in_a_resume() {
    let (jit, log) = jit("
        declare i64 @llvm.stackswitch.swap.ontop.i64(ptr, ptr, i64)
        declare ptr @llvm.stackswitch.link(ptr)
        define i64 @twice(i64 %x) {
          call void @note(i64 %x)
          %y = shl i64 %x, 1
          ret i64 %y
        }
        define i64 @visits(ptr %arg, i64 %first) {
          br label %loop
        loop:
          %n = phi i64 [ %first, %0 ], [ %c, %loop ]
          %self = call ptr @llvm.stackswitch.current()
          %host = call ptr @llvm.stackswitch.link(ptr %self)
          %a = call i64 @llvm.stackswitch.swap.ontop.i64(ptr %host, ptr @twice, i64 %n)
          %b = call i64 @llvm.stackswitch.suspend.i64(i64 %a)
          %c = call i64 @llvm.stackswitch.swap.ontop.i64(ptr %host, ptr @twice, i64 %b)
          br label %loop
        }");
    let mut visits = start::<i64, i64>(&jit, "visits");
    let answers: Vec<_> = (1..=5).map(|n| visits.resume(n).unwrap()).collect();
    assert_eq!(answers, [2, 2, 6, 8, 5].map(State::Yielded));
    drop(visits);
    assert_eq!(*log.borrow(), [1, 3, 4]);
}

#[test]
fn one_coroutine_may_be_resumed_from_the_thread_and_from_contexts_in_turn() {
    let (jit, _) = jit("");
    let mut counter = start::<i64, i64>(&jit, "counter");
    let mut expected = 0;
    assert_eq!(counter.resume(0).unwrap(), State::Yielded(0));
    for _ in 0..4 {
        for _ in 0..3 {
            expected += 1;
            assert_eq!(counter.resume(1).unwrap(), State::Yielded(expected));
        }
        // SAFETY: the frames have nothing to drop.
        let inside = unsafe { jit.call(|| counter.resume(1).unwrap()) };
        expected += 1;
        assert_eq!(inside.unwrap(), State::Yielded(expected));
    }
    assert_eq!(counter.resume(99).unwrap(), State::Returned(expected));
}

#[test]
fn thousands_live_side_by_side() {
    let (jit, _) = jit("");
    let mut all: Vec<_> = (0..2000).map(|_| start::<i64, i64>(&jit, "counter")).collect();
    for round in 0..3 {
        for (i, counter) in (100..).zip(&mut all) {
            assert_eq!(counter.resume(i).unwrap(), State::Yielded(i * (round + 1)));
        }
    }
}

#[test]
fn dropping_cancels_and_a_new_one_just_goes() {
    let (jit, log) = jit("");
    let mut one = start::<i64, i64>(&jit, "counter");
    one.resume(1).unwrap();
    let mut two = start::<i64, i64>(&jit, "counter");
    two.resume(2).unwrap();
    drop(start::<i64, i64>(&jit, "counter"));
    assert_eq!(*log.borrow(), [0; 0]);
    drop(one);
    assert_eq!(*log.borrow(), [1]);
    two.cancel().unwrap();
    assert_eq!(*log.borrow(), [1, 2]);
    assert!(two.is_done());
    assert!(matches!(two.cancel(), Err(Error::Finished)));
    assert!(matches!(two.resume(1), Err(Error::Finished)));
}

#[test]
fn dropping_while_the_host_panics_cancels() {
    let (jit, log) = jit("");
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let mut counter = start::<i64, i64>(&jit, "counter");
        counter.resume(4).unwrap();
        panic!("out of here");
    }));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"out of here"));
    assert_eq!(*log.borrow(), [4]);
}

/// Bodies that come to a bad end, in themselves or in their cleanups.
const BAD: &str = "
define i64 @resumes_itself(ptr %arg, i64 %first) {
  %me = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %me, i64 0)
  ret i64 %r
}
define i64 @resumes_null(ptr %arg, i64 %first) {
  %none = load volatile ptr, ptr @null
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %none, i64 0)
  ret i64 %r
}
@null = global ptr null
define i64 @deeper(i64 %n) noinline {
  %buffer = alloca [512 x i64]
  store volatile i64 %n, ptr %buffer
  %next = add i64 %n, 1
  %below = call i64 @deeper(i64 %next)
  %here = load volatile i64, ptr %buffer
  %sum = add i64 %below, %here
  ret i64 %sum
}
define i64 @overflows(ptr %arg, i64 %first) {
  %sum = call i64 @deeper(i64 0)
  ret i64 %sum
}
define i64 @cleanup(ptr %first) personality ptr @__gxx_personality_v0 {
  %got = invoke i64 @stackswitch_suspend_i64(i64 1) to label %done unwind label %cleanup
done:
  ret i64 %got
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  %r = call i64 %first(ptr null, i64 0)
  call void @note(i64 %r)
  resume { ptr, i32 } %pad
}
define i64 @cleanup_faults(ptr %arg, i64 %first) {
  %r = call i64 @cleanup(ptr @resumes_null)
  ret i64 %r
}
define i64 @suspends(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
define i64 @cleanup_suspends(ptr %arg, i64 %first) {
  %r = call i64 @cleanup(ptr @suspends)
  ret i64 %r
}
";

#[test]
fn a_fault_ends_its_coroutine_and_no_other() {
    let (jit, log) = jit(BAD);
    let mut other = start::<i64, i64>(&jit, "counter");
    let mut expected = 0;
    for round in 0..100 {
        for (name, what) in
            [("resumes_itself", "ERUNNING"), ("resumes_null", "EINVAL"), ("overflows", "EOVERFLOW")]
        {
            if name == "overflows" && round % 25 != 0 {
                continue;
            }
            let mut bad = start::<i64, i64>(&jit, name);
            let error = bad.resume(0).unwrap_err();
            assert!(matches!(&error, Error::Fault(f) if f.message.contains(what)), "{error}");
            assert!(bad.is_done());
            assert!(matches!(bad.resume(0), Err(Error::Finished)));
            expected += 3;
            assert_eq!(other.resume(3).unwrap(), State::Yielded(expected));
        }
    }
    let mut items = start::<(), i64>(&jit, "resumes_null");
    assert!(matches!(items.next(), Some(Err(Error::Fault(_)))));
    assert!(items.next().is_none());
    assert_eq!(*log.borrow(), [0; 0]);
}

#[test]
fn what_goes_wrong_in_a_cleanup_is_told_by_cancel() {
    let (jit, log) = jit(BAD);
    for _ in 0..20 {
        let mut faults = start::<i64, i64>(&jit, "cleanup_faults");
        faults.resume(0).unwrap();
        assert!(matches!(faults.cancel(), Err(Error::Fault(_))));
        assert!(faults.is_done());
        let mut suspends = start::<i64, i64>(&jit, "cleanup_suspends");
        suspends.resume(0).unwrap();
        assert!(matches!(suspends.cancel(), Err(Error::Unfinished)));
        assert!(suspends.is_done());
        for name in ["cleanup_faults", "cleanup_suspends"] {
            let mut dropped = start::<i64, i64>(&jit, name);
            dropped.resume(0).unwrap();
        }
    }
    let mut counter = start::<i64, i64>(&jit, "counter");
    assert_eq!(counter.resume(3).unwrap(), State::Yielded(3));
    assert_eq!(*log.borrow(), [0; 0]);
}

/// The contexts that are alive on this thread.
const ALIVE: &str = "
declare void @stackswitch_get_stats(ptr)
define i64 @alive() {
  %stats = alloca [64 x i64]
  call void @stackswitch_get_stats(ptr %stats)
  %contexts = load i64, ptr %stats
  ret i64 %contexts
}
";

#[test]
fn however_a_coroutine_ends_its_context_goes() {
    let (jit, _) = jit(&format!("{BAD}{ALIVE}"));
    let alive = jit.function::<unsafe extern "C" fn() -> i64>("alive").unwrap();
    for _ in 0..100 {
        drop(start::<i64, i64>(&jit, "counter"));
        let mut counter = start::<i64, i64>(&jit, "counter");
        counter.resume(1).unwrap();
        // SAFETY: it only counts.
        assert_eq!(unsafe { alive() }, 1);
        counter.resume(99).unwrap();
        drop(counter);
        for name in ["counter", "cleanup_faults", "cleanup_suspends"] {
            start::<i64, i64>(&jit, name).resume(1).unwrap();
        }
        start::<i64, i64>(&jit, "resumes_null").resume(1).unwrap_err();
        // SAFETY: as above.
        assert_eq!(unsafe { alive() }, 0);
    }
}

#[test]
fn coroutines_and_protected_calls_nest() {
    let (jit, _) = jit(BAD);
    let mut counter = start::<i64, i64>(&jit, "counter");
    // SAFETY: the frames have nothing to drop that matters.
    let inside = unsafe {
        jit.call(|| {
            assert_eq!(counter.resume(1).unwrap(), State::Yielded(1));
            let mut bad = start::<i64, i64>(&jit, "resumes_null");
            assert!(matches!(bad.resume(0), Err(Error::Fault(_))));
            jit.call(|| counter.resume(4).unwrap()).unwrap()
        })
    };
    assert_eq!(inside.unwrap(), State::Yielded(5));
    assert_eq!(counter.resume(1).unwrap(), State::Yielded(6));
}

#[test]
fn threads_have_coroutines_of_their_own() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                let (jit, log) = jit(BAD);
                let mut counter = start::<i64, i64>(&jit, "counter");
                for i in 1..50 {
                    assert_eq!(counter.resume(1).unwrap(), State::Yielded(i));
                    let mut bad = start::<i64, i64>(&jit, "resumes_itself");
                    assert!(matches!(bad.resume(0), Err(Error::Fault(_))));
                }
                drop(counter);
                assert_eq!(*log.borrow(), [49]);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
