//! Subjects with the crate `generator`.

use generator::{Gn, LocalGenerator};

use stackswitch_bench::measure::Workload;

/// Words of its stacks.
const STACK: usize = 0x800;

/// Resume and yield, each a switch.
pub struct Resident(LocalGenerator<'static, (), ()>);

impl Resident {
    pub fn new(_: usize) -> Option<Self> {
        Some(Self(Gn::new_scoped_opt_local(STACK, |mut scope| {
            loop {
                scope.yield_with(());
            }
        })))
    }
}

impl Workload for Resident {
    fn run(&mut self, count: usize) {
        for _ in 0..count / 2 {
            self.0.resume();
        }
    }
}

/// Create, run to the end, destroy.
pub struct Lifecycle;

impl Workload for Lifecycle {
    fn run(&mut self, count: usize) {
        for _ in 0..count {
            let mut generator = Gn::<()>::new_scoped_opt_local(STACK, |_| ());
            assert_eq!(generator.resume(), Some(()));
        }
    }
}
