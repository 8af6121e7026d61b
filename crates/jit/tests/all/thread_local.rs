//! Thread-local variables of compiled code.

use std::{
    ffi::c_void,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering::Relaxed},
        mpsc,
    },
};

use inkwell::{
    context::Context,
    targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine},
};
use stackswitch::{
    jit::{Error, Jit, OptLevel},
    reader,
};

type Count = unsafe extern "C" fn(i64) -> i64;

/// A variable that starts with 40, and a function that adds to it.
const COUNTER: &str = "
@hits = thread_local global i64 40
declare ptr @llvm.threadlocal.address.p0(ptr)
define i64 @count(i64 %by) {
  %place = call ptr @llvm.threadlocal.address.p0(ptr @hits)
  %before = load i64, ptr %place
  %after = add i64 %before, %by
  store i64 %after, ptr %place
  ret i64 %after
}";

fn jit(level: OptLevel) -> Jit {
    Jit::builder().opt_level(level).build().unwrap()
}

#[test]
fn every_thread_has_a_copy_with_the_initial_value() {
    for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
        let jit = jit(level);
        jit.add_ir("counter", COUNTER).unwrap();
        let count = *jit.function::<Count>("count").unwrap();
        // SAFETY: the function uses nothing but its argument and its variable.
        let count = |by| unsafe { count(by) };
        assert_eq!((count(2), count(2)), (42, 44));
        // Threads of the host that call a looked-up function.
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!((count(5), count(5)), (45, 50)));
            }
        });
        assert_eq!(count(1), 45);
    }
}

#[test]
fn modules_share_a_variable_in_any_order() {
    let jit = jit(OptLevel::O2);
    // The module that uses it is first, a function is compiled before a third module is added.
    let declared =
        COUNTER.replace("global i64 40", "global i64").replace("@hits =", "@hits = external");
    jit.add_ir("user", &declared).unwrap();
    jit.add_ir("definition", "@hits = thread_local global i64 7").unwrap();
    let count = *jit.function::<Count>("count").unwrap();
    // SAFETY: the function uses nothing but its argument and its variable.
    assert_eq!(unsafe { count(1) }, 8);
    jit.add_ir("later", &declared.replace("@count", "@count_later")).unwrap();
    let later = *jit.function::<Count>("count_later").unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { later(1) }, 9);
}

#[test]
fn an_address_is_that_of_the_calling_threads_copy() {
    let jit = jit(OptLevel::O2);
    jit.add_ir("counter", COUNTER).unwrap();
    let count = jit.function::<Count>("count").unwrap();
    // SAFETY: the function uses nothing but its argument and its variable.
    let hits = unsafe { count(2) };
    let place = jit.address("hits").unwrap().cast::<i64>();
    // SAFETY: it is a variable of this type, of this thread.
    assert_eq!(unsafe { place.read() }, hits);
}

#[test]
fn a_variable_that_is_defined_again_is_another_one() {
    let jit = Jit::builder().redefine(true).build().unwrap();
    jit.add_ir("first", COUNTER).unwrap();
    let first = *jit.function::<Count>("count").unwrap();
    jit.add_ir("second", &COUNTER.replace("40", "70")).unwrap();
    let second = *jit.function::<Count>("count").unwrap();
    // SAFETY: the functions use nothing but their argument and their variables.
    unsafe {
        assert_eq!((first(1), second(1), first(1), second(1)), (41, 71, 42, 72));
    }
}

#[test]
fn alignment_and_size_are_those_of_the_variable() {
    let jit = jit(OptLevel::O2);
    jit.add_ir("wide", "@wide = thread_local global [1000 x i64] zeroinitializer, align 512")
        .unwrap();
    jit.add_ir("packed", "@packed = thread_local global <{ i8, i64 }> <{ i8 1, i64 -2 }>, align 1")
        .unwrap();
    let wide = jit.address("wide").unwrap().cast::<i64>();
    assert_eq!(wide.addr() % 512, 0);
    // SAFETY: the variable has 1,000 elements.
    assert!(unsafe { std::slice::from_raw_parts(wide, 1000) }.iter().all(|x| *x == 0));
    let packed = jit.address("packed").unwrap().cast::<u8>();
    // SAFETY: the variable has nine bytes.
    let packed = unsafe { std::slice::from_raw_parts(packed, 9) };
    assert_eq!(packed, [1, 254, 255, 255, 255, 255, 255, 255, 255]);
}

#[test]
fn a_variable_of_the_process_is_the_processes() {
    let jit = jit(OptLevel::O2);
    // libstdc++'s, which `std::call_once` uses.
    jit.add_ir(
        "user",
        "@_ZSt15__once_callable = external thread_local global ptr
         declare ptr @llvm.threadlocal.address.p0(ptr)
         define ptr @place() {
           %place = call ptr @llvm.threadlocal.address.p0(ptr @_ZSt15__once_callable)
           ret ptr %place
         }",
    )
    .unwrap();
    let place = *jit.function::<unsafe extern "C" fn() -> *mut c_void>("place").unwrap();
    let check = || {
        // SAFETY: the function returns an address. The name is a C string.
        let (here, expected) = unsafe {
            (place(), libc::dlsym(libc::RTLD_DEFAULT, c"_ZSt15__once_callable".as_ptr()))
        };
        assert!(!here.is_null());
        assert_eq!(here, expected);
        here.addr()
    };
    let mine = check();
    let theirs = std::thread::scope(|scope| scope.spawn(check).join().unwrap());
    assert_ne!(mine, theirs);
}

