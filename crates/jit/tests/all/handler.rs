//! A program that sets the runtime's error handler, which is the process's.

use stackswitch::jit::{Error, Jit, State};
use stackswitch_test_support::alone;

const PROGRAM: &str = "
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @stackswitch_set_error_handler(ptr)
define ptr @ends(ptr %arg, ptr %first) {
  ret ptr %first
}
define i64 @misuse() {
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @ends, ptr null)
  %a = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
  %b = call ptr @llvm.stackswitch.resume(ptr %c, ptr null)
  ret i64 1
}
define void @forgive(i32 %code, ptr %context, ptr %message) {
  ret void
}
define i64 @forgiven() {
  %old = call ptr @stackswitch_set_error_handler(ptr @forgive)
  %r = call i64 @misuse()
  ret i64 %r
}
define i64 @forgiven_body(ptr %arg, i64 %first) {
  %r = call i64 @forgiven()
  ret i64 %r
}
define i64 @body(ptr %arg, i64 %first) {
  %r = call i64 @misuse()
  ret i64 %r
}
";

#[test]
fn the_handler_of_a_program_ends_with_its_call_or_coroutine() {
    alone(|| {
        let jit = Jit::builder().build().unwrap();
        jit.add_ir("test.ll", PROGRAM).unwrap();
        let (misuse, forgiven) = (
            jit.function::<unsafe extern "C" fn() -> i64>("misuse").unwrap(),
            jit.function::<unsafe extern "C" fn() -> i64>("forgiven").unwrap(),
        );
        // SAFETY: the misuse is detected, and the frames have nothing to drop.
        unsafe {
            assert_eq!(jit.call(|| forgiven()).unwrap(), 1);
            assert!(matches!(jit.call(|| misuse()), Err(Error::Fault(_))));
        }
        let mut coroutine = {
            // SAFETY: the body misuses the runtime, which is detected.
            unsafe { jit.coroutine::<(), ()>("forgiven_body", std::ptr::null_mut()) }.unwrap()
        };
        assert_eq!(coroutine.resume(()).unwrap(), State::Returned(()));
        drop(coroutine);
        // SAFETY: as above.
        let mut coroutine =
            unsafe { jit.coroutine::<(), ()>("body", std::ptr::null_mut()) }.unwrap();
        assert!(matches!(coroutine.resume(()), Err(Error::Fault(_))));
    });
}
