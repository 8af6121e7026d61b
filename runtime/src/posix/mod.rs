//! The POSIX layer: positions that can be captured and resumed any number of times.
//!
//! A captured position lies in the extent of the context that captured it, its *home*. To resume a
//! position, the runtime first switches to its home, like any switch; then it restores the slice,
//! if the position was captured with a base, and continues at the position. A capture with a base
//! must survive any number of resumptions, so its slice is saved at once and kept.
//!
//! A user stack, which the program passed to `makecontext`, is the home of the code that runs on it:
//! a hidden context on a region of its own, written at the top of the stack.
//!
//! While a thread has no other contexts, homes do not matter and are not recorded, see
//! `stack_tracking`.

mod capture;
mod makecontext;
mod object;
mod resume;
mod ucontext;

pub(crate) use capture::{capture, capture_raw};
pub use makecontext::{EndThread, set_end_thread};
pub(crate) use makecontext::{end, makecontext};
pub(crate) use object::{debug_offsets, freecontext, size, stacktop};
pub(crate) use resume::{refused_code, swapcontext};
pub(crate) use ucontext::make as make_ucontext;
