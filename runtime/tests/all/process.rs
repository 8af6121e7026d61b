//! What the runtime does to the process: signal actions, alternate stacks, mappings, locked memory, core
//! files. Each test runs in a process of its own.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract, and to that of the system"
)]

use std::ffi::{c_int, c_void};
use std::mem::zeroed;
use std::os::unix::process::ExitStatusExt as _;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use stackswitch_rt::abi::*;

use crate::common::*;

unsafe extern "C-unwind" fn counts(_: *mut c_void, mut value: i64) -> i64 {
    while value > 0 {
        value = unsafe { stackswitch_suspend_i64(value + 1) };
    }
    0
}

/// Makes the runtime install its handler: maps the thread's first region.
unsafe fn use_a_region() {
    unsafe {
        let context = stackswitch_spawn_i64(null_mut(), counts as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume_i64(context, 1), 2);
    }
}

unsafe fn install(signal: c_int, handler: usize, flags: c_int, also_blocks: Option<c_int>) {
    unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        if let Some(signal) = also_blocks {
            libc::sigaddset(&mut action.sa_mask, signal);
        }
        assert_eq!(libc::sigaction(signal, &action, null_mut()), 0);
    }
}

fn is_blocked(signal: c_int) -> bool {
    unsafe {
        let mut blocked: libc::sigset_t = zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, null(), &mut blocked);
        libc::sigismember(&blocked, signal) == 1
    }
}

static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Notes which signals are blocked: a digit each for SIGSEGV, SIGUSR1, SIGUSR2.
extern "C" fn note_mask(_: c_int) {
    let signals = [libc::SIGSEGV, libc::SIGUSR1, libc::SIGUSR2];
    let digits = signals.into_iter().fold(1, |sum, s| sum * 10 + usize::from(is_blocked(s)));
    SEEN.store(digits, Ordering::Relaxed);
}

