//! Records the instructions that a workload executes: a child process runs it, and this one steps it.

use std::io;
use std::ptr::null_mut;

use stackswitch_bench::measure::Workload;

/// Makes a workload, if it can.
pub type SetUp = dyn Fn() -> Option<Box<dyn Workload>>;

/// Operations before the recorded ones: they end what happens only once.
const WARM_UP: usize = 1000;

/// The addresses of the instructions that a workload executes while it does `count` operations. It is
/// set up in a process of its own, so that no other workload has changed the thread's state.
///
/// # Errors
/// What the system says, or that the child failed.
pub fn record(set_up: &SetUp, count: usize) -> io::Result<Vec<u64>> {
    // SAFETY: the program has one thread, so the child may do what this process may.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            run_traced(set_up, count);
            // SAFETY: ends the child at once. What it has is this process's.
            unsafe { libc::_exit(0) }
        }
        child => {
            let steps = step(child);
            // SAFETY: the child is this process's, and nobody else waits for it.
            unsafe {
                libc::kill(child, libc::SIGKILL);
                libc::waitpid(child, null_mut(), 0);
            }
            steps
        }
    }
}

/// In the child: stops before and after the operations.
fn run_traced(set_up: &SetUp, count: usize) {
    let Some(mut workload) = set_up() else { return };
    workload.run(WARM_UP);
    // SAFETY: the parent traces this process, and continues it after each stop.
    unsafe {
        libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>());
        libc::raise(libc::SIGSTOP);
    }
    workload.run(count);
    // SAFETY: the parent sees the stop and ends this process.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// In the parent: steps the child from its first stop to its second.
fn step(child: libc::pid_t) -> io::Result<Vec<u64>> {
    if stop_signal(child)? != libc::SIGSTOP {
        return Err(io::Error::other("it has failed before its operations"));
    }
    let mut addresses = Vec::new();
    loop {
        let (nothing, no_signal) = (null_mut::<u8>(), null_mut::<u8>());
        // SAFETY: the child is stopped.
        if unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, child, nothing, no_signal) } != 0 {
            return Err(io::Error::last_os_error());
        }
        match stop_signal(child)? {
            libc::SIGTRAP => addresses.push(program_counter(child)?),
            libc::SIGSTOP => return Ok(addresses),
            other => return Err(io::Error::other(format!("it has got signal {other}"))),
        }
    }
}

/// Waits until the child is stopped by a signal, and returns its number.
fn stop_signal(child: libc::pid_t) -> io::Result<libc::c_int> {
    let mut status = 0;
    // SAFETY: writes the status.
    if unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        return Err(io::Error::last_os_error());
    }
    if libc::WIFSTOPPED(status) {
        Ok(libc::WSTOPSIG(status))
    } else {
        Err(io::Error::other("it has ended"))
    }
}

/// The address of the instruction that a stopped child executes next.
fn program_counter(child: libc::pid_t) -> io::Result<u64> {
    // SAFETY: zeroes are a valid value of this plain structure.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    let to = &raw mut registers;
    // SAFETY: the child is stopped, and the structure is the one that the system fills.
    if unsafe { libc::ptrace(libc::PTRACE_GETREGS, child, null_mut::<u8>(), to) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(registers.rip)
}
