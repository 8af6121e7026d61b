//! The Rust API of the JIT, as an embedder uses it.

use std::cell::RefCell;

use inkwell::context::Context;
use stackswitch::{
    jit::{Error, Jit, OptLevel, Pointers, Warning},
    reader,
};

/// A JIT with one module.
fn jit(text: &str) -> Jit {
    let jit = Jit::builder().build().unwrap();
    jit.add_ir("test.ll", text).unwrap();
    jit
}

const DECLARATIONS: &str = "
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.link(ptr)
declare void @llvm.stackswitch.destroy(ptr)
";

/// A function that resumes a context which has already finished.
const MISUSE: &str = "
define ptr @ends(ptr %arg, ptr %first) {
  ret ptr %first
}
define i64 @misuse() {
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @ends, ptr null)
  %a = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
  %b = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
  ret i64 1
}
define i64 @fine() {
  ret i64 2
}
";

#[test]
fn functions_are_found_and_called_at_every_level() {
    for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
        let jit = Jit::builder().opt_level(level).build().unwrap();
        jit.add_ir("a.ll", "define i64 @f(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}")
            .unwrap();
        let f = jit.function::<unsafe extern "C" fn(i64) -> i64>("f").unwrap();
        // SAFETY: it only adds.
        assert_eq!(unsafe { f(41) }, 42);
    }
}

#[test]
fn modules_see_one_another_and_libc() {
    let jit = jit("declare i64 @twice(i64)\ndeclare i64 @labs(i64)\n\
        define i64 @f(i64 %x) {\n  %a = call i64 @labs(i64 %x)\n\
        %r = call i64 @twice(i64 %a)\n  ret i64 %r\n}");
    jit.add_ir("b.ll", "define i64 @twice(i64 %x) {\n  %y = shl i64 %x, 1\n  ret i64 %y\n}")
        .unwrap();
    let f = jit.function::<unsafe extern "C" fn(i64) -> i64>("f").unwrap();
    // SAFETY: it only calculates.
    assert_eq!(unsafe { f(-21) }, 42);
}

#[test]
fn an_inkwell_module_stays_the_callers() {
    let jit = Jit::builder().build().unwrap();
    {
        let context = Context::create();
        let module = context.create_module("built");
        let i64_type = context.i64_type();
        let function = module.add_function("seven", i64_type.fn_type(&[], false), None);
        let builder = context.create_builder();
        builder.position_at_end(context.append_basic_block(function, "entry"));
        builder.build_return(Some(&i64_type.const_int(7, false))).unwrap();
        jit.add_module(&module).unwrap();
    }
    let seven = jit.function::<unsafe extern "C" fn() -> i64>("seven").unwrap();
    // SAFETY: it returns a constant.
    assert_eq!(unsafe { seven() }, 7);
}

#[test]
fn a_broken_inkwell_module_is_an_error() {
    let jit = Jit::builder().build().unwrap();
    let context = Context::create();
    let module = context.create_module("unfinished");
    let function = module.add_function("f", context.void_type().fn_type(&[], false), None);
    context.append_basic_block(function, "entry");
    let error = jit.add_module(&module).unwrap_err();
    assert!(matches!(error, Error::Module(reader::Error::Broken { .. })), "{error}");
}

#[test]
fn errors_are_typed_and_the_jit_goes_on() {
    let jit = Jit::builder().build().unwrap();
    let error = jit.add_ir("bad.ll", "frobnicate").unwrap_err();
    assert!(matches!(error, Error::Module(reader::Error::Parse { line: 1, .. })), "{error}");
    let error = jit.add_file("no-such-file.ll").unwrap_err();
    assert!(matches!(error, Error::Module(reader::Error::Io { .. })), "{error}");
    let error = jit.add_ir("unknown.ll", "declare void @llvm.stackswitch.nothing()").unwrap_err();
    assert!(matches!(error, Error::Passes(_)), "{error}");
    let error = jit.address("nobody").unwrap_err();
    assert!(matches!(&error, Error::MissingSymbol(names) if names == &["nobody"]), "{error}");
    let error = jit.address("no\0body").unwrap_err();
    assert!(matches!(error, Error::ZeroByte(_)), "{error}");
    let text = "define i32 @main() {\n  ret i32 0\n}";
    jit.add_ir("good.ll", text).unwrap();
    let error = jit.add_ir("again.ll", text).unwrap_err();
    assert_eq!(error.to_string(), "again.ll defines `main`, which good.ll has defined");
    // SAFETY: the program returns a constant.
    assert_eq!(unsafe { jit.run_main("main", &["program"]) }.unwrap(), 0);
}

