//! The thread's mark for each `swapcontext` in place, handed on from one to the next.
//!
//! A switch knows its objects by it, and has it in a register when control comes back. So it is
//! loaded only where a call may have changed it since. Where some ways to a switch come from
//! another one and some do not, those that do not load it at their end: before a loop, not in it.

use std::collections::{HashMap, HashSet};

use super::target::Target;
use crate::ir::{Block, Builder, Call, Function, Instruction, Module, Phi, Type, Value};

/// Which of a switch's inputs the mark is.
const INPUT: u32 = 2;
/// And which of its outputs.
const OUTPUT: u32 = 3;

/// Where the mark is loaded from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'m> {
    pub(super) target: &'static Target,
    /// The runtime's variable that says where it is from the thread pointer on.
    pub(super) variable: Value<'m>,
}

impl<'m> Source<'m> {
    fn load(&self, module: Module<'m>, at: Instruction<'m>) -> Value<'m> {
        let (builder, size) = (Builder::before_instruction(module, at), Type::size(module));
        let offset = builder.load_shared(size, self.variable);
        let address = (self.target.at_thread)(&builder, offset);
        builder.load(size, address, size.alignment(module))
    }
}

/// The mark that no object has: with it a switch is a call of the runtime.
pub(super) fn none(module: Module<'_>) -> Value<'_> {
    Value::integer(Type::size(module), u64::MAX)
}

/// Gives the mark to switches that have none yet.
pub(super) fn give<'m>(module: Module<'m>, source: &Source<'m>, switches: Vec<Call<'m>>) {
    let functions: HashSet<Function<'m>> = switches.iter().map(|switch| switch.caller()).collect();
    let switches: HashSet<Call<'m>> = switches.into_iter().collect();
    for function in functions {
        Marks::of(module, source, function, &switches).give();
    }
}

/// What counts of an instruction.
#[derive(Clone, Copy, Debug)]
enum Event<'m> {
    /// It takes the mark, and has it when it is over.
    Switch(Call<'m>),
    /// It may change the mark.
    Change,
}

/// A block of a function.
#[derive(Debug)]
struct Part<'m> {
    block: Block<'m>,
    events: Vec<Event<'m>>,
    /// The mark at its start, if it is handed on there.
    start: Option<Phi<'m>>,
    /// What was loaded at its end.
    loaded: Option<Value<'m>>,
}

impl<'m> Part<'m> {
    fn last(&self) -> Instruction<'m> {
        *self.block.instructions.last().expect("a block ends with an instruction")
    }

    /// Whether nothing can be put between its last call and its end.
    fn ends_with_call(&self) -> bool {
        self.last().call().is_some()
    }
}

/// A function.
#[derive(Debug)]
struct Marks<'m, 's> {
    module: Module<'m>,
    source: &'s Source<'m>,
    parts: Vec<Part<'m>>,
    /// What has come out of switches.
    outputs: HashMap<Call<'m>, Value<'m>>,
}

impl<'m, 's> Marks<'m, 's> {
    fn of(
        module: Module<'m>,
        source: &'s Source<'m>,
        function: Function<'m>,
        switches: &HashSet<Call<'m>>,
    ) -> Self {
        let event = |call: Call<'m>| {
            if switches.contains(&call) {
                Some(Event::Switch(call))
            } else {
                may_change(call).then_some(Event::Change)
            }
        };
        let part = |block: Block<'m>| Part {
            events: block.instructions.iter().filter_map(|i| i.call()).filter_map(event).collect(),
            block,
            start: None,
            loaded: None,
        };
        let parts = function.blocks().into_iter().map(part).collect();
        Marks { module, source, parts, outputs: HashMap::new() }
    }

    fn give(&mut self) {
        for place in self.handed_on() {
            let part = &mut self.parts[place];
            let first = part.block.instructions[0];
            part.start = Some(Phi::before(self.module, first, Type::size(self.module)));
        }
        for place in 0..self.parts.len() {
            self.give_in(place);
        }
        for place in 0..self.parts.len() {
            let Some(phi) = self.parts[place].start else { continue };
            for before in self.parts[place].block.predecessors.clone() {
                let mark = self.at_end(before);
                phi.add(mark, self.parts[before].last());
            }
        }
    }

    /// The blocks at whose start a switch wants the mark, and where some way has it.
    fn handed_on(&self) -> Vec<usize> {
        let count = self.parts.len();
        let before = |place: usize| self.parts[place].block.predecessors.iter().copied();
        let is_switch = |event: &Event<'m>| matches!(event, Event::Switch(_));
        let open: Vec<bool> = (0..count)
            .map(|place| !before(place).any(|p| self.parts[p].ends_with_call()))
            .collect();
        let (mut has, mut wants) = (vec![false; count], vec![false; count]);
        let mut changed = true;
        while changed {
            changed = false;
            for place in 0..count {
                let events = &self.parts[place].events;
                let has_now = match events.last() {
                    Some(event) => is_switch(event),
                    None => open[place] && before(place).any(|p| has[p]),
                };
                changed |= has_now != has[place];
                has[place] = has_now;
                wants[place] |= events.first().is_some_and(is_switch);
                if wants[place] && open[place] {
                    for p in before(place).filter(|&p| self.parts[p].events.is_empty()) {
                        changed |= !wants[p];
                        wants[p] = true;
                    }
                }
            }
        }
        (0..count)
            .filter(|&place| wants[place] && open[place] && before(place).any(|p| has[p]))
            .collect()
    }

    /// Gives the mark to the switches of a block.
    fn give_in(&mut self, place: usize) {
        let mut handed = self.parts[place].start.map(Phi::value);
        let mut events = self.parts[place].events.clone().into_iter().peekable();
        while let Some(event) = events.next() {
            let Event::Switch(switch) = event else {
                handed = None;
                continue;
            };
            let mark =
                handed.unwrap_or_else(|| self.source.load(self.module, switch.instruction()));
            switch.set_arg(INPUT, mark);
            handed = matches!(events.peek(), Some(Event::Switch(_))).then(|| self.after(switch));
        }
    }

    /// The mark at a block's end.
    fn at_end(&mut self, place: usize) -> Value<'m> {
        let part = &self.parts[place];
        match (part.events.last(), part.start) {
            (Some(&Event::Switch(switch)), _) => self.after(switch),
            (None, Some(phi)) => phi.value(),
            _ => {
                let (module, source, part) = (self.module, self.source, &mut self.parts[place]);
                let last = part.last();
                *part.loaded.get_or_insert_with(|| source.load(module, last))
            }
        }
    }

    /// The mark after a switch.
    fn after(&mut self, switch: Call<'m>) -> Value<'m> {
        let module = self.module;
        *self.outputs.entry(switch).or_insert_with(|| {
            let builder =
                Builder::after(module, switch).expect("a switch in place is a plain call");
            builder.field(switch.value(), OUTPUT)
        })
    }
}

/// Whether a call may end in the runtime, which keeps the marks, or be a switch that does.
fn may_change(call: Call<'_>) -> bool {
    let only_reads = call.callee().as_function().is_some_and(Function::only_reads);
    !only_reads && !call.is_harmless_intrinsic()
}
