//! Rust closures that IR calls: values, panics, suspending, nesting, exceptions.

use std::{
    cell::{Cell, RefCell},
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, Output},
    ptr::null_mut,
    rc::Rc,
};

use stackswitch::jit::{
    Coroutine, Error, Jit, OptLevel, State, SuspendError, Value, ValueType, suspend,
};

const DECLARATIONS: &str = "
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @__gxx_personality_v0(...)
declare ptr @__cxa_allocate_exception(i64)
declare void @__cxa_throw(ptr, ptr, ptr)
declare ptr @__cxa_begin_catch(ptr)
declare void @__cxa_end_catch()
@_ZTIi = external constant ptr
declare void @note(i64)
declare i64 @host(i64)
";

/// Calls `host`, and notes if it is unwound.
const BODY: &str = "
define i64 @guarded(i64 %x) personality ptr @__gxx_personality_v0 {
  %r = invoke i64 @host(i64 %x) to label %done unwind label %cleanup
done:
  ret i64 %r
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  call void @note(i64 %x)
  resume { ptr, i32 } %pad
}
define i64 @body(ptr %arg, i64 %first) {
  %r = call i64 @guarded(i64 %first)
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %r)
  %s = call i64 @guarded(i64 %got)
  ret i64 %s
}
define i64 @inner(ptr %arg, i64 %first) {
  %r = call i64 @guarded(i64 %first)
  %s = call i64 @guarded(i64 %r)
  ret i64 %s
}
define i64 @outer(ptr %arg, i64 %first) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @inner, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %first)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %r
}
define i64 @call(i64 %x) {
  %r = call i64 @guarded(i64 %x)
  ret i64 %r
}
";

type Log = Rc<RefCell<Vec<i64>>>;

/// A JIT with [`BODY`], whose `host` is this, and what `note` is called with.
fn jit(host: impl Fn(i64) -> i64 + 'static) -> (Rc<Jit>, Log) {
    let jit = Jit::builder().build().unwrap();
    let log = Log::default();
    let notes = log.clone();
    jit.host_fn("note", move |x: i64| notes.borrow_mut().push(x)).unwrap();
    jit.host_fn("host", host).unwrap();
    jit.add_ir("test.ll", &format!("{DECLARATIONS}{BODY}")).unwrap();
    (Rc::new(jit), log)
}

fn start<'jit, In: Value, Out: Value>(jit: &'jit Jit, name: &str) -> Coroutine<'jit, In, Out> {
    // SAFETY: the functions of these tests are sound, and are asked for by their types.
    unsafe { jit.coroutine(name, null_mut()) }.unwrap()
}

type Call = unsafe extern "C-unwind" fn(i64) -> i64;

/// The IR function `call`.
fn call(jit: &Jit) -> Call {
    *jit.function::<Call>("call").unwrap()
}

/// Calls of host functions with arguments and results of every type.
const EVERY_TYPE: &str = "declare i64 @ints(i8, i8, i16, i16, i32, i32, i64, i64)
             declare i8 @small(i8)
             declare i16 @unsigned(i16)
             declare i1 @not(i1)
             declare double @floats(float, double)
             declare float @half(float)
             declare i64 @deref(ptr)
             declare void @nothing()
             @minus = global i64 -1
             @variable = global i64 77
             define i64 @integers() {
               %m = load volatile i64, ptr @minus
               %a = trunc i64 %m to i8
               %two = add i64 %m, -1
               %c = trunc i64 %two to i16
               %three = add i64 %m, -2
               %e = trunc i64 %three to i32
               %four = add i64 %m, -3
               %f = trunc i64 %four to i32
               %g = add i64 %m, -4
               %h = add i64 %m, -5
               %r = call i64 @ints(i8 %a, i8 %a, i16 %c, i16 %c, i32 %e, i32 %f, i64 %g, i64 %h)
               ret i64 %r
             }
             define i64 @rest(i64 %x) {
               call void @nothing()
               %byte = trunc i64 %x to i8
               %b = call i8 @small(i8 %byte)
               %b64 = sext i8 %b to i64
               %short = trunc i64 %x to i16
               %s = call i16 @unsigned(i16 %short)
               %s64 = zext i16 %s to i64
               %odd = trunc i64 %x to i1
               %n = call i1 @not(i1 %odd)
               %n64 = zext i1 %n to i64
               %d = call i64 @deref(ptr @variable)
               %half = call float @half(float 3.0)
               %f = call double @floats(float %half, double 4.0)
               %f64 = fptosi double %f to i64
               %1 = mul i64 %b64, 1000000
               %2 = add i64 %1, %s64
               %3 = mul i64 %n64, 100000
               %4 = add i64 %2, %3
               %5 = add i64 %4, %d
               %6 = add i64 %5, %f64
               ret i64 %6
             }";