#[test]
fn a_variable_that_nobody_defines_is_named() {
    let jit = jit(OptLevel::O2);
    let declared = COUNTER
        .replace("@hits = thread_local global i64 40", "@hits = external thread_local global i64");
    jit.add_ir("user", &declared).unwrap();
    let error = jit.function::<Count>("count").unwrap_err();
    assert!(matches!(&error, Error::MissingSymbol(names) if names == &["hits"]), "{error}");
}

#[test]
fn what_cannot_be_provided_is_refused_with_its_name() {
    let jit = jit(OptLevel::O2);
    let error = jit
        .add_ir("alias.ll", "@a = thread_local global i32 1\n@b = thread_local alias i32, ptr @a")
        .unwrap_err();
    let message = "alias.ll: the thread-local variable `b` is an alias of another one, which the JIT \
                   cannot share between modules";
    assert_eq!(error.to_string(), message);
    // What only the module itself sees is fine.
    jit.add_ir(
        "own.ll",
        "@c = thread_local global i32 1\n@d = internal thread_local alias i32, ptr @c",
    )
    .unwrap();

    let context = Context::create();
    let module = reader::parse(&context, "counter.ll", COUNTER.as_bytes()).unwrap();
    Target::initialize_native(&InitializationConfig::default()).unwrap();
    let triple = TargetMachine::get_default_triple();
    let machine = Target::from_triple(&triple)
        .unwrap()
        .create_target_machine(
            &triple,
            "",
            "",
            OptLevel::O2.codegen(),
            RelocMode::PIC,
            CodeModel::Default,
        )
        .unwrap();
    module.set_triple(&triple);
    let object = machine.write_to_memory_buffer(&module, FileType::Object).unwrap();
    let error = jit.add_object("counter.o", object.as_slice()).unwrap_err();
    assert!(matches!(&error, Error::ThreadLocal { variable, .. } if variable == "hits"), "{error}");
    assert!(error.to_string().contains("-femulated-tls"), "{error}");
}

/// What the destructors of the program below have been given.
static DROPPED: AtomicI64 = AtomicI64::new(0);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

extern "C" fn note(value: i64) {
    DROPPED.fetch_add(value, Relaxed);
}

/// A program that makes a thread-local object with a destructor.
const OBJECT: &str = "
@object = thread_local global i64 0
@__dso_handle = external hidden global i8
declare i32 @__cxa_thread_atexit(ptr, ptr, ptr)
declare void @note(i64)
define void @drop(ptr %object) {
  %value = load i64, ptr %object
  call void @note(i64 %value)
  ret void
}
define i64 @make(i64 %value) {
  store i64 %value, ptr @object
  %r = call i32 @__cxa_thread_atexit(ptr @drop, ptr @object, ptr @__dso_handle)
  ret i64 0
}";

fn with_object() -> Jit {
    let jit = Jit::builder().symbol("note", note as *const ()).build().unwrap();
    jit.add_ir("object", OBJECT).unwrap();
    jit
}

#[test]
fn destructors_run_when_their_thread_ends() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let before = DROPPED.load(Relaxed);
    let jit = with_object();
    let make = *jit.function::<Count>("make").unwrap();
    for n in 1..=3 {
        // SAFETY: the function stores to its variable.
        std::thread::spawn(move || unsafe { make(n) }).join().unwrap();
    }
    assert_eq!(DROPPED.load(Relaxed), before + 6);
}

#[test]
fn no_destructor_runs_when_its_jit_was_dropped() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let before = DROPPED.load(Relaxed);
    let jit = with_object();
    let make = *jit.function::<Count>("make").unwrap();
    let ((made, was_made), (gone, is_gone)) = (mpsc::channel(), mpsc::channel());
    let thread = std::thread::spawn(move || {
        // SAFETY: the function stores to its variable, and the JIT is dropped later.
        unsafe { make(5) };
        made.send(()).unwrap();
        is_gone.recv().unwrap();
    });
    was_made.recv().unwrap();
    drop(jit);
    gone.send(()).unwrap();
    thread.join().unwrap();
    assert_eq!(DROPPED.load(Relaxed), before);
}

#[test]
fn destructors_of_the_main_thread_run_at_the_end_of_main() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let before = DROPPED.load(Relaxed);
    let jit = with_object();
    jit.add_ir(
        "main",
        "declare i64 @make(i64)
         define i32 @main() {
           %r = call i64 @make(i64 9)
           ret i32 0
         }",
    )
    .unwrap();
    for round in 1..=2 {
        // SAFETY: the program only makes its object.
        assert_eq!(unsafe { jit.run_main("main", &["main"]) }.unwrap(), 0);
        assert_eq!(DROPPED.load(Relaxed), before + 9 * round);
    }
}