#[test]
fn main_gets_its_arguments() {
    let jit = jit("declare i32 @atoi(ptr)
define i32 @main(i32 %argc, ptr %argv) {
  %slot = getelementptr ptr, ptr %argv, i64 1
  %text = load ptr, ptr %slot
  %number = call i32 @atoi(ptr %text)
  %end = getelementptr ptr, ptr %argv, i32 %argc
  %null = load ptr, ptr %end
  %ended = icmp eq ptr %null, null
  %sum = add i32 %number, %argc
  %result = select i1 %ended, i32 %sum, i32 -1
  ret i32 %result
}");
    // SAFETY: the program reads its arguments.
    assert_eq!(unsafe { jit.run_main("main", &["program", "40"]) }.unwrap(), 42);
    // SAFETY: it does not run.
    let error = unsafe { jit.run_main("main", &["a\0b"]) }.unwrap_err();
    assert!(matches!(error, Error::ZeroByte(_)), "{error}");
}

#[test]
fn constructors_run_before_main_and_atexit_after_it() {
    let jit = jit("
@log = global i32 0
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }]
  [{ i32, ptr, ptr } { i32 65535, ptr @construct, ptr null }]
declare i32 @atexit(ptr)
define internal void @construct() {
  store i32 1, ptr @log
  ret void
}
define internal void @at_exit() {
  %old = load i32, ptr @log
  %new = add i32 %old, 100
  store i32 %new, ptr @log
  ret void
}
define i32 @main() {
  %r = call i32 @atexit(ptr @at_exit)
  %old = load i32, ptr @log
  %new = add i32 %old, 10
  store i32 %new, ptr @log
  ret i32 %new
}");
    // SAFETY: the program adds to a variable of its own.
    assert_eq!(unsafe { jit.run_main("main", &["program"]) }.unwrap(), 11);
    // SAFETY: the address is the variable's.
    assert_eq!(unsafe { jit.address("log").unwrap().cast::<i32>().read() }, 111);
}

#[test]
fn a_main_has_no_link() {
    let jit = jit(&format!(
        "{DECLARATIONS}
define i32 @main() {{
  %me = call ptr @llvm.stackswitch.current()
  %link = call ptr @llvm.stackswitch.link(ptr %me)
  %none = icmp eq ptr %link, null
  %result = zext i1 %none to i32
  ret i32 %result
}}"
    ));
    // SAFETY: the program only looks at its context.
    assert_eq!(unsafe { jit.run_main("main", &["program"]) }.unwrap(), 1);
}

#[test]
fn a_fault_comes_back_and_everything_goes_on() {
    let jit = jit(&format!("{DECLARATIONS}{MISUSE}"));
    let (misuse, fine) = (
        jit.function::<unsafe extern "C" fn() -> i64>("misuse").unwrap(),
        jit.function::<unsafe extern "C" fn() -> i64>("fine").unwrap(),
    );
    for _ in 0..100 {
        // SAFETY: the misuse is detected, and no frame below the call has anything to drop.
        let error = unsafe { jit.call(|| misuse()) }.unwrap_err();
        let Error::Fault(fault) = error else { panic!("{error}") };
        assert_ne!(fault.context, 0);
        assert!(fault.code < 0 && fault.message.contains("resume"), "{fault:?}");
        // SAFETY: it returns a constant.
        assert_eq!(unsafe { jit.call(|| fine()) }.unwrap(), 2);
    }
}

#[test]
fn an_overflow_comes_back_again_and_again() {
    let jit = jit(&format!(
        "{DECLARATIONS}
declare ptr @llvm.stackswitch.base.create(i64)
define i64 @deeper(i64 %n) noinline {{
  %buffer = alloca [64 x i64]
  store volatile i64 %n, ptr %buffer
  %next = add i64 %n, 1
  %below = call i64 @deeper(i64 %next)
  %here = load volatile i64, ptr %buffer
  %sum = add i64 %below, %here
  ret i64 %sum
}}
define i64 @body(ptr %arg, i64 %first) {{
  %sum = call i64 @deeper(i64 0)
  ret i64 %sum
}}
define i64 @overflow() {{
  %base = call ptr @llvm.stackswitch.base.create(i64 262144)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  ret i64 %r
}}"
    ));
    let overflow = jit.function::<unsafe extern "C" fn() -> i64>("overflow").unwrap();
    for _ in 0..10 {
        // SAFETY: the overflow is detected, and the frames have nothing to drop.
        let error = unsafe { jit.call(|| overflow()) }.unwrap_err();
        let Error::Fault(fault) = error else { panic!("{error}") };
        assert!(fault.message.contains("overflow"), "{fault}");
    }
    // SAFETY: plain Rust.
    assert_eq!(unsafe { jit.call(|| 3) }.unwrap(), 3);
}

