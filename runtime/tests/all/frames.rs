//! Variables of frames that lie on the heap: whatever becomes of a frame, its block goes back, and
//! not before the frame is over.
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call keeps to the C ABI's contract")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;
use stackswitch_rt::error::Code;
use stackswitch_test_support::alone_as;

use crate::common::*;

/// Larger than what the runtime cuts from chunks: each block is an allocation of its own.
const LARGE: usize = 20_000;

thread_local! {
    static LARGE_BLOCKS: Cell<isize> = const { Cell::new(0) };
    static FAIL: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C" fn allocate(bytes: usize, align: usize) -> *mut c_void {
    if (LARGE..65_536).contains(&bytes) {
        if FAIL.get() {
            return null_mut();
        }
        LARGE_BLOCKS.set(LARGE_BLOCKS.get() + 1);
    }
    unsafe {
        let layout = Layout::from_size_align(bytes + align, align).unwrap();
        let block = alloc(layout).add(align);
        block.cast::<Layout>().sub(1).write(layout);
        block.cast()
    }
}

unsafe extern "C" fn deallocate(memory: *mut c_void) {
    unsafe {
        let layout = memory.cast::<Layout>().sub(1).read();
        if (LARGE..65_536).contains(&(layout.size() - layout.align())) {
            LARGE_BLOCKS.set(LARGE_BLOCKS.get() - 1);
        }
        dealloc(memory.cast::<u8>().sub(layout.align()), layout);
    }
}

/// Runs a test on a thread that uses the allocator above, and finds that no block is left. The
/// allocator is the process's, so the test has a process of its own.
fn counted<F: FnOnce() + Send + 'static>(test: F) {
    alone_as::<F>(|| {
        unsafe { stackswitch_set_allocator(Some(allocate), Some(deallocate)) };
        std::thread::spawn(|| {
            test();
            assert_eq!(LARGE_BLOCKS.get(), 0, "every block has been given back");
        })
        .join()
        .unwrap();
    });
}

/// Calls `inner` in a frame with a block, as compiled code does.
#[inline(never)]
fn with_block<R>(size: usize, inner: impl FnOnce(*mut u8) -> R) -> R {
    let mut frame = null_mut::<c_void>();
    unsafe {
        frame = stackswitch_frame_alloc(size, 64, black_box(&raw mut frame).cast());
        assert_eq!(frame.addr() % 64, 0);
        let result = inner(frame.cast());
        stackswitch_frame_free(black_box(frame));
        result
    }
}

/// The same, but it is left without giving the block back, as `longjmp` leaves a frame.
#[inline(never)]
fn left_with_block(inner: impl FnOnce()) {
    let mut frame = null_mut::<c_void>();
    unsafe { frame = stackswitch_frame_alloc(LARGE, 16, black_box(&raw mut frame).cast()) };
    black_box(frame);
    inner();
}

fn suspend() -> usize {
    unsafe { stackswitch_suspend(null_mut()) }.addr()
}

/// Has a block of a size that depends on the argument; it is checked around switches, in two
/// frames.
unsafe extern "C-unwind" fn keeps(arg: *mut c_void, _: *mut c_void) -> *mut c_void {
    let seed = arg.addr() as u8;
    let size = if seed % 3 == 0 { 100 } else { LARGE };
    with_block(size, |outer| unsafe {
        outer.write_bytes(seed, size);
        for turn in 0..4_u8 {
            with_block(LARGE, |inner| {
                inner.write_bytes(seed ^ turn, LARGE);
                suspend();
                let bytes = std::slice::from_raw_parts(inner, LARGE);
                assert!(bytes.iter().all(|&b| b == seed ^ turn));
            });
            suspend();
            assert!(std::slice::from_raw_parts(outer, size).iter().all(|&b| b == seed));
        }
    });
    arg
}

unsafe extern "C-unwind" fn leaves(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    left_with_block(|| left_with_block(|| ()));
    null_mut()
}

fn spawn(
    base: *mut c_void,
    body: unsafe extern "C-unwind" fn(*mut c_void, *mut c_void) -> *mut c_void,
    arg: usize,
) -> *mut c_void {
    unsafe { stackswitch_spawn(base, body as *mut c_void, word(arg)) }
}

