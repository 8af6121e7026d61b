//! The tests of the crate `stackswitch-coroutine`.

mod behaviour;
mod panics;
mod process_ends;
mod random;
mod scoped;
mod threads;

use std::cell::Cell;
use std::rc::Rc;

/// Counts how often it and its copies are dropped.
#[derive(Clone, Default)]
struct Drops(Rc<Cell<u32>>);

impl Drops {
    /// A value whose drop is counted.
    fn guard(&self) -> impl Drop + use<> {
        struct Guard(Rc<Cell<u32>>);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        Guard(self.0.clone())
    }

    fn count(&self) -> u32 {
        self.0.get()
    }
}
