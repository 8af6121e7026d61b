//! Callbacks on switches, and the walk over everything that contexts hold.
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call keeps to the C ABI's contract")]

use std::cell::Cell;
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;

use stackswitch_rt::abi::*;

use crate::common::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Switch(*mut c_void, *mut c_void, usize),
    Leave(*mut c_void),
    Enter(*mut c_void),
}

unsafe fn push(data: *mut c_void, event: Event) {
    unsafe { (*data.cast::<Vec<Event>>()).push(event) };
}

unsafe extern "C" fn on_switch(
    data: *mut c_void,
    from: *mut c_void,
    to: *mut c_void,
    bytes: usize,
) {
    unsafe { push(data, Event::Switch(from, to, bytes)) };
}

unsafe extern "C" fn on_leave(data: *mut c_void, context: *mut c_void) {
    unsafe { push(data, Event::Leave(context)) };
}

unsafe extern "C" fn on_enter(data: *mut c_void, context: *mut c_void) {
    unsafe { push(data, Event::Enter(context)) };
}

/// What the hooks hear of during `operation`.
fn events_of(operation: impl FnOnce()) -> Vec<Event> {
    let mut events = Vec::<Event>::new();
    let data = (&raw mut events).cast();
    let hooks = Hooks {
        data,
        on_switch: Some(on_switch),
        on_leave: Some(on_leave),
        on_enter: Some(on_enter),
    };
    unsafe {
        stackswitch_set_hooks(&hooks);
        operation();
        stackswitch_set_hooks(std::ptr::null());
    }
    events
}

unsafe extern "C-unwind" fn echo(_: *mut c_void, first: *mut c_void) -> *mut c_void {
    let mut value = first;
    while !value.is_null() {
        value = unsafe { stackswitch_suspend(value) };
    }
    word(1)
}

fn spawn(base: *mut c_void) -> *mut c_void {
    unsafe { stackswitch_spawn(base, echo as *mut c_void, null_mut()) }
}

fn slow_switches() -> u64 {
    let mut stats = Stats::default();
    unsafe { stackswitch_get_stats(&mut stats) };
    stats.switches_slow
}

#[test]
fn hooks_hear_of_every_switch_until_they_are_taken_away() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let (me, one, other) = (stackswitch_current(), spawn(base), spawn(base));
        stackswitch_resume(one, word(2));
        // Resident, then displacing, then ending.
        let events = events_of(|| {
            stackswitch_resume(one, word(2));
            stackswitch_resume(other, word(2));
            stackswitch_resume(one, null_mut());
        });
        let slice = stackswitch_slice_size(other);
        assert!(slice > 0);
        let switch = |from, to, bytes| {
            [Event::Leave(from), Event::Switch(from, to, bytes), Event::Enter(to)]
        };
        let expected = [
            switch(me, one, 0),
            switch(one, me, 0),
            switch(me, other, slice),
            switch(other, me, 0),
            switch(me, one, 2 * slice),
            switch(one, me, 0),
        ];
        assert_eq!(events, expected.concat());
        assert_eq!(stackswitch_status(one), 3);

        stackswitch_resume(other, word(2));
        let before = slow_switches();
        for _ in 0..10 {
            stackswitch_resume(other, word(2));
        }
        let slow = slow_switches() - before;
        assert_eq!(slow, if cfg!(feature = "checked") { 20 } else { 0 }, "as fast as before");
        [one, other].into_iter().for_each(|context| stackswitch_destroy(context));
        stackswitch_base_destroy(base);
    }
}

#[test]
fn a_refused_switch_is_not_heard_of() {
    unsafe {
        let context = spawn(null_mut());
        stackswitch_resume(context, null_mut());
        let events =
            events_of(|| assert_eq!(errors_of(|| _ = stackswitch_swap(context, word(1))).len(), 1));
        assert_eq!(events, []);
        stackswitch_destroy(context);
    }
}

