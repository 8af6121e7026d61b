//! Prints the counters of the runtime for `run --stats`.

use std::{io::Write, time::Duration};

use stackswitch_rt::abi;

/// Prints the statistics of this thread's runtime on stderr. `time` is how long the program ran.
pub(super) fn print(time: Duration) {
    let mut stats = abi::Stats::default();
    // SAFETY: the statistics are ours to fill.
    unsafe { abi::stackswitch_get_stats(&raw mut stats) };
    // The program's own main runs in a context too, which it knows nothing of.
    stats.contexts_peak = stats.contexts_peak.saturating_sub(1);
    stats.spawned = stats.spawned.saturating_sub(1);
    // If stderr is closed, there is nowhere to report that.
    let _ = std::io::stderr().write_all(table(&stats, time, peak_memory()).as_bytes());
}

/// The peak of this process's resident memory, in bytes.
fn peak_memory() -> u64 {
    // SAFETY: zeroes are a valid value of this plain structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is ours to fill.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    // Linux counts in KiB.
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024
}

/// The heap is taken in large pieces, so its bytes per context say something from so many
/// contexts on.
const MANY_CONTEXTS: u64 = 1000;

fn table(stats: &abi::Stats, time: Duration, peak: u64) -> String {
    let per_second = stats.switches as f64 / time.as_secs_f64().max(1e-9);
    let mut lines = vec![
        format!("contexts: {} at peak, {} spawned", stats.contexts_peak, stats.spawned),
        format!(
            "switches: {}, {} of them slow, {per_second:.0} per second",
            stats.switches, stats.switches_slow
        ),
        format!("slices: {} bytes saved, {} restored", stats.bytes_saved, stats.bytes_restored),
        format!(
            "parked: {} bytes in {} contexts now, {} in {} at peak",
            stats.bytes_parked,
            stats.contexts_parked,
            stats.bytes_parked_peak,
            stats.contexts_parked_peak
        ),
    ];
    if stats.contexts_parked_peak > 0 {
        let parked = stats.contexts_parked_peak as f64;
        let slice = stats.bytes_parked_peak as f64 / parked;
        let heap = if stats.contexts_parked_peak >= MANY_CONTEXTS {
            format!("{:.1} of heap beyond it", stats.heap_bytes_peak as f64 / parked - slice)
        } else {
            format!("in a heap of {:.0} KiB", stats.heap_bytes_peak as f64 / 1024.0)
        };
        lines.push(format!("per parked context at peak: {slice:.1} bytes of slice, {heap}"));
    }
    lines.push(format!(
        "memory: {:.1} MiB at peak, {} run time",
        peak as f64 / f64::from(1 << 20),
        duration(time)
    ));
    lines.iter().map(|line| format!("stackswitch: {line}\n")).collect()
}

/// A time for people.
fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1e-3 => format!("{:.1} \u{b5}s", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.3} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_the_runtime() {
        let stats = abi::Stats {
            contexts_peak: 30_000,
            spawned: 30_001,
            switches: 50_000,
            switches_slow: 40_000,
            bytes_saved: 300,
            bytes_restored: 200,
            bytes_parked_peak: 3_000_000,
            contexts_parked_peak: 30_000,
            heap_bytes_peak: 6_000_000,
            ..abi::Stats::default()
        };
        let text = table(&stats, Duration::from_millis(500), 1 << 20);
        assert!(text.contains("30000 at peak, 30001 spawned"), "{text}");
        assert!(text.contains("50000, 40000 of them slow, 100000 per second"), "{text}");
        assert!(text.contains("100.0 bytes of slice, 100.0 of heap beyond it"), "{text}");
        assert!(text.contains("1.0 MiB at peak, 500.0 ms run time"), "{text}");
    }

    #[test]
    fn few_contexts_are_not_said_to_cost_a_piece_of_the_heap_each() {
        let stats = abi::Stats {
            bytes_parked_peak: 256,
            contexts_parked_peak: 2,
            heap_bytes_peak: 192 << 10,
            ..abi::Stats::default()
        };
        let text = table(&stats, Duration::from_micros(246), 1 << 20);
        assert!(text.contains("peak: 128.0 bytes of slice, in a heap of 192 KiB\n"), "{text}");
        assert!(text.contains("246.0 \u{b5}s run time"), "{text}");
    }

    #[test]
    fn a_program_without_contexts_divides_by_nothing() {
        let text = table(&abi::Stats::default(), Duration::ZERO, 0);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}
