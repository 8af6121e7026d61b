//! McCarthy's ambiguous operator. The host decides the order of the search.
//!
//! `amb(low, high)` is any number of that range. `require(condition)` ends the world in which the
//! condition does not hold. The program that uses them, `triple`, looks as if it ran once. The
//! function `explore` multiplies it: it clones the asking context once for each number.
//!
//! Rust keeps the waiting worlds on an agenda. Taking the newest first searches in depth, taking the
//! oldest first in breadth. The program does not know the difference.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    ffi::c_void,
    ptr::null_mut,
    rc::Rc,
};

use stackswitch::jit::{Error, Jit};

const PROGRAM: &str = r"
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @found(i64, i64, i64)

; The number of choices goes to the explorer, the one to take comes back.
define i64 @amb(i64 %low, i64 %high) {
  %width = sub i64 %high, %low
  %choices = add i64 %width, 1
  %choice = call i64 @llvm.stackswitch.suspend.i64(i64 %choices)
  %number = add i64 %low, %choice
  ret i64 %number
}

; No choices: nobody goes on from here.
define void @require(i1 %condition) {
  br i1 %condition, label %holds, label %dead
holds:
  ret void
dead:
  call i64 @llvm.stackswitch.suspend.i64(i64 0)
  ret void
}

; a * a + b * b = c * c, with a < b < c <= %limit
define i64 @triple(ptr %argument, i64 %limit) {
  %a = call i64 @amb(i64 1, i64 %limit)
  %b = call i64 @amb(i64 %a, i64 %limit)
  %c = call i64 @amb(i64 %b, i64 %limit)
  %aa = mul i64 %a, %a
  %bb = mul i64 %b, %b
  %cc = mul i64 %c, %c
  %sum = add i64 %aa, %bb
  %right = icmp eq i64 %sum, %cc
  call void @require(i1 %right)
  call void @found(i64 %a, i64 %b, i64 %c)
  ret i64 0
}
";

const EXPLORER: &str = r"
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare ptr @llvm.stackswitch.clone(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i64 @triple(ptr, i64)
declare void @add_world(ptr, i64)
declare ptr @take_world()
declare i64 @its_choice()

define void @explore(i64 %limit) {
entry:
  %first = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @triple, ptr null)
  call void @add_world(ptr %first, i64 %limit)
  br label %next
next:
  %world = call ptr @take_world()
  %none = icmp eq ptr %world, null
  br i1 %none, label %end, label %run
run:
  %choice = call i64 @its_choice()
  %choices = call i64 @llvm.stackswitch.resume.i64(ptr %world, i64 %choice)
  %status = call i32 @llvm.stackswitch.status(ptr %world)
  %ended = icmp eq i32 %status, 3
  %dead = icmp eq i64 %choices, 0
  %over = or i1 %ended, %dead
  br i1 %over, label %drop, label %fork
fork:
  %i = phi i64 [ 0, %run ], [ %i.next, %fork ]
  %copy = call ptr @llvm.stackswitch.clone(ptr %world)
  call void @add_world(ptr %copy, i64 %i)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %choices
  br i1 %more, label %fork, label %drop
drop:
  call void @llvm.stackswitch.destroy(ptr %world)
  br label %next
end:
  ret void
}
";

/// A waiting world: a context, and the number that its `amb` will return.
type World = (*mut c_void, i64);

/// Runs the program and prints each triple as it is found.
fn explore(order: &str, take: fn(&mut VecDeque<World>) -> Option<World>) -> Result<(), Error> {
    let jit = Jit::builder().build()?;
    let agenda = Rc::new(RefCell::new(VecDeque::<World>::new()));
    let choice = Rc::new(Cell::new(0));
    let (add, its_choice) = (agenda.clone(), choice.clone());
    jit.host_fn("add_world", move |context: *mut c_void, choice: i64| {
        add.borrow_mut().push_back((context, choice));
    })?;
    jit.host_fn("take_world", move || {
        let (context, next) = take(&mut agenda.borrow_mut()).unwrap_or((null_mut(), 0));
        choice.set(next);
        context
    })?;
    jit.host_fn("its_choice", move || its_choice.get())?;
    jit.host_fn("found", |a: i64, b: i64, c: i64| println!("{a} {b} {c}"))?;
    jit.add_ir("program.ll", PROGRAM)?;
    jit.add_ir("explorer.ll", EXPLORER)?;

    println!("{order}:");
    let explore = jit.function::<unsafe extern "C" fn(i64)>("explore")?;
    // SAFETY: the modules fit each other and the closures.
    unsafe { jit.call(|| explore(20)) }
}

fn main() -> Result<(), Error> {
    explore("the newest world first", VecDeque::pop_back)?;
    explore("the oldest world first", VecDeque::pop_front)
}
