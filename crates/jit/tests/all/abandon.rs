//! Faults whose frames must not be abandoned, and coroutines that must not displace a host function:
//! the process ends with one line, or the operation is refused.

use std::{
    cell::RefCell,
    env,
    ffi::c_void,
    hint::black_box,
    process::{Command, Output},
    ptr::null_mut,
    rc::Rc,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use stackswitch::jit::{Coroutine, Error, FaultKind, Jit, OptLevel, State, on_uncaught_fault};

/// Runs a test of this file in its own process, which must abort with this line on stderr. True in that
/// process.
fn aborts(test: &str, line: &str) -> bool {
    const CHILD: &str = "STACKSWITCH_TEST_ABORTS";
    if env::var_os(CHILD).is_some_and(|name| name == test) {
        return true;
    }
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &name, "--nocapture"]).env(CHILD, test);
    let Output { status, stderr, .. } = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.code().is_none(), "{status}\n{stderr}");
    assert!(stderr.lines().any(|l| l.starts_with("stackswitch: ") && l.contains(line)), "{stderr}");
    false
}

type Call = unsafe extern "C-unwind" fn(i64) -> i64;

const PROGRAM: &str = "
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.trap()
declare i64 @burn(i64)
declare i64 @host(i64)
define i64 @burns(ptr %arg, i64 %first) {
  %r = call i64 @burn(i64 %first)
  ret i64 %r
}
define i64 @overflow(i64 %x) {
  %base = call ptr @llvm.stackswitch.base.create(i64 65536)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @burns, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %x)
  ret i64 %r
}
define i64 @trap(i64 %x) {
  call void @llvm.trap()
  unreachable
}
define i64 @calls_host(i64 %x) {
  %r = call i64 @host(i64 %x)
  ret i64 %r
}
define i64 @body(ptr %arg, i64 %first) {
entry:
  br label %loop
loop:
  %value = phi i64 [ %first, %entry ], [ %next, %loop ]
  %r = call i64 @host(i64 %value)
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %r)
  br label %loop
}";

/// Uses more stack than a small context has.
extern "C" fn burn(x: i64) -> i64 {
    let bytes = [x as u8; 256 << 10];
    black_box(&bytes).iter().map(|b| i64::from(*b)).sum()
}

/// A JIT with the program, on one default region.
fn jit(host: impl Fn(&'static Jit, i64) -> i64 + 'static) -> &'static Jit {
    let jit = Jit::builder().symbol("burn", burn as *const ()).default_regions(1).build();
    let jit: &'static Jit = Box::leak(Box::new(jit.unwrap()));
    jit.host_fn("host", move |x: i64| host(jit, x)).unwrap();
    jit.add_ir("program", PROGRAM).unwrap();
    jit
}

fn function(jit: &'static Jit, name: &str) -> Call {
    *jit.function::<Call>(name).unwrap()
}

#[test]
fn an_overflow_in_code_of_the_host_aborts() {
    let line = "EOVERFLOW: stack overflow in code that cannot be abandoned: context 0x";
    if aborts("an_overflow_in_code_of_the_host_aborts", line) {
        let jit = jit(|_, x| x);
        let overflow = function(jit, "overflow");
        // SAFETY: the overflow is detected.
        let _ = unsafe { jit.call(|| overflow(1)) };
    }
}

#[test]
fn an_overflow_in_a_switch_is_returned() {
    // Optimised code has the fast path in place; here each switch is a call of the runtime.
    let jit = Jit::builder().opt_level(OptLevel::O0).build().unwrap();
    jit.add_ir(
        "deep",
        "declare ptr @llvm.stackswitch.base.create(i64)
         declare void @llvm.stackswitch.base.destroy(ptr)
         declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
         declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
         declare i64 @llvm.stackswitch.suspend.i64(i64)
         define i64 @endless(ptr %arg, i64 %first) {
         entry:
           br label %loop
         loop:
           %got = call i64 @llvm.stackswitch.suspend.i64(i64 1)
           br label %loop
         }
         define i64 @deeper(ptr %generator, i64 %n) {
           %got = call i64 @llvm.stackswitch.resume.i64(ptr %generator, i64 %n)
           %below = call i64 @deeper(ptr %generator, i64 %got)
           %sum = add i64 %below, %got
           ret i64 %sum
         }
         define i64 @body(ptr %generator, i64 %shift) {
           %bytes = alloca i8, i64 %shift
           store volatile i8 1, ptr %bytes
           %r = call i64 @deeper(ptr %generator, i64 1)
           ret i64 %r
         }
         define i64 @deep(i64 %shift) {
           %g = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @endless, ptr null)
           %base = call ptr @llvm.stackswitch.base.create(i64 65536)
           %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %g)
           %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %shift)
           ret i64 %r
         }",
    )
    .unwrap();
    let deep = jit.function::<Call>("deep").unwrap();
    for shift in (16..256).step_by(16) {
        // SAFETY: the overflow is detected, and the frames have nothing to drop.
        let fault = unsafe { jit.call(|| deep(shift)) };
        let Err(Error::Fault(fault)) = fault else { panic!("{shift}: {fault:?}") };
        assert_eq!((fault.kind, fault.function()), (FaultKind::StackOverflow, Some("deeper")));
    }
}

