//! Measures coroutines that a Rust program drives through the JIT API.
//!
//! This is a program of its own: the main benchmark program is linked with the installed runtime library,
//! while this one has the runtime in the JIT. It prints nanoseconds for each operation, one sample a line.

use std::process::ExitCode;
use std::ptr::null_mut;
use std::time::Duration;

use clap::Parser;
use stackswitch::jit::{Coroutine, Error, Jit};
use stackswitch_bench::measure::{Plan, Workload, sample};

/// Measures coroutines that a Rust program drives.
#[derive(Parser)]
struct Arguments {
    /// How many samples to take.
    samples: usize,
    /// Microseconds that a sample takes at least.
    time: u64,
}

/// An endless generator of the numbers from 0.
const NUMBERS: &str = "
declare i64 @llvm.stackswitch.suspend.i64(i64)
define i64 @numbers(ptr %arg, i64 %first) {
entry:
  br label %loop
loop:
  %n = phi i64 [ 0, %entry ], [ %next, %loop ]
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %n)
  %next = add i64 %n, 1
  br label %loop
}
";

/// `Iterator::next`, a resume and a suspend.
struct Numbers<'jit> {
    coroutine: Coroutine<'jit, (), u64>,
    sum: u64,
}

impl Workload for Numbers<'_> {
    fn run(&mut self, count: usize) {
        for number in self.coroutine.by_ref().take(count) {
            self.sum = self.sum.wrapping_add(number.expect("it cannot fault"));
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Error> {
    let jit = Jit::builder().build()?;
    jit.add_ir("numbers.ll", NUMBERS)?;
    // SAFETY: the function uses nothing but its values.
    let coroutine = unsafe { jit.coroutine("numbers", null_mut())? };
    let time = Duration::from_micros(arguments.time);
    let plan = Plan { rounds: 1, samples: arguments.samples, time, operations: 2 };
    for sample in sample(&mut Numbers { coroutine, sum: 0 }, &plan) {
        println!("{sample}");
    }
    Ok(())
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
