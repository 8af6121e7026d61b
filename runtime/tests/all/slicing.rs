//! Slicing as properties: whatever the order of switches, every context finds
//! every byte of its own stack as it left it.
//!
//! A walker is a context whose only work is to grow and shrink its stack on
//! command. Each of its frames holds a pattern that depends on the walker and
//! the depth, and is checked each time the frame sees control again. The test's
//! own model knows each walker's depth; the two must agree after every step.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "every call keeps to the C ABI's contract: the model knows which contexts are alive"
)]

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;

use proptest::prelude::*;
use stackswitch_rt::abi::*;

use crate::common::word;

/// What a walker is told; packed into the word that a switch brings.
#[derive(Clone, Copy, Debug)]
enum Command {
    /// One frame more, of a size that the number chooses.
    Deeper(u8),
    /// Check this frame and return from it.
    Up,
    /// Check this frame and answer.
    Check,
    /// Make a base here, answer with it.
    Base,
    /// Swap to the walker with this handle, which checks and answers for it.
    Hand(usize),
}

const TAG_BITS: u32 = 4;

fn pack(command: Command) -> *mut c_void {
    let (tag, rest) = match command {
        Command::Deeper(size) => (1, usize::from(size) << TAG_BITS),
        Command::Up => (2, 0),
        Command::Check => (3, 0),
        Command::Base => (4, 0),
        // Headers are 64-byte aligned.
        Command::Hand(handle) => (5, handle),
    };
    word(rest | tag)
}

fn unpack(message: *mut c_void) -> Command {
    let message = message.addr();
    let rest = message & !((1 << TAG_BITS) - 1);
    match message & ((1 << TAG_BITS) - 1) {
        1 => Command::Deeper((rest >> TAG_BITS) as u8),
        2 => Command::Up,
        3 => Command::Check,
        4 => Command::Base,
        5 => Command::Hand(rest),
        other => panic!("a walker got {other}"),
    }
}

unsafe extern "C-unwind" fn walker(argument: *mut c_void, first: *mut c_void) -> *mut c_void {
    level::<8>(argument.addr(), 0, unpack(first))
}

