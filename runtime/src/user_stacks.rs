//! User stacks: stacks that the program passed to `makecontext`.
//!
//! The runtime is not told when a program uses such memory for something else. But the memory
//! becomes a stack again only when the program passes it to `makecontext` again. So the newest
//! stack that contains an address is the valid one.

use core::ptr;

use crate::context::{Base, Context, Flags, Origin, Region, State, Tag};
use crate::store::Store;

/// What the runtime has for a user stack: a region with one base and one hidden context. It is on
/// the heap, so that a stack of one page is the program's but for the first frame.
#[repr(C)]
pub(crate) struct UserStack {
    pub context: Context,
    base: Base,
    region: Region,
    /// Whether the function that was started here has not returned, and the memory lies within
    /// another stack.
    nested: bool,
    /// The entry of the list that it was removed with.
    removed: Extent,
}

/// The alignment of a stack pointer at a call.
const STACK_ALIGNMENT: usize = 16;

impl UserStack {
    /// The one whose hidden context this is.
    pub(crate) fn of_context(context: *mut Context) -> *mut Self {
        const { assert!(core::mem::offset_of!(Self, context) == 0) };
        context.cast()
    }

    /// Writes it for a new stack, from `low` to `end`, on which nothing runs.
    ///
    /// # Safety
    /// `at` is memory for it, where it stays.
    unsafe fn write(at: *mut Self, low: usize, end: usize, thread: u32) {
        let top = end & !(STACK_ALIGNMENT - 1);
        // SAFETY: the caller vouches for the memory; the parts point to one another there.
        unsafe {
            let mut context = Context::empty();
            context.flags = Flags::HIDDEN;
            context.sp = top;
            context.base = &raw mut (*at).base;
            context.tag = Tag::new(thread, State::Parked);
            context.checks.mark_outside_store((&raw const (*at).context).addr());
            at.write(Self {
                context,
                base: Base::new(top, Tag(0), &raw mut (*at).region),
                region: Region::new(Origin::User, low, end - low, 0),
                nested: false,
                removed: Extent { low, end, age: 0, stack: ptr::null_mut() },
            });
        }
    }

    /// Where its first frame begins: above it is nothing.
    pub(crate) fn top(&self) -> usize {
        self.base.top
    }

    /// Whether bases that code has made on the stack still refer to its region.
    fn has_bases(&self) -> bool {
        self.region.bases != 0
    }

    /// Marks it as nested in another stack of the thread.
    pub(crate) fn nest(&mut self) {
        self.nested = true;
    }

    /// Removes that mark, and says whether it was there.
    pub(crate) fn unnest(&mut self) -> bool {
        core::mem::take(&mut self.nested)
    }
}

/// One entry of the list.
#[derive(Clone, Copy)]
struct Extent {
    low: usize,
    /// The address after it.
    end: usize,
    /// How many entries were added before it since the list was sorted, plus one; 0 for entries
    /// that were there then.
    age: usize,
    /// The stack. In an entry that was removed: the one that was removed before it.
    stack: *mut UserStack,
}

impl Extent {
    fn contains(&self, address: usize) -> bool {
        (self.low..self.end).contains(&address)
    }

    /// Whether the first frame of another stack lies here.
    fn covers_top_of(&self, other: &Self) -> bool {
        self.contains(other.end - 1)
    }
}

/// The user stacks of a thread: first the sorted entries, by ascending address and disjoint, then
/// later entries in the order in which the program passed them.
///
/// The memory of a stack is the program's, and the runtime is not told when it ends. So an entry
/// stays until a newer stack takes some of its memory. If that includes the first frame, no code can
/// run on the old stack any more, and its [`UserStack`] is freed. Otherwise the new stack may be a
/// variable of a function that runs on the old one: then the `UserStack` stays until the thread ends.
pub(crate) struct UserStacks {
    list: *mut Extent,
    capacity: usize,
    length: usize,
    /// The number of sorted entries.
    sorted: usize,
}

/// The first capacity of the list.
const FIRST_CAPACITY: usize = 64;

impl UserStacks {
    /// An empty list.
    pub(crate) const fn new() -> Self {
        Self { list: ptr::null_mut(), capacity: 0, length: 0, sorted: 0 }
    }

    fn newest_around(&self, address: usize) -> Option<&Extent> {
        let has = |extent: &&Extent| extent.contains(address);
        let (sorted, later) = self.all().split_at(self.sorted);
        later.iter().rev().find(has).or_else(|| {
            let below = sorted.partition_point(|extent| extent.low <= address);
            sorted[..below].last().filter(has)
        })
    }

    /// The newest stack that contains an address: its first address, and the first after it.
    pub(crate) fn extent_around(&self, address: usize) -> Option<(usize, usize)> {
        self.newest_around(address).map(|found| (found.low, found.end))
    }

