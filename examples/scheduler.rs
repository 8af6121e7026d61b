//! A cooperative scheduler: green threads written in IR, the run queue in Rust.
//!
//! Each thread is a coroutine that the host drives. A thread lets others run by `suspend` with the
//! number of ticks that it wants to sleep; 0 means its next turn. The channel between the threads is a
//! pair of Rust closures. A closure that must wait suspends the thread that called it, and the thread's
//! IR need not know.

use std::{cell::RefCell, collections::BTreeMap, collections::VecDeque, ptr::null_mut, rc::Rc};

use stackswitch::jit::{Coroutine, Error, Jit, State, suspend};

const THREADS: &str = r"
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @send(i64)
declare i64 @receive()
declare void @consumed(i64)
declare void @tick()

; Sends 1, 2, ... 6 and then 0.
define i64 @producer(ptr %argument, i64 %first) {
entry:
  br label %next
next:
  %n = phi i64 [ 1, %entry ], [ %n.next, %next ]
  call void @send(i64 %n)
  %n.next = add i64 %n, 1
  %more = icmp ule i64 %n.next, 6
  br i1 %more, label %next, label %end
end:
  call void @send(i64 0)
  ret i64 0
}

; Receives until 0, and needs two ticks for each.
define i64 @consumer(ptr %argument, i64 %first) {
  br label %next
next:
  %n = call i64 @receive()
  %last = icmp eq i64 %n, 0
  br i1 %last, label %end, label %work
work:
  call void @consumed(i64 %n)
  %slept = call i64 @llvm.stackswitch.suspend.i64(i64 2)
  br label %next
end:
  ret i64 0
}

; Every third tick, four times.
define i64 @clock(ptr %argument, i64 %first) {
entry:
  br label %next
next:
  %left = phi i64 [ 4, %entry ], [ %left.next, %next ]
  %slept = call i64 @llvm.stackswitch.suspend.i64(i64 3)
  call void @tick()
  %left.next = sub i64 %left, 1
  %more = icmp ugt i64 %left.next, 0
  br i1 %more, label %next, label %end
end:
  ret i64 0
}
";

/// Lets the other threads run.
fn give_way() {
    // SAFETY: the closures that call this lend no address of their stack to anybody.
    unsafe { suspend(0_i64) }.expect("called by a thread");
}

type Thread<'jit> = (&'static str, Coroutine<'jit, i64, i64>);

fn main() -> Result<(), Error> {
    let jit = Jit::builder().build()?;
    // No borrow of it may last over a switch: the other side wants one too.
    let channel = Rc::new(RefCell::new(VecDeque::new()));
    let to = channel.clone();
    jit.host_fn("send", move |n: i64| {
        while to.borrow().len() == 2 {
            give_way(); // full
        }
        println!("  sent {n}");
        to.borrow_mut().push_back(n);
    })?;
    jit.host_fn("receive", move || {
        loop {
            if let Some(n) = channel.borrow_mut().pop_front() {
                return n;
            }
            give_way(); // empty
        }
    })?;
    jit.host_fn("consumed", |n: i64| println!("  consumed {n}"))?;
    jit.host_fn("tick", || println!("  tick"))?;
    jit.add_ir("threads.ll", THREADS)?;

    let mut ready = VecDeque::<Thread>::new();
    for name in ["producer", "consumer", "clock"] {
        // SAFETY: the functions fit the closures that they call.
        ready.push_back((name, unsafe { jit.coroutine(name, null_mut())? }));
    }
    let mut sleeping = BTreeMap::<i64, Vec<Thread>>::new();
    let mut now = 0;
    loop {
        // One turn for each thread that is ready.
        for _ in 0..ready.len() {
            let Some((name, mut thread)) = ready.pop_front() else { break };
            match thread.resume(now)? {
                State::Yielded(0) => ready.push_back((name, thread)),
                State::Yielded(ticks) => {
                    sleeping.entry(now + ticks).or_default().push((name, thread));
                }
                State::Returned(_) => println!("  {name} has ended"),
            }
        }
        if ready.is_empty() && sleeping.is_empty() {
            return Ok(());
        }
        now += 1;
        println!("at {now}:");
        ready.extend(sleeping.remove(&now).into_iter().flatten());
    }
}