/// One frame with `N` words of pattern. Returns the command for the frame above; the first never
/// returns.
#[inline(never)]
fn level<const N: usize>(walker: usize, depth: usize, first: Command) -> *mut c_void {
    let pattern = |at: usize| (walker << 40) ^ (depth << 20) ^ at ^ 0x5A5A_0000_0000_0000;
    let mut frame = [0_usize; N];
    frame.iter_mut().enumerate().for_each(|(at, word)| *word = pattern(at));
    black_box(&mut frame);
    let check = |frame: &[usize; N]| {
        let whole = black_box(frame).iter().enumerate().all(|(at, word)| *word == pattern(at));
        assert!(whole, "walker {walker} lost bytes at depth {depth}");
    };
    let mut command = first;
    loop {
        let message = match command {
            Command::Deeper(size) => {
                let message = unsafe { stackswitch_suspend(word(depth)) };
                let inner = |command| match size % 5 {
                    // Large enough for its pages to be moved.
                    _ if size > 245 => level::<90_000>(walker, depth + 1, command),
                    0 => level::<4>(walker, depth + 1, command),
                    1 => level::<30>(walker, depth + 1, command),
                    2 => level::<150>(walker, depth + 1, command),
                    3 => level::<700>(walker, depth + 1, command),
                    _ => level::<4000>(walker, depth + 1, command),
                };
                inner(unpack(message))
            }
            Command::Up if depth > 0 => {
                check(&frame);
                return unsafe { stackswitch_suspend(word(depth)) };
            }
            Command::Up | Command::Check => unsafe { stackswitch_suspend(word(depth)) },
            Command::Base => unsafe { stackswitch_suspend(stackswitch_base_here()) },
            Command::Hand(handle) => {
                let other = word(handle);
                unsafe {
                    // The other answers to our resumer in our stead.
                    stackswitch_setlink(other, stackswitch_link(stackswitch_current()));
                    stackswitch_swap(other, pack(Command::Check))
                }
            }
        };
        check(&frame);
        command = unpack(message);
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Tell a walker something.
    Tell { walker: usize, what: u8, size: u8 },
    /// Have one walker hand over to another.
    Hand { from: usize, to: usize },
    /// A new walker on a base made inside another one.
    Nest { at: usize },
    /// Tell one of those something.
    Inner { which: usize, what: u8, size: u8 },
    /// Destroy a walker and start one in its place.
    Replace { walker: usize },
    /// Clone a walker over another one.
    Clone { from: usize, to: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let walker = 0_usize..12;
    let step = prop_oneof![
        12 => (walker.clone(), 0_u8..5, any::<u8>())
            .prop_map(|(walker, what, size)| Step::Tell { walker, what, size }),
        3 => (walker.clone(), walker.clone()).prop_map(|(from, to)| Step::Hand { from, to }),
        1 => walker.clone().prop_map(|at| Step::Nest { at }),
        6 => (any::<usize>(), 0_u8..5, any::<u8>())
            .prop_map(|(which, what, size)| Step::Inner { which, what, size }),
        1 => walker.clone().prop_map(|walker| Step::Replace { walker }),
        1 => (walker.clone(), walker).prop_map(|(from, to)| Step::Clone { from, to }),
    ];
    proptest::collection::vec(step, 1..300)
}

/// A walker as the model sees it.
#[derive(Clone, Copy)]
struct Model {
    handle: *mut c_void,
    base: *mut c_void,
    /// Frames below the first; `None` before it has started.
    depth: Option<usize>,
    /// A `Deeper` was acknowledged, its frame starts with the next command.
    descending: bool,
}

fn spawn(base: *mut c_void, identity: usize) -> Model {
    let handle = unsafe { stackswitch_spawn(base, walker as *mut c_void, word(identity)) };
    Model { handle, base, depth: None, descending: false }
}

fn tell(model: &mut Model, command: Command) -> *mut c_void {
    let answer = unsafe { stackswitch_resume(model.handle, pack(command)) };
    settle(model, command, answer);
    answer
}

/// Tells a walker one of the commands that concern only itself.
fn order(model: &mut Model, what: u8, size: u8) {
    let command = match what {
        0 | 1 => Command::Deeper(size),
        2 => Command::Up,
        3 => Command::Check,
        _ => Command::Base,
    };
    let answer = tell(model, command);
    if matches!(command, Command::Base) {
        unsafe { stackswitch_base_destroy(answer) };
    }
}

/// Brings the model up to date and compares the walker's answer with it.
fn settle(model: &mut Model, command: Command, answer: *mut c_void) {
    let depth = match model.depth {
        None => 0,
        Some(depth) if model.descending => depth + 1,
        Some(depth) => depth,
    };
    model.descending = matches!(command, Command::Deeper(_));
    if !matches!(command, Command::Base) {
        assert_eq!(answer.addr(), depth, "{command:?}");
    }
    model.depth =
        Some(if matches!(command, Command::Up) { depth.saturating_sub(1) } else { depth });
}

fn run(steps: &[Step]) {
    let here = unsafe { stackswitch_base_here() };
    let own = unsafe { stackswitch_base_create(512 << 20) };
    let second = unsafe { stackswitch_base_create(512 << 20) };
    let bases = [null_mut(), here, own, second];
    // Several on one base, so that they displace one another.
    let mut walkers: Vec<Model> = (0..12).map(|n| spawn(bases[n % 4], n)).collect();
    let mut nested = Vec::new();
    for step in steps {
        match *step {
            Step::Tell { walker, what, size } => order(&mut walkers[walker], what, size),
            Step::Inner { which, what, size } => {
                let count = nested.len();
                if count > 0 {
                    order(&mut nested[which % count], what, size);
                }
            }
            Step::Hand { from, to } => {
                if from == to || walkers[from].depth.is_none() || walkers[to].depth.is_none() {
                    continue;
                }
                let hand = Command::Hand(walkers[to].handle.addr());
                let answer = unsafe { stackswitch_resume(walkers[from].handle, pack(hand)) };
                settle(&mut walkers[to], Command::Check, answer);
                if walkers[from].descending {
                    walkers[from].depth = walkers[from].depth.map(|depth| depth + 1);
                    walkers[from].descending = false;
                }
            }
            Step::Nest { at } => {
                if nested.len() > 20 {
                    continue;
                }
                let base = tell(&mut walkers[at], Command::Base);
                let mut inner = spawn(base, 100 + nested.len());
                tell(&mut inner, Command::Deeper(2));
                tell(&mut inner, Command::Check);
                nested.push(inner);
            }
            Step::Replace { walker } => {
                let base = walkers[walker].base;
                unsafe { stackswitch_destroy(walkers[walker].handle) };
                walkers[walker] = spawn(base, walker);
            }
            Step::Clone { from, to } => {
                if from == to || walkers[from].depth.is_none() {
                    continue;
                }
                unsafe { stackswitch_destroy(walkers[to].handle) };
                walkers[to] = walkers[from];
                walkers[to].handle = unsafe { stackswitch_clone(walkers[from].handle) };
            }
        }
    }
    // Everybody is still there, and checks the way up.
    for model in walkers.iter_mut().chain(&mut nested) {
        while tell(model, Command::Check).addr() > 0 {
            tell(model, Command::Up);
        }
    }
    walkers.iter().chain(&nested).for_each(|model| unsafe { stackswitch_destroy(model.handle) });
    nested.iter().for_each(|model| unsafe { stackswitch_base_destroy(model.base) });
    bases[1..].iter().for_each(|base| unsafe { stackswitch_base_destroy(*base) });
    let mut stats = Stats::default();
    unsafe { stackswitch_get_stats(&mut stats) };
    assert_eq!((stats.contexts, stats.contexts_parked, stats.bytes_parked), (0, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    /// Random programs of twelve walkers on four bases, and more on bases inside them.
    #[test]
    fn every_context_keeps_every_byte(steps in steps()) {
        // On a thread of its own: nothing is left of a case that failed.
        let thread = std::thread::Builder::new().stack_size(512 << 20);
        let outcome = thread.spawn(move || run(&steps)).unwrap().join();
        prop_assert!(outcome.is_ok());
    }
}
