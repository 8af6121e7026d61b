//! Checks the CPU's features that matter to switches.

use super::checks::Checks;

pub(super) fn check(checks: &mut Checks) {
    if cfg!(target_arch = "x86_64") {
        checks.ok("switches", "in place where nothing has to be copied");
        checks.ok("slices are copied with", vectors());
    } else {
        let what = format!("calls of the runtime on {}", std::env::consts::ARCH);
        checks.warning("switches", what, "they are in place on x86-64 only; all else works");
    }
    shadow_stack(checks);
}

/// The widest vectors that the CPU has, which the runtime moves memory with.
#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if is_x86_feature_detected!("avx512f") {
        "AVX-512 or AVX, whichever is faster here"
    } else if is_x86_feature_detected!("avx") {
        "AVX"
    } else {
        "SSE2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    "what the CPU has"
}

/// With a shadow stack the CPU checks every return against a second stack, which no switch changes.
fn shadow_stack(checks: &mut Checks) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let features = status.lines().find_map(|line| line.strip_prefix("x86_Thread_features:"));
    if features.is_some_and(|list| list.split_whitespace().any(|feature| feature == "shstk")) {
        checks.problem(
            "shadow stack (CET)",
            "on: the CPU faults when a context returns",
            "turn it off: GLIBC_TUNABLES=glibc.cpu.hwcaps=-SHSTK",
        );
    } else {
        checks.ok("shadow stack (CET)", "off");
    }
}