thread_local! {
    /// Stands for what a program keeps per context in a variable of the thread.
    static OWN: Cell<usize> = const { Cell::new(0) };
}

unsafe extern "C" fn put_away(data: *mut c_void, context: *mut c_void) {
    unsafe { (*data.cast::<Vec<(usize, usize)>>()).push((context.addr(), OWN.get())) };
}

unsafe extern "C" fn take_out(data: *mut c_void, context: *mut c_void) {
    let kept = unsafe { &mut *data.cast::<Vec<(usize, usize)>>() };
    let at = kept.iter().position(|(handle, _)| *handle == context.addr());
    OWN.set(at.map_or(0, |at| kept.swap_remove(at).1));
}

unsafe extern "C-unwind" fn counts(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    assert_eq!(OWN.get(), 0, "fresh");
    for round in 0..5 {
        OWN.set(OWN.get() + argument.addr());
        unsafe { stackswitch_suspend(word(1)) };
        assert_eq!(OWN.get(), argument.addr() * (round + 1));
    }
    word(1)
}

#[test]
fn enter_and_leave_can_keep_a_variable_per_context() {
    let mut kept = Vec::<(usize, usize)>::new();
    let hooks = Hooks {
        data: (&raw mut kept).cast(),
        on_switch: None,
        on_leave: Some(put_away),
        on_enter: Some(take_out),
    };
    unsafe {
        stackswitch_set_hooks(&hooks);
        OWN.set(77);
        let base = stackswitch_base_create(1 << 20);
        let contexts: Vec<_> = (1..9)
            .map(|n| {
                let base = if n % 2 == 0 { base } else { null_mut() };
                stackswitch_spawn(base, counts as *mut c_void, word(n))
            })
            .collect();
        for _ in 0..6 {
            contexts.iter().for_each(|context| _ = stackswitch_resume(*context, word(1)));
        }
        assert_eq!(OWN.get(), 77);
        for context in contexts {
            assert_eq!(stackswitch_status(context), 3);
            stackswitch_destroy(context);
        }
        stackswitch_base_destroy(base);
        stackswitch_set_hooks(std::ptr::null());
    }
}

const MARK: usize = 0x5EED_0000_0000_0000;

/// Holds marks in a deep frame and a shallow one.
unsafe extern "C-unwind" fn holder(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    #[inline(never)]
    fn deep(seed: usize) {
        let mut frame = [0_usize; 300];
        frame.iter_mut().for_each(|word| *word = MARK | seed);
        black_box(&mut frame);
        unsafe { stackswitch_suspend(stackswitch_base_here()) };
        black_box(&mut frame);
    }
    let mut frame = [MARK | argument.addr(); 10];
    black_box(&mut frame);
    deep(argument.addr());
    black_box(&mut frame);
    null_mut()
}

/// One piece: context, where it belongs, and the marks in it by seed.
#[derive(Debug)]
struct Piece {
    context: *mut c_void,
    belongs: usize,
    in_place: bool,
    length: usize,
    marks: Vec<usize>,
}

unsafe extern "C" fn collect(
    data: *mut c_void,
    context: *mut c_void,
    belongs: *mut c_void,
    at: *mut c_void,
    length: usize,
) {
    let words = (0..length / 8).map(|n| unsafe { at.cast::<usize>().add(n).read() });
    let marks = words.filter(|word| word & 0xFFFF_0000_0000_0000 == MARK);
    let marks = marks.map(|word| word & 0xFFFF).collect();
    let (belongs, in_place) = (belongs.addr(), belongs == at);
    let pieces = unsafe { &mut *data.cast::<Vec<Piece>>() };
    pieces.push(Piece { context, belongs, in_place, length, marks });
}

#[inline(never)]
fn pieces() -> Vec<Piece> {
    let mut pieces = Vec::<Piece>::new();
    unsafe { stackswitch_visit(null_mut(), Some(collect), (&raw mut pieces).cast()) };
    pieces
}

fn of(pieces: &[Piece], context: *mut c_void) -> Vec<&Piece> {
    pieces.iter().filter(|piece| piece.context == context).collect()
}

