//! IR that awaits Rust futures, in an ordinary asynchronous program (here under tokio).
//!
//! `fetch` is asynchronous in Rust and a plain function in IR. While its future is not ready, the
//! coroutine that called it is suspended, at whatever depth of calls. Three coroutines wait at the same
//! time on one thread.

use std::{cell::RefCell, ffi::c_void, ptr::from_mut, rc::Rc, time::Duration};

use stackswitch::jit::{Error, Jit};
use tokio::{runtime, time};

const TASK: &str = r"
declare i64 @fetch(i64, i64)

; Fetches %n and all below it; the sum.
define i64 @fetch_down(i64 %client, i64 %n) {
entry:
  %zero = icmp eq i64 %n, 0
  br i1 %zero, label %end, label %more
more:
  %value = call i64 @fetch(i64 %client, i64 %n)
  %below = sub i64 %n, 1
  %rest = call i64 @fetch_down(i64 %client, i64 %below)
  %sum = add i64 %value, %rest
  ret i64 %sum
end:
  ret i64 0
}

define i64 @client(ptr %number, i64 %first) {
  %n = load i64, ptr %number
  %sum = call i64 @fetch_down(i64 %n, i64 3)
  ret i64 %sum
}
";

async fn serve() -> Result<(), Error> {
    let jit = Jit::builder().build()?;
    let waiting = Rc::new(RefCell::new(0));
    jit.host_async_fn("fetch", move |client: i64, key: i64| {
        let waiting = waiting.clone();
        async move {
            *waiting.borrow_mut() += 1;
            time::sleep(Duration::from_millis((10 * client * key) as u64)).await;
            println!("client {client} has {key}; {} were waiting", waiting.borrow());
            *waiting.borrow_mut() -= 1;
            100 * client + key
        }
    })?;
    jit.add_ir("task.ll", TASK)?;

    let mut numbers = [1_i64, 2, 3];
    let argument = |number: &mut i64| from_mut(number).cast::<c_void>();
    let [one, two, three] = &mut numbers;
    // SAFETY: the numbers outlive the tasks, and the functions fit the closure.
    let (one, two, three) = unsafe {
        (
            jit.task::<i64>("client", argument(one))?,
            jit.task::<i64>("client", argument(two))?,
            jit.task::<i64>("client", argument(three))?,
        )
    };
    let (one, two, three) = tokio::try_join!(one, two, three)?;
    println!("{one}, {two}, {three}");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A paused clock of tokio's jumps to the next timer when all tasks wait.
    let runtime =
        runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(runtime.block_on(serve())?)
}
