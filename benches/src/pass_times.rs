//! Reads the report of LLVM's `-time-passes`.

use std::time::Duration;

/// The user time of all passes whose name starts with `prefix`, by the report's first column.
/// Nothing if there is no such pass.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use stackswitch_bench::pass_times::sum;
///
/// let report = "
///    ---User Time---   --User+System--   ---Wall Time---  --- Name ---
///    0.2500 ( 25.0%)   0.2600 ( 25.0%)   0.2700 ( 25.0%)  our-first
///    0.5000 ( 50.0%)   0.5100 ( 50.0%)   0.5200 ( 50.0%)  our-second
///    1.0000 (100.0%)   1.0300 (100.0%)   1.0500 (100.0%)  Total
/// ";
/// assert_eq!(sum(report, "our-"), Some(Duration::from_millis(750)));
/// assert_eq!(sum(report, "other-"), None);
/// ```
#[must_use]
pub fn sum(report: &str, prefix: &str) -> Option<Duration> {
    let of_pass = |line: &str| {
        let mut words = line.split_whitespace();
        let time: f64 = words.next()?.parse().ok()?;
        words.next_back()?.starts_with(prefix).then_some(time)
    };
    let times: Vec<f64> = report.lines().filter_map(of_pass).collect();
    (!times.is_empty()).then(|| Duration::from_secs_f64(times.iter().sum()))
}
