//! User stacks: stacks that the program passed to `makecontext`.
//!
//! The runtime is not told when a program uses such memory for something else. But the memory
//! becomes a stack again only when the program passes it to `makecontext` again. So the newest
//! stack that contains an address is the valid one.

use core::ptr;

use stackswitch_abi::limits::MIN_STACK;

use crate::context::{Base, Context, Flags, Origin, Region, State, Tag};
use crate::store::Store;

/// The alignment of a stack pointer at a call.
const STACK_ALIGNMENT: usize = 16;

/// What the runtime writes at the top of a user stack: a region with one base and one hidden context.
#[repr(C)]
pub(crate) struct UserStack {
    pub context: Context,
    base: Base,
    region: Region,
    /// [`Self::nested_mark`] while the function that was started here has not returned, if the
    /// memory lies within another stack.
    nested: usize,
}

impl UserStack {
    /// Where it lies in memory that ends at `end`. No bytes of such a stack are ever copied, so it
    /// need not begin where a cache line does.
    pub(crate) fn before(end: usize) -> *mut Self {
        ((end - size_of::<Self>()) & !(STACK_ALIGNMENT - 1)) as *mut Self
    }

    /// The one whose hidden context this is.
    pub(crate) fn of_context(context: *mut Context) -> *mut Self {
        const { assert!(core::mem::offset_of!(Self, context) == 0) };
        context.cast()
    }

    /// Writes it at the top of `size` bytes from `low` on. The rest of them, from `low` to its
    /// address, is the stack.
    ///
    /// # Safety
    /// The memory is free, and has at least [`MIN_STACK`] bytes.
    pub(crate) unsafe fn write(low: usize, size: usize, thread: u32) -> *mut Self {
        let at = Self::before(low + size);
        let top = at.addr();
        // SAFETY: the memory has room for the structure, which stays where it is, so its parts may
        // point to one another.
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
                region: Region::new(Origin::User, low, size, 0),
                nested: 0,
            });
        }
        at
    }

    /// A word that other code is unlikely to leave on a stack.
    fn nested_mark(stack: *mut Self, thread: u32) -> usize {
        (0x7374_6163_6B73_7769_u64 as usize ^ stack.addr()).wrapping_add(thread as usize)
    }

    /// Marks it as nested in another stack of the thread.
    ///
    /// # Safety
    /// `stack` points to one that has been written.
    pub(crate) unsafe fn nest(stack: *mut Self, thread: u32) {
        // SAFETY: the caller vouches for the structure.
        unsafe { (*stack).nested = Self::nested_mark(stack, thread) }
    }

    /// Removes that mark, and says whether it was there.
    ///
    /// # Safety
    /// `stack` is where one would lie in memory of a stack, which may hold anything.
    pub(crate) unsafe fn unnest(stack: *mut Self, thread: u32) -> bool {
        // SAFETY: the memory is readable and writable, and any bytes are a word.
        unsafe {
            let marked =
                (&raw const (*stack).nested).read_volatile() == Self::nested_mark(stack, thread);
            (*stack).nested = 0;
            marked
        }
    }
}

const _: () = assert!(
    size_of::<UserStack>() <= MIN_STACK / 2,
    "what lies at the top of the smallest user stack leaves half of it as stack"
);

/// One entry of the list.
#[derive(Clone, Copy)]
struct Extent {
    low: usize,
    /// The address after it.
    end: usize,
    /// How many entries were added before it since the list was sorted, plus one; 0 for entries
    /// that were there then.
    age: usize,
}

/// The user stacks of a thread: first the sorted entries, by ascending address and disjoint, then
/// later entries in the order in which the program passed them.
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

    /// The newest stack that contains an address: its first address, and the first after it.
    pub(crate) fn around(&self, address: usize) -> Option<(usize, usize)> {
        let has = |extent: &&Extent| (extent.low..extent.end).contains(&address);
        let (sorted, later) = self.all().split_at(self.sorted);
        let found = later.iter().rev().find(has).or_else(|| {
            let below = sorted.partition_point(|extent| extent.low <= address);
            sorted[..below].last().filter(has)
        })?;
        Some((found.low, found.end))
    }

    /// Adds a stack. False if there is no memory for the entry.
    pub(crate) fn add(&mut self, store: &mut Store, low: usize, end: usize) -> bool {
        if self.all().last().is_some_and(|last| (last.low, last.end) == (low, end)) {
            return true;
        }
        if self.length == self.capacity && !self.make_room(store) {
            return false;
        }
        let age = self.length - self.sorted + 1;
        // SAFETY: the list has room for one more.
        unsafe { self.list.add(self.length).write(Extent { low, end, age }) };
        self.length += 1;
        true
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
        self.sort();
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

    fn sort(&mut self) {
        if self.list.is_null() {
            return;
        }
        // SAFETY: the first `length` entries have been written.
        let all = unsafe { core::slice::from_raw_parts_mut(self.list, self.length) };
        all.sort_unstable_by_key(|extent| (extent.low, extent.age));
        let mut kept = 0;
        for at in 0..all.len() {
            let extent = all[at];
            while kept != 0 && all[kept - 1].end > extent.low && all[kept - 1].age < extent.age {
                kept -= 1;
            }
            if kept == 0 || all[kept - 1].end <= extent.low {
                all[kept] = extent;
                kept += 1;
            }
        }
        for extent in &mut all[..kept] {
            extent.age = 0;
        }
        (self.length, self.sorted) = (kept, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_CAPACITY, UserStacks};
    use crate::memory::Memory;
    use crate::store::Store;

    /// The list after these stacks were added, and then `others` more.
    fn list_of(list: &[(usize, usize)], others: usize) -> UserStacks {
        let (mut stacks, mut store) = (UserStacks::new(), Store::new(Memory::System));
        let others =
            (0..others).map(|i| ((1 << 30) + (i % 2) * 8192, (1 << 30) + (i % 2) * 8192 + 4096));
        for (low, end) in list.iter().copied().chain(others) {
            assert!(stacks.add(&mut store, low, end));
        }
        stacks
    }

    #[test]
    fn the_newest_one_around_an_address_counts() {
        for others in [0, 4 * FIRST_CAPACITY] {
            let divided = list_of(&[(1000, 5000), (1000, 2000), (2000, 3000)], others);
            assert_eq!(divided.around(999), None);
            assert_eq!(divided.around(1000), Some((1000, 2000)));
            assert_eq!(divided.around(2000), Some((2000, 3000)));
            let joined = list_of(&[(1000, 2000), (2000, 3000), (1000, 4000)], others);
            assert_eq!(joined.around(1500), Some((1000, 4000)));
            assert_eq!(joined.around(2500), Some((1000, 4000)));
            assert_eq!(joined.around(4000), None);
            let moved = list_of(&[(1000, 2000), (3000, 4000), (1500, 2500)], others);
            assert_eq!(moved.around(1600), Some((1500, 2500)));
            assert_eq!(moved.around(3000), Some((3000, 4000)));
        }
    }

    #[test]
    fn stacks_used_in_turn_have_one_entry() {
        let (mut stacks, mut store) = (UserStacks::new(), Store::new(Memory::System));
        for turn in 0..100_000 {
            let low = 4096 * (turn % 20);
            assert!(stacks.add(&mut store, low, low + 4096));
        }
        assert_eq!(stacks.capacity, FIRST_CAPACITY);
        for low in 0..1000 {
            assert!(stacks.add(&mut store, 4096 * low, 4096 * low + 4096));
        }
        assert!((0..1000).all(|i| stacks.around(4096 * i) == Some((4096 * i, 4096 * i + 4096))));
    }
}