#[test]
fn an_overflow_in_a_host_function_aborts() {
    let line = "EOVERFLOW: stack overflow in code that cannot be abandoned: context 0x";
    if aborts("an_overflow_in_a_host_function_aborts", line) {
        fn deeper(n: i64) -> i64 {
            let bytes = black_box([n as u8; 4096]);
            if n == i64::MAX { 0 } else { deeper(n + 1) + i64::from(bytes[0]) }
        }
        let jit = jit(|_, x| {
            // A lock that would never be released.
            let _stdout = std::io::stdout().lock();
            deeper(x)
        });
        let call = function(jit, "calls_host");
        // SAFETY: the overflow is detected.
        let _ = unsafe { jit.call(|| call(1)) };
    }
}

#[test]
fn a_fault_below_a_host_function_aborts_rather_than_abandon_it() {
    let line = "a host function that is running cannot be abandoned";
    if aborts("a_fault_below_a_host_function_aborts_rather_than_abandon_it", line) {
        let jit = jit(|jit, x| {
            let trap = function(jit, "trap");
            let shared = AtomicU64::new(0);
            let mut result = 0;
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    shared.fetch_add(1, Relaxed);
                    std::thread::sleep(Duration::from_secs(5));
                    shared.fetch_add(1, Relaxed);
                });
                // SAFETY: its fault would abandon the scope, which the JIT must notice.
                result = unsafe { trap(x) };
            });
            result
        });
        let call = function(jit, "calls_host");
        // SAFETY: the trap is detected.
        let _ = unsafe { jit.call(|| call(1)) };
    }
}

#[test]
fn a_fault_in_a_call_of_a_host_function_is_returned_to_it() {
    let jit = jit(|jit, x| {
        let trap = function(jit, "trap");
        // SAFETY: the frames have nothing to drop.
        let fault = unsafe { jit.call(|| trap(x)) };
        assert!(matches!(fault, Err(Error::Fault(f)) if matches!(f.kind, FaultKind::Trap(_))));
        x + 1
    });
    let call = function(jit, "calls_host");
    // SAFETY: the frames have nothing to drop.
    assert_eq!(unsafe { jit.call(|| call(41)) }.unwrap(), 42);
}

#[test]
fn a_panic_below_a_host_function_aborts_rather_than_abandon_it() {
    let line = "a host function failed, and another one that is running cannot be abandoned";
    if aborts("a_panic_below_a_host_function_aborts_rather_than_abandon_it", line) {
        let jit = jit(|jit, x| {
            if x == 0 {
                panic!("the inner one");
            }
            // SAFETY: its panic would abandon this function, which the JIT must notice.
            unsafe { function(jit, "calls_host")(x - 1) }
        });
        let call = function(jit, "calls_host");
        // SAFETY: the frames have nothing to drop.
        let _ = unsafe { jit.call(|| call(1)) };
    }
}

#[test]
fn a_handler_of_uncaught_faults_that_panics_aborts() {
    if aborts(
        "a_handler_of_uncaught_faults_that_panics_aborts",
        "handler of uncaught faults has panicked",
    ) {
        assert!(on_uncaught_fault(|fault| panic!("not handled: {fault}")));
        let jit = jit(|_, x| x);
        jit.add_ir(
            "misuse",
            "declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
             @null = global ptr null
             define i64 @misuse(i64 %x) {
               %none = load volatile ptr, ptr @null
               %r = call i64 @llvm.stackswitch.resume.i64(ptr %none, i64 0)
               ret i64 %r
             }",
        )
        .unwrap();
        // SAFETY: the misuse is detected.
        unsafe { function(jit, "misuse")(1) };
    }
}

type Shared = Rc<RefCell<Option<Coroutine<'static, i64, i64>>>>;

fn coroutine(jit: &'static Jit) -> Coroutine<'static, i64, i64> {
    // SAFETY: the function only calls the closure.
    unsafe { jit.coroutine("body", null_mut()) }.unwrap()
}

/// Runs `work` while another thread sees whether a variable of this function's keeps its value.
fn while_lent(work: impl FnOnce()) {
    let (local, stop) = ([const { AtomicU64::new(0x1111) }; 512], AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                assert!(local.iter().all(|word| word.load(Relaxed) == 0x1111));
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        stop.store(true, Relaxed);
        outcome.unwrap();
    });
}