#[test]
fn the_earlier_action_blocks_what_it_would_block_by_itself() {
    let name = "the_earlier_action_blocks_what_it_would_block_by_itself";
    let output = in_own_process(module_path!(), name, || unsafe {
        let handler = note_mask as *const () as usize;
        for (flags, also_blocks, expected) in [
            (0, None, 1101),
            (libc::SA_NODEFER, None, 1001),
            (0, Some(libc::SIGUSR1), 1111),
            (libc::SA_NODEFER, Some(libc::SIGUSR1), 1011),
        ] {
            // A fresh process for each: the runtime installs its handler once.
            let child = libc::fork();
            if child == 0 {
                let mut before: libc::sigset_t = zeroed();
                libc::sigaddset(&mut before, libc::SIGUSR2);
                libc::pthread_sigmask(libc::SIG_SETMASK, &before, null_mut());
                install(libc::SIGSEGV, handler, flags, also_blocks);
                libc::raise(libc::SIGSEGV);
                let alone = SEEN.swap(0, Ordering::Relaxed);
                use_a_region();
                libc::raise(libc::SIGSEGV);
                let chained = SEEN.load(Ordering::Relaxed);
                note_mask(0);
                let after = SEEN.load(Ordering::Relaxed);
                libc::_exit(i32::from((alone, chained, after) != (expected, expected, 1001)));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            assert_eq!(status, 0, "flags {flags:#x}, mask {also_blocks:?}");
        }
    });
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn an_earlier_action_for_one_signal_runs_once() {
    let output =
        in_own_process(module_path!(), "an_earlier_action_for_one_signal_runs_once", || unsafe {
            install(libc::SIGSEGV, note_mask as *const () as usize, libc::SA_RESETHAND, None);
            use_a_region();
            libc::raise(libc::SIGSEGV);
            println!("first {}", SEEN.load(Ordering::Relaxed));
            libc::raise(libc::SIGSEGV);
            println!("not reached");
        });
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("first 1100") && !printed.contains("not reached"), "{printed}");
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}

/// Writes to three megabytes below its frame, the lowest address first.
extern "C" fn uses_much_stack(_: c_int) {
    let mut bytes = std::mem::MaybeUninit::<[u8; 3 << 20]>::uninit();
    unsafe { std::ptr::write_bytes(bytes.as_mut_ptr().cast::<u8>(), 0xEE, 3 << 20) };
    std::hint::black_box(&mut bytes);
}

#[test]
fn a_handler_cannot_write_below_the_alternate_stack() {
    let name = "a_handler_cannot_write_below_the_alternate_stack";
    let output = in_own_process(module_path!(), name, || unsafe {
        use_a_region();
        let handler = uses_much_stack as *const () as usize;
        install(libc::SIGUSR1, handler, libc::SA_ONSTACK, None);
        libc::raise(libc::SIGUSR1);
        println!("not reached");
    });
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}

/// A number of kilobytes in `/proc/self/status`.
fn kilobytes(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_region_is_not_locked_in_memory_before_it_is_used() {
    let name = "a_region_is_not_locked_in_memory_before_it_is_used";
    let output = in_own_process(module_path!(), name, || unsafe {
        use_a_region();
        // The least that a process may usually lock is 8 MiB, which the region stays below.
        assert_eq!(libc::mlockall(libc::MCL_FUTURE), 0);
        let (locked, resident) = (kilobytes("VmLck"), kilobytes("VmRSS"));
        let base = stackswitch_base_create(1 << 20);
        let context = stackswitch_spawn_i64(base, counts as *mut c_void, null_mut());
        assert_eq!(stackswitch_resume_i64(context, 1), 2);
        let (locked, resident) = (kilobytes("VmLck") - locked, kilobytes("VmRSS") - resident);
        assert!(locked < 512 && resident < 512, "{locked} kB locked, {resident} kB resident");
    });
    assert!(output.status.success(), "{output:?}");
}

/// Whether core files have the byte at an address.
fn is_dumped(address: usize) -> bool {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut inside = false;
    for line in maps.lines() {
        let range = line.split(' ').next().unwrap().split_once('-');
        if let Some((Ok(low), Ok(high))) =
            range.map(|(a, b)| (usize::from_str_radix(a, 16), usize::from_str_radix(b, 16)))
        {
            inside = (low..high).contains(&address);
        } else if inside && line.starts_with("VmFlags:") {
            return !line.split(' ').any(|flag| flag == "dd");
        }
    }
    panic!("{address:#x} is not mapped");
}

/// Calls itself until it has used `bytes` of stack, then calls `deepest` with an address there.
#[inline(never)]
fn at_depth(bytes: usize, deepest: &mut dyn FnMut(usize)) {
    let mut frame = [1_u8; 4096];
    std::hint::black_box(&mut frame);
    if bytes < frame.len() {
        deepest(frame.as_ptr().addr());
    } else {
        at_depth(bytes - frame.len(), deepest);
    }
    std::hint::black_box(&frame);
}

unsafe extern "C-unwind" fn goes_deep(depth: *mut c_void, _: i64) -> i64 {
    let mut deepest = 0;
    at_depth(depth.addr(), &mut |address| unsafe {
        deepest = address;
        stackswitch_suspend_i64(address as i64);
    });
    deepest as i64
}

#[test]
fn core_files_have_the_stacks_of_contexts_and_not_the_space_below() {
    let name = "core_files_have_the_stacks_of_contexts_and_not_the_space_below";
    let output = in_own_process(module_path!(), name, || unsafe {
        for depth in [16 << 10, 5 << 20, 40 << 20] {
            let base = stackswitch_base_create(256 << 20);
            let top = stackswitch_stacktop(stackswitch_spawn_i64(
                base,
                counts as *mut c_void,
                null_mut(),
            ))
            .addr();
            assert!(is_dumped(top - 64));
            assert!(!is_dumped(top - (100 << 20)));
            let context = stackswitch_spawn_i64(base, goes_deep as *mut c_void, word(depth));
            let deepest = stackswitch_resume_i64(context, 0) as usize;
            assert!(top - deepest >= depth);
            // Another context of the region displaces it, and it comes back.
            let other = stackswitch_spawn_i64(base, counts as *mut c_void, null_mut());
            assert_eq!(stackswitch_resume_i64(other, 1), 2);
            assert_eq!(stackswitch_resume_i64(context, 0) as usize, deepest);
            assert!(!is_dumped(top - (100 << 20)));
            stackswitch_destroy(other);
            stackswitch_destroy(context);
        }
    });
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_deep_stack_is_in_the_core_file_of_a_crash() {
    let output =
        in_own_process(module_path!(), "a_deep_stack_is_in_the_core_file_of_a_crash", || unsafe {
            /// The program's handler, which runs after the runtime has looked at the fault.
            extern "C" fn crashed(_: c_int) {
                let deepest = SEEN.load(Ordering::Relaxed);
                let exit = if is_dumped(deepest) { 7 } else { 8 };
                unsafe { libc::_exit(exit) };
            }
            unsafe extern "C-unwind" fn crashes(_: *mut c_void, _: i64) -> i64 {
                at_depth(20 << 20, &mut |address| {
                    SEEN.store(address, Ordering::Relaxed);
                    assert!(!is_dumped(address));
                    unsafe { std::ptr::without_provenance_mut::<u8>(16).write_volatile(1) };
                });
                0
            }
            install(libc::SIGSEGV, crashed as *const () as usize, 0, None);
            let context = stackswitch_spawn_i64(null_mut(), crashes as *mut c_void, null_mut());
            stackswitch_resume_i64(context, 0);
        });
    assert_eq!(output.status.code(), Some(7), "{output:?}");
}

#[test]
fn without_more_mappings_the_error_says_so() {
    let output =
        in_own_process(module_path!(), "without_more_mappings_the_error_says_so", || unsafe {
            let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
            let limit: usize = limit.trim().parse().unwrap();
            use_a_region();
            // Mappings that cannot be one, as their neighbours differ.
            let page = 4096;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            let space = libc::mmap(null_mut(), (limit + 2) * page, libc::PROT_NONE, flags, -1, 0);
            assert_ne!(space, libc::MAP_FAILED);
            let mut at = page;
            while libc::mprotect(space.byte_add(at), page, libc::PROT_READ) == 0 {
                at += 2 * page;
                assert!(at < limit * page, "the system has no such limit");
            }
            let errors = errors_of(|| assert!(stackswitch_base_create(1 << 20).is_null()));
            let [(_, _, message)] = &errors[..] else { panic!("{errors:?}") };
            println!("{message}");
            libc::munmap(space, (limit + 2) * page);
            assert!(!stackswitch_base_create(1 << 20).is_null());
            println!("limit {limit}");
        });
    let printed = String::from_utf8_lossy(&output.stdout);
    let limit = printed.lines().find_map(|line| line.strip_prefix("limit ")).expect("the limit");
    assert!(output.status.success(), "{output:?}");
    assert!(printed.contains(&format!("{limit} (vm.max_map_count)")), "{printed}");
}

unsafe extern "C-unwind" fn has_a_large_frame(number: *mut c_void, mut value: i64) -> i64 {
    let mut bytes = [0_u8; 600 << 10];
    std::hint::black_box(&mut bytes)[10] = number.addr() as u8;
    while value >= 0 {
        value = unsafe { stackswitch_suspend_i64(value) };
        assert_eq!(std::hint::black_box(&bytes)[10], number.addr() as u8);
    }
    value
}

#[test]
fn thousands_of_large_slices_keep_their_bytes() {
    let name = "thousands_of_large_slices_keep_their_bytes";
    let output = in_own_process(module_path!(), name, || unsafe {
        let base = stackswitch_base_create(4 << 20);
        let contexts: Vec<_> = (0..2000)
            .map(|i| stackswitch_spawn_i64(base, has_a_large_frame as *mut c_void, word(i)))
            .collect();
        for round in 0..2 {
            for context in &contexts {
                assert_eq!(stackswitch_resume_i64(*context, round), round);
            }
        }
        for context in contexts {
            stackswitch_destroy(context);
        }
        stackswitch_base_destroy(base);
        let mut stats = Stats::default();
        stackswitch_get_stats(&raw mut stats);
        assert_eq!((stats.bytes_parked, stats.contexts), (0, 0));
    });
    assert!(output.status.success(), "{output:?}");
}

/// Builds the example library, which contains a runtime of its own; returns its path.
fn build_library() -> std::path::PathBuf {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--offline",
            "--example",
            "in_a_library",
            "--message-format=json",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut paths = messages.split('"').filter(|text| text.ends_with("/libin_a_library.so"));
    paths.next_back().expect("the library's path").into()
}

/// Loads the library, calls it, and unloads it.
unsafe fn load_call_and_unload(path: &std::ffi::CStr) {
    unsafe {
        let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW);
        assert!(!library.is_null(), "{:?}", std::ffi::CStr::from_ptr(libc::dlerror()));
        let function = libc::dlsym(library, c"next_number".as_ptr());
        assert!(!function.is_null());
        let function = std::mem::transmute::<*mut c_void, extern "C" fn(i64) -> i64>(function);
        assert_eq!(function(41), 42);
        assert_eq!(libc::dlclose(library), 0);
    }
}

#[test]
fn a_thread_may_end_after_the_library_with_the_runtime_was_unloaded() {
    let name = "a_thread_may_end_after_the_library_with_the_runtime_was_unloaded";
    let output = in_own_process(module_path!(), name, || unsafe {
        install(libc::SIGSEGV, note_mask as *const () as usize, 0, None);
        let path = std::ffi::CString::new(build_library().into_os_string().into_encoded_bytes());
        let path = path.unwrap();
        for _ in 0..2 {
            let path = path.clone();
            std::thread::spawn(move || load_call_and_unload(&path)).join().unwrap();
        }
        // The library's signal handler is still there.
        libc::raise(libc::SIGSEGV);
        assert_eq!(SEEN.load(Ordering::Relaxed), 1100);
    });
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_program_with_instrumentation_that_needs_another_runtime_is_refused() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = build_library();
    let run = |name: &str, source: &str| {
        let (file, program) = (directory.join(format!("{name}.c")), directory.join(name));
        std::fs::write(&file, source).unwrap();
        let mut compiler = std::process::Command::new("cc");
        compiler.arg("-rdynamic").args([&file, &library]).arg("-o").arg(&program);
        let built = compiler.output().unwrap();
        assert!(built.status.success(), "{built:?}");
        let paths = library.parent().unwrap();
        std::process::Command::new(program).env("LD_LIBRARY_PATH", paths).output().unwrap()
    };
    let main = "long next_number(long); int main(void) { return next_number(41) - 42; }";
    assert!(run("no_instrumentation", main).status.success());
    for (library_function, flag, hint) in [
        ("__safestack_init", "safe-stack", ""),
        ("__asan_init", "address", "stackswitch-asan"),
        ("__tsan_init", "thread", "stackswitch-tsan"),
        ("__msan_init", "memory", ""),
        ("__hwasan_init", "hwaddress", ""),
    ] {
        // The function that the compiler's library for the flag has.
        let refused = run(library_function, &format!("void {library_function}(void) {{}} {main}"));
        let message = String::from_utf8_lossy(&refused.stderr);
        assert!(message.contains(&format!("ENOTSUP: use of -fsanitize={flag}")), "{message}");
        assert!(message.contains(hint), "{message}");
        assert_eq!(refused.status.signal(), Some(libc::SIGABRT));
    }
}
