//! The subjects: everything that is measured.

pub mod compile;
pub mod corosensei;
pub mod generator;
pub mod host;
pub mod native;
pub mod process;
pub mod python;

use stackswitch_bench::measure::{Plan, Subject, Workload, sample};

/// A subject that runs in this process: the function makes its workload, if it can.
pub struct InProcess<F>(pub F);

impl<F, W> Subject for InProcess<F>
where
    F: Fn(usize) -> Option<W>,
    W: Workload,
{
    fn samples(&self, size: usize, plan: &Plan) -> Vec<f64> {
        (self.0)(size).map_or_else(Vec::new, |mut workload| sample(&mut workload, plan))
    }
}
