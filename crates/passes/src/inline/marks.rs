//! The thread's mark for each `swapcontext` in place, handed on from one to the next.
//!
//! A switch knows its objects by it, and has it in a register when control comes back. So it is
//! loaded only where a call may have changed it since. Where some ways to a switch come from
//! another one and some do not, those that do not load it at their end: before a loop, not in it.
//!
//! With the mark goes the object that control came by, as long as nothing is written: whoever came by
//! it has looked at its mark. Mostly it is the one that the next switch captures into.

use std::collections::{HashMap, HashSet};

use super::target::Target;
use stackswitch_ir::{Block, Builder, Call, Function, Instruction, Module, Phi, Type, Value};

/// Which of a switch's inputs the mark is, and the object that control came by.
const MARK: u32 = 2;
const LANDED: u32 = 3;
/// And which of its outputs.
const MARK_AFTER: u32 = 3;
const LANDED_AFTER: u32 = 2;

/// A switch that has no mark yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swap<'m> {
    pub(super) switch: Call<'m>,
    /// The assembly for one that knows by which object control came.
    pub(super) landed: Value<'m>,
}

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

/// Gives the mark to switches.
pub(super) fn give<'m>(module: Module<'m>, source: &Source<'m>, swaps: Vec<Swap<'m>>) {
    let functions: HashSet<Function<'m>> = swaps.iter().map(|swap| swap.switch.caller()).collect();
    let swaps: HashMap<Call<'m>, Swap<'m>> =
        swaps.into_iter().map(|swap| (swap.switch, swap)).collect();
    for function in functions {
        Marks::of(module, source, function, &swaps).give();
    }
}

/// What counts of an instruction.
#[derive(Clone, Copy, Debug)]
enum Event<'m> {
    /// It takes the mark, and has it when it is over.
    Switch(Swap<'m>),
    /// It may change the mark.
    Change,
    /// It may write to an object.
    Write,
}

/// What a switch hands on.
#[derive(Clone, Copy, Debug)]
struct Handed<'m> {
    mark: Value<'m>,
    /// The object that control came by, if that is known.
    landed: Option<Value<'m>>,
}

/// A block of a function.
#[derive(Debug)]
struct Part<'m> {
    block: Block<'m>,
    events: Vec<Event<'m>>,
    /// What is handed on at its start: the mark, and the object.
    start: Option<(Phi<'m>, Option<Phi<'m>>)>,
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

    /// Its events that matter for the mark.
    fn marks(&self) -> impl DoubleEndedIterator<Item = Event<'m>> {
        self.events.iter().copied().filter(|event| !matches!(event, Event::Write))
    }

    /// The switch whose mark it has at its end.
    fn last_switch(&self) -> Option<Swap<'m>> {
        match self.marks().next_back() {
            Some(Event::Switch(swap)) => Some(swap),
            _ => None,
        }
    }

    /// Whether something is written after its last switch, or in it if there is none.
    fn ends_with_write(&self) -> bool {
        matches!(self.events.last(), Some(Event::Write))
    }
}

