//! What a host learns of a fault in its guest, what becomes of contexts, and which faults are not
//! the guest's.

use std::{ffi::c_void, path::Path};

use stackswitch::jit::{Code, Error, Fault, FaultKind, Jit, OptLevel, State, Trap};

use crate::IR;

type Guest = unsafe extern "C" fn(*mut c_void) -> i64;
type Start = unsafe extern "C" fn() -> *mut c_void;
type Step = unsafe extern "C" fn(*mut c_void, i64) -> i64;
type Status = unsafe extern "C" fn(*mut c_void) -> i32;

const FINISHED: i32 = 3;

/// A JIT with one of the programs of `tests/ir`, in which every context has a stack of its own:
/// that is where a backtrace ends.
fn jit(level: OptLevel, file: &str) -> Jit {
    let jit = Jit::builder().opt_level(level).stackless(false).build().unwrap();
    jit.add_file(Path::new(IR).join(file)).unwrap();
    jit
}

/// A function of `faults.ll`.
fn guest(jit: &Jit, name: &str) -> Guest {
    *jit.function(name).unwrap()
}

/// The fault of a call.
fn fault_of<R>(result: Result<R, Error>) -> Fault {
    match result {
        Err(Error::Fault(fault)) => fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no fault"),
    }
}

/// The fault of a function of `faults.ll`, given null.
fn fails(jit: &Jit, name: &str) -> Fault {
    let guest = guest(jit, name);
    // SAFETY: the fault is one that comes back, and the frames have nothing to drop.
    fault_of(unsafe { jit.call(|| guest(std::ptr::null_mut())) })
}

#[test]
fn a_fault_says_where_it_happened() {
    for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
        let jit = jit(level, "lines.ll");
        let half = jit.function::<unsafe extern "C" fn(i64) -> i64>("half").unwrap();
        // SAFETY: the frames have nothing to drop.
        let fault = fault_of(unsafe { jit.call(|| half(0)) });
        assert_eq!(fault.kind, FaultKind::Trap(Trap::Arithmetic));
        assert_ne!(fault.context, 0);
        assert_eq!(fault.function(), Some("leaf"));
        let place = fault.location().unwrap();
        assert_eq!((place.file.as_str(), place.line), ("/nowhere/guest.src", 2));
        assert_eq!(
            fault.to_string(),
            "trap: a division by zero, or one whose result has no room, \
             in leaf (/nowhere/guest.src:2:10)\n    \
             called by guest::body() (/nowhere/guest.src:8:10)"
        );
        // SAFETY: as above.
        assert_eq!(unsafe { jit.call(|| half(7)) }.unwrap(), 24);
    }
}

#[test]
fn misuse_and_overflow_have_a_backtrace_too() {
    for level in [OptLevel::O0, OptLevel::O2] {
        let jit = jit(level, "faults.ll");
        let names = |fault: &Fault| -> Vec<String> {
            fault.backtrace.iter().map(|frame| frame.function.clone()).collect()
        };
        let fault = fails(&jit, "finished");
        assert_eq!(fault.kind, FaultKind::Misuse(Code::Finished));
        assert_eq!(fault.code, Code::Finished as i32);
        assert_eq!(names(&fault), ["finished"]);
        // A call of the runtime that is no switch.
        assert_eq!(names(&fails(&jit, "busy")), ["busy"]);
        let fault = fails(&jit, "overflow");
        assert_eq!(fault.kind, FaultKind::StackOverflow);
        assert!(fault.backtrace.len() > 20, "{fault}");
        assert!(names(&fault).iter().all(|name| name == "deeper"), "{fault}");
        assert!(fault.to_string().contains("called by deeper, 6"), "{fault}");
        let fault = fails(&jit, "no_region");
        assert_eq!((fault.kind, fault.function()), (FaultKind::OutOfMemory, Some("no_region")));
    }
}

#[test]
fn an_access_says_which_address() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let access = guest(&jit, "access");
    for address in [0, 8, 0x1000] {
        let nowhere = std::ptr::without_provenance_mut(address);
        // SAFETY: the fault comes back.
        let fault = fault_of(unsafe { jit.call(|| access(nowhere)) });
        assert_eq!(fault.kind, FaultKind::Trap(Trap::MemoryAccess { address }), "{fault}");
        assert!(fault.message.contains(&format!("at {address:#x}")), "{fault}");
    }
}

