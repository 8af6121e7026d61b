//! Supplies each `swapcontext` in place with the thread's mark.
//!
//! The mark tells the objects that the fast path may use: those that hold a plain capture of this
//! thread. A switch has the mark in a register when control comes back from it, so it is loaded
//! only if a call since then may have changed it. A block may have predecessors that come from a
//! switch and others that do not. The others then load the mark at their end: before a loop, say,
//! and not in it.
//!
//! Together with the mark a switch leaves the object that control came by. That object has the
//! mark, as long as nothing is written, because the switch that resumed it has compared it. Mostly
//! the next switch captures into this object and need not compare its mark again.

use std::collections::{HashMap, HashSet};

use stackswitch_ir::{Block, Builder, Call, Function, Instruction, Module, Phi, Type, Value};

use crate::cpu::{InPlace, Operand, Operands};

/// A `swapcontext` in place that has no mark yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct SwapSite<'m> {
    /// The call of the assembly.
    pub(super) switch: Call<'m>,
    /// The positions of its operands.
    pub(super) operands: Operands,
    /// The assembly for a switch that knows by which object control came.
    pub(super) knowing_resumed: Value<'m>,
}

/// Where the mark is loaded from.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarkSource<'m> {
    /// How to address thread-local storage.
    pub(super) in_place: InPlace,
    /// The runtime's variable that holds the distance of the mark from the thread pointer.
    pub(super) variable: Value<'m>,
}

impl<'m> MarkSource<'m> {
    fn load(&self, module: Module<'m>, at: Instruction<'m>) -> Value<'m> {
        let (builder, size) = (Builder::before_instruction(module, at), Type::size(module));
        let distance = builder.load_shared(size, self.variable);
        let address = (self.in_place.thread_address)(&builder, distance);
        builder.load(size, address, size.alignment(module))
    }
}

/// A mark that no object has. A switch with this mark takes the slow path.
pub(super) fn no_mark(module: Module<'_>) -> Value<'_> {
    Value::integer(Type::size(module), u64::MAX)
}

/// Supplies switches with the mark.
pub(super) fn supply<'m>(module: Module<'m>, source: &MarkSource<'m>, sites: Vec<SwapSite<'m>>) {
    let functions: HashSet<Function<'m>> = sites.iter().map(|site| site.switch.caller()).collect();
    let sites: HashMap<Call<'m>, SwapSite<'m>> =
        sites.into_iter().map(|site| (site.switch, site)).collect();
    for function in functions {
        FunctionFlow::new(module, source, function, &sites).supply();
    }
}

/// What an instruction means for the mark.
#[derive(Clone, Copy, Debug)]
enum Event<'m> {
    /// It takes the mark, and leaves it.
    Switch(SwapSite<'m>),
    /// It may change the mark.
    Change,
    /// It may write to an object.
    Write,
}

/// The facts at one point of a function.
#[derive(Clone, Copy, Debug)]
struct MarkState<'m> {
    mark: Value<'m>,
    /// The object that control came by, if that is known.
    resumed: Option<Value<'m>>,
}

/// One block.
#[derive(Debug)]
struct BlockFlow<'m> {
    block: Block<'m>,
    events: Vec<Event<'m>>,
    /// The PHI nodes at its start, if it has them: for the mark, and for the object.
    start: Option<(Phi<'m>, Option<Phi<'m>>)>,
    /// The mark that is loaded at its end.
    loaded: Option<Value<'m>>,
}

impl<'m> BlockFlow<'m> {
    fn terminator(&self) -> Instruction<'m> {
        *self.block.instructions.last().expect("a block ends with an instruction")
    }

    /// Whether its terminator is a call, so that nothing can be inserted after its last call.
    fn ends_with_call(&self) -> bool {
        self.terminator().call().is_some()
    }

    /// Its events that concern the mark.
    fn mark_events(&self) -> impl DoubleEndedIterator<Item = Event<'m>> {
        self.events.iter().copied().filter(|event| !matches!(event, Event::Write))
    }

    /// Whether the mark stays as it was at the block's start.
    fn keeps_mark(&self) -> bool {
        self.mark_events().next().is_none()
    }

    /// The switch whose mark is valid at the block's end.
    fn last_switch(&self) -> Option<SwapSite<'m>> {
        match self.mark_events().next_back() {
            Some(Event::Switch(site)) => Some(site),
            _ => None,
        }
    }

    /// Whether its last event is a write.
    fn ends_with_write(&self) -> bool {
        matches!(self.events.last(), Some(Event::Write))
    }
}

