//! Which stackless contexts a function may hold, and where their frames are needed.
//!
//! The frame of a stackless context is a local variable of its creator, and so is all that the context
//! has on its stack in there. A real context has memory of its own, which lasts until it is destroyed.
//! The difference must not show:
//!
//! - A body that *publishes* the address of one of its variables lets other code use the variable for
//!   as long as the context is suspended. So the context must certainly be destroyed before its
//!   creator ends in whatever way: by a return, by unwinding, by a jump past it, or by never being
//!   resumed. In between, only calls are allowed that certainly return.
//! - LLVM may have marked calls of the creator `tail`, which says that they use no variable of the
//!   creator. A published frame is one that they may use, so the mark goes.
//! - The frames take memory of the creator's stack. At each place those that are needed together have a
//!   bound. A recursive function gets none, and one that calls unknown code, by which it may be called
//!   again, only small ones.

use std::collections::{HashMap, HashSet};

use crate::opt::nosuspend::MAX_STACK;
use crate::opt::nosuspend::SuspendFacts;
use crate::verify::{Index, Site};
use stackswitch_abi::intrinsics::{Intrinsic, WithoutStack};
use stackswitch_ir::{AttributePlace, Block, Call, Function, Instruction};

use super::stackless_body::StacklessBody;

/// Bytes of all frames of one function, for code generators that let none of them share memory.
const MAX_FRAMES: u64 = 4 * MAX_STACK;

/// The attribute of calls that are made only to report an operation on a stackless context that has
/// finished, as `stackless_body.cc` has it.
const REPORTS_MISTAKE: &str = "stackswitch-reports-mistake";

/// Bytes of the frames of a function that calls unknown code: each call of it has them.
const MAX_REENTERED: u64 = 256;

/// A context whose body has been made stackless.
#[derive(Debug)]
pub(super) struct Candidate<'a, 'm> {
    pub(super) spawn: &'a Site<'m>,
    /// The operations on it.
    pub(super) operations: &'a [&'a Site<'m>],
    pub(super) body: Function<'m>,
    pub(super) stackless_body: StacklessBody<'m>,
    /// Bytes of stack that one resume takes.
    pub(super) stack: u64,
}

/// What was decided about the contexts of one function.
#[derive(Debug, Default)]
pub(super) struct Layout<'m> {
    /// For each context the frame that it gets, by number, or why it gets none.
    pub(super) frames: Vec<Result<usize, String>>,
    /// Calls that may use a published frame and that LLVM has marked to use no variable.
    pub(super) wrongly_tail: Vec<Call<'m>>,
}

/// A set of contexts, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn contains(&self, member: usize) -> bool {
        self.0.get(member / 64).is_some_and(|word| word & (1 << (member % 64)) != 0)
    }

    fn insert(&mut self, member: usize) {
        if self.0.len() <= member / 64 {
            self.0.resize(member / 64 + 1, 0);
        }
        self.0[member / 64] |= 1 << (member % 64);
    }

    fn remove(&mut self, member: usize) {
        if let Some(word) = self.0.get_mut(member / 64) {
            *word &= !(1 << (member % 64));
        }
    }

    fn unite(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, &more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }
}

/// What an instruction does to a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Spawns,
    /// It needs the frame, and leaves the context as it is or further on.
    Uses,
    /// It needs the frame, and the context has finished afterwards.
    Finishes,
    /// It needs nothing of the frame, and nobody may use the frame afterwards.
    Destroys,
    /// It needs nothing of the frame.
    Asks,
}

impl Event {
    fn of_operation(operation: &Intrinsic) -> Self {
        if operation.properties.releases {
            return Event::Destroys;
        }
        match operation.properties.without_stack {
            WithoutStack::Ends => Event::Finishes,
            WithoutStack::Zero => Event::Asks,
            WithoutStack::Enters | WithoutStack::Status | WithoutStack::Refused => Event::Uses,
        }
    }
}

/// The contexts at one place of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    /// They may have been spawned and not been destroyed.
    spawned: Set,
    /// Of these, they may not have finished.
    unfinished: Set,
}

