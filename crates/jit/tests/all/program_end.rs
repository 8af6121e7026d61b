//! The end of a program that is not the end of its `main`.

use std::{
    env,
    process::{Command, Output},
};

use stackswitch::jit::{Error, Jit};

/// What a test of this file writes and how it ends, in its own process. `None` in that process.
fn in_process(test: &str) -> Option<Output> {
    const CHILD: &str = "STACKSWITCH_TEST_PROGRAM_END";
    if env::var_os(CHILD).is_some_and(|name| name == test) {
        return None;
    }
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &name, "--nocapture"]).env(CHILD, test);
    Some(command.output().unwrap())
}

/// The lines that the program below has written.
fn lines(output: &Output) -> Vec<String> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    stdout.lines().filter_map(|l| Some(l.strip_prefix("program: ")?.to_owned())).collect()
}

const PROGRAM: &str = r#"
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @begin, ptr null }]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @end, ptr null }]
@__dso_handle = external hidden global i8
@begins = constant [22 x i8] c"\0Aprogram: constructor\00"
@ends = constant [20 x i8] c"program: destructor\00"
@plain = constant [16 x i8] c"program: atexit\00"
@object = constant [20 x i8] c"program: cxa_atexit\00"
@left = constant [14 x i8] c"program: left\00"
declare i32 @puts(ptr)
declare i32 @atexit(ptr)
declare i32 @__cxa_atexit(ptr, ptr, ptr)
declare void @exit(i32)
define void @begin() {
  %a = call i32 @puts(ptr @begins)
  %b = call i32 @__cxa_atexit(ptr @puts, ptr @object, ptr @__dso_handle)
  ret void
}
define void @end() {
  %a = call i32 @puts(ptr @ends)
  ret void
}
define void @bye() {
  %a = call i32 @puts(ptr @plain)
  ret void
}
define i32 @main() {
  %a = call i32 @atexit(ptr @bye)
  ret i32 0
}
define i32 @exits() {
  %a = call i32 @main()
  call void @exit(i32 3)
  %b = call i32 @puts(ptr @left)
  ret i32 0
}
"#;

const WHOLE: [&str; 4] = ["constructor", "atexit", "cxa_atexit", "destructor"];

fn jit() -> Jit {
    let jit = Jit::builder().build().unwrap();
    jit.add_ir("program", PROGRAM).unwrap();
    jit
}

#[test]
fn exit_ends_the_program_and_then_the_process() {
    if let Some(output) = in_process("exit_ends_the_program_and_then_the_process") {
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(lines(&output), WHOLE);
        return;
    }
    // SAFETY: the program writes lines and exits.
    let _ = unsafe { jit().run_main("exits", &["exits"]) };
}

#[test]
fn a_return_from_main_ends_the_program_once() {
    if let Some(output) = in_process("a_return_from_main_ends_the_program_once") {
        assert_eq!(output.status.code(), Some(4));
        assert_eq!(lines(&output), WHOLE);
        return;
    }
    let jit = jit();
    // SAFETY: the program writes lines.
    assert_eq!(unsafe { jit.run_main("main", &["main"]) }.unwrap(), 0);
    std::process::exit(4);
}

#[test]
fn a_program_that_was_initialized_ends_with_the_process() {
    if let Some(output) = in_process("a_program_that_was_initialized_ends_with_the_process") {
        assert_eq!(output.status.code(), Some(5));
        assert_eq!(lines(&output), WHOLE);
        return;
    }
    let jit = jit();
    let main = jit.function::<unsafe extern "C" fn() -> i32>("main").unwrap();
    // SAFETY: the program writes lines.
    unsafe {
        jit.initialize().unwrap();
        main();
    }
    // On a thread that has nothing to do with the JIT.
    std::thread::spawn(|| std::process::exit(5)).join().unwrap();
}

#[test]
fn nothing_runs_of_a_jit_that_was_dropped() {
    if let Some(output) = in_process("nothing_runs_of_a_jit_that_was_dropped") {
        assert_eq!(output.status.code(), Some(6));
        assert_eq!(lines(&output), ["constructor"]);
        return;
    }
    let jit = jit();
    let main = *jit.function::<unsafe extern "C" fn() -> i32>("main").unwrap();
    // SAFETY: the program writes lines.
    unsafe {
        jit.initialize().unwrap();
        main();
    }
    drop(jit);
    std::process::exit(6);
}

#[test]
fn the_names_are_the_jits_own() {
    let jit = Jit::builder().build().unwrap();
    let error = jit.add_ir("own", "define i32 @atexit(ptr %f) { ret i32 0 }").unwrap_err();
    assert!(matches!(&error, Error::Duplicate { symbol, .. } if symbol == "atexit"), "{error}");
}