    /// The hidden context of the newest stack that contains an address.
    pub(crate) fn context_around(&self, address: usize) -> Option<*mut Context> {
        self.newest_around(address).map(|found| found.stack.cast())
    }

    /// Adds the stack from `low` to `end`. `None` if there is no memory for what the runtime has for
    /// it.
    pub(crate) fn add(
        &mut self,
        store: &mut Store,
        low: usize,
        end: usize,
        thread: u32,
    ) -> Option<*mut UserStack> {
        // SAFETY: an entry's stack is alive.
        let last = self.all().last().filter(|last| unsafe {
            (last.low, last.end) == (low, end) && !(*last.stack).has_bases()
        });
        let stack = match last {
            Some(last) => last.stack,
            None => {
                if self.length == self.capacity && !self.make_room(store) {
                    return None;
                }
                let stack = store.allocate(size_of::<UserStack>()).cast::<UserStack>();
                if stack.is_null() {
                    return None;
                }
                let age = self.length - self.sorted + 1;
                // SAFETY: the list has room for one more.
                unsafe { self.list.add(self.length).write(Extent { low, end, age, stack }) };
                self.length += 1;
                stack
            }
        };
        // SAFETY: the memory is the entry's. Nothing runs any more on an old stack of the same memory.
        unsafe { UserStack::write(stack, low, end, thread) };
        Some(stack)
    }

    /// Removes the marks of nested stacks whose first frame lies between `low` and `end`, and returns
    /// how many there were.
    pub(crate) fn unnest_within(&mut self, low: usize, end: usize) -> usize {
        let new = Extent { low, end, age: 0, stack: ptr::null_mut() };
        let covered = self.all().iter().filter(|extent| new.covers_top_of(extent));
        // SAFETY: an entry's stack is alive, and nothing else refers to it here.
        covered.filter(|extent| unsafe { (*extent.stack).unnest() }).count()
    }

    fn all(&self) -> &[Extent] {
        if self.list.is_null() {
            return &[];
        }
        // SAFETY: the first `length` entries have been written.
        unsafe { core::slice::from_raw_parts(self.list, self.length) }
    }

    /// Removes entries whose memory newer ones have taken, and doubles the list if that freed less
    /// than half of it.
    fn make_room(&mut self, store: &mut Store) -> bool {
        self.sort(store);
        if self.length * 2 <= self.capacity && self.capacity != 0 {
            return true;
        }
        let capacity = if self.capacity == 0 { FIRST_CAPACITY } else { self.capacity * 2 };
        let list = store.allocate(capacity * size_of::<Extent>()).cast::<Extent>();
        if list.is_null() {
            return self.length < self.capacity;
        }
        if !self.list.is_null() {
            // SAFETY: the new list is longer; the old one came from the same store with this size.
            unsafe {
                list.copy_from_nonoverlapping(self.list, self.length);
                store.free(self.list.cast(), self.capacity * size_of::<Extent>());
            }
        }
        (self.list, self.capacity) = (list, capacity);
        true
    }

    fn sort(&mut self, store: &mut Store) {
        if self.list.is_null() {
            return;
        }
        // SAFETY: the first `length` entries have been written.
        let all = unsafe { core::slice::from_raw_parts_mut(self.list, self.length) };
        all.sort_unstable_by_key(|extent| (extent.low, extent.age));
        let mut kept = 0;
        let mut removed = ptr::null_mut();
        for at in 0..all.len() {
            let extent = all[at];
            while kept != 0 && all[kept - 1].end > extent.low && all[kept - 1].age < extent.age {
                kept -= 1;
                removed = note_removed(all[kept], removed);
            }
            if kept == 0 || all[kept - 1].end <= extent.low {
                all[kept] = extent;
                kept += 1;
            } else {
                removed = note_removed(extent, removed);
            }
        }
        free_removed(store, &all[..kept], removed);
        for extent in &mut all[..kept] {
            extent.age = 0;
        }
        (self.length, self.sorted) = (kept, kept);
    }
}

/// Puts the stack of an entry that leaves the list at the head of a list of such. Returns the head.
fn note_removed(extent: Extent, before: *mut UserStack) -> *mut UserStack {
    // SAFETY: an entry's stack is alive.
    unsafe { (*extent.stack).removed = Extent { stack: before, ..extent } };
    extent.stack
}

