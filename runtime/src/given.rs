//! The stacks that a thread was given by the program.
//!
//! Nobody says when such memory is put to another use, but to be a stack again it must be given
//! once more. So the newest stack around an address is the one that is there.

use core::ptr;

use crate::store::Store;

/// One stack.
#[derive(Clone, Copy)]
struct Given {
    low: usize,
    /// The address after it.
    end: usize,
    /// How many were given before it since the list was tidied; 0 for those of then.
    age: usize,
}

/// All of them: those that were there when the list was tidied, by ascending address and disjoint,
/// then those that were given later, in that order.
pub(crate) struct Stacks {
    list: *mut Given,
    capacity: usize,
    length: usize,
    tidy: usize,
}

/// Room for so many at first.
const FIRST: usize = 64;

impl Stacks {
    /// None.
    pub(crate) const fn new() -> Self {
        Self { list: ptr::null_mut(), capacity: 0, length: 0, tidy: 0 }
    }

    /// The one that has an address, as the addresses of its first byte and after its last.
    pub(crate) fn around(&self, address: usize) -> Option<(usize, usize)> {
        let has = |given: &&Given| (given.low..given.end).contains(&address);
        let (tidy, later) = self.all().split_at(self.tidy);
        let found = later.iter().rev().find(has).or_else(|| {
            let below = tidy.partition_point(|given| given.low <= address);
            tidy[..below].last().filter(has)
        })?;
        Some((found.low, found.end))
    }

    /// Notes one that is given now. False if there is no memory for that.
    pub(crate) fn add(&mut self, store: &mut Store, low: usize, end: usize) -> bool {
        if self.all().last().is_some_and(|last| (last.low, last.end) == (low, end)) {
            return true;
        }
        if self.length == self.capacity && !self.make_room(store) {
            return false;
        }
        let age = self.length - self.tidy + 1;
        // SAFETY: the list has room for one more.
        unsafe { self.list.add(self.length).write(Given { low, end, age }) };
        self.length += 1;
        true
    }

    fn all(&self) -> &[Given] {
        if self.list.is_null() {
            return &[];
        }
        // SAFETY: so many have been written.
        unsafe { core::slice::from_raw_parts(self.list, self.length) }
    }

    /// Forgets what newer ones have taken the place of, and makes the list longer if that was
    /// little.
    fn make_room(&mut self, store: &mut Store) -> bool {
        self.tidy_up();
        if self.length * 2 <= self.capacity && self.capacity != 0 {
            return true;
        }
        let capacity = if self.capacity == 0 { FIRST } else { self.capacity * 2 };
        let list = store.allocate(capacity * size_of::<Given>()).cast::<Given>();
        if list.is_null() {
            return self.length < self.capacity;
        }
        if !self.list.is_null() {
            // SAFETY: the new list is longer; the old one came from the same store with this size.
            unsafe {
                list.copy_from_nonoverlapping(self.list, self.length);
                store.free(self.list.cast(), self.capacity * size_of::<Given>());
            }
        }
        (self.list, self.capacity) = (list, capacity);
        true
    }

    fn tidy_up(&mut self) {
        if self.list.is_null() {
            return;
        }
        // SAFETY: so many have been written.
        let all = unsafe { core::slice::from_raw_parts_mut(self.list, self.length) };
        all.sort_unstable_by_key(|given| (given.low, given.age));
        let mut kept = 0;
        for at in 0..all.len() {
            let given = all[at];
            while kept != 0 && all[kept - 1].end > given.low && all[kept - 1].age < given.age {
                kept -= 1;
            }
            if kept == 0 || all[kept - 1].end <= given.low {
                all[kept] = given;
                kept += 1;
            }
        }
        for given in &mut all[..kept] {
            given.age = 0;
        }
        (self.length, self.tidy) = (kept, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, Stacks};
    use crate::memory::Memory;
    use crate::store::Store;

    /// The stacks after these were given, and then so many of another that the list is tidied.
    fn given(list: &[(usize, usize)], others: usize) -> Stacks {
        let (mut stacks, mut store) = (Stacks::new(), Store::new(Memory::System));
        let others =
            (0..others).map(|i| ((1 << 30) + (i % 2) * 8192, (1 << 30) + (i % 2) * 8192 + 4096));
        for (low, end) in list.iter().copied().chain(others) {
            assert!(stacks.add(&mut store, low, end));
        }
        stacks
    }

    #[test]
    fn the_newest_one_around_an_address_counts() {
        for others in [0, 4 * FIRST] {
            let divided = given(&[(1000, 5000), (1000, 2000), (2000, 3000)], others);
            assert_eq!(divided.around(999), None);
            assert_eq!(divided.around(1000), Some((1000, 2000)));
            assert_eq!(divided.around(2000), Some((2000, 3000)));
            let joined = given(&[(1000, 2000), (2000, 3000), (1000, 4000)], others);
            assert_eq!(joined.around(1500), Some((1000, 4000)));
            assert_eq!(joined.around(2500), Some((1000, 4000)));
            assert_eq!(joined.around(4000), None);
            let moved = given(&[(1000, 2000), (3000, 4000), (1500, 2500)], others);
            assert_eq!(moved.around(1600), Some((1500, 2500)));
            assert_eq!(moved.around(3000), Some((3000, 4000)));
        }
    }

    #[test]
    fn those_that_are_used_in_turn_are_noted_once() {
        let (mut stacks, mut store) = (Stacks::new(), Store::new(Memory::System));
        for turn in 0..100_000 {
            let low = 4096 * (turn % 20);
            assert!(stacks.add(&mut store, low, low + 4096));
        }
        assert_eq!(stacks.capacity, FIRST);
        for low in 0..1000 {
            assert!(stacks.add(&mut store, 4096 * low, 4096 * low + 4096));
        }
        assert!((0..1000).all(|i| stacks.around(4096 * i) == Some((4096 * i, 4096 * i + 4096))));
    }
}
