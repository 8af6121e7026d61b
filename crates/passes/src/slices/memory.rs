//! Follows, along all paths through a function, where the memory of moved variables is taken and freed.
//! For each place it tells whether the memory is certainly taken, and by which allocation.

use std::collections::{HashMap, HashSet};

use stackswitch_ir::{Block, Instruction, Value};

/// The most places that may take the memory. Each is a bit; one more bit means none of them.
const MAX_OPENINGS: usize = 63;

/// An event at a place of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// Memory is taken, by the opening of this number.
    Opens(usize),
    /// The memory is freed.
    Closes,
}

/// The places that take memory (openings) and free it (closings), followed along all paths through a
/// function.
#[derive(Debug)]
pub(super) struct Memory<'m> {
    places: HashMap<Instruction<'m>, (usize, usize)>,
    /// The events of each block, in order.
    events: HashMap<usize, Vec<(usize, Event)>>,
    /// For the start of each block, the openings that control may have passed last. The highest bit
    /// means none.
    last: Vec<u64>,
    /// For the start of each block, whether the memory is certainly taken.
    taken: Vec<bool>,
}

/// Control has passed no opening.
const NONE: u64 = 1 << MAX_OPENINGS;

impl<'m> Memory<'m> {
    /// Follows openings and closings. `None` if there is no opening, or too many.
    pub(super) fn trace(
        blocks: &[Block<'m>],
        openings: &[Instruction<'m>],
        closings: &[Instruction<'m>],
    ) -> Option<Self> {
        if openings.is_empty() || openings.len() > MAX_OPENINGS {
            return None;
        }
        let mut places = HashMap::new();
        for (b, block) in blocks.iter().enumerate() {
            for (i, &instruction) in block.instructions.iter().enumerate() {
                places.insert(instruction, (b, i));
            }
        }
        let opens = openings.iter().enumerate().map(|(i, at)| (at, Event::Opens(i)));
        let closes = closings.iter().map(|at| (at, Event::Closes));
        let mut events: HashMap<usize, Vec<(usize, Event)>> = HashMap::new();
        for (at, event) in opens.chain(closes) {
            let &(block, place) = places.get(at)?;
            events.entry(block).or_default().push((place, event));
        }
        events.values_mut().for_each(|list| list.sort_unstable_by_key(|&(place, _)| place));
        let (last, taken) = (vec![0; blocks.len()], vec![true; blocks.len()]);
        let mut memory = Memory { places, events, last, taken };
        memory.solve(blocks);
        Some(memory)
    }

    fn solve(&mut self, blocks: &[Block<'m>]) {
        if let (Some(last), Some(taken)) = (self.last.first_mut(), self.taken.first_mut()) {
            (*last, *taken) = (NONE, false);
        }
        let mut changed = true;
        while changed {
            changed = false;
            for (b, block) in blocks.iter().enumerate() {
                let (mut last, mut taken) = (self.last[b], self.taken[b]);
                for &p in &block.predecessors {
                    last |= self.last_at(p, usize::MAX);
                    taken &= self.is_taken_at(p, usize::MAX);
                }
                changed |= (last, taken) != (self.last[b], self.taken[b]);
                (self.last[b], self.taken[b]) = (last, taken);
            }
        }
    }

    /// The events of a block before a place in it, the latest first.
    fn before(&self, block: usize, place: usize) -> impl Iterator<Item = Event> {
        let events = self.events.get(&block).map(Vec::as_slice).unwrap_or_default();
        events.iter().rev().filter(move |(at, _)| *at < place).map(|&(_, event)| event)
    }

    fn last_at(&self, block: usize, place: usize) -> u64 {
        self.before(block, place)
            .find_map(|event| match event {
                Event::Opens(which) => Some(1 << which),
                Event::Closes => None,
            })
            .unwrap_or(self.last[block])
    }

    fn is_taken_at(&self, block: usize, place: usize) -> bool {
        match self.before(block, place).next() {
            Some(event) => event != Event::Closes,
            None => self.taken[block],
        }
    }

    /// Whether the memory is certainly taken before an instruction.
    pub(super) fn is_taken(&self, at: Instruction<'m>) -> bool {
        self.places.get(&at).is_some_and(|&(block, place)| self.is_taken_at(block, place))
    }

    /// The opening that control passed last before an instruction, if it is the same on all paths.
    fn opening_before(&self, at: Instruction<'m>) -> Option<usize> {
        let &(block, place) = self.places.get(&at)?;
        let last = self.last_at(block, place);
        (last.is_power_of_two() && last != NONE).then(|| last.trailing_zeros() as usize)
    }

    /// The opening that control passed last before an instruction uses a value, if it is the same on
    /// all paths.
    pub(super) fn opening_for(&self, user: Instruction<'m>, value: Value<'m>) -> Option<usize> {
        let Some(sources) = user.incoming_terminators(value) else {
            return self.opening_before(user);
        };
        let mut openings = sources.into_iter().map(|source| self.opening_before(source));
        let first = openings.next()??;
        openings.all(|opening| opening == Some(first)).then_some(first)
    }

    /// Whether the addresses that an instruction computes from memory of an opening, and all addresses
    /// computed from them, are used only while this opening is the last.
    pub(super) fn keeps(&self, user: Instruction<'m>, opening: usize) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![user]);
        while let Some(maker) = open.pop() {
            if !seen.insert(maker) || !maker.may_forward_address() {
                continue;
            }
            let Some(users) = maker.value().all_users() else { return false };
            for user in users {
                if self.opening_for(user, maker.value()) != Some(opening) {
                    return false;
                }
                open.push(user);
            }
        }
        true
    }
}
