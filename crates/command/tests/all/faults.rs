//! How the command ends on faults: those of the guest are errors that it prints, all others end the
//! process as they would end any.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    process::{Command, Output},
};

use stackswitch_test_support::{directory, run, text};

use crate::STACKSWITCH;

/// Runs a program with the command, by its body of `main` and what it declares.
fn command(name: &str, declarations: &str, body: &str) -> Output {
    let path = directory("faults").unwrap().join(name);
    let program = format!("{declarations}\ndefine i32 @main() {{\n{body}\n}}\n");
    fs::write(&path, program).unwrap();
    run(Command::new(STACKSWITCH).arg("run").arg(path)).unwrap()
}

#[test]
fn the_command_prints_a_fault_and_fails() {
    let output =
        command("trap.ll", "declare void @llvm.trap()", "  call void @llvm.trap()\n  unreachable");
    assert_eq!(output.status.code(), Some(70));
    assert_eq!(text(&output.stderr), "stackswitch: error: trap: illegal instruction, in main\n");
}

#[test]
fn a_fault_in_libc_is_not_the_guests() {
    let body = "  %n = call i64 @strlen(ptr null)\n  %r = trunc i64 %n to i32\n  ret i32 %r";
    let output = command("libc.ll", "declare i64 @strlen(ptr)", body);
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{}", text(&output.stderr));
}

#[test]
fn a_trap_outside_of_a_call_ends_the_process() {
    let declarations = "declare void @llvm.trap()
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(i64, ptr)
define ptr @thread(ptr %argument) {
  call void @llvm.trap()
  unreachable
}";
    let body = "  %id = alloca i64
  %a = call i32 @pthread_create(ptr %id, ptr null, ptr @thread, ptr null)
  %thread = load i64, ptr %id
  %b = call i32 @pthread_join(i64 %thread, ptr null)
  ret i32 0";
    let output = command("thread.ll", declarations, body);
    assert_eq!(output.status.signal(), Some(libc::SIGILL), "{}", text(&output.stderr));
}

#[test]
fn a_signal_that_was_sent_is_no_fault() {
    for signal in [libc::SIGILL, libc::SIGFPE, libc::SIGTRAP] {
        let body = format!("  %r = call i32 @raise(i32 {signal})\n  ret i32 3");
        let output = command("raise.ll", "declare i32 @raise(i32)", &body);
        assert_eq!(output.status.signal(), Some(signal), "{}", text(&output.stderr));
    }
}
