//! Stackful coroutines from closures.
//!
//! A [`Coroutine`] runs a closure on a stack of its own. The closure suspends wherever it is, however deep in
//! calls, and continues when it is resumed. Each side hands the other a value.
//!
//! ```
//! use stackswitch_coroutine::{Coroutine, State};
//!
//! let mut running_sum = Coroutine::new(|suspender, first: u32| {
//!     let mut sum = first;
//!     while sum < 100 {
//!         sum += suspender.suspend(sum);
//!     }
//!     "enough"
//! });
//! assert_eq!(running_sum.resume(40), State::Yielded(40));
//! assert_eq!(running_sum.resume(50), State::Yielded(90));
//! assert_eq!(running_sum.resume(60), State::Returned("enough"));
//! ```
//!
//! - A coroutine that takes nothing is an [iterator](Coroutine#impl-Iterator-for-Coroutine%3C(),+Out,+R%3E) of
//!   what it yields.
//! - [`scope`] is for bodies that borrow.
//! - A panic of the body is raised again by `resume`. A coroutine that is dropped before its end is unwound.
//! - [`Coroutine::sliced`] shares a region of stack with others. It is `unsafe`: its contract is a paragraph.
//!
//! A coroutine stays on its thread:
//!
//! ```compile_fail,E0277
//! let mut coroutine = stackswitch_coroutine::Coroutine::new(|_, ()| ());
//! std::thread::spawn(move || coroutine.resume(()));
//! ```
//!
//! and so does its [`Suspender`]:
//!
//! ```compile_fail,E0277
//! let coroutine = stackswitch_coroutine::Coroutine::<(), (), ()>::new(|suspender, ()| {
//!     std::thread::scope(|threads| {
//!         threads.spawn(|| suspender.suspend(()));
//!     })
//! });
//! ```
//!
//! Modules, each imports only those above it: `unwind`, `slot`, `suspender`, `stack`, `raw`, `coroutine`, `scoped`.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod coroutine;
mod raw;
mod scoped;
mod slot;
mod stack;
mod suspender;
mod unwind;

pub use coroutine::Coroutine;
pub use raw::{Finished, State};
pub use scoped::{Scoped, scope};
pub use stack::{OutOfMemory, Stack};
pub use suspender::Suspender;

/// The examples of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
