//! Everything that depends on the CPU.
//!
//! A CPU is one file here, with its parts in a folder beside it. It provides:
//!
//! - the per-thread words [`Tls`](crate::thread::Tls), and [`tls`] that finds them;
//! - the entry points that switch or capture: `stackswitch_swap`, `stackswitch_resume`,
//!   `stackswitch_suspend`, `stackswitch_swap_ontop`, `stackswitch_base_here`,
//!   `stackswitch_getcontext`, `stackswitch_setcontext`, `stackswitch_swapcontext` and those of
//!   `ucontext.h`. They save registers, exchange stack pointers when nothing else is to be done,
//!   and otherwise call the functions of [`switch`](crate::switch) and [`posix`](crate::posix) on
//!   the thread's side stack;
//! - the code addresses at which contexts go on ([`points`]);
//! - what a new context's stack holds ([`write_entry`]) and where a POSIX
//!   context starts ([`Position::start`]);
//! - `inlined`: what code relies on that the pass `stackswitch-inline` makes, and
//!   `inlined::publish`, which says that a thread is set up;
//! - `described`: where registers are, for debuggers; `optional`: calls of what a program may be
//!   without;
//! - [`copy`], which moves slices; and [`redirect`], which makes a signal
//!   handler's return go elsewhere.
//!
//! `docs/adding-a-cpu.md` has the whole list, with what the compiler part needs.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

#[cfg(not(target_arch = "x86_64"))]
compile_error!(
    "stackswitch-rt knows x86-64 so far; docs/adding-a-cpu.md says what another CPU needs"
);