#[test]
fn arguments_and_results_of_every_type_arrive_whole() {
    for level in [OptLevel::O0, OptLevel::O2] {
        let jit = Jit::builder().opt_level(level).build().unwrap();
        jit.host_fn("ints", |a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64| {
            assert_eq!((a, b, c, d), (-1, 255, -2, 65534));
            assert_eq!((e, f, g, h), (-3, u32::MAX - 3, -5, u64::MAX - 5));
            i64::from(a) + i64::from(c) + i64::from(e) + g
        })
        .unwrap();
        jit.host_fn("small", |x: i8| x.wrapping_sub(1)).unwrap();
        jit.host_fn("unsigned", |x: u16| x.wrapping_add(1)).unwrap();
        jit.host_fn("not", |x: bool| !x).unwrap();
        jit.host_fn("floats", |x: f32, y: f64| f64::from(x) * y).unwrap();
        jit.host_fn("half", |x: f32| x / 2.0).unwrap();
        jit.host_fn("deref", |p: *const i64| {
            // SAFETY: the program passes a variable of its own.
            unsafe { p.read() }
        })
        .unwrap();
        jit.host_fn("nothing", || {}).unwrap();
        jit.add_ir("calls.ll", EVERY_TYPE).unwrap();
        // SAFETY: the types are the IR functions', which call closures of their types.
        unsafe {
            let integers = jit.function::<unsafe extern "C" fn() -> i64>("integers").unwrap();
            assert_eq!(jit.call(|| integers()).unwrap(), -1 - 2 - 3 - 5);
            let rest = jit.function::<unsafe extern "C" fn(i64) -> i64>("rest").unwrap();
            // -128 wraps to 127; 0xff80 + 1; even.
            let expected = 127_000_000 + 0xff81 + 100_000 + 77 + 6;
            assert_eq!(jit.call(|| rest(0xff80)).unwrap(), expected);
        }
    }
}

#[test]
fn names_are_checked_and_defined_once() {
    let jit = Jit::builder().build().unwrap();
    for name in ["", "a\"b", "a\\b", "a\nb", "a\0b"] {
        assert!(matches!(jit.host_fn(name, || {}), Err(Error::HostName(_))), "{name:?}");
    }
    jit.host_fn("an odd name", || {}).unwrap();
    jit.host_fn("twice", || {}).unwrap();
    assert!(jit.host_fn("twice", || {}).is_err());
}

#[test]
fn a_panic_goes_on_in_the_protected_call() {
    let (jit, log) = jit(|x| if x == 13 { panic!("unlucky") } else { x + 1 });
    let call = call(&jit);
    for _ in 0..50 {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the frames have nothing to drop.
            unsafe { jit.call(|| call(13)) }
        }));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"unlucky"));
        assert!(!std::thread::panicking());
        // SAFETY: as above.
        assert_eq!(unsafe { jit.call(|| call(1)) }.unwrap(), 2);
    }
    assert_eq!(*log.borrow(), [0; 0]);
}

#[test]
fn a_panic_cancels_the_coroutine_and_goes_on_in_resume() {
    let (jit, log) = jit(|x| if x >= 13 { panic!("unlucky {x}") } else { x + 1 });
    let mut other = start::<i64, i64>(&jit, "body");
    assert_eq!(other.resume(1).unwrap(), State::Yielded(2));
    for (name, first) in [("body", 5), ("body", 14), ("outer", 15)] {
        let mut bad = start::<i64, i64>(&jit, name);
        if first < 13 {
            assert_eq!(bad.resume(first).unwrap(), State::Yielded(first + 1));
        }
        let value = first.max(13);
        let caught = catch_unwind(AssertUnwindSafe(|| bad.resume(value)));
        let payload = caught.unwrap_err();
        assert_eq!(payload.downcast_ref::<String>(), Some(&format!("unlucky {value}")));
        assert!(bad.is_done() && !std::thread::panicking());
        assert!(matches!(bad.resume(1), Err(Error::Finished)));
    }
    // The frames of a context that the coroutine has spawned are not its own.
    assert_eq!(*log.borrow(), [13, 14]);
    assert_eq!(other.resume(2).unwrap(), State::Returned(3));
}

