//! Thousands of guest faults of each kind in one process: every one comes back, nothing piles up,
//! and the host's own contexts go on. The test measures the memory of its process.

use std::{
    alloc::{Layout, alloc, dealloc},
    collections::HashMap,
    ffi::c_void,
    ptr::null_mut,
    sync::Mutex,
};

use stackswitch::jit::{Code, Error, FaultKind, Jit, OptLevel, Trap};
use stackswitch_rt::abi::{self, Stats};
use stackswitch_test_support::alone;

/// Faults of each kind, optimised and not.
const FAULTS: [(OptLevel, usize); 2] = [(OptLevel::O2, 10_000), (OptLevel::O0, 1_000)];
/// Those before memory is looked at first.
const WARM_UP: usize = 200;
/// Bytes by which the process may grow in all that time: what its allocator has not settled.
const SLACK: usize = 1 << 20;

type Guest = unsafe extern "C" fn(*mut c_void) -> i64;
type Step = unsafe extern "C" fn(*mut c_void, i64) -> i64;

/// Blocks of the allocator below.
static BLOCKS: Mutex<Option<HashMap<usize, Layout>>> = Mutex::new(None);

/// An allocator that has no blocks of about 120,000 bytes.
unsafe extern "C" fn allocate(bytes: usize, align: usize) -> *mut c_void {
    if (100_000..200_000).contains(&bytes) {
        return null_mut();
    }
    let layout = Layout::from_size_align(bytes, align).unwrap();
    // SAFETY: nobody asks for nothing.
    let block = unsafe { alloc(layout) };
    // What is not there yet reads as zero, as from the system.
    // SAFETY: the block has as many bytes.
    unsafe { block.write_bytes(0, bytes) };
    BLOCKS.lock().unwrap().get_or_insert_default().insert(block.addr(), layout);
    block.cast()
}

unsafe extern "C" fn deallocate(block: *mut c_void) {
    let layout = BLOCKS.lock().unwrap().as_mut().unwrap().remove(&block.addr()).unwrap();
    // SAFETY: the block came from above, with this layout.
    unsafe { dealloc(block.cast(), layout) };
}

/// Bytes of memory that the process has.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// What the thread has in use.
fn in_use() -> [u64; 5] {
    let mut stats = Stats::default();
    // SAFETY: the pointer is to the structure.
    unsafe { abi::stackswitch_get_stats(&raw mut stats) };
    let Stats { contexts, contexts_parked, bytes_parked, heap_bytes, regions, .. } = stats;
    [contexts, contexts_parked, bytes_parked, heap_bytes, regions]
}

/// The functions that fail, what they are given, and how they fail.
fn kinds(foreign: usize) -> Vec<(&'static str, usize, FaultKind)> {
    use FaultKind::{Misuse, OutOfMemory, StackOverflow};
    let nowhere = 8;
    vec![
        ("trap", 0, FaultKind::Trap(Trap::IllegalInstruction)),
        ("trap_over_there", 0, FaultKind::Trap(Trap::IllegalInstruction)),
        ("breakpoint", 0, FaultKind::Trap(Trap::Breakpoint)),
        ("divide", 0, FaultKind::Trap(Trap::Arithmetic)),
        ("access", nowhere, FaultKind::Trap(Trap::MemoryAccess { address: nowhere })),
        ("overflow", 0, StackOverflow),
        ("no_slice", 0, OutOfMemory),
        ("no_region", 0, OutOfMemory),
        ("invalid", 0, Misuse(Code::Invalid)),
        ("no_link", 0, Misuse(Code::NoLink)),
        ("running", 0, Misuse(Code::Running)),
        ("finished", 0, Misuse(Code::Finished)),
        ("destroyed", 0, Misuse(Code::Destroyed)),
        ("foreign", foreign, Misuse(Code::Foreign)),
        ("busy", 0, Misuse(Code::Busy)),
        ("unsupported", 0, Misuse(Code::Unsupported)),
    ]
}

/// All faults at one level, on a thread whose heap is the allocator above.
fn endlessly(level: OptLevel, faults: usize, foreign: usize) {
    let jit = Jit::builder().opt_level(level).build().unwrap();
    jit.add_file(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/ir/faults.ll")).unwrap();
    let (start, start_on, step) = {
        (
            jit.function::<unsafe extern "C" fn() -> *mut c_void>("start").unwrap(),
            jit.function::<unsafe extern "C" fn(*mut c_void) -> *mut c_void>("start_on").unwrap(),
            jit.function::<Step>("step").unwrap(),
        )
    };
    // The host's: one in place, and two that displace one another.
    // SAFETY: the contexts are resumed with values of their type, not 0.
    let mine = unsafe {
        let base = abi::stackswitch_base_create(1 << 20);
        [start(), start_on(base), start_on(base)]
    };
    let mut sums = [0; 3];
    let mut go_on = |by: i64| {
        for (context, sum) in mine.iter().zip(&mut sums) {
            *sum += by;
            // SAFETY: as above.
            assert_eq!(unsafe { step(*context, by) }, *sum);
        }
    };
    go_on(1);
    for (name, given, kind) in kinds(foreign) {
        let guest = jit.function::<Guest>(name).unwrap();
        let given = std::ptr::with_exposed_provenance_mut(given);
        let fail = || {
            // SAFETY: the fault is one that comes back, and the frames have nothing to drop.
            let Err(Error::Fault(fault)) = (unsafe { jit.call(|| guest(given)) }) else {
                panic!("{name} does not fail");
            };
            assert_eq!(fault.kind, kind, "{name}: {fault}");
            fault
        };
        let first = fail();
        (1..WARM_UP).for_each(|_| drop(fail()));
        go_on(1);
        let (before, memory) = (in_use(), resident());
        for n in WARM_UP..faults {
            let fault = fail();
            assert_eq!(fault.backtrace, first.backtrace, "{name}");
            if n % 100 == 0 {
                go_on(n as i64);
            }
        }
        go_on(1);
        assert_eq!(in_use(), before, "{name}: contexts, parked, bytes, heap, regions");
        let grown = resident().saturating_sub(memory);
        assert!(grown <= SLACK, "{name}: {grown} bytes more after {faults} faults");
    }
}

#[test]
fn ten_thousand_faults_of_each_kind_leave_nothing() {
    alone(|| {
        // SAFETY: the functions are an allocator, and no thread has used the runtime yet.
        assert_eq!(unsafe { abi::stackswitch_set_allocator(Some(allocate), Some(deallocate)) }, 0);
        // SAFETY: plain call.
        let foreign = unsafe { abi::stackswitch_current() }.expose_provenance();
        for (level, faults) in FAULTS {
            std::thread::scope(|scope| {
                scope.spawn(|| endlessly(level, faults, foreign)).join().unwrap();
            });
        }
    });
}
