//! Every allocation may fail: the operation that needed it is refused, nobody loses anything, and
//! the program goes on. One run for each allocation that a program makes.
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call keeps to the C ABI's contract")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;
use stackswitch_test_support::alone;

use crate::common::*;

/// One run of a program: which allocations fail, and what became of the others.
#[derive(Default)]
struct Run {
    /// The first allocation that fails, counted from 1; 0 for none.
    fail_at: usize,
    /// How many fail in a row.
    burst: usize,
    calls: AtomicUsize,
    live: AtomicUsize,
}

impl Run {
    fn failed(&self) -> usize {
        if self.fail_at == 0 {
            return 0;
        }
        self.calls.load(Ordering::Relaxed).saturating_sub(self.fail_at - 1).min(self.burst)
    }
}

thread_local! {
    // Without a destructor, since the last memory goes back when the thread's variables are gone.
    static RUN: Cell<*const Run> = const { Cell::new(null()) };
}

/// Keeps the layout in front of the block.
unsafe extern "C" fn allocate(bytes: usize, align: usize) -> *mut c_void {
    let run = unsafe { &*RUN.get() };
    let call = run.calls.fetch_add(1, Ordering::Relaxed) + 1;
    if run.fail_at != 0 && (run.fail_at..run.fail_at + run.burst).contains(&call) {
        return null_mut();
    }
    run.live.fetch_add(1, Ordering::Relaxed);
    unsafe {
        let layout = Layout::from_size_align(bytes + align, align).unwrap();
        let block = alloc(layout).add(align);
        // What was never written is not zero.
        block.write_bytes(0xEE, bytes);
        block.cast::<Layout>().sub(1).write(layout);
        block.cast()
    }
}

unsafe extern "C" fn deallocate(memory: *mut c_void) {
    let run = unsafe { &*RUN.get() };
    run.live.fetch_sub(1, Ordering::Relaxed);
    unsafe {
        let layout = memory.cast::<Layout>().sub(1).read();
        dealloc(memory.cast::<u8>().sub(layout.align()), layout);
    }
}

/// Runs `program` on a new thread with the allocator above; checks what can be checked of any.
/// Returns the operations that were refused, one for each allocation that failed.
fn run(program: fn(), fail_at: usize, burst: usize) -> Vec<String> {
    let run = Run { fail_at, burst, ..Run::default() };
    let errors = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            RUN.set(&raw const run);
            let refused = errors_of(program);
            let mut stats = Stats::default();
            unsafe { stackswitch_get_stats(&mut stats) };
            assert_eq!((stats.contexts, stats.contexts_parked, stats.bytes_parked), (0, 0, 0));
            // Handles do not go to other threads.
            refused.into_iter().map(|(code, _, message)| (code, message)).collect::<Vec<_>>()
        });
        thread.join().expect("the program ends as if nothing had happened")
    });
    assert!(errors.iter().all(|(code, ..)| *code == Code::Memory), "{errors:?}");
    assert_eq!(errors.len(), run.failed(), "each failure is told once: {errors:?}");
    assert!(run.calls.load(Ordering::Relaxed) > 0, "the allocator was used");
    assert_eq!(run.live.load(Ordering::Relaxed), 0, "the thread has given everything back");
    let operation = |message: String| message.split(": ").nth(2).unwrap().to_owned();
    errors.into_iter().map(|(_, message)| operation(message)).collect()
}

/// Runs `program` with each of its allocations failing in turn. At least `expected` must have
/// been among the operations that were refused.
fn fail_everywhere(program: fn(), expected: &[&str]) {
    assert_eq!(unsafe { stackswitch_set_allocator(Some(allocate), Some(deallocate)) }, 0);
    assert_eq!(run(program, 0, 0), Vec::<String>::new());
    let mut seen = BTreeSet::new();
    for burst in [1, 3] {
        for n in 1.. {
            let refused = run(program, n, burst);
            if refused.is_empty() {
                break;
            }
            seen.extend(refused);
        }
    }
    for operation in expected {
        assert!(seen.contains(*operation), "{operation} is not among {seen:?}");
    }
}