#[test]
fn a_panic_goes_through_every_coroutine_in_between() {
    let (inner, inner_log) = jit(|_| panic!("deep"));
    let (jit, log) = jit(move |x| {
        let mut coroutine = start::<i64, i64>(&inner, "body");
        match coroutine.resume(x).unwrap() {
            State::Yielded(value) | State::Returned(value) => value,
        }
    });
    let mut coroutine = start::<i64, i64>(&jit, "body");
    let caught = catch_unwind(AssertUnwindSafe(|| coroutine.resume(1)));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"deep"));
    assert_eq!((&*inner_log.borrow(), &*log.borrow()), (&vec![1], &vec![1]));
}

/// Notes when it goes.
struct Noisy(Log, i64);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

/// A `host` that suspends the coroutine with what it gets and returns what comes back.
fn suspends(log: &Log) -> impl Fn(i64) -> i64 + use<> {
    let log = log.clone();
    move |x| {
        let _noisy = Noisy(log.clone(), 100 + x);
        // SAFETY: nobody has an address of something on this stack.
        unsafe { suspend(x) }.unwrap()
    }
}

#[test]
fn a_closure_suspends_its_coroutine() {
    let ends = Log::default();
    let (jit, log) = jit(suspends(&ends));
    let mut coroutine = start::<i64, i64>(&jit, "body");
    assert_eq!(coroutine.resume(1).unwrap(), State::Yielded(1)); // in the closure
    assert_eq!(coroutine.resume(2).unwrap(), State::Yielded(2)); // in the body
    assert_eq!(coroutine.resume(3).unwrap(), State::Yielded(3)); // in the closure
    assert_eq!(*ends.borrow(), [101]);
    assert_eq!(coroutine.resume(4).unwrap(), State::Returned(4));
    assert_eq!((&*ends.borrow(), &*log.borrow()), (&vec![101, 103], &vec![]));
}

#[test]
fn a_closure_suspends_from_a_context_of_the_coroutines_own() {
    let ends = Log::default();
    let (jit, _) = jit(suspends(&ends));
    let mut coroutine = start::<i64, i64>(&jit, "outer");
    assert_eq!(coroutine.resume(1).unwrap(), State::Yielded(1));
    // The second resume is another context than the first: the end comes to who resumed last.
    // SAFETY: the frames have nothing to drop.
    let second = unsafe { jit.call(|| coroutine.resume(2).unwrap()) };
    assert_eq!(second.unwrap(), State::Yielded(2));
    assert_eq!(coroutine.resume(3).unwrap(), State::Returned(3));
    assert_eq!(*ends.borrow(), [101, 102]);
}

#[test]
fn cancelling_unwinds_the_closure_and_then_the_guest() {
    for name in ["body", "outer"] {
        let log = Log::default();
        let notes = log.clone();
        let jit = Jit::builder().build().unwrap();
        jit.host_fn("host", suspends(&log)).unwrap();
        jit.host_fn("note", move |x: i64| notes.borrow_mut().push(x)).unwrap();
        jit.add_ir("test.ll", &format!("{DECLARATIONS}{BODY}")).unwrap();
        let mut coroutine = start::<i64, i64>(&jit, name);
        coroutine.resume(7).unwrap();
        drop(coroutine);
        assert_eq!(*log.borrow(), [107, 7]);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let mut coroutine = start::<i64, i64>(&jit, name);
            coroutine.resume(8).unwrap();
            panic!("the host's own");
        }));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"the host's own"));
        assert_eq!(*log.borrow(), [107, 7, 108, 8]);
    }
}