/// In a thread of its own, where there are no other marks and contexts.
fn alone(test: fn()) {
    std::thread::spawn(test).join().unwrap();
}

#[test]
fn the_walk_finds_everything_that_contexts_hold() {
    alone(|| unsafe {
        let base = stackswitch_base_create(1 << 20);
        let holder = holder as *mut c_void;
        let spawn = |base, seed| stackswitch_spawn(base, holder, word(seed));
        let (parked, outer, resident) = (spawn(base, 1), spawn(base, 2), spawn(null_mut(), 3));
        stackswitch_resume(parked, word(1));
        let inside = stackswitch_resume(outer, word(1));
        stackswitch_resume(resident, word(1));
        // From a base in the middle of `outer`, so that nothing of that is in its way.
        let inner = spawn(inside, 5);
        stackswitch_resume(inner, word(1));
        // Now: no register that a context has saved holds its argument.
        let new = spawn(null_mut(), MARK | 4);
        let mut mine = [MARK | 6; 3];
        black_box(&mut mine);

        let pieces = pieces();
        for (context, seed, in_place) in
            [(parked, 1, false), (outer, 2, true), (resident, 3, true), (inner, 5, true)]
        {
            let [piece] = of(&pieces, context)[..] else { panic!("{context:p}: {pieces:?}") };
            assert_eq!(piece.in_place, in_place);
            assert_eq!(piece.belongs, stackswitch_stacktop(context).addr());
            assert!(piece.marks.len() >= 310, "{}", piece.marks.len());
            assert!(piece.marks.iter().all(|mark| *mark == seed), "{:?}", piece.marks);
            let mut stats = ContextStats::default();
            stackswitch_get_context_stats(context, &mut stats);
            assert_eq!(piece.length as u64, stats.bytes_parked + stats.bytes_in_place);
        }
        let [argument] = of(&pieces, new)[..] else { panic!("{pieces:?}") };
        assert_eq!((argument.belongs, &argument.marks[..]), (0, &[4][..]));
        let [me] = of(&pieces, stackswitch_current())[..] else { panic!("{pieces:?}") };
        assert!(me.marks.iter().filter(|mark| **mark == 6).count() >= 3);
        black_box(&mut mine);

        for context in [inner, outer, parked, resident, new] {
            stackswitch_destroy(context);
        }
        let left = self::pieces();
        assert!(left.iter().all(|piece| piece.context == stackswitch_current()), "{left:?}");
    });
}

#[test]
fn the_walk_tells_of_both_pieces_of_a_context_that_is_partly_in_place() {
    alone(|| unsafe {
        let base = stackswitch_base_create(1 << 20);
        let other = stackswitch_spawn(base, lower as *mut c_void, word(3));
        stackswitch_resume(other, word(1));
        // Somebody who starts from the middle of it displaces only its low end.
        let low = stackswitch_resume(other, word(1));
        let lowest = stackswitch_spawn(low, holder as *mut c_void, word(4));
        stackswitch_resume(lowest, word(1));
        let pieces = pieces();
        let [saved, place] = of(&pieces, other)[..] else { panic!("{pieces:?}") };
        assert!(!saved.in_place && place.in_place);
        assert_eq!(saved.belongs + saved.length, place.belongs);
        assert_eq!(saved.length, stackswitch_slice_size(other));
        let marks: Vec<_> = saved.marks.iter().chain(&place.marks).collect();
        assert!(marks.len() >= 320 && marks.iter().all(|mark| **mark == 3), "{}", marks.len());
    });
}

/// Makes a base in its first frame, and suspends in a deeper one.
unsafe extern "C-unwind" fn lower(argument: *mut c_void, _: *mut c_void) -> *mut c_void {
    #[inline(never)]
    fn deep(seed: usize, base: *mut c_void) {
        let mut frame = [MARK | seed; 300];
        black_box(&mut frame);
        unsafe { stackswitch_suspend(base) };
        black_box(&mut frame);
    }
    let mut frame = [MARK | argument.addr(); 20];
    black_box(&mut frame);
    let base = unsafe { stackswitch_base_here() };
    unsafe { stackswitch_suspend(base) };
    deep(argument.addr(), base);
    black_box(&mut frame);
    null_mut()
}

