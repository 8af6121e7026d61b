//! Deep effect handlers, which continue the program by `resume`. One of them resumes it twice.
//!
//! A program performs an effect by suspending with a request, `{ effect, operand }`. The value of the
//! next resume is the effect's result. The handlers give the effects their meaning:
//!
//! - `count` (effect 0) adds its operand to a counter and gives the sum. Its handler resumes the
//!   program once.
//! - `choose` (effect 1) gives 0 and 1. Its handler resumes the program twice: a clone with 0, then
//!   the program itself with 1. The result is the sum of both.
//!
//! Both handlers are deep: they also handle the effects that the program performs after `resume`. They
//! nest: a handler runs in a context itself, and performs the effects that it does not know. The handler
//! that clones is the inner one, because a clone of a handler's context would share the program that the
//! handler runs.

use stackswitch::jit::{Error, Jit};

const EFFECTS: &str = r"
%request = type { i64, i64 }
declare ptr @llvm.stackswitch.spawn.s_requests(ptr, ptr, ptr)
declare %request @llvm.stackswitch.resume.s_requests(ptr, %request)
declare %request @llvm.stackswitch.suspend.s_requests(%request)
declare ptr @llvm.stackswitch.clone(ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare void @log(i64, i64)

define i64 @perform(i64 %effect, i64 %operand) {
  %half = insertvalue %request poison, i64 %effect, 0
  %request = insertvalue %request %half, i64 %operand, 1
  %answer = call %request @llvm.stackswitch.suspend.s_requests(%request %request)
  %result = extractvalue %request %answer, 1
  ret i64 %result
}

; Goes on in a program; its next request, or its result.
define %request @continue(ptr %program, i64 %value) {
  %answer = insertvalue %request { i64 0, i64 0 }, i64 %value, 1
  %request = call %request @llvm.stackswitch.resume.s_requests(ptr %program, %request %answer)
  ret %request %request
}

; bit = choose(); steps = count(1 + bit); bit' = choose(); 100 * bit + 10 * bit' + steps
define %request @program(ptr %argument, %request %first) {
  %bit = call i64 @perform(i64 1, i64 0)
  %step = add i64 %bit, 1
  %steps = call i64 @perform(i64 0, i64 %step)
  %bit2 = call i64 @perform(i64 1, i64 0)
  %hundreds = mul i64 %bit, 100
  %tens = mul i64 %bit2, 10
  %high = add i64 %hundreds, %tens
  %value = add i64 %high, %steps
  call void @log(i64 2, i64 %value)
  %result = insertvalue %request { i64 0, i64 0 }, i64 %value, 1
  ret %request %result
}

; Runs %program on from %value to its end, with `choose` meaning both.
define i64 @choosing(ptr %program, i64 %value) {
entry:
  br label %go
go:
  %sent = phi i64 [ %value, %entry ], [ %forwarded, %forward ]
  %request = call %request @continue(ptr %program, i64 %sent)
  %effect = extractvalue %request %request, 0
  %operand = extractvalue %request %request, 1
  %status = call i32 @llvm.stackswitch.status(ptr %program)
  %ended = icmp eq i32 %status, 3
  br i1 %ended, label %end, label %handle
handle:
  %ours = icmp eq i64 %effect, 1
  br i1 %ours, label %both, label %forward
both:
  %clone = call ptr @llvm.stackswitch.clone(ptr %program)
  call void @log(i64 1, i64 0)
  %with.0 = call i64 @choosing(ptr %clone, i64 0)
  call void @log(i64 1, i64 1)
  %with.1 = call i64 @choosing(ptr %program, i64 1)
  %sum = add i64 %with.0, %with.1
  ret i64 %sum
forward:
  %forwarded = call i64 @perform(i64 %effect, i64 %operand)
  br label %go
end:
  call void @llvm.stackswitch.destroy(ptr %program)
  ret i64 %operand
}

; The program under the handler of `choose`, which is a program too.
define %request @all(ptr %argument, %request %first) {
  %program = call ptr @llvm.stackswitch.spawn.s_requests(ptr null, ptr @program, ptr null)
  %sum = call i64 @choosing(ptr %program, i64 0)
  %result = insertvalue %request { i64 0, i64 0 }, i64 %sum, 1
  ret %request %result
}

; Runs it with a counter that starts at %start.
define i64 @counting(i64 %start) {
entry:
  %program = call ptr @llvm.stackswitch.spawn.s_requests(ptr null, ptr @all, ptr null)
  br label %go
go:
  %counter = phi i64 [ %start, %entry ], [ %counted, %count ]
  %request = call %request @continue(ptr %program, i64 %counter)
  %operand = extractvalue %request %request, 1
  %status = call i32 @llvm.stackswitch.status(ptr %program)
  %ended = icmp eq i32 %status, 3
  br i1 %ended, label %end, label %count
count:
  %counted = add i64 %counter, %operand
  call void @log(i64 0, i64 %counted)
  br label %go
end:
  call void @llvm.stackswitch.destroy(ptr %program)
  ret i64 %operand
}
";

fn main() -> Result<(), Error> {
    let jit = Jit::builder().build()?;
    jit.host_fn("log", |what: i64, value: i64| match what {
        0 => println!("the counter is {value}"),
        1 => println!("choosing {value}"),
        _ => println!("a result: {value}"),
    })?;
    jit.add_ir("effects.ll", EFFECTS)?;
    let counting = jit.function::<unsafe extern "C" fn(i64) -> i64>("counting")?;
    // SAFETY: it calls nothing but the closure, with what that takes.
    let sum = unsafe { jit.call(|| counting(0))? };
    println!("the sum of all results: {sum}");
    Ok(())
}