#[test]
fn a_new_coroutine_does_not_displace_a_host_function() {
    let other = Shared::default();
    let slot = other.clone();
    let jit = jit(move |_, x| {
        if x == 1 {
            while_lent(|| {
                let mut other = slot.borrow_mut().take().unwrap();
                for n in 100..110 {
                    assert_eq!(other.resume(n).unwrap(), State::Yielded(n));
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        } else {
            black_box([0xab_u8; 4096]);
        }
        x
    });
    let mut first = coroutine(jit);
    *other.borrow_mut() = Some(coroutine(jit));
    assert_eq!(first.resume(1).unwrap(), State::Yielded(1));
    assert_eq!(first.resume(2).unwrap(), State::Yielded(2));
}

#[test]
fn a_suspended_coroutine_is_refused_until_the_host_function_has_returned() {
    let other = Shared::default();
    let slot = other.clone();
    let jit = jit(move |_, x| {
        if x == 1 {
            while_lent(|| {
                let mut other = slot.borrow_mut();
                let other = other.as_mut().unwrap();
                assert!(matches!(other.resume(8), Err(Error::WouldDisplace)));
                assert!(matches!(other.cancel(), Err(Error::WouldDisplace)));
                assert!(!other.is_done());
            });
        }
        x
    });
    *other.borrow_mut() = Some(coroutine(jit));
    let resume_other = |n| other.borrow_mut().as_mut().unwrap().resume(n).unwrap();
    assert_eq!(resume_other(7), State::Yielded(7));
    let mut first = coroutine(jit);
    assert_eq!(first.resume(1).unwrap(), State::Yielded(1));
    assert_eq!(resume_other(9), State::Yielded(9));
}

thread_local! {
    static OTHER: RefCell<Option<Coroutine<'static, i64, i64>>> = const { RefCell::new(None) };
}

/// A function that IR calls by its address: the JIT does not know when it runs.
extern "C" fn resumes_the_other(x: i64) -> i64 {
    OTHER.with_borrow_mut(|other| {
        let Some(other) = other else { return x };
        while_lent(|| assert!(matches!(other.resume(x), Err(Error::WouldDisplace))));
        x + 1
    })
}

#[test]
fn a_suspended_coroutine_does_not_displace_a_function_of_the_hosts() {
    let jit = Jit::builder()
        .symbol("burn", burn as *const ())
        .symbol("host", resumes_the_other as *const ())
        .default_regions(1)
        .build();
    let jit: &'static Jit = Box::leak(Box::new(jit.unwrap()));
    jit.add_ir("program", PROGRAM).unwrap();
    let mut other = coroutine(jit);
    assert_eq!(other.resume(7).unwrap(), State::Yielded(7));
    OTHER.set(Some(other));
    let mut first = coroutine(jit);
    assert_eq!(first.resume(1).unwrap(), State::Yielded(2));
    assert_eq!(OTHER.take().unwrap().resume(8).unwrap(), State::Yielded(8));
}

#[test]
fn dropping_a_suspended_coroutine_does_not_displace_a_host_function() {
    let other = Shared::default();
    let slot = other.clone();
    let jit = jit(move |_, x| {
        if x == 1 {
            while_lent(|| drop(slot.borrow_mut().take()));
        }
        x
    });
    *other.borrow_mut() = Some(coroutine(jit));
    assert_eq!(other.borrow_mut().as_mut().unwrap().resume(7).unwrap(), State::Yielded(7));
    let mut first = coroutine(jit);
    assert_eq!(first.resume(1).unwrap(), State::Yielded(1));
    assert_eq!(first.resume(2).unwrap(), State::Yielded(2));
}

#[test]
fn names_must_not_be_empty() {
    let jit = Jit::builder().build().unwrap();
    assert!(matches!(jit.address(""), Err(Error::EmptyName)));
    assert!(matches!(jit.function::<Call>(""), Err(Error::EmptyName)));
    // SAFETY: nothing is called.
    assert!(matches!(unsafe { jit.run_main("", &["main"]) }, Err(Error::EmptyName)));
    let bound = Jit::builder().symbol("", burn as *const ()).build();
    assert!(matches!(bound.err(), Some(Error::EmptyName)));
    // SAFETY: nothing is called.
    let made = unsafe { jit.coroutine::<i64, i64>("", null_mut::<c_void>()) };
    assert!(matches!(made.err(), Some(Error::EmptyName)));
}
