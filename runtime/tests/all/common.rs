//! What the tests of the runtime share.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the error handler is called as the C ABI says"
)]

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};

use stackswitch_rt::abi::stackswitch_set_error_handler;
use stackswitch_rt::error::Code;

pub fn word(value: usize) -> *mut c_void {
    value as *mut c_void
}

thread_local! {
    static HEARD: RefCell<Vec<(Code, *mut c_void, String)>> = const { RefCell::new(Vec::new()) };
    static THROWS: Cell<bool> = const { Cell::new(false) };
}

/// An error handler that writes down what it hears on this thread, and returns; in [`throwing`] it
/// leaves by a panic. A process has one handler, and runs its tests at once.
pub unsafe extern "C-unwind" fn listen(code: c_int, context: *mut c_void, message: *const c_char) {
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    let code = Code::from_value(code).expect("a known code");
    if THROWS.get() {
        std::panic::resume_unwind(Box::new(code));
    }
    HEARD.with_borrow_mut(|heard| heard.push((code, context, message)));
}

/// The errors of `operation` on this thread.
pub fn errors_of(operation: impl FnOnce()) -> Vec<(Code, *mut c_void, String)> {
    unsafe { stackswitch_set_error_handler(Some(listen)) };
    HEARD.with_borrow_mut(Vec::clear);
    operation();
    HEARD.with_borrow_mut(std::mem::take)
}

/// An operation whose errors leave it as panics that hold the code.
pub fn throwing<T>(operation: impl FnOnce() -> T) -> T {
    unsafe { stackswitch_set_error_handler(Some(listen)) };
    THROWS.set(true);
    let result = operation();
    THROWS.set(false);
    result
}

/// The one error of `operation`.
pub fn error_of(operation: impl FnOnce()) -> Code {
    let errors = errors_of(operation);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let (code, _, message) = &errors[0];
    assert!(message.starts_with(&format!("stackswitch: {}: ", code.name())), "{message}");
    *code
}

/// Runs a test in a process of its own, for what belongs to the whole process: calls `body` there, and
/// returns how that process ended. `module` is `module_path!()`, `test` the name of the function.
pub fn in_own_process(module: &str, test: &str, body: impl FnOnce()) -> std::process::Output {
    const CHILD: &str = "STACKSWITCH_TEST_CHILD";
    let name = match module.split_once("::") {
        Some((_, module)) => format!("{module}::{test}"),
        None => test.to_owned(),
    };
    if std::env::var_os(CHILD).is_some_and(|child| child == *name) {
        body();
        std::process::exit(0);
    }
    stackswitch_test_support::this_program()
        .args(["--exact", &name, "--nocapture", "--test-threads=1"])
        .env(CHILD, &name)
        .output()
        .unwrap()
}
