//! Assigns contexts to the lanes of a picture.
//!
//! If there are enough lanes, every context has its own. Otherwise contexts of one thread that run the same
//! function share a lane, large groups first. If there are more functions than lanes, the functions that ran
//! least share the last lane.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use super::read::{Id, Summary};

/// One lane.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// What is written before it.
    pub(super) label: String,
    /// How many contexts it has.
    pub(super) contexts: usize,
    /// How many times they have run.
    pub(super) runs: u64,
    /// For how many microseconds they have run.
    pub(super) time: f64,
}

/// The lanes from top to bottom.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The lanes.
    pub(super) lanes: Vec<Lane>,
    /// The lane that each context is in.
    pub(super) lane_of: HashMap<Id, usize>,
}

impl Plan {
    fn add(&mut self, summary: &Summary, label: String, members: &[Id]) {
        let contexts = members.iter().filter_map(|id| summary.contexts.get(id));
        let (runs, time) =
            contexts.fold((0, 0.0), |(runs, time), c| (runs + c.runs, time + c.time));
        self.lane_of.extend(members.iter().map(|&id| (id, self.lanes.len())));
        self.lanes.push(Lane { label, contexts: members.len(), runs, time });
    }
}

/// Contexts of one thread that run the same function, by age.
struct Group<'s> {
    thread: u64,
    function: &'s str,
    members: Vec<Id>,
    time: f64,
}

/// Plans at most `most` lanes for the contexts of a trace.
pub(super) fn plan(summary: &Summary, most: usize) -> Plan {
    let mut groups = groups(summary);
    let mut others = Vec::new();
    if groups.len() > most {
        groups.sort_by(|a, b| b.time.total_cmp(&a.time));
        others = groups.split_off(most.saturating_sub(1));
    }
    let split = groups_to_split(&groups, most - groups.len() - usize::from(!others.is_empty()));
    let mut lanes: Vec<(Id, String, Vec<Id>)> = Vec::new();
    for (group, split) in groups.into_iter().zip(split) {
        let thread = Thread { number: group.thread, shown: summary.threads() > 1 };
        if split || group.members.len() == 1 {
            let single =
                |id: Id| (id, thread.before(&format!("#{} {}", id.1, group.function)), vec![id]);
            lanes.extend(group.members.into_iter().map(single));
        } else {
            let label = format!("{} \u{d7} {}", group.members.len(), group.function);
            lanes.push((group.members[0], thread.before(&label), group.members));
        }
    }
    lanes.sort_by_key(|(first, ..)| *first);
    let mut plan = Plan::default();
    for (_, label, members) in lanes {
        plan.add(summary, label, &members);
    }
    if !others.is_empty() {
        let members: Vec<Id> = others.into_iter().flat_map(|group| group.members).collect();
        plan.add(summary, format!("{} others", members.len()), &members);
    }
    plan
}

/// The contexts of a trace by thread and function, in the order of the oldest of each.
fn groups(summary: &Summary) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut found: BTreeMap<(u64, &str), usize> = BTreeMap::new();
    for (&id, context) in &summary.contexts {
        let (thread, function) = (id.0, context.function.as_str());
        let index = *found.entry((thread, function)).or_insert_with(|| {
            groups.push(Group { thread, function, members: Vec::new(), time: 0.0 });
            groups.len() - 1
        });
        groups[index].members.push(id);
        groups[index].time += context.time;
    }
    groups
}

/// Which groups have a lane for each member, if there are so many lanes besides one for each group.
/// Small groups come first: they take few lanes, and a large one says more as a whole.
fn groups_to_split(groups: &[Group<'_>], mut spare: usize) -> Vec<bool> {
    let mut split = vec![false; groups.len()];
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|&index| (groups[index].members.len(), Reverse(index)));
    for index in order {
        let more = groups[index].members.len() - 1;
        if more > spare {
            break;
        }
        spare -= more;
        split[index] = true;
    }
    split
}

/// A thread as labels name it.
#[derive(Clone, Copy)]
struct Thread {
    number: u64,
    /// Whether there are several threads, so that labels must name theirs.
    shown: bool,
}

impl Thread {
    fn before(self, label: &str) -> String {
        if self.shown { format!("{}: {label}", self.number) } else { label.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::read::Context;

    /// A trace with so many contexts of each function, on one thread.
    fn summary(functions: &[(&str, usize)]) -> Summary {
        let mut summary = Summary::default();
        for &(function, count) in functions {
            for _ in 0..count {
                let id = (1, summary.contexts.len() as u64);
                let function = function.to_owned();
                let context =
                    Context { function, first: 0.0, last: 1.0, ended: false, runs: 2, time: 3.0 };
                summary.contexts.insert(id, context);
            }
        }
        summary
    }

    fn labels(functions: &[(&str, usize)], most: usize) -> Vec<String> {
        let summary = summary(functions);
        let plan = plan(&summary, most);
        assert!(plan.lanes.len() <= most, "{plan:?}");
        assert_eq!(plan.lane_of.len(), summary.contexts.len(), "every context has a lane");
        let contexts: usize = plan.lanes.iter().map(|lane| lane.contexts).sum();
        assert_eq!(contexts, summary.contexts.len());
        plan.lanes.into_iter().map(|lane| lane.label).collect()
    }

    #[test]
    fn every_context_has_a_lane_while_there_are_enough() {
        assert_eq!(labels(&[("main", 1), ("body", 2)], 3), ["#0 main", "#1 body", "#2 body"]);
    }

    #[test]
    fn many_contexts_of_a_function_share_a_lane() {
        let found = labels(&[("main", 1), ("reader", 3000), ("writer", 3)], 40);
        assert_eq!(
            found,
            ["#0 main", "3000 \u{d7} reader", "#3001 writer", "#3002 writer", "#3003 writer"]
        );
        assert_eq!(
            labels(&[("main", 1), ("a", 5), ("b", 5)], 4),
            ["#0 main", "5 \u{d7} a", "5 \u{d7} b"]
        );
    }

    #[test]
    fn functions_beyond_the_lanes_share_the_last() {
        let found = labels(&[("a", 1), ("b", 5), ("c", 2), ("d", 1)], 3);
        assert_eq!(found, ["5 \u{d7} b", "2 \u{d7} c", "2 others"]);
        assert_eq!(labels(&[("a", 1), ("b", 5)], 1), ["6 others"]);
    }
}
