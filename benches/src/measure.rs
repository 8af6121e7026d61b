//! Measures figures in rounds. In each round every subject warms up and takes a few samples, so a
//! disturbance of the machine affects all subjects.

use std::time::Duration;

/// What is measured: some operation that can be repeated.
pub trait Workload {
    /// Does `count` operations, or a few more.
    fn run(&mut self, count: usize);
}

/// Somebody whose speed is measured.
pub trait Subject {
    /// Nanoseconds an operation, for each of some samples. Empty if it cannot do `size`.
    fn samples(&self, size: usize, plan: &Plan) -> Vec<f64>;
}

/// How much to measure.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How often each subject gets its turn, set up afresh.
    pub rounds: usize,
    /// Samples in each turn.
    pub samples: usize,
    /// How long a sample takes at least.
    pub time: Duration,
    /// How many operations a sample has at least.
    pub operations: usize,
}

/// What this thread has used of the processor. The time that others had it is nobody's figure.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes the struct.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "every Linux has this clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Takes samples of a workload that is set up.
pub fn sample(workload: &mut dyn Workload, plan: &Plan) -> Vec<f64> {
    let time = |workload: &mut dyn Workload, count| {
        let start = processor_time();
        workload.run(count);
        processor_time() - start
    };
    // The search for a count that fills the time is the warm-up.
    let mut count = plan.operations.next_multiple_of(2);
    workload.run(count);
    loop {
        let elapsed = time(workload, count);
        if elapsed >= plan.time {
            break;
        }
        let missing = plan.time.as_nanos() / elapsed.as_nanos().max(1);
        count *= (missing as usize + 1).clamp(2, 16);
    }
    (0..plan.samples).map(|_| time(workload, count).as_nanos() as f64 / count as f64).collect()
}

/// Median and minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Half the samples are below.
    pub median: f64,
    /// The least sample.
    pub min: f64,
}

/// Sums up samples; `None` if there are none.
pub fn summary(mut samples: Vec<f64>) -> Option<Summary> {
    samples.sort_by(f64::total_cmp);
    let min = *samples.first()?;
    let middle = samples.len() / 2;
    let median = if samples.len() % 2 == 1 {
        samples[middle]
    } else {
        (samples[middle - 1] + samples[middle]) / 2.0
    };
    Some(Summary { median, min })
}

/// Measures all subjects at one size.
pub fn all(
    subjects: &[(&'static str, Box<dyn Subject>)],
    size: usize,
    plan: &Plan,
) -> Vec<(&'static str, Summary)> {
    let mut samples = vec![Vec::new(); subjects.len()];
    for _ in 0..plan.rounds {
        for ((_, subject), samples) in subjects.iter().zip(&mut samples) {
            samples.extend(subject.samples(size, plan));
        }
    }
    let named = subjects.iter().zip(samples);
    named.filter_map(|((name, _), samples)| Some((*name, summary(samples)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Plan, Summary, Workload, sample, summary};
    use std::time::Duration;

    #[test]
    fn summary_is_median_and_minimum() {
        assert_eq!(summary(vec![5.0, 1.0, 9.0]), Some(Summary { median: 5.0, min: 1.0 }));
        assert_eq!(summary(vec![4.0, 2.0, 9.0, 1.0]), Some(Summary { median: 3.0, min: 1.0 }));
        assert_eq!(summary(vec![]), None);
    }

    struct Counter(Vec<usize>);

    impl Workload for Counter {
        fn run(&mut self, count: usize) {
            self.0.push(count);
            std::hint::black_box((0..count).fold(0, |sum, i| std::hint::black_box(sum ^ i)));
        }
    }

    #[test]
    fn samples_are_as_many_and_as_long_as_planned() {
        let plan =
            Plan { rounds: 1, samples: 3, time: Duration::from_micros(50), operations: 1001 };
        let mut counter = Counter(Vec::new());
        assert_eq!(sample(&mut counter, &plan).len(), 3);
        // An even number of operations, so that who goes ends where it began.
        assert!(counter.0.iter().all(|count| *count >= 1002 && count % 2 == 0));
        assert!(counter.0[counter.0.len() - 3..].windows(2).all(|pair| pair[0] == pair[1]));
    }
}
