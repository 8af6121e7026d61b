//! What a program sets for the calling thread.

use core::ptr;

use stackswitch_abi::Code;

use crate::error::refuse;
use crate::hooks::Hooks;
use crate::thread::{self, DEFAULT_REGIONS, ThreadWords};

/// Sets the calling thread's hooks; null for none.
///
/// # Safety
/// `hooks` is null or readable; the functions do what their types say.
pub(crate) unsafe fn set_hooks(hooks: *const Hooks) {
    // SAFETY: the caller vouches for `hooks`; the words are this thread's.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return;
        }
        let tls = ThreadWords::get();
        (*thread).start_tracking(tls);
        (*thread).hooks = if hooks.is_null() { Hooks::NONE } else { *hooks };
        (*thread).set_fast_tags(tls);
    }
}

/// Makes `spawn` with a null base spread contexts over `count` default regions. Returns the number
/// before, or 0 when refused. Mapped regions stay.
///
/// # Safety
/// Not on a side stack.
pub(crate) unsafe fn set_default_regions(count: usize) -> usize {
    // SAFETY: the caller says that it is on the running context's stack.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return 0;
        }
        if count == 0 || count > DEFAULT_REGIONS {
            refuse(Code::Invalid, ptr::null_mut(), "set_default_regions");
            return 0;
        }
        (*thread).last_default = count - 1;
        core::mem::replace(&mut (*thread).default_count, count)
    }
}