fn resume(context: *mut c_void) -> usize {
    unsafe { stackswitch_resume(context, null_mut()) }.addr()
}

#[test]
fn many_contexts_keep_their_blocks() {
    counted(|| unsafe {
        let base = stackswitch_base_create(1 << 20);
        let contexts: Vec<_> = (1..=500).map(|n| spawn(base, keeps, n)).collect();
        // Eight suspensions, then the end.
        for turn in 0..9 {
            for (n, &context) in contexts.iter().enumerate() {
                let result = resume(context);
                assert_eq!(result, if turn == 8 { n + 1 } else { 0 });
            }
            if turn == 3 {
                let slice = stackswitch_slice_size(contexts[0]);
                assert!(slice < 4096, "the blocks are not in the slice: {slice}");
            }
        }
        contexts.iter().for_each(|&context| stackswitch_destroy(context));
    });
}

#[test]
fn destroying_gives_blocks_back() {
    counted(|| unsafe {
        for round in 0..100 {
            let contexts: Vec<_> = (0..20).map(|n| spawn(null_mut(), keeps, n)).collect();
            for &context in &contexts {
                resume(context);
            }
            assert!(LARGE_BLOCKS.get() >= 20, "{round}");
            contexts.iter().rev().for_each(|&context| stackswitch_destroy(context));
            assert_eq!(LARGE_BLOCKS.get(), 0);
        }
    });
}

#[test]
fn cancelling_and_ending_give_blocks_back() {
    counted(|| unsafe {
        let context = spawn(null_mut(), keeps, 1);
        resume(context);
        stackswitch_cancel(context);
        assert_eq!((LARGE_BLOCKS.get(), stackswitch_status(context)), (0, 3));
        stackswitch_destroy(context);
        // Frames that did not give back what they had are over when the body has returned.
        let context = spawn(null_mut(), leaves, 0);
        resume(context);
        assert_eq!((LARGE_BLOCKS.get(), stackswitch_status(context)), (0, 3));
        stackswitch_destroy(context);
    });
}

#[test]
fn frames_that_were_left_are_found_by_the_next() {
    counted(|| {
        for _ in 0..50 {
            left_with_block(|| left_with_block(|| left_with_block(|| ())));
        }
        assert_eq!(LARGE_BLOCKS.get(), 3, "those of the last turn");
        with_block(LARGE, |_| {
            // Deeper frames come and go.
            for _ in 0..50 {
                with_block(LARGE, |_| left_with_block(|| ()));
            }
            assert!(LARGE_BLOCKS.get() <= 6, "{}", LARGE_BLOCKS.get());
        });
        // The native stack is one, and this is as far up as the first.
        #[inline(never)]
        fn higher() {
            let room = [0_u8; 64];
            black_box(&room);
            with_block(16, |_| ());
        }
        higher();
        // What lay above the frame that looked goes with the thread.
        LARGE_BLOCKS.set(0);
    });
}

/// Small blocks are cut from pieces: each keeps its bytes while deeper frames take and give back theirs,
/// around the end of each piece, and where frames are left without giving theirs back.
#[test]
fn small_blocks_keep_their_bytes() {
    #[inline(never)]
    fn descend(depth: usize, leave: bool) {
        let size = depth * 24 % 200;
        let within = |bytes: *mut u8| unsafe {
            bytes.write_bytes(depth as u8, size);
            if depth > 0 {
                for turn in 0..2 {
                    descend(depth - 1 - depth / 2 * turn, leave);
                    suspend();
                }
            }
            let kept = std::slice::from_raw_parts(bytes, size);
            assert!(kept.iter().all(|&b| b == depth as u8), "{depth}");
        };
        let mut frame = null_mut::<c_void>();
        unsafe {
            frame = stackswitch_frame_alloc(size, 16, black_box(&raw mut frame).cast());
            within(frame.cast());
            if !leave || depth % 3 != 0 {
                stackswitch_frame_free(black_box(frame));
            }
        }
    }
    unsafe extern "C-unwind" fn body(leave: *mut c_void, _: *mut c_void) -> *mut c_void {
        descend(10, !leave.is_null());
        word(1)
    }
    counted(|| unsafe {
        let base = stackswitch_base_create(1 << 20);
        let mut contexts: Vec<_> = (0..20).map(|n| spawn(base, body, n % 2)).collect();
        while !contexts.is_empty() {
            contexts.retain(|&context| {
                let ended = resume(context) == 1;
                if ended {
                    stackswitch_destroy(context);
                }
                !ended
            });
        }
    });
}