/// Tries until it is not refused; what is refused gives null.
fn again(operation: impl Fn() -> *mut c_void) -> *mut c_void {
    loop {
        let result = operation();
        if !result.is_null() {
            return result;
        }
    }
}

/// A frame of `N` words that checks itself after each of three switches, then returns.
#[inline(never)]
fn framed<const N: usize>(seed: usize, switch: impl Fn()) {
    let mut frame = [0; N];
    frame.iter_mut().enumerate().for_each(|(at, word)| *word = seed ^ at);
    black_box(&mut frame);
    for _ in 0..3 {
        switch();
        assert!(black_box(&frame).iter().enumerate().all(|(at, word)| *word == seed ^ at));
    }
}

fn framed_by(seed: usize, switch: impl Fn()) {
    match seed % 4 {
        0 => framed::<10>(seed, switch),
        1 => framed::<150>(seed, switch),
        2 => framed::<700>(seed, switch), // from here on each slice is an allocation of its own
        _ => framed::<2500>(seed, switch),
    }
}

unsafe extern "C-unwind" fn body(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    framed_by(argument.addr(), || _ = again(|| unsafe { stackswitch_suspend(word(7)) }));
    word(8)
}

/// Spawn, resume, suspend, clone, finish, cancel and destroy on bases of every kind.
fn contexts() {
    unsafe {
        stackswitch_set_default_regions(1);
        let here = again(|| stackswitch_base_here());
        let own = again(|| stackswitch_base_create(1 << 20));
        for base in [here, own, null_mut()] {
            let body = body as *mut c_void;
            let mut contexts: Vec<_> =
                (0..8).map(|n| again(|| stackswitch_spawn(base, body, word(n)))).collect();
            for context in &contexts {
                assert_eq!(again(|| stackswitch_resume(*context, word(1))), word(7));
            }
            let clones: Vec<_> = contexts.iter().map(|c| again(|| stackswitch_clone(*c))).collect();
            contexts.extend(clones);
            for round in 0..2 {
                for context in contexts.iter().rev() {
                    let answer = again(|| stackswitch_resume(*context, word(2)));
                    assert_eq!(answer, word(7), "round {round}");
                }
            }
            for context in &contexts {
                assert_eq!(again(|| stackswitch_resume(*context, word(3))), word(8));
                assert_eq!(stackswitch_status(*context), 3);
            }
            // One on the heap, the other in its way.
            let pair = [3, 7].map(|n| again(|| stackswitch_spawn(base, body, word(n))));
            for context in pair {
                assert_eq!(again(|| stackswitch_resume(context, word(1))), word(7));
            }
            for context in pair {
                let link = contexts[0];
                stackswitch_setlink(context, link);
                while stackswitch_status(context) != 3 {
                    assert_eq!(stackswitch_link(context), link, "as if nothing had been tried");
                    stackswitch_cancel(context);
                }
            }
            contexts.extend(pair);
            contexts.iter().for_each(|context| stackswitch_destroy(*context));
        }
        stackswitch_base_destroy(here);
        stackswitch_base_destroy(own);
    }
}

#[test]
fn any_allocation_of_contexts_may_fail() {
    alone(|| fail_everywhere(contexts, &["base.here", "clone", "resume", "suspend", "swap.ontop"]));
}

thread_local! {
    static RING: Cell<[*mut c_void; 6]> = const { Cell::new([null_mut(); 6]) };
}

unsafe extern "C-unwind" fn link_of_the_ring(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    let next = RING.get()[(argument.addr() + 1) % 6];
    framed_by(argument.addr() | 2, || _ = again(|| unsafe { stackswitch_swap(next, word(7)) }));
    word(9)
}

