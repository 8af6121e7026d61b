//! Computes where each local variable may be needed, by its lifetime markers.

use std::collections::{HashMap, HashSet};

use stackswitch_ir::{Block, Call, Function, Instruction, Lifetime, Module, Value};

/// The most variables of a function that are examined. Each is a bit of a [`Set`].
const MAX_VARIABLES: usize = 64;

/// A set of the variables.
pub(crate) type Set = u64;

/// A function, its variables with lifetime markers, and the places where they may be needed.
#[derive(Debug)]
pub(crate) struct Lives<'m> {
    pub(super) blocks: Vec<Block<'m>>,
    /// The largest variables of the function, with their sizes.
    pub(super) variables: Vec<(Instruction<'m>, u64)>,
    places: HashMap<Value<'m>, usize>,
    /// The variables that may be needed at the start of each block.
    starts: Vec<Set>,
}

/// A lifetime marker, and the variables that may be needed around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'m> {
    pub(super) at: Instruction<'m>,
    pub(super) which: Lifetime,
    /// The variable's bit.
    pub(super) of: Set,
    pub(super) before: Set,
    pub(super) after: Set,
}

impl<'m> Lives<'m> {
    /// Examines a function. `None` if no variable of known size has lifetime markers.
    pub(crate) fn analyse(module: Module<'m>, function: Function<'m>) -> Option<Self> {
        let blocks = function.blocks();
        let marked: Vec<Value<'m>> = blocks
            .iter()
            .flat_map(|block| &block.instructions)
            .filter_map(|i| i.lifetime())
            .map(|(_, variable)| variable)
            .collect();
        if marked.is_empty() {
            return None;
        }
        let mut sizes: HashMap<Instruction<'m>, u64> = HashMap::new();
        for variable in marked.into_iter().filter_map(Value::as_instruction) {
            if let Some(size) = variable.variable_size(module) {
                sizes.insert(variable, size);
            }
        }
        let entry = blocks.first()?;
        let mut variables: Vec<(Instruction<'m>, u64)> = entry
            .instructions
            .iter()
            .filter_map(|&i| sizes.get(&i).map(|&size| (i, size)))
            .collect();
        variables.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
        variables.truncate(MAX_VARIABLES);
        let places = variables.iter().enumerate().map(|(i, (v, _))| (v.value(), i)).collect();
        let starts = vec![0; blocks.len()];
        let mut lives = Lives { blocks, variables, places, starts };
        lives.solve();
        Some(lives)
    }

    /// The variables of a set, with their sizes.
    pub(crate) fn members(&self, set: Set) -> Vec<(Instruction<'m>, u64)> {
        let all = self.variables.iter().enumerate();
        all.filter(|(i, _)| set & (1 << i) != 0).map(|(_, &member)| member).collect()
    }

    /// A variable's bit.
    fn bit(&self, variable: Value<'m>) -> Set {
        self.places.get(&variable).map_or(0, |&place| 1 << place)
    }

    /// Follows the markers through the blocks until the sets no longer grow.
    fn solve(&mut self) {
        let effects: Vec<(Set, Set)> = self.blocks.iter().map(|b| self.effect(b)).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for (i, block) in self.blocks.iter().enumerate() {
                let start = block.predecessors.iter().fold(self.starts[i], |start, &p| {
                    let (begun, ended) = effects[p];
                    start | begun | (self.starts[p] & !ended)
                });
                changed |= start != self.starts[i];
                self.starts[i] = start;
            }
        }
    }

    /// The lifetimes that a block starts and does not end, and those that it ends.
    fn effect(&self, block: &Block<'m>) -> (Set, Set) {
        let (mut begun, mut ended) = (0, 0);
        for (which, variable) in block.instructions.iter().filter_map(|i| i.lifetime()) {
            let bit = self.bit(variable);
            match which {
                Lifetime::Start => begun |= bit,
                Lifetime::End => {
                    begun &= !bit;
                    ended |= bit;
                }
            }
        }
        (begun, ended)
    }

    /// Calls a function for each instruction, with the variables that may be needed before it.
    pub(super) fn each(&self, mut show: impl FnMut(Instruction<'m>, Set)) {
        for (block, &start) in self.blocks.iter().zip(&self.starts) {
            let mut needed = start;
            for &instruction in &block.instructions {
                show(instruction, needed);
                match instruction.lifetime() {
                    Some((Lifetime::Start, variable)) => needed |= self.bit(variable),
                    Some((Lifetime::End, variable)) => needed &= !self.bit(variable),
                    None => {}
                }
            }
        }
    }

    /// The variables that may be needed at each of the calls.
    pub(crate) fn needed_at(&self, points: &[Call<'m>]) -> Vec<(Call<'m>, Set)> {
        let mut needed: HashMap<Instruction<'m>, Set> = HashMap::new();
        let wanted: HashSet<Instruction<'m>> = points.iter().map(|p| p.instruction()).collect();
        self.each(|at, before| {
            if wanted.contains(&at) {
                needed.insert(at, before);
            }
        });
        points.iter().filter_map(|p| needed.get(&p.instruction()).map(|&set| (*p, set))).collect()
    }

    /// The lifetime markers of the variables.
    pub(super) fn marks(&self) -> Vec<Mark<'m>> {
        let mut found = Vec::new();
        self.each(|at, before| {
            let Some((which, variable)) = at.lifetime() else { return };
            let of = self.bit(variable);
            if of != 0 {
                let after = match which {
                    Lifetime::Start => before | of,
                    Lifetime::End => before & !of,
                };
                found.push(Mark { at, which, of, before, after });
            }
        });
        found
    }
}