#[test]
fn a_context_with_a_block_is_not_cloned() {
    counted(|| unsafe {
        let context = spawn(null_mut(), keeps, 1);
        resume(context);
        assert_eq!(error_of(|| assert!(stackswitch_clone(context).is_null())), Code::Unsupported);
        // It goes on as if nothing had happened.
        while stackswitch_status(context) != 3 {
            resume(context);
        }
        stackswitch_destroy(context);

        // What it once had is no obstacle.
        unsafe extern "C-unwind" fn later(_: *mut c_void, _: *mut c_void) -> *mut c_void {
            with_block(LARGE, |_| suspend());
            word(suspend() + 1)
        }
        let context = spawn(null_mut(), later, 0);
        resume(context);
        resume(context);
        let twin = stackswitch_clone(context);
        assert_eq!((resume(twin), resume(context)), (1, 1));
        stackswitch_destroy(twin);
        stackswitch_destroy(context);
    });
}

#[test]
fn a_frame_with_a_block_is_not_captured_with_a_base() {
    counted(|| unsafe {
        let mut objects = vec![[0_u64; 32]; 2];
        assert!(stackswitch_context_size() <= size_of_val(&objects[0]));
        let base = objects[0].as_mut_ptr().cast::<c_void>();
        let here = objects[1].as_mut_ptr().cast::<c_void>();
        assert_eq!(stackswitch_getcontext(base, null_mut()), 0);
        let code = with_block(LARGE, |_| stackswitch_getcontext(here, base));
        assert_eq!(Code::from_value(code), Some(Code::Unsupported));
        // One above the base is not part of the capture.
        let code = with_block(LARGE, |_| captures_below(&mut objects));
        assert_eq!(code, 0);
        stackswitch_freecontext(objects[0].as_mut_ptr().cast());
        stackswitch_freecontext(objects[1].as_mut_ptr().cast());
    });
}

#[inline(never)]
fn captures_below(objects: &mut [[u64; 32]]) -> i32 {
    unsafe {
        let base = objects[0].as_mut_ptr().cast();
        assert_eq!(stackswitch_getcontext(base, null_mut()), 0);
        // Not a jump: the captured frame lies below the base.
        black_box(deeper(objects))
    }
}

#[inline(never)]
fn deeper(objects: &mut [[u64; 32]]) -> i32 {
    let (base, here) = objects.split_at_mut(1);
    let (base, here) = (base[0].as_mut_ptr().cast(), here[0].as_mut_ptr().cast());
    black_box(unsafe { stackswitch_getcontext(here, base) })
}

#[test]
fn a_handler_that_throws_leaves_a_function_that_finds_no_memory() {
    counted(|| {
        with_block(LARGE, |outer| unsafe {
            outer.write_bytes(7, LARGE);
            FAIL.set(true);
            let runs = || std::panic::catch_unwind(|| with_block(LARGE, |_| ()));
            let thrown = throwing(runs).unwrap_err();
            FAIL.set(false);
            assert_eq!(thrown.downcast_ref(), Some(&Code::Memory));
            assert!(std::slice::from_raw_parts(outer, LARGE).iter().all(|&b| b == 7));
        });
    });
}

#[test]
fn blocks_are_visited() {
    counted(|| unsafe {
        unsafe extern "C" fn count(
            data: *mut c_void,
            _: *mut c_void,
            belongs: *mut c_void,
            at: *mut c_void,
            length: usize,
        ) {
            if belongs == at && (LARGE..LARGE + 128).contains(&length) {
                unsafe { *data.cast::<usize>() += 1 };
            }
        }
        let context = spawn(null_mut(), keeps, 1);
        resume(context);
        let mut found = 0_usize;
        with_block(LARGE, |_| {
            stackswitch_visit(null_mut(), Some(count), (&raw mut found).cast());
        });
        assert_eq!(found, 3, "two of the context, one of this");
        stackswitch_destroy(context);
    });
}