/// Frees the removed stacks whose first frame lies on a newer stack of `kept`, which is sorted.
fn free_removed(store: &mut Store, kept: &[Extent], mut removed: *mut UserStack) {
    while !removed.is_null() {
        // SAFETY: `note_removed` wrote the structure, which came from this store.
        let extent = unsafe { (*removed).removed };
        let below = kept.partition_point(|newer| newer.low < extent.end);
        let is_over = kept[..below]
            .last()
            .is_some_and(|newer| newer.age > extent.age && newer.covers_top_of(&extent));
        // SAFETY: as above. No code runs on a stack that is over, so only bases refer to it.
        unsafe {
            if is_over && !(*removed).has_bases() {
                store.free(removed.cast(), size_of::<UserStack>());
            }
        }
        removed = extent.stack;
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_CAPACITY, UserStack, UserStacks};
    use crate::memory::Memory;
    use crate::store::Store;

    /// The list after these stacks were added, and then `others` more.
    fn list_of(list: &[(usize, usize)], others: usize) -> UserStacks {
        let (mut stacks, mut store) = (UserStacks::new(), Store::new(Memory::System));
        let others =
            (0..others).map(|i| ((1 << 30) + (i % 2) * 8192, (1 << 30) + (i % 2) * 8192 + 4096));
        for (low, end) in list.iter().copied().chain(others) {
            assert!(stacks.add(&mut store, low, end, 1).is_some());
        }
        stacks
    }

    #[test]
    fn the_newest_one_around_an_address_counts() {
        for others in [0, 4 * FIRST_CAPACITY] {
            let divided = list_of(&[(1000, 5000), (1000, 2000), (2000, 3000)], others);
            assert_eq!(divided.extent_around(999), None);
            assert_eq!(divided.extent_around(1000), Some((1000, 2000)));
            assert_eq!(divided.extent_around(2000), Some((2000, 3000)));
            let joined = list_of(&[(1000, 2000), (2000, 3000), (1000, 4000)], others);
            assert_eq!(joined.extent_around(1500), Some((1000, 4000)));
            assert_eq!(joined.extent_around(2500), Some((1000, 4000)));
            assert_eq!(joined.extent_around(4000), None);
            let moved = list_of(&[(1000, 2000), (3000, 4000), (1500, 2500)], others);
            assert_eq!(moved.extent_around(1600), Some((1500, 2500)));
            assert_eq!(moved.extent_around(3000), Some((3000, 4000)));
        }
    }

    #[test]
    fn stacks_used_in_turn_have_one_entry() {
        let (mut stacks, mut store) = (UserStacks::new(), Store::new(Memory::System));
        for turn in 0..100_000 {
            let low = 4096 * (turn % 20);
            assert!(stacks.add(&mut store, low, low + 4096, 1).is_some());
        }
        assert_eq!(stacks.capacity, FIRST_CAPACITY);
        for low in 0..1000 {
            assert!(stacks.add(&mut store, 4096 * low, 4096 * low + 4096, 1).is_some());
        }
        assert!(
            (0..1000).all(|i| stacks.extent_around(4096 * i) == Some((4096 * i, 4096 * i + 4096)))
        );
    }

    #[test]
    fn a_stack_is_freed_when_a_newer_one_takes_its_first_frame() {
        let (mut stacks, mut store) = (UserStacks::new(), Store::new(Memory::System));
        let free = |store: &mut Store| {
            // The next block of that size is the one that was freed last.
            let block = store.allocate(size_of::<UserStack>());
            // SAFETY: it has this size, and nobody has used it.
            unsafe { store.free(block, size_of::<UserStack>()) };
            block.cast::<UserStack>()
        };
        let over = stacks.add(&mut store, 4096, 8192, 1);
        let outer = stacks.add(&mut store, 16384, 32768, 1);
        stacks.add(&mut store, 0, 16384, 1);
        stacks.add(&mut store, 20480, 24576, 1);
        let unused = free(&mut store);
        stacks.sort(&mut store);
        assert_eq!(Some(free(&mut store)), over, "its first frame is the newer stack's memory");
        assert!(Some(unused) != over && Some(unused) != outer);
        assert_eq!(stacks.length, 2);
        // SAFETY: the stack that has another within it was not freed.
        assert_eq!(outer.map(|outer| unsafe { (*outer).top() }), Some(32768));
    }

    #[test]
    fn nested_stacks_are_counted_once() {
        let (mut stacks, mut store) = (UserStacks::new(), Store::new(Memory::System));
        for low in [0, 4096, 8192] {
            let stack = stacks.add(&mut store, low, low + 4096, 1);
            // SAFETY: the stack is in the list.
            stack.into_iter().for_each(|stack| unsafe { (*stack).nest() });
        }
        assert_eq!(stacks.unnest_within(4000, 8000), 1, "the first frame of the lowest one");
        assert_eq!(stacks.unnest_within(0, 12288), 2);
        assert_eq!(stacks.unnest_within(0, 12288), 0);
    }
}