#[test]
fn contexts_that_a_failed_call_has_made_are_destroyed() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let (status, last) = {
        let last = jit.address("last").unwrap().cast::<*mut c_void>();
        (jit.function::<Status>("status").unwrap(), last)
    };
    fails(&jit, "trap");
    // SAFETY: the variable holds the last context that was made; a handle that is none any more is
    // detected.
    let fault = fault_of(unsafe { jit.call(|| status(*last)) });
    assert_eq!(fault.kind, FaultKind::Misuse(Code::Destroyed), "{fault}");
}

#[test]
fn contexts_of_a_call_that_went_well_live_on() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let (start, step) =
        (jit.function::<Start>("start").unwrap(), jit.function::<Step>("step").unwrap());
    // SAFETY: the context is resumed with values of its type, not 0.
    unsafe {
        let counter = jit.call(|| start()).unwrap();
        assert_eq!(jit.call(|| step(counter, 3)).unwrap(), 3);
        fails(&jit, "trap");
        assert_eq!(jit.call(|| step(counter, 4)).unwrap(), 7);
        assert_eq!(step(counter, 5), 12);
    }
}

#[test]
fn an_older_context_in_which_a_fault_happens_has_finished() {
    let jit = jit(OptLevel::O2, "faults.ll");
    // SAFETY: the types are the IR functions'.
    let (start, step, status) = {
        (
            jit.function::<Start>("start").unwrap(),
            jit.function::<Step>("step").unwrap(),
            jit.function::<Status>("status").unwrap(),
        )
    };
    // SAFETY: the contexts are resumed with values of their type; 0 is a fault that comes back.
    unsafe {
        let (counter, other) = (start(), start());
        assert_eq!(step(counter, 3), 3);
        assert_eq!(step(other, 30), 30);
        let fault = fault_of(jit.call(|| step(counter, 0)));
        assert_eq!(fault.kind, FaultKind::Trap(Trap::IllegalInstruction));
        assert_eq!((fault.context, fault.function()), (counter.addr(), Some("counter")));
        assert_eq!(status(counter), FINISHED);
        let fault = fault_of(jit.call(|| step(counter, 1)));
        assert_eq!(fault.kind, FaultKind::Misuse(Code::Finished));
        assert_eq!(step(other, 12), 42);
    }
}

#[test]
fn a_fault_ends_only_the_inner_of_two_calls() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let (start, step) =
        (jit.function::<Start>("start").unwrap(), jit.function::<Step>("step").unwrap());
    // SAFETY: the context is resumed with values of its type, not 0; nothing needs dropping.
    let (sum, outer) = unsafe {
        let mut counter = std::ptr::null_mut();
        let sum = jit.call(|| {
            counter = start();
            step(counter, 40);
            fails(&jit, "trap");
            fails(&jit, "overflow");
            step(counter, 2)
        });
        (sum.unwrap(), counter)
    };
    assert_eq!(sum, 42);
    // The outer call has gone well, so its context is there.
    // SAFETY: as above.
    assert_eq!(unsafe { step(outer, 1) }, 43);
}

#[test]
fn an_inner_calls_contexts_die_with_the_outer_call() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let (start, step, status) = {
        (
            jit.function::<Start>("start").unwrap(),
            jit.function::<Step>("step").unwrap(),
            jit.function::<Status>("status").unwrap(),
        )
    };
    let trap = guest(&jit, "trap");
    let mut counter = std::ptr::null_mut();
    // SAFETY: the context is resumed with values of its type; nothing needs dropping.
    let fault = fault_of(unsafe {
        jit.call(|| {
            counter = jit.call(|| start()).unwrap();
            step(counter, 1);
            trap(std::ptr::null_mut())
        })
    });
    assert_eq!(fault.kind, FaultKind::Trap(Trap::IllegalInstruction));
    // SAFETY: a handle that is none any more is detected.
    let fault = fault_of(unsafe { jit.call(|| status(counter)) });
    assert_eq!(fault.kind, FaultKind::Misuse(Code::Destroyed));
}