#[test]
fn calls_nest_and_a_fault_ends_only_the_inner_one() {
    let jit = jit(&format!("{DECLARATIONS}{MISUSE}"));
    let misuse = jit.function::<unsafe extern "C" fn() -> i64>("misuse").unwrap();
    let result = unsafe {
        // SAFETY: the misuse is detected; the inner call's frames have nothing to drop.
        jit.call(|| {
            let inner = jit.call(|| misuse());
            assert!(matches!(inner, Err(Error::Fault(_))));
            jit.call(|| 5).unwrap()
        })
    };
    assert_eq!(result.unwrap(), 5);
}

#[test]
fn contexts_of_the_host_survive_a_fault() {
    let jit = jit(&format!(
        "{DECLARATIONS}{MISUSE}
define i64 @counter(ptr %arg, i64 %first) {{
entry:
  br label %loop
loop:
  %n = phi i64 [ %first, %entry ], [ %next, %loop ]
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %n)
  %next = add i64 %n, %got
  br label %loop
}}
define ptr @start() {{
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counter, ptr null)
  ret ptr %c
}}
define i64 @step(ptr %c, i64 %by) {{
  %n = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %by)
  ret i64 %n
}}"
    ));
    type Step = unsafe extern "C" fn(*mut (), i64) -> i64;
    let (start, step, misuse) = (
        jit.function::<unsafe extern "C" fn() -> *mut ()>("start").unwrap(),
        jit.function::<Step>("step").unwrap(),
        jit.function::<unsafe extern "C" fn() -> i64>("misuse").unwrap(),
    );
    // SAFETY: the context is resumed with values of its type, and the misuse is detected.
    unsafe {
        let counter = start();
        assert_eq!(step(counter, 10), 10);
        jit.call(|| misuse()).unwrap_err();
        assert_eq!(step(counter, 1), 11);
        assert_eq!(jit.call(|| step(counter, 2)).unwrap(), 13);
    }
}

#[test]
fn a_panic_goes_through_a_call() {
    let jit = Jit::builder().build().unwrap();
    let log = RefCell::new(Vec::new());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: no foreign frame is between the call and the panic.
        unsafe {
            jit.call(|| {
                log.borrow_mut().push("called");
                panic!("out of here");
            })
        }
    }));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"out of here"));
    assert_eq!(*log.borrow(), ["called"]);
    // SAFETY: plain Rust.
    assert_eq!(unsafe { jit.call(|| 3) }.unwrap(), 3);
}

#[test]
fn threads_have_calls_of_their_own() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                let jit = jit(&format!("{DECLARATIONS}{MISUSE}"));
                let misuse = jit.function::<unsafe extern "C" fn() -> i64>("misuse").unwrap();
                for _ in 0..20 {
                    // SAFETY: the misuse is detected.
                    let error = unsafe { jit.call(|| misuse()) }.unwrap_err();
                    assert!(matches!(error, Error::Fault(_)));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn warnings_are_kept_until_asked_for() {
    let jit = Jit::builder().pointers(Pointers::Sliced).build().unwrap();
    let text = format!(
        "{DECLARATIONS}
         define ptr @inner(ptr %p, ptr %first) {{
           store i8 1, ptr %p
           ret ptr %first
         }}
         define ptr @outer(ptr %arg, ptr %first) {{
           %local = alloca i8
           %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @inner, ptr %local)
           ret ptr %c
         }}
         define ptr @start() {{
           %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @outer, ptr null)
           ret ptr %c
         }}"
    );
    jit.add_ir("test.ll", &text).unwrap();
    let warnings = jit.take_warnings();
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(matches!(warning, Warning::Passes(_)), "{warning:?}");
    let warning = warning.to_string();
    assert!(warning.contains("in function 'outer'"), "{warning}");
    assert!(warning.contains("; note: in function 'start'"), "{warning}");
    assert_eq!(jit.take_warnings(), []);
}