/// Symmetric switches among contexts of one base.
fn ring() {
    unsafe {
        let base = again(|| stackswitch_base_create(1 << 20));
        let mut ring = [null_mut(); 6];
        for (n, context) in ring.iter_mut().enumerate() {
            let body = link_of_the_ring as *mut c_void;
            *context = again(|| stackswitch_spawn(base, body, word(n)));
        }
        RING.set(ring);
        let me = stackswitch_current();
        for n in 0..6 {
            stackswitch_setlink(ring[n], if n < 5 { ring[n + 1] } else { me });
        }
        // Round three times, then each ends into the next, which ends in turn.
        assert_eq!(again(|| stackswitch_swap(ring[0], word(1))), word(9));
        for context in ring {
            assert_eq!(stackswitch_status(context), 3);
            stackswitch_destroy(context);
        }
        stackswitch_base_destroy(base);
    }
}

#[test]
fn any_allocation_of_a_ring_may_fail() {
    alone(|| fail_everywhere(ring, &["base.create", "swap"]));
}

/// An end whose link must come back to where somebody else is.
fn ends() {
    unsafe {
        stackswitch_set_default_regions(1);
        let body = body as *mut c_void;
        let ending = again(|| stackswitch_spawn(null_mut(), body, word(0)));
        let base = again(|| stackswitch_base_create(1 << 20));
        let link = again(|| stackswitch_spawn(base, body, word(2)));
        let other = again(|| stackswitch_spawn(base, body, word(3)));
        for _ in 0..3 {
            assert_eq!(again(|| stackswitch_resume(ending, word(1))), word(7));
        }
        for context in [link, other] {
            assert_eq!(again(|| stackswitch_resume(context, word(1))), word(7));
        }
        stackswitch_setlink(ending, link);
        assert_eq!(again(|| stackswitch_swap(ending, word(1))), word(7), "from the link");
        assert_eq!(stackswitch_status(ending), 3);
        for context in [other, link] {
            assert_eq!(again(|| stackswitch_resume(context, word(1))), word(7));
        }
        [ending, link, other].into_iter().for_each(|context| stackswitch_destroy(context));
        stackswitch_base_destroy(base);
        // Many headers, beyond one piece of the heap.
        let many: Vec<_> = (0..20_000)
            .map(|_| again(|| stackswitch_spawn(null_mut(), body, null_mut())))
            .collect();
        many.into_iter().for_each(|context| stackswitch_destroy(context));
    }
}

#[test]
fn any_allocation_of_an_end_may_fail() {
    alone(|| fail_everywhere(ends, &["spawn", "end of a context's function"]));
}

/// Memory for an object of the POSIX layer.
#[repr(align(16))]
struct Object([Cell<u8>; 1024]);

thread_local! {
    static OBJECTS: [Object; 4] = const {
        [const { Object([const { Cell::new(0) }; 1024]) }; 4]
    };
    static PASSES: Cell<usize> = const { Cell::new(0) };
}

fn object(n: usize) -> *mut c_void {
    OBJECTS.with(|objects| (&raw const objects[n].0).cast_mut().cast())
}

const TOP: usize = 0;
const MAIN: usize = 1;
const MADE: usize = 2;

fn swap(from: usize, to: usize) {
    loop {
        let code = unsafe { stackswitch_swapcontext(object(from), object(to), object(TOP)) };
        if code == 0 {
            return;
        }
        assert_eq!(code, Code::Memory as i32);
        // The POSIX layer returns codes; the other programs hear of them.
        unsafe { listen(code, null_mut(), c"stackswitch: ENOMEM: swapcontext".as_ptr()) };
    }
}

unsafe extern "C-unwind" fn made(argument: *mut c_void) {
    framed_by(argument.addr(), || {
        PASSES.set(PASSES.get() + 1);
        swap(MADE, MAIN);
    });
    // It ends with its link, the position below.
}

/// Two positions on one stack below a base, each with its own slice.
#[inline(never)]
fn below_the_base(seed: usize) {
    unsafe {
        while stackswitch_getcontext(object(MADE), object(TOP)) != 0 {
            listen(Code::Memory as i32, null_mut(), c"stackswitch: ENOMEM: getcontext".as_ptr());
        }
        let body = made as *mut c_void;
        let main = object(MAIN);
        let code = stackswitch_makecontext(object(MADE), null_mut(), 0, main, body, word(seed + 1));
        assert_eq!(code, 0);
    }
    framed_by(seed, || swap(MAIN, MADE));
    swap(MAIN, MADE);
    unsafe {
        stackswitch_freecontext(object(MAIN));
        stackswitch_freecontext(object(MADE));
    }
}

