//! Computes what happens in each lane of a picture over time, in pieces of equal length.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use super::{
    lanes::Plan,
    read::{self, Action, Id, Summary},
};
use crate::failure::Failure;

/// How many pieces the time is cut into.
pub(super) const PIECES: usize = 2200;
/// Marks of copies are at least so many pieces apart.
pub(super) const PIECES_PER_MARK: usize = 14;

/// What happens in one lane.
pub(super) struct Timeline {
    /// For how much of each piece contexts of the lane ran, from 0 to 1.
    pub(super) ran: Vec<f32>,
    /// How many contexts of the lane there were in each piece.
    pub(super) alive: Vec<u32>,
    /// How many of them had bytes on the heap.
    pub(super) displaced: Vec<u32>,
    /// The most that had bytes on the heap at once.
    pub(super) most_displaced: u32,
    /// Bytes saved and restored, by the mark that shows them.
    pub(super) copies: BTreeMap<usize, (u64, u64)>,
}

/// A count for each piece, as it grows and shrinks from one piece to the next.
#[derive(Clone)]
struct Counter(Vec<i64>);

impl Counter {
    fn new() -> Self {
        Self(vec![0; PIECES + 1])
    }

    /// Adds one in the pieces from `first` on that are before `end`, and at least in one.
    fn add(&mut self, first: usize, end: usize) {
        self.0[first] += 1;
        self.0[end.max(first + 1)] -= 1;
    }

    fn counts(&self) -> Vec<u32> {
        let sums = self.0[..PIECES].iter().scan(0, |sum, change| {
            *sum += change;
            Some(u32::try_from(*sum).unwrap_or(0))
        });
        sums.collect()
    }
}

/// Where times lie among the pieces.
#[derive(Clone, Copy)]
struct Scale {
    end: f64,
}

impl Scale {
    /// A time in pieces.
    fn exact(self, at: f64) -> f64 {
        (at / self.end * PIECES as f64).clamp(0.0, PIECES as f64)
    }

    /// The piece that a time is in.
    fn piece(self, at: f64) -> usize {
        (self.exact(at) as usize).min(PIECES - 1)
    }
}

/// A timeline that grows with the events.
struct Growing {
    ran: Vec<f32>,
    alive: Counter,
    displaced: Counter,
    displaced_now: u32,
    most_displaced: u32,
    copies: BTreeMap<usize, (u64, u64)>,
}

impl Growing {
    fn new() -> Self {
        Self {
            ran: vec![0.0; PIECES],
            alive: Counter::new(),
            displaced: Counter::new(),
            displaced_now: 0,
            most_displaced: 0,
            copies: BTreeMap::new(),
        }
    }

    /// A context's first bytes go to the heap.
    fn displace(&mut self) {
        self.displaced_now += 1;
        self.most_displaced = self.most_displaced.max(self.displaced_now);
    }

    /// A context has no bytes on the heap any more, which it had since that piece.
    fn restore(&mut self, since: usize, piece: usize) {
        self.displaced_now -= 1;
        self.displaced.add(since, piece);
    }

    fn finish(self) -> Timeline {
        let alive = self.alive.counts();
        // A context can be displaced several times in a piece.
        let displaced = self.displaced.counts().into_iter().zip(&alive);
        Timeline {
            ran: self.ran,
            displaced: displaced.map(|(displaced, &alive)| displaced.min(alive)).collect(),
            alive,
            most_displaced: self.most_displaced,
            copies: self.copies,
        }
    }

    fn run(&mut self, scale: Scale, at: f64, duration: f64) {
        let (start, end) = (scale.exact(at), scale.exact(at + duration));
        for piece in scale.piece(at)..=scale.piece(at + duration) {
            let low = start.max(piece as f64);
            let high = end.min(piece as f64 + 1.0);
            self.ran[piece] += (high - low).max(0.0) as f32;
        }
    }
}

/// Reads a trace again, and collects the timeline of each lane.
///
/// # Errors
/// As [`read::summary`].
pub(super) fn collect(
    path: &Path,
    summary: &Summary,
    plan: &Plan,
) -> Result<Vec<Timeline>, Failure> {
    let scale = Scale { end: if summary.end > 0.0 { summary.end } else { 1.0 } };
    let mut lanes: Vec<Growing> = plan.lanes.iter().map(|_| Growing::new()).collect();
    let last = |id: &Id| {
        let context = summary.contexts.get(id).filter(|context| context.ended);
        scale.piece(context.map_or(summary.end, |context| context.last))
    };
    for (id, &lane) in &plan.lane_of {
        if let Some(context) = summary.contexts.get(id) {
            lanes[lane].alive.add(scale.piece(context.first), last(id) + 1);
        }
    }
    // Since when a context has been displaced.
    let mut since: HashMap<Id, usize> = HashMap::new();
    read::events(path, |id, at, action| {
        let Some(&index) = plan.lane_of.get(&id) else { return };
        let (lane, piece) = (&mut lanes[index], scale.piece(at));
        match action {
            Action::Ran { duration, .. } => lane.run(scale, at, duration),
            Action::Saved(bytes) => {
                lane.copies.entry(piece / PIECES_PER_MARK).or_default().0 += bytes;
                since.entry(id).or_insert_with(|| {
                    lane.displace();
                    piece
                });
            }
            Action::Restored(bytes) => {
                lane.copies.entry(piece / PIECES_PER_MARK).or_default().1 += bytes;
                if let Some(since) = since.remove(&id) {
                    lane.restore(since, piece);
                }
            }
            Action::Finished | Action::Destroyed => {
                if let Some(since) = since.remove(&id) {
                    lane.restore(since, piece);
                }
            }
            Action::Began => {}
        }
    })?;
    for (id, since) in since {
        if let Some(&lane) = plan.lane_of.get(&id) {
            lanes[lane].restore(since, last(&id) + 1);
        }
    }
    Ok(lanes.into_iter().map(Growing::finish).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_counts_what_overlaps() {
        let mut counter = Counter::new();
        counter.add(1, 3);
        counter.add(2, 2);
        counter.add(PIECES - 1, PIECES);
        let counts = counter.counts();
        assert_eq!(counts[..5], [0, 1, 2, 0, 0]);
        assert_eq!(counts[PIECES - 1], 1);
        assert_eq!(counts.len(), PIECES);
    }
}