#[test]
fn a_cancellation_cannot_be_caught_nor_suspended() {
    struct Suspends(Rc<Cell<Option<SuspendError>>>);
    impl Drop for Suspends {
        fn drop(&mut self) {
            // SAFETY: nobody has an address of something on this stack.
            self.0.set(unsafe { suspend(1_i64) }.err());
        }
    }
    let seen = Rc::new(Cell::new(None));
    let shared = seen.clone();
    let (jit, log) = jit(move |x| {
        let _suspends = Suspends(shared.clone());
        // SAFETY: nobody has an address of something on this stack.
        let caught = catch_unwind(|| unsafe { suspend(x) });
        assert!(caught.is_err());
        5
    });
    let mut coroutine = start::<i64, i64>(&jit, "body");
    coroutine.resume(7).unwrap();
    coroutine.cancel().unwrap();
    assert_eq!(seen.get(), Some(SuspendError::Cancelled));
    assert_eq!(*log.borrow(), [7]);
}

#[test]
fn a_panic_while_cancelling_is_told() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            let caught = catch_unwind(|| panic!("kept inside"));
            assert!(caught.is_err());
        }
    }
    let (jit, log) = jit(|x| {
        let _panics = Panics;
        // SAFETY: nobody has an address of something on this stack.
        let caught = catch_unwind(|| unsafe { suspend(x) });
        if caught.is_err() {
            panic!("instead of going");
        }
        x
    });
    let mut coroutine = start::<i64, i64>(&jit, "body");
    coroutine.resume(7).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| drop(coroutine)));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"instead of going"));
    // The guest was left as it was: the cancelling itself went wrong.
    assert_eq!(*log.borrow(), [0; 0]);
}

#[test]
fn suspending_where_it_cannot_work_is_an_error() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shared = seen.clone();
    let (jit, _) = jit(move |x| {
        // SAFETY: nobody has an address of something on this stack.
        shared.borrow_mut().push(unsafe { suspend(1_i32) }.unwrap_err());
        x
    });
    // SAFETY: as above.
    assert_eq!(unsafe { suspend(1_i64) }, Err(SuspendError::NotACoroutine));
    let call = call(&jit);
    // SAFETY: the frames have nothing to drop.
    assert_eq!(unsafe { jit.call(|| call(1)) }.unwrap(), 1);
    let mut coroutine = start::<i64, i64>(&jit, "body");
    assert_eq!(coroutine.resume(2).unwrap(), State::Yielded(2));
    let (found, expected) = (ValueType::I64, ValueType::I32);
    assert_eq!(
        *seen.borrow(),
        [SuspendError::NotACoroutine, SuspendError::Type { found, expected }]
    );
}

#[test]
fn coroutines_nest_deeply() {
    /// A coroutine that resumes the next one in its closure.
    fn nested(jit: &Rc<Jit>, depth: &Rc<Cell<i64>>) -> i64 {
        if depth.get() == 100 {
            return 0;
        }
        depth.set(depth.get() + 1);
        let mut coroutine = start::<i64, i64>(jit, "body");
        let State::Yielded(sum) = coroutine.resume(1).unwrap() else { panic!("returned") };
        sum
    }
    let own: Rc<RefCell<Option<Rc<Jit>>>> = Rc::default();
    let (shared, depth) = (own.clone(), Rc::new(Cell::new(0)));
    let (jit, log) = {
        let depth = depth.clone();
        jit(move |x| {
            let jit = shared.borrow().clone().unwrap();
            x + nested(&jit, &depth)
        })
    };
    *own.borrow_mut() = Some(jit.clone());
    assert_eq!(nested(&jit, &depth), 100);
    assert_eq!(depth.get(), 100);
    assert_eq!(*log.borrow(), [0; 0]);
    own.take();
}

#[test]
fn an_inner_coroutine_yields_through_an_outer_one() {
    // The closure passes on what an inner generator gives, one value for each call.
    let (source, _) = jit(|x| x);
    let source: &'static Jit = Box::leak(Box::new(Rc::try_unwrap(source).ok().unwrap()));
    let inner: Rc<RefCell<Coroutine<'static, i64, i64>>> =
        Rc::new(RefCell::new(start(source, "body")));
    let shared = inner.clone();
    let (jit, _) = jit(move |x| match shared.borrow_mut().resume(x).unwrap() {
        State::Yielded(value) => value * 2,
        State::Returned(value) => value * 3,
    });
    let mut outer = start::<i64, i64>(&jit, "body");
    assert_eq!(outer.resume(10).unwrap(), State::Yielded(20));
    assert_eq!(outer.resume(11).unwrap(), State::Returned(33));
    assert!(inner.borrow().is_done());
}