impl State {
    fn apply(&mut self, event: Option<&(usize, Event)>) {
        match event {
            Some(&(context, Event::Spawns)) => {
                self.spawned.insert(context);
                self.unfinished.insert(context);
            }
            Some(&(context, Event::Finishes)) => self.unfinished.remove(context),
            Some(&(context, Event::Destroys)) => {
                self.spawned.remove(context);
                self.unfinished.remove(context);
            }
            Some((_, Event::Uses | Event::Asks)) | None => {}
        }
    }
}

/// The work on one function.
struct Planner<'c, 'a, 'm> {
    candidates: &'c [Candidate<'a, 'm>],
    blocks: Vec<Block<'m>>,
    events: HashMap<Instruction<'m>, (usize, Event)>,
    /// What holds where each block starts.
    starts: Vec<State>,
    /// The contexts of which something is needed after the end of each block.
    needed: Vec<Set>,
    /// For each context, those that are needed while it is spawned.
    together: Vec<Set>,
    /// Those that publish addresses of their variables.
    publishing: Vec<usize>,
    /// Why a context must keep its stack.
    refused: Vec<Option<String>>,
    /// Calls that are marked `tail`, with the published contexts that there are.
    tail: Vec<(Call<'m>, Set)>,
}

/// Decides about all contexts of one function. `occupied` are bytes of frames that it has already.
pub(super) fn plan<'m>(
    creator: Function<'m>,
    candidates: &[Candidate<'_, 'm>],
    occupied: u64,
    index: &Index<'_, 'm>,
    facts: &SuspendFacts<'m>,
) -> Layout<'m> {
    let mut events = HashMap::new();
    for (context, candidate) in candidates.iter().enumerate() {
        events.insert(candidate.spawn.call.instruction(), (context, Event::Spawns));
        for site in candidate.operations {
            events.insert(site.call.instruction(), (context, Event::of_operation(site.intrinsic)));
        }
    }
    let blocks = creator.blocks();
    let count = blocks.len();
    let mut planner = Planner {
        candidates,
        blocks,
        events,
        starts: vec![State::default(); count],
        needed: vec![Set::default(); count],
        together: vec![Set::default(); candidates.len()],
        publishing: (0..candidates.len())
            .filter(|&c| candidates[c].stackless_body.publishes())
            .collect(),
        refused: vec![None; candidates.len()],
        tail: Vec::new(),
    };
    planner.follow_forward();
    planner.follow_backward();
    for block in 0..count {
        planner.examine(creator, block, index, facts);
    }
    let may_be_reentered = planner.calls_unknown_code(index, facts);
    planner.finish(creator, occupied, may_be_reentered)
}

impl<'m> Planner<'_, '_, 'm> {
    fn follow_forward(&mut self) {
        let mut ends = vec![State::default(); self.blocks.len()];
        let mut changed = true;
        while changed {
            changed = false;
            for number in 0..self.blocks.len() {
                let block = &self.blocks[number];
                let mut state = State::default();
                for &before in &block.predecessors {
                    state.spawned.unite(&ends[before].spawned);
                    state.unfinished.unite(&ends[before].unfinished);
                }
                self.starts[number] = state.clone();
                for instruction in &block.instructions {
                    state.apply(self.events.get(instruction));
                }
                changed |= state != ends[number];
                ends[number] = state;
            }
        }
    }