#[test]
fn a_fault_on_a_stack_of_the_posix_layer_comes_back() {
    for level in [OptLevel::O0, OptLevel::O2] {
        let jit = jit(level, "faults.ll");
        for _ in 0..3 {
            let fault = fails(&jit, "trap_over_there");
            assert_eq!(fault.kind, FaultKind::Trap(Trap::IllegalInstruction));
            assert_eq!(fault.function(), Some("over_there"));
        }
        let fine = guest(&jit, "fine");
        // SAFETY: it returns a constant.
        assert_eq!(unsafe { jit.call(|| fine(std::ptr::null_mut())) }.unwrap(), 42);
    }
}

#[test]
fn every_thread_has_its_own_faults() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let jit = jit(OptLevel::O1, "faults.ll");
                for name in ["trap", "divide", "access", "overflow", "running"].repeat(20) {
                    let fault = fails(&jit, name);
                    assert!(!fault.backtrace.is_empty(), "{fault}");
                }
            });
        }
    });
}

#[test]
fn a_coroutine_ends_with_its_fault() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let text = "declare i64 @llvm.stackswitch.suspend.i64(i64)
define i64 @divides(ptr %argument, i64 %first) {
entry:
  br label %loop
loop:
  %divisor = phi i64 [ %first, %entry ], [ %got, %loop ]
  %quotient = sdiv i64 84, %divisor
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %quotient)
  br label %loop
}
declare i64 @step(ptr, i64)
define i64 @steps(ptr %counter, i64 %first) {
  %sum = call i64 @step(ptr %counter, i64 %first)
  ret i64 %sum
}";
    jit.add_ir("coroutines.ll", text).unwrap();
    let start = jit.function::<Start>("start").unwrap();
    let status = jit.function::<Status>("status").unwrap();
    // SAFETY: the functions are bodies, and faults of theirs come back.
    unsafe {
        let mut divides = jit.coroutine::<i64, i64>("divides", std::ptr::null_mut()).unwrap();
        let mut other = jit.coroutine::<i64, i64>("divides", std::ptr::null_mut()).unwrap();
        assert_eq!(divides.resume(2).unwrap(), State::Yielded(42));
        assert_eq!(other.resume(4).unwrap(), State::Yielded(21));
        let fault = fault_of(divides.resume(0));
        assert_eq!(fault.kind, FaultKind::Trap(Trap::Arithmetic));
        assert_eq!(fault.function(), Some("divides"));
        assert!(matches!(divides.resume(1), Err(Error::Finished)));
        assert_eq!(other.resume(3).unwrap(), State::Yielded(28));
        // In a context that the coroutine resumes: that one has finished, too.
        let counter = start();
        let mut steps = jit.coroutine::<i64, i64>("steps", counter).unwrap();
        let fault = fault_of(jit.call(|| {
            steps.resume(5).unwrap();
            let mut failing = jit.coroutine::<i64, i64>("steps", counter).unwrap();
            fault_of(failing.resume(0));
            assert_eq!(status(counter), FINISHED);
            fault_of(jit.coroutine::<i64, i64>("steps", counter).unwrap().resume(1));
            guest(&jit, "trap")(std::ptr::null_mut())
        }));
        assert_eq!(fault.kind, FaultKind::Trap(Trap::IllegalInstruction));
        assert_eq!(other.resume(7).unwrap(), State::Yielded(12));
    }
}

#[test]
fn a_coroutine_that_was_made_in_a_call_that_fails_lives_on() {
    let jit = jit(OptLevel::O2, "faults.ll");
    let mut counter = None;
    // SAFETY: the function is a body; the fault comes back.
    unsafe {
        fault_of(jit.call(|| {
            let mut made = jit.coroutine::<i64, i64>("counter", std::ptr::null_mut()).unwrap();
            assert_eq!(made.resume(40).unwrap(), State::Yielded(40));
            counter = Some(made);
            guest(&jit, "trap")(std::ptr::null_mut())
        }));
    }
    assert_eq!(counter.unwrap().resume(2).unwrap(), State::Yielded(42));
}