/// One function.
#[derive(Debug)]
struct FunctionFlow<'m, 's> {
    module: Module<'m>,
    source: &'s MarkSource<'m>,
    blocks: Vec<BlockFlow<'m>>,
    /// The outputs of switches that have been extracted.
    outputs: HashMap<(Call<'m>, u32), Value<'m>>,
}

impl<'m, 's> FunctionFlow<'m, 's> {
    fn new(
        module: Module<'m>,
        source: &'s MarkSource<'m>,
        function: Function<'m>,
        sites: &HashMap<Call<'m>, SwapSite<'m>>,
    ) -> Self {
        let event = |instruction: Instruction<'m>| match instruction.call() {
            Some(call) => match sites.get(&call) {
                Some(&site) => Some(Event::Switch(site)),
                None if calls_reader(call) => None,
                None if call.is_leaf_intrinsic() => Some(Event::Write),
                None => Some(Event::Change),
            },
            None => instruction.writes().then_some(Event::Write),
        };
        let flow = |block: Block<'m>| BlockFlow {
            events: block.instructions.iter().copied().filter_map(event).collect(),
            block,
            start: None,
            loaded: None,
        };
        let blocks = function.blocks().into_iter().map(flow).collect();
        FunctionFlow { module, source, blocks, outputs: HashMap::new() }
    }

    /// Supplies all switches of the function.
    fn supply(&mut self) {
        let has_mark = self.with_mark_at_start();
        let has_resumed = self.with_resumed_at_start(&has_mark);
        for b in (0..self.blocks.len()).filter(|&b| has_mark[b]) {
            let (module, flow) = (self.module, &mut self.blocks[b]);
            let phi = |ty| Phi::before(module, flow.block.instructions[0], ty);
            let resumed = has_resumed[b].then(|| phi(Type::pointer(module, 0)));
            flow.start = Some((phi(Type::size(module)), resumed));
        }
        for b in 0..self.blocks.len() {
            self.supply_block(b);
        }
        for b in 0..self.blocks.len() {
            let Some((mark, resumed)) = self.blocks[b].start else { continue };
            for predecessor in self.blocks[b].block.predecessors.clone() {
                let state = self.state_at_end(predecessor);
                let end = self.blocks[predecessor].terminator();
                mark.add_incoming(state.mark, end);
                if let Some(resumed) = resumed {
                    let unknown = Value::null(Type::pointer(self.module, 0));
                    resumed.add_incoming(state.resumed.unwrap_or(unknown), end);
                }
            }
        }
    }

    /// For each block: whether it gets a PHI node for the mark. That is so if a switch needs the
    /// mark from the block's start on, and if some predecessor has the mark.
    fn with_mark_at_start(&self) -> Vec<bool> {
        let count = self.blocks.len();
        let before = |b: usize| self.blocks[b].block.predecessors.iter().copied();
        let is_switch = |event: Event<'m>| matches!(event, Event::Switch(_));
        // A predecessor that ends with a call cannot load the mark at its end.
        let can_have: Vec<bool> =
            (0..count).map(|b| !before(b).any(|p| self.blocks[p].ends_with_call())).collect();
        let (mut has_at_end, mut needs_at_start) = (vec![false; count], vec![false; count]);
        let mut changed = true;
        while changed {
            changed = false;
            for b in 0..count {
                let has = match self.blocks[b].mark_events().next_back() {
                    Some(event) => is_switch(event),
                    None => can_have[b] && before(b).any(|p| has_at_end[p]),
                };
                changed |= has != has_at_end[b];
                has_at_end[b] = has;
                needs_at_start[b] |= self.blocks[b].mark_events().next().is_some_and(is_switch);
                if needs_at_start[b] && can_have[b] {
                    for p in before(b).filter(|&p| self.blocks[p].keeps_mark()) {
                        changed |= !needs_at_start[p];
                        needs_at_start[p] = true;
                    }
                }
            }
        }
        (0..count)
            .map(|b| needs_at_start[b] && can_have[b] && before(b).any(|p| has_at_end[p]))
            .collect()
    }

    /// For each block that gets a PHI node for the mark: whether it gets one for the object too.
    /// That is so if every predecessor that has the mark from a switch knows the object.
    fn with_resumed_at_start(&self, has_mark: &[bool]) -> Vec<bool> {
        let mut has_resumed = has_mark.to_vec();
        let mut changed = true;
        while changed {
            changed = false;
            for b in 0..has_resumed.len() {
                let is_lost = |&p: &usize| {
                    let flow = &self.blocks[p];
                    let passes_on = flow.keeps_mark() && has_mark[p];
                    let from_switch = passes_on || flow.last_switch().is_some();
                    from_switch && (flow.ends_with_write() || (passes_on && !has_resumed[p]))
                };
                if has_resumed[b] && self.blocks[b].block.predecessors.iter().any(is_lost) {
                    has_resumed[b] = false;
                    changed = true;
                }
            }
        }
        has_resumed
    }

    /// Supplies the switches of a block.
    fn supply_block(&mut self, b: usize) {
        let mut state = self.blocks[b].start.map(|(mark, resumed)| MarkState {
            mark: mark.value(),
            resumed: resumed.map(Phi::value),
        });
        let events = self.blocks[b].events.clone();
        for (at, &event) in events.iter().enumerate() {
            match (event, &mut state) {
                (Event::Switch(site), _) => {
                    self.supply_switch(site, state);
                    let mut rest = events[at + 1..].iter();
                    let next = rest.find(|event| !matches!(event, Event::Write));
                    // The outputs are extracted only if a switch of this block needs them.
                    state = matches!(next, Some(Event::Switch(_)))
                        .then(|| self.state_after(site, matches!(events[at + 1], Event::Write)));
                }
                (Event::Change, _) => state = None,
                (Event::Write, Some(state)) => state.resumed = None,
                (Event::Write, None) => {}
            }
        }
    }

    /// Gives a switch the mark and the object of `state`, or a mark that is loaded right before it.
    fn supply_switch(&self, site: SwapSite<'m>, state: Option<MarkState<'m>>) {
        let load = || self.source.load(self.module, site.switch.instruction());
        let mark = state.map_or_else(load, |state| state.mark);
        site.switch.set_arg(site.operands.input(Operand::Mark), mark);
        if let Some(resumed) = state.and_then(|state| state.resumed) {
            site.switch.set_arg(site.operands.input(Operand::Resumed), resumed);
            site.switch.set_callee(site.knowing_resumed);
        }
    }

    /// The state at the end of a block. The mark is loaded there if it is not known.
    fn state_at_end(&mut self, b: usize) -> MarkState<'m> {
        let flow = &self.blocks[b];
        let written = flow.ends_with_write();
        if let Some(site) = flow.last_switch() {
            return self.state_after(site, written);
        }
        match flow.start {
            Some((mark, resumed)) if flow.keeps_mark() => MarkState {
                mark: mark.value(),
                resumed: resumed.filter(|_| !written).map(Phi::value),
            },
            _ => {
                let (module, source, flow) = (self.module, self.source, &mut self.blocks[b]);
                let end = flow.terminator();
                let mark = *flow.loaded.get_or_insert_with(|| source.load(module, end));
                MarkState { mark, resumed: None }
            }
        }
    }

    /// The state after a switch. `written` says whether memory is written in between.
    fn state_after(&mut self, site: SwapSite<'m>, written: bool) -> MarkState<'m> {
        let module = self.module;
        let mut output = |operand| {
            let index = site.operands.after(operand);
            *self.outputs.entry((site.switch, index)).or_insert_with(|| {
                let builder =
                    Builder::after(module, site.switch).expect("a switch in place is a plain call");
                builder.field(site.switch.value(), index)
            })
        };
        // Control came by the object that the other side has resumed: its target.
        let mark = output(Operand::Mark);
        MarkState { mark, resumed: (!written).then(|| output(Operand::Target)) }
    }
}

/// Whether a call is of a function that only reads. Any other function may end in the runtime, which
/// can change the mark.
fn calls_reader(call: Call<'_>) -> bool {
    call.callee().as_function().is_some_and(Function::only_reads)
}
