//! Checks the limits of the process and of the system that contexts can exceed.

use super::checks::Checks;

/// Address space of a thread's default regions: 64 of 256 MiB.
const DEFAULT_REGIONS: u64 = 64 * (256 << 20);
/// Sockets that a large server wants.
const MANY_FILES: u64 = 32_768;
/// Mappings that a process may have unless it has been changed.
const USUAL_MAPPINGS: u64 = 65_530;

pub(super) fn check(checks: &mut Checks) {
    let (stack, _) = limit(libc::RLIMIT_STACK);
    checks.ok("native stack", format!("{}, for code outside of contexts", size(stack)));
    address_space(checks);
    let (soft, hard) = limit(libc::RLIMIT_NOFILE);
    let files = format!("{} open, {} if the program asks", number(soft), number(hard));
    if hard < MANY_FILES {
        checks.warning(
            "files",
            files,
            "a server with more connections needs a higher `ulimit -Hn`",
        );
    } else {
        checks.ok("files", files);
    }
    mappings(checks);
    overcommit(checks);
}

fn address_space(checks: &mut Checks) {
    let (space, _) = limit(libc::RLIMIT_AS);
    let (data, _) = limit(libc::RLIMIT_DATA);
    let least = space.min(data);
    if least < DEFAULT_REGIONS {
        checks.warning(
            "address space",
            format!(
                "{}: the 64 default regions of a thread need {}",
                size(least),
                size(DEFAULT_REGIONS)
            ),
            "raise `ulimit -v` and `ulimit -d`, or have fewer: stackswitch_set_default_regions",
        );
    } else {
        checks.ok("address space", size(least));
    }
}

fn mappings(checks: &mut Checks) {
    let Some(count) = setting("/proc/sys/vm/max_map_count") else { return };
    let found = format!("at most {count} for a process");
    if count < USUAL_MAPPINGS {
        checks.warning(
            "mappings",
            found,
            "a region takes two, a parked slice of 512 KiB or more one: raise vm.max_map_count",
        );
    } else {
        checks.ok("mappings", found);
    }
}

fn overcommit(checks: &mut Checks) {
    const NEVER: u64 = 2;
    match setting("/proc/sys/vm/overcommit_memory") {
        Some(NEVER) => checks.warning(
            "overcommit",
            "off: address space counts as memory",
            "regions are refused early; use base.create with small sizes, or vm.overcommit_memory=0",
        ),
        Some(_) => checks.ok("overcommit", "on: a region is memory only where it is touched"),
        None => {}
    }
}

/// A number in a file of the system.
fn setting(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// A limit of this process: soft and hard.
fn limit(resource: libc::__rlimit_resource_t) -> (u64, u64) {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure is ours to fill; if it is not, it says that there is no limit.
    unsafe { libc::getrlimit(resource, &raw mut limit) };
    (limit.rlim_cur, limit.rlim_max)
}

fn number(count: u64) -> String {
    if count == libc::RLIM_INFINITY { "unlimited".to_owned() } else { count.to_string() }
}

fn size(bytes: u64) -> String {
    match bytes {
        libc::RLIM_INFINITY => "unlimited".to_owned(),
        bytes if bytes >= 1 << 30 => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        bytes => format!("{} KiB", bytes >> 10),
    }
}