/// Functions that throw an `int`, and one that catches it.
const THROWING: &str = "
define void @throw() {
  %exception = call ptr @__cxa_allocate_exception(i64 4)
  store i32 5, ptr %exception
  call void @__cxa_throw(ptr %exception, ptr @_ZTIi, ptr null)
  unreachable
}
define i64 @throws(i64 %x) personality ptr @__gxx_personality_v0 {
  invoke void @throw() to label %done unwind label %cleanup
done:
  ret i64 %x
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  call void @note(i64 %x)
  resume { ptr, i32 } %pad
}
define i64 @throwing(ptr %arg, i64 %first) {
  %r = call i64 @throws(i64 %first)
  ret i64 %r
}
define i64 @catches(i64 %x) personality ptr @__gxx_personality_v0 {
  %r = invoke i64 @throws(i64 %x) to label %done unwind label %catch
done:
  ret i64 %r
catch:
  %pad = landingpad { ptr, i32 } catch ptr null
  %exception = extractvalue { ptr, i32 } %pad, 0
  %value = call ptr @__cxa_begin_catch(ptr %exception)
  %n = load i32, ptr %value
  call void @__cxa_end_catch()
  %n64 = sext i32 %n to i64
  ret i64 %n64
}
";

#[test]
fn a_foreign_exception_is_an_error() {
    let (jit, log) = jit(|x| x);
    jit.add_ir("throwing.ll", &format!("{DECLARATIONS}{THROWING}")).unwrap();
    // `C-unwind` lets exceptions through.
    let throws = jit.function::<Call>("throws").unwrap();
    let catches = jit.function::<Call>("catches").unwrap();
    for round in 0..50 {
        let mut coroutine = start::<i64, i64>(&jit, "throwing");
        assert!(matches!(coroutine.resume(round), Err(Error::Exception)));
        assert!(coroutine.is_done());
        // SAFETY: the frames have nothing to drop.
        unsafe {
            assert!(matches!(jit.call(|| throws(round)), Err(Error::Exception)));
            assert_eq!(jit.call(|| catches(round)).unwrap(), 5);
        }
        assert_eq!(std::mem::take(&mut *log.borrow_mut()), [round; 3]);
    }
}

#[test]
fn a_foreign_exception_that_leaves_a_closure_is_an_error() {
    let (thrower, _) = jit(|x| x);
    thrower.add_ir("throwing.ll", &format!("{DECLARATIONS}{THROWING}")).unwrap();
    let throws = *thrower.function::<Call>("throws").unwrap();
    // SAFETY: the exception may leave the closure.
    let (jit, log) = jit(move |x| unsafe { throws(x) });
    let mut coroutine = start::<i64, i64>(&jit, "body");
    assert!(matches!(coroutine.resume(3), Err(Error::Exception)));
    let call = call(&jit);
    // SAFETY: the frames have nothing to drop.
    assert!(matches!(unsafe { jit.call(|| call(4)) }, Err(Error::Exception)));
    // Abandoned where it was, as on a fault.
    assert_eq!(*log.borrow(), [0; 0]);
    drop(thrower);
}

/// Runs one of the tests below in a process of its own, where it does what it is about.
fn apart(test: &str) -> Option<Output> {
    const CHILD: &str = "STACKSWITCH_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    Some(command.args(["--exact", test, "--nocapture"]).env(CHILD, "1").output().unwrap())
}

/// The process must have aborted with this message.
fn assert_aborted(output: &Output, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_none(), "{}\n{stderr}", output.status);
    assert!(stderr.contains(message), "{stderr}");
}

#[test]
fn a_panic_that_nobody_waits_for_aborts() {
    if let Some(output) = apart("host::a_panic_that_nobody_waits_for_aborts") {
        return assert_aborted(&output, "no protected call or coroutine is there to end");
    }
    let (jit, _) = jit(|_| panic!("unheard"));
    let call = call(&jit);
    // SAFETY: it calls the closure.
    unsafe { call(1) };
}

#[test]
fn a_closure_called_on_another_thread_aborts() {
    if let Some(output) = apart("host::a_closure_called_on_another_thread_aborts") {
        return assert_aborted(&output, "called on another thread than its JIT's");
    }
    let (jit, _) = jit(|x| x);
    let call = call(&jit);
    // SAFETY: it calls the closure.
    std::thread::spawn(move || unsafe { call(1) }).join().unwrap();
}