    fn follow_backward(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for number in (0..self.blocks.len()).rev() {
                let mut needed = self.needed[number].clone();
                for instruction in self.blocks[number].instructions.iter().rev() {
                    self.step_back(&mut needed, *instruction);
                }
                for before in self.blocks[number].predecessors.clone() {
                    let old = self.needed[before].clone();
                    self.needed[before].unite(&needed);
                    changed |= old != self.needed[before];
                }
            }
        }
    }

    fn step_back(&self, needed: &mut Set, instruction: Instruction<'m>) {
        match self.events.get(&instruction) {
            Some(&(context, Event::Spawns)) => needed.remove(context),
            Some(&(context, Event::Uses | Event::Finishes)) => needed.insert(context),
            Some((_, Event::Destroys | Event::Asks)) | None => {}
        }
    }

    /// The contexts of which others may use the frames.
    fn published(&self, state: &State) -> Vec<usize> {
        self.publishing.iter().copied().filter(|&c| state.unfinished.contains(c)).collect()
    }

    /// Looks at each instruction of a block, with what holds before it.
    fn examine(
        &mut self,
        creator: Function<'m>,
        number: usize,
        index: &Index<'_, 'm>,
        facts: &SuspendFacts<'m>,
    ) {
        let instructions = std::mem::take(&mut self.blocks[number].instructions);
        let mut needed_after = Vec::with_capacity(instructions.len());
        let mut needed = self.needed[number].clone();
        for &instruction in instructions.iter().rev() {
            // Only spawns ask for it.
            let spawns = matches!(self.events.get(&instruction), Some((_, Event::Spawns)));
            needed_after.push(if spawns { needed.clone() } else { Set::default() });
            self.step_back(&mut needed, instruction);
        }
        let mut state = self.starts[number].clone();
        for (&instruction, needed) in instructions.iter().zip(needed_after.iter().rev()) {
            let event = self.events.get(&instruction).copied();
            let published = self.published(&state);
            if !published.is_empty() {
                self.meet_published(creator, instruction, event, &published, index, facts);
            }
            if let Some((context, Event::Spawns)) = event {
                let others = (0..self.candidates.len()).filter(|&other| {
                    let needed = state.spawned.contains(other) && needed.contains(other);
                    other != context && (needed || published.contains(&other))
                });
                let others: Vec<usize> = others.collect();
                others.into_iter().for_each(|other| self.together[context].insert(other));
            }
            state.apply(event.as_ref());
        }
        self.blocks[number].instructions = instructions;
    }

    /// Looks at an instruction at which others may use the frames of contexts.
    fn meet_published(
        &mut self,
        creator: Function<'m>,
        instruction: Instruction<'m>,
        event: Option<(usize, Event)>,
        published: &[usize],
        index: &Index<'_, 'm>,
        facts: &SuspendFacts<'m>,
    ) {
        let own = event.map(|(context, _)| context);
        let ends = if instruction.is_exit() {
            Some("ends")
        } else if let Some(call) = instruction.call() {
            if call.is_tail() && event.is_none() {
                let mut set = Set::default();
                published.iter().for_each(|&context| set.insert(context));
                self.tail.push((call, set));
            }
            (!certainly_returns(call, index, facts)).then_some("may be left by a call")
        } else {
            None
        };
        for &context in published {
            let respawned = event == Some((context, Event::Spawns));
            let why = match ends {
                _ if respawned => Some("spawns another one"),
                Some(why) if own != Some(context) => Some(why),
                _ => None,
            };
            if let Some(why) = why {
                self.refused[context].get_or_insert_with(|| {
                    format!(
                        "'{}' makes the address of a variable known, and '{}' {why} where it \
                         may still be suspended",
                        self.candidates[context].body.name(),
                        creator.name()
                    )
                });
            }
        }
    }

    /// Whether the function calls code that may call it again, besides the bodies of its contexts.
    fn calls_unknown_code(&self, index: &Index<'_, 'm>, facts: &SuspendFacts<'m>) -> bool {
        let instructions = self.blocks.iter().flat_map(|block| &block.instructions);
        let others = instructions.filter(|instruction| !self.events.contains_key(instruction));
        others.filter_map(|instruction| instruction.call()).any(|call| {
            let comes_back = !call.has_attribute(AttributePlace::Function, "noreturn");
            comes_back
                && !call.has_string_attribute(REPORTS_MISTAKE)
                && facts.may_switch(call, index)
        })
    }

    /// Gives out frames, as long as the bounds hold.
    fn finish(
        mut self,
        creator: Function<'m>,
        occupied: u64,
        may_be_reentered: bool,
    ) -> Layout<'m> {
        let mut layout = Layout::default();
        let (mut accepted, mut members) = (Set::default(), Vec::<Vec<usize>>::new());
        let mut all = occupied;
        for context in 0..self.candidates.len() {
            if let Some(why) = self.refused[context].take() {
                layout.frames.push(Err(why));
                continue;
            }
            let size = self.candidates[context].stackless_body.size();
            let shared = members.iter().position(|frame| {
                self.candidates[frame[0]].body == self.candidates[context].body
                    && frame.iter().all(|&other| !self.meet(context, other))
            });
            let more = if shared.is_some() { 0 } else { size };
            if may_be_reentered && all + more > MAX_REENTERED {
                layout.frames.push(Err(format!(
                    "unknown code that '{}' calls may call it again, so at most {MAX_REENTERED} \
                     bytes of frames may move there",
                    creator.name()
                )));
                continue;
            }
            accepted.insert(context);
            let needed = occupied + self.most_together(context, &accepted);
            if needed > MAX_STACK || all + more > MAX_FRAMES {
                accepted.remove(context);
                layout.frames.push(Err(format!(
                    "with it '{}' would need about {} bytes of stack for such contexts; at most \
                     {MAX_STACK} at once and {MAX_FRAMES} in all may move there",
                    creator.name(),
                    needed.max(all + more)
                )));
                continue;
            }
            all += more;
            let frame = shared.unwrap_or_else(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            members[frame].push(context);
            layout.frames.push(Ok(frame));
        }
        let is_accepted =
            |set: &Set| (0..self.candidates.len()).any(|c| accepted.contains(c) && set.contains(c));
        let tail = self.tail.iter().filter(|(_, published)| is_accepted(published));
        layout.wrongly_tail = tail.map(|&(call, _)| call).collect();
        layout
    }

    /// Whether two contexts may be there at the same time.
    fn meet(&self, one: usize, other: usize) -> bool {
        self.together[one].contains(other) || self.together[other].contains(one)
    }

    /// The most bytes of stack that contexts of a set need at once, `new` among them.
    fn most_together(&self, new: usize, set: &Set) -> u64 {
        let is_there = |spawned: usize, other: usize| {
            set.contains(other) && (other == spawned || self.together[spawned].contains(other))
        };
        let all = || 0..self.candidates.len();
        let at = |spawned: usize| {
            let there = || all().filter(move |&other| is_there(spawned, other));
            let frames = there().map(|c| self.candidates[c].stackless_body.size());
            let running = there().map(|c| self.candidates[c].stack).max().unwrap_or(0);
            frames.fold(running, u64::saturating_add)
        };
        let places = all().filter(|&spawned| set.contains(spawned) && is_there(spawned, new));
        places.map(at).max().unwrap_or(0)
    }
}

