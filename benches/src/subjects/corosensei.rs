//! Subjects with the crate `corosensei`.

use corosensei::stack::{DefaultStack, MIN_STACK_SIZE, Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult};

use stackswitch_bench::measure::Workload;

/// A stack of the least size, from the heap: the crate's own ones are mappings.
struct Small(Box<[u128]>);

impl Small {
    fn new() -> Self {
        // Not zeroed: only what the coroutine touches becomes memory.
        let words = Box::<[u128]>::new_uninit_slice(MIN_STACK_SIZE / size_of::<u128>());
        // SAFETY: nobody reads the words but as a stack.
        Self(unsafe { words.assume_init() })
    }
}

// SAFETY: the memory is as large as promised, aligned, and stays where it is. The coroutines
// here need a fraction of it, so that the missing guard page is not needed.
unsafe impl Stack for Small {
    fn base(&self) -> StackPointer {
        let end = self.0.as_ptr_range().end as usize;
        StackPointer::new(end).expect("not null")
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.0.as_ptr() as usize).expect("not null")
    }
}

type Yields<S> = Coroutine<(), (), (), S>;

fn endless<S: Stack + 'static>(stack: S) -> Yields<S> {
    Coroutine::with_stack(stack, |yielder, ()| {
        loop {
            yielder.suspend(());
        }
    })
}

/// One that is never unwound.
struct Endless<S: Stack>(Yields<S>);

impl<S: Stack> Drop for Endless<S> {
    fn drop(&mut self) {
        // SAFETY: its frames own nothing.
        unsafe { self.0.force_reset() }
    }
}

/// Resume and suspend, each a switch.
pub struct Resident(Endless<DefaultStack>);

impl Resident {
    pub fn new(_: usize) -> Option<Self> {
        Some(Self(Endless(endless(DefaultStack::default()))))
    }
}

impl Workload for Resident {
    fn run(&mut self, count: usize) {
        for _ in 0..count / 2 {
            self.0.0.resume(());
        }
    }
}

/// A generator of the numbers from 0, driven by the program: a resume and a suspend for each.
pub struct Numbers {
    coroutine: Coroutine<(), u64, ()>,
    sum: u64,
}

impl Numbers {
    pub fn new(_: usize) -> Option<Self> {
        let coroutine = Coroutine::new(|yielder, ()| {
            let mut number = 0;
            loop {
                yielder.suspend(number);
                number += 1;
            }
        });
        Some(Self { coroutine, sum: 0 })
    }
}

impl Workload for Numbers {
    fn run(&mut self, count: usize) {
        for _ in 0..count {
            let CoroutineResult::Yield(number) = self.coroutine.resume(()) else { return };
            self.sum = self.sum.wrapping_add(number);
        }
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        // SAFETY: its frames own nothing.
        unsafe { self.coroutine.force_reset() }
    }
}

/// Coroutines on stacks of 4 KiB that a loop resumes in order: two switches each.
pub struct Ring {
    members: Vec<Endless<Small>>,
    order: Vec<usize>,
    at: usize,
}

impl Ring {
    pub fn new(order: &[usize]) -> Self {
        let mut members: Vec<_> = order.iter().map(|_| Endless(endless(Small::new()))).collect();
        for member in &mut members {
            member.0.resume(());
        }
        Self { members, order: order.to_vec(), at: 0 }
    }
}

impl Workload for Ring {
    fn run(&mut self, count: usize) {
        for _ in 0..count / 2 {
            self.members[self.order[self.at]].0.resume(());
            self.at = if self.at + 1 == self.order.len() { 0 } else { self.at + 1 };
        }
    }
}

/// Create, run to the end, destroy, on a stack that is used again.
pub struct Lifecycle(Option<DefaultStack>);

impl Lifecycle {
    pub fn new(_: usize) -> Option<Self> {
        Some(Self(Some(DefaultStack::default())))
    }
}

impl Workload for Lifecycle {
    fn run(&mut self, count: usize) {
        for _ in 0..count {
            let stack = self.0.take().expect("each round puts it back");
            let mut coroutine = Coroutine::<(), (), (), _>::with_stack(stack, |_, ()| {});
            assert!(matches!(coroutine.resume(()), CoroutineResult::Return(())));
            self.0 = Some(coroutine.into_stack());
        }
    }
}

/// Coroutines with a buffer of 128 bytes on stacks of 4 KiB.
pub struct Parked(Vec<Endless<Small>>);

impl Parked {
    pub fn new(most: usize) -> Self {
        let mut list: Vec<Endless<Small>> = Vec::with_capacity(most);
        // The list itself is not what is measured: its pages are there before.
        // SAFETY: writes only into the capacity.
        unsafe { list.as_mut_ptr().write_bytes(0, most) };
        Self(list)
    }
}

impl Workload for Parked {
    fn run(&mut self, count: usize) {
        for _ in 0..count {
            let mut member = Coroutine::with_stack(Small::new(), |yielder, ()| {
                let mut locals = [0_u8; 128];
                loop {
                    std::hint::black_box(&mut locals);
                    yielder.suspend(());
                }
            });
            member.resume(());
            self.0.push(Endless(member));
        }
    }
}