fn positions() {
    for seed in 0..12 {
        PASSES.set(0);
        unsafe {
            stackswitch_current();
            assert_eq!(stackswitch_getcontext(object(TOP), null_mut()), 0);
            below_the_base(seed);
            stackswitch_freecontext(object(TOP));
        }
        assert_eq!(PASSES.get(), 3);
    }
}

#[test]
fn any_allocation_of_posix_contexts_may_fail() {
    alone(|| fail_everywhere(positions, &["getcontext", "swapcontext"]));
}

thread_local! {
    static CROSSER: Cell<*mut c_void> = const { Cell::new(null_mut()) };
}

const START: usize = 3;

/// Goes to `to`, whose context may be on the heap; captures with the base, or, as a coroutine,
/// without.
fn cross(from: usize, to: usize, base: *mut c_void) {
    loop {
        let code = unsafe { stackswitch_swapcontext(object(from), object(to), base) };
        if code == 0 {
            return;
        }
        assert_eq!(code, Code::Memory as i32);
        unsafe { listen(code, null_mut(), c"stackswitch: ENOMEM: crossing".as_ptr()) };
    }
}

unsafe extern "C-unwind" fn crosser(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    framed::<2500>(3, || cross(MADE, MAIN, null_mut()));
    word(8)
}

/// Starts the coroutine from a stack of its own, which is that one's link.
unsafe extern "C-unwind" fn starter(_: *mut c_void) {
    assert_eq!(again(|| unsafe { stackswitch_resume(CROSSER.get(), word(1)) }), word(8));
}

#[inline(never)]
fn cross_below_the_base() {
    let mut stack = vec![0_u8; 256 << 10];
    unsafe {
        let base = again(|| stackswitch_base_create(1 << 20));
        let spawn = |body| again(|| stackswitch_spawn(base, body, word(7)));
        let (coroutine, in_its_way) = (spawn(crosser as *mut c_void), spawn(body as *mut c_void));
        CROSSER.set(coroutine);
        assert_eq!(stackswitch_getcontext(object(START), null_mut()), 0);
        let (low, size) = (stack.as_mut_ptr().cast(), stack.len());
        let (main, start) = (object(MAIN), starter as *mut c_void);
        let made = stackswitch_makecontext(object(START), low, size, main, start, null_mut());
        assert_eq!(made, 0);
        framed::<2500>(4, || {
            if stackswitch_status(coroutine) == 0 {
                cross(MAIN, START, object(TOP));
            } else {
                again(|| stackswitch_resume(in_its_way, word(1)));
                cross(MAIN, MADE, object(TOP));
            }
        });
        again(|| stackswitch_resume(in_its_way, word(1)));
        cross(MAIN, MADE, object(TOP));
        assert_eq!(stackswitch_status(coroutine), 3);
        [MAIN, MADE, START].into_iter().for_each(|n| stackswitch_freecontext(object(n)));
        [coroutine, in_its_way].into_iter().for_each(|context| stackswitch_destroy(context));
        stackswitch_base_destroy(base);
    }
}

/// Positions in a coroutine that others displace, gone to from the thread's own stack.
fn crossings() {
    unsafe {
        stackswitch_current();
        assert_eq!(stackswitch_getcontext(object(TOP), null_mut()), 0);
        cross_below_the_base();
        stackswitch_freecontext(object(TOP));
    }
}

#[test]
fn any_allocation_of_a_switch_between_the_layers_may_fail() {
    alone(|| fail_everywhere(crossings, &["crossing"]));
}

#[test]
fn an_allocator_needs_both_functions() {
    unsafe {
        assert_eq!(stackswitch_set_allocator(Some(allocate), None), Code::Invalid as i32);
        assert_eq!(stackswitch_set_allocator(None, Some(deallocate)), Code::Invalid as i32);
    }
}