/// Whether a call certainly returns to its caller, unless the program ends or loops for ever.
fn certainly_returns<'m>(call: Call<'m>, index: &Index<'_, 'm>, facts: &SuspendFacts<'m>) -> bool {
    if let Some(site) = index.get(&call) {
        return !site.intrinsic.properties.runs_other_code();
    }
    if call.is_musttail() || call.is_assembly() {
        return false;
    }
    let has = |name| call.has_attribute(AttributePlace::Function, name);
    let exact = call.callee().as_exact_function();
    call.is_leaf_intrinsic()
        || (has("nounwind") && has("willreturn"))
        || exact.is_some_and(|f| facts.proof(f).is_ok_and(|safe| safe.obstacle.is_none()))
}

/// Whether a function may call itself, as far as its module shows: also by way of bodies of contexts.
pub(super) fn is_recursive<'m>(
    function: Function<'m>,
    index: &Index<'_, 'm>,
    callees: &mut HashMap<Function<'m>, Vec<Function<'m>>>,
) -> bool {
    let (mut seen, mut open) = (HashSet::new(), vec![function]);
    while let Some(caller) = open.pop() {
        let called = callees.entry(caller).or_insert_with(|| {
            let calls = caller.walk().filter_map(Instruction::call);
            let direct = |call: Call<'m>| {
                let started = index.get(&call).and_then(|site| site.body());
                started.or_else(|| call.callee().as_function())
            };
            let found: HashSet<_> = calls.filter_map(direct).collect();
            found.into_iter().filter(|f| !f.is_declaration()).collect()
        });
        for &callee in called.iter() {
            if callee == function {
                return true;
            }
            if seen.insert(callee) {
                open.push(callee);
            }
        }
    }
    false
}