/// Memory for an object of the POSIX layer.
#[repr(align(16))]
struct Object([Cell<u8>; 1024]);

thread_local! {
    static OBJECTS: [Object; 2] = const {
        [const { Object([const { Cell::new(0) }; 1024]) }; 2]
    };
    static FOUND: Cell<Option<fn()>> = const { Cell::new(None) };
}

fn object(n: usize) -> *mut c_void {
    OBJECTS.with(|objects| (&raw const objects[n].0).cast_mut().cast())
}

/// Runs on a stack of its own, and goes back.
unsafe extern "C-unwind" fn guest(_: *mut c_void) {
    let mut frame = [MARK | 9; 20];
    black_box(&mut frame);
    FOUND.get().unwrap()();
    black_box(&mut frame);
    unsafe { stackswitch_swapcontext(object(1), object(0), null_mut()) };
}

/// Goes to `guest` and comes back, on the thread's own stack and one of 64 KiB.
fn there_and_back() {
    let mut stack = vec![0_u8; 64 << 10];
    let mut mine = [MARK | 8; 20];
    black_box(&mut mine);
    unsafe {
        let (here, there) = (object(0), object(1));
        assert_eq!(stackswitch_getcontext(there, null_mut()), 0);
        let (low, size) = (stack.as_mut_ptr().cast(), stack.len());
        let guest = guest as *mut c_void;
        let made = stackswitch_makecontext(there, low, size, here, guest, null_mut());
        assert_eq!(made, 0);
        assert_eq!(stackswitch_swapcontext(here, there, null_mut()), 0);
    }
    black_box(&mut mine);
}

#[test]
fn a_context_that_goes_to_another_stack_is_neither_left_nor_entered() {
    FOUND.set(Some(|| ()));
    let me = unsafe { stackswitch_current() };
    assert_eq!(events_of(there_and_back), [Event::Switch(me, me, 0); 2]);
}

#[test]
fn the_walk_finds_both_stacks_of_a_context() {
    alone(|| {
        FOUND.set(Some(|| {
            let pieces = pieces();
            let mine = of(&pieces, unsafe { stackswitch_current() });
            let marks =
                |seed| mine.iter().flat_map(|p| &p.marks).filter(|mark| **mark == seed).count();
            assert!(marks(8) >= 20 && marks(9) >= 20, "{mine:?}");
        }));
        there_and_back();
    });
}

#[test]
fn a_look_at_what_is_no_context_is_no_error() {
    unsafe {
        let base = stackswitch_base_create(1 << 20);
        let (context, neighbour) = (spawn(base), spawn(base));
        let look = |context| stackswitch_rt::snapshot(context);
        assert_eq!(look(null_mut()), None);
        assert_eq!(look(base), None);
        stackswitch_resume(context, word(2));
        assert_eq!(look(context).map(|l| (l.finished, l.saved)), Some((false, 0)));
        stackswitch_resume(neighbour, word(2));
        let saved = stackswitch_slice_size(context);
        assert!(saved > 0);
        assert_eq!(look(context).map(|l| (l.finished, l.saved)), Some((false, saved)));
        let address = context.expose_provenance();
        let foreign = std::thread::spawn(move || {
            stackswitch_current();
            let context = std::ptr::with_exposed_provenance_mut(address);
            stackswitch_rt::snapshot(context)
        });
        assert_eq!(foreign.join().unwrap(), None);
        stackswitch_resume(context, null_mut());
        assert_eq!(look(context).map(|l| (l.finished, l.saved)), Some((true, 0)));
        stackswitch_destroy(context);
        assert_eq!(look(context), None);
    }
}