/// A function.
#[derive(Debug)]
struct Marks<'m, 's> {
    module: Module<'m>,
    source: &'s Source<'m>,
    parts: Vec<Part<'m>>,
    /// What has come out of switches.
    outputs: HashMap<(Call<'m>, u32), Value<'m>>,
}

impl<'m, 's> Marks<'m, 's> {
    fn of(
        module: Module<'m>,
        source: &'s Source<'m>,
        function: Function<'m>,
        swaps: &HashMap<Call<'m>, Swap<'m>>,
    ) -> Self {
        let event = |instruction: Instruction<'m>| match instruction.call() {
            Some(call) => match swaps.get(&call) {
                Some(&swap) => Some(Event::Switch(swap)),
                None if only_reads(call) => None,
                None if call.is_leaf_intrinsic() => Some(Event::Write),
                None => Some(Event::Change),
            },
            None => instruction.writes().then_some(Event::Write),
        };
        let part = |block: Block<'m>| Part {
            events: block.instructions.iter().copied().filter_map(event).collect(),
            block,
            start: None,
            loaded: None,
        };
        let parts = function.blocks().into_iter().map(part).collect();
        Marks { module, source, parts, outputs: HashMap::new() }
    }

    fn give(&mut self) {
        let handed_on = self.handed_on();
        let lands = self.lands(&handed_on);
        for place in (0..self.parts.len()).filter(|&place| handed_on[place]) {
            let (module, part) = (self.module, &mut self.parts[place]);
            let phi = |ty| Phi::before(module, part.block.instructions[0], ty);
            let landed = lands[place].then(|| phi(Type::pointer(module, 0)));
            part.start = Some((phi(Type::size(module)), landed));
        }
        for place in 0..self.parts.len() {
            self.give_in(place);
        }
        for place in 0..self.parts.len() {
            let Some((mark, landed)) = self.parts[place].start else { continue };
            for before in self.parts[place].block.predecessors.clone() {
                let (handed, end) = (self.at_end(before), self.parts[before].last());
                mark.add_incoming(handed.mark, end);
                if let Some(landed) = landed {
                    let unknown = Value::null(Type::pointer(self.module, 0));
                    landed.add_incoming(handed.landed.unwrap_or(unknown), end);
                }
            }
        }
    }

    /// The blocks at whose start a switch wants the mark, and where some way has it.
    fn handed_on(&self) -> Vec<bool> {
        let count = self.parts.len();
        let before = |place: usize| self.parts[place].block.predecessors.iter().copied();
        let is_switch = |event: Event<'m>| matches!(event, Event::Switch(_));
        let passes = |place: usize| self.parts[place].marks().next().is_none();
        let open: Vec<bool> = (0..count)
            .map(|place| !before(place).any(|p| self.parts[p].ends_with_call()))
            .collect();
        let (mut has, mut wants) = (vec![false; count], vec![false; count]);
        let mut changed = true;
        while changed {
            changed = false;
            for place in 0..count {
                let has_now = match self.parts[place].marks().next_back() {
                    Some(event) => is_switch(event),
                    None => open[place] && before(place).any(|p| has[p]),
                };
                changed |= has_now != has[place];
                has[place] = has_now;
                wants[place] |= self.parts[place].marks().next().is_some_and(is_switch);
                if wants[place] && open[place] {
                    for p in before(place).filter(|&p| passes(p)) {
                        changed |= !wants[p];
                        wants[p] = true;
                    }
                }
            }
        }
        (0..count)
            .map(|place| wants[place] && open[place] && before(place).any(|p| has[p]))
            .collect()
    }

    /// Of the blocks at whose start the mark is handed on, those where the object is known on all ways
    /// from a switch.
    fn lands(&self, handed_on: &[bool]) -> Vec<bool> {
        let mut lands = handed_on.to_vec();
        let mut changed = true;
        while changed {
            changed = false;
            for place in 0..lands.len() {
                let is_lost = |&p: &usize| {
                    let part = &self.parts[p];
                    let passes = part.marks().next().is_none() && handed_on[p];
                    let has_mark = passes || part.last_switch().is_some();
                    has_mark && (part.ends_with_write() || (passes && !lands[p]))
                };
                if lands[place] && self.parts[place].block.predecessors.iter().any(is_lost) {
                    lands[place] = false;
                    changed = true;
                }
            }
        }
        lands
    }

    /// Gives the mark to the switches of a block.
    fn give_in(&mut self, place: usize) {
        let mut handed = self.parts[place]
            .start
            .map(|(mark, landed)| Handed { mark: mark.value(), landed: landed.map(Phi::value) });
        let events = self.parts[place].events.clone();
        for (at, &event) in events.iter().enumerate() {
            match (event, &mut handed) {
                (Event::Switch(swap), _) => {
                    let instruction = swap.switch.instruction();
                    let load = || self.source.load(self.module, instruction);
                    swap.switch.set_arg(MARK, handed.map_or_else(load, |handed| handed.mark));
                    if let Some(landed) = handed.and_then(|handed| handed.landed) {
                        swap.switch.set_arg(LANDED, landed);
                        swap.switch.set_callee(swap.landed);
                    }
                    let mut rest = events[at + 1..].iter();
                    let next = rest.find(|event| !matches!(event, Event::Write));
                    handed = matches!(next, Some(Event::Switch(_)))
                        .then(|| self.after(swap, matches!(events[at + 1], Event::Write)));
                }
                (Event::Change, _) => handed = None,
                (Event::Write, Some(handed)) => handed.landed = None,
                (Event::Write, None) => {}
            }
        }
    }

    /// What a block hands on at its end. What is loaded comes without an object.
    fn at_end(&mut self, place: usize) -> Handed<'m> {
        let part = &self.parts[place];
        let written = part.ends_with_write();
        if let Some(swap) = part.last_switch() {
            return self.after(swap, written);
        }
        match part.start {
            Some((mark, landed)) if part.marks().next().is_none() => {
                Handed { mark: mark.value(), landed: landed.filter(|_| !written).map(Phi::value) }
            }
            _ => {
                let (module, source, part) = (self.module, self.source, &mut self.parts[place]);
                let last = part.last();
                let mark = *part.loaded.get_or_insert_with(|| source.load(module, last));
                Handed { mark, landed: None }
            }
        }
    }

    /// What a switch hands on; the object only if nothing is written then.
    fn after(&mut self, swap: Swap<'m>, written: bool) -> Handed<'m> {
        let module = self.module;
        let mut output = |which| {
            *self.outputs.entry((swap.switch, which)).or_insert_with(|| {
                let builder =
                    Builder::after(module, swap.switch).expect("a switch in place is a plain call");
                builder.field(swap.switch.value(), which)
            })
        };
        Handed { mark: output(MARK_AFTER), landed: (!written).then(|| output(LANDED_AFTER)) }
    }
}

/// Whether a call is of a function that only reads. Others may end in the runtime, which keeps the
/// marks, or be switches that do.
fn only_reads(call: Call<'_>) -> bool {
    call.callee().as_function().is_some_and(Function::only_reads)
}
