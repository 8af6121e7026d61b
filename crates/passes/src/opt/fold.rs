//! Replaces operations whose results are known.
//!
//! [`Known`] follows what is known of contexts along all paths through a function. An operation on a
//! context that certainly exists reports no error, so no other context runs during it.

use std::collections::HashMap;

use super::known::{Context, Known, NEW};
use super::nosuspend::Facts;
use super::{Remark, forget};
use crate::verify::{Index, Site, Spelling};
use stackswitch_abi::intrinsics::Form;
use stackswitch_ir::{Block, Call, CallKind, Function, Instruction, Value};

/// What becomes of an operation.
#[derive(Clone, Copy, Debug)]
enum Action<'m> {
    /// Its result is this value.
    Is(Value<'m>),
    /// Its result is this number.
    Number(u64),
    /// Nothing comes of it.
    Nothing,
}

/// A decision about an operation.
#[derive(Debug)]
struct Decision<'m> {
    call: Call<'m>,
    /// Nothing where it stays.
    action: Option<Action<'m>>,
    name: &'static str,
    text: &'static str,
}

/// Works on one function. Returns whether anything changed.
pub(super) fn run<'m>(
    function: Function<'m>,
    sites: &[&Site<'m>],
    index: &mut Index<'_, 'm>,
    facts: &Facts<'m>,
    tell: &mut dyn FnMut(Remark<'m>),
) -> bool {
    // Every handle of which something can be known comes from one of these.
    if !sites.iter().any(|site| matches!(site.intrinsic.name, "current" | "spawn")) {
        return false;
    }
    let mut folding = Folding { index, facts, decisions: None, unread: HashMap::new() };
    let blocks = function.blocks();
    let starts = folding.starts(&blocks);
    for (block, start) in blocks.iter().zip(starts) {
        let Some(mut known) = start else { continue };
        folding.decisions.get_or_insert_default();
        folding.unread.clear();
        for &instruction in &block.instructions {
            folding.step(instruction, &mut known);
        }
    }
    let decisions = folding.decisions.unwrap_or_default();
    apply(decisions, index, tell)
}

/// The work on one function.
struct Folding<'f, 'a, 'm> {
    index: &'f Index<'a, 'm>,
    facts: &'f Facts<'m>,
    /// What has been decided, once all is known that can be.
    decisions: Option<Vec<Decision<'m>>>,
    /// The latest `setlink` of a context in this block, while nobody can have read the link.
    unread: HashMap<Value<'m>, Call<'m>>,
}

impl<'f, 'a, 'm> Folding<'f, 'a, 'm> {
    /// What is known where each block starts; nothing for one that control never gets to.
    fn starts(&mut self, blocks: &[Block<'m>]) -> Vec<Option<Known<'m>>> {
        let mut starts: Vec<Option<Known<'m>>> = vec![None; blocks.len()];
        let mut ends = starts.clone();
        if let Some(entry) = starts.first_mut() {
            *entry = Some(Known::default());
        }
        // What is known only becomes less, so this ends.
        let mut changed = true;
        while changed {
            changed = false;
            for (i, block) in blocks.iter().enumerate() {
                let mut before = (i == 0).then(Known::default);
                for end in block.predecessors.iter().filter_map(|&p| ends[p].as_ref()) {
                    match &mut before {
                        None => before = Some(end.clone()),
                        Some(known) => known.meet(end),
                    }
                }
                let Some(before) = before else { continue };
                if ends[i].is_some() && starts[i].as_ref() == Some(&before) {
                    continue;
                }
                let mut known = before.clone();
                for &instruction in &block.instructions {
                    self.step(instruction, &mut known);
                }
                starts[i] = Some(before);
                changed |= ends[i].as_ref() != Some(&known);
                ends[i] = Some(known);
            }
        }
        starts
    }

    /// What is known after an instruction.
    fn step(&mut self, instruction: Instruction<'m>, known: &mut Known<'m>) {
        if !known.is_empty() {
            known.defined(instruction.value());
        }
        if let Some((address, value)) = instruction.stored() {
            let handle = known.handle(value);
            let is_handle = handle != value || self.gives_handle(value);
            if is_handle && address.single_stored_value() == Some(value) {
                known.name(address, handle);
            }
        } else if let Some(address) = instruction.loaded() {
            if let Some(handle) = known.held(address) {
                known.name(instruction.value(), handle);
            }
        } else if let Some(call) = instruction.call() {
            if call.may_return_twice() {
                // Control may come here again from a place where other things hold.
                *known = Known::default();
                return self.unread.clear();
            }
            match self.index.get(&call) {
                Some(&site) => self.operation(site, known),
                None if self.facts.may_switch(call, self.index) => self.others_run(known),
                None => {}
            }
        }
    }

    /// Whether a value is a handle that a `current` or a `spawn` gave.
    fn gives_handle(&self, value: Value<'m>) -> bool {
        let call = value.as_instruction().and_then(|i| i.call());
        call.and_then(|c| self.index.get(&c))
            .is_some_and(|site| matches!(site.intrinsic.name, "current" | "spawn"))
    }

    fn others_run(&mut self, known: &mut Known<'m>) {
        known.others_ran();
        self.unread.clear();
    }

    fn decide(
        &mut self,
        call: Call<'m>,
        action: Option<Action<'m>>,
        name: &'static str,
        text: &'static str,
    ) {
        if let Some(decisions) = &mut self.decisions {
            decisions.push(Decision { call, action, name, text });
        }
    }

    /// What is known after an operation of the family, and what becomes of that.
    fn operation(&mut self, site: &Site<'m>, known: &mut Known<'m>) {
        let call = site.call;
        let args = call.args();
        let handle = args.first().map(|&first| known.handle(first));
        // The form through memory has another shape.
        let plain = call.kind() == CallKind::Call && site.spelling != Spelling::Runtime(Form::Wide);
        match (site.intrinsic.name, handle) {
            ("current", _) if plain => return self.current(call, known),
            ("spawn", _) => {
                self.others_run(known);
                // It only fails where there is no memory, and has then said so.
                if plain && args[0].origin().is_null() && site.body().is_some() {
                    let link = Some(Value::null(call.value().ty()));
                    known.found(call.value(), Context { status: NEW, link });
                }
                return;
            }
            ("swap", Some(to)) if plain => {
                if known.current() == Some(to) {
                    let text = "a switch to the running context is its value";
                    return self.decide(call, Some(Action::Is(args[1])), "SwapToOneself", text);
                }
                if self.is_from_current(args[0]) {
                    let text = "this may not be a switch to the running context: another may \
                                have run since its handle was asked for, and have cloned it";
                    self.decide(call, None, "SwapToOneself", text);
                }
            }
            ("status" | "link" | "slice.size" | "setlink", Some(handle)) if plain => {
                match known.context(handle) {
                    Some(context) => return self.ask(site, handle, context, known),
                    None if self.gives_handle(handle) => {
                        self.missed(site);
                    }
                    None => {}
                }
            }
            _ => {}
        }
        if self.facts.may_switch(call, self.index) {
            self.others_run(known);
        }
    }

    /// The running context is asked for.
    fn current(&mut self, call: Call<'m>, known: &mut Known<'m>) {
        match known.current() {
            Some(handle) => {
                let text = "the running context is known here already";
                self.decide(call, Some(Action::Is(handle)), "CurrentKnown", text);
                known.name(call.value(), handle);
            }
            None => known.found_current(call.value()),
        }
    }

    /// An operation that only reads a context, or sets its link, where the context exists.
    fn ask(
        &mut self,
        site: &Site<'m>,
        handle: Value<'m>,
        context: Context<'m>,
        known: &mut Known<'m>,
    ) {
        let call = site.call;
        match site.intrinsic.name {
            "status" => {
                let number = Action::Number(context.status);
                self.decide(call, Some(number), "StatusKnown", "the context's status is known");
            }
            "slice.size" if context.status == NEW => {
                let text = "a context that has not run has no slice";
                self.decide(call, Some(Action::Number(0)), "SliceSizeKnown", text);
            }
            "link" => match context.link {
                Some(link) => {
                    let text = "the context's link is known";
                    self.decide(call, Some(Action::Is(link)), "LinkKnown", text);
                }
                None => {
                    self.unread.remove(&handle);
                    known.found(handle, Context { link: Some(call.value()), ..context });
                }
            },
            "setlink" => self.set_link(call, handle, context, known),
            _ => {}
        }
    }

    /// The link of a context that exists is set.
    fn set_link(
        &mut self,
        call: Call<'m>,
        handle: Value<'m>,
        context: Context<'m>,
        known: &mut Known<'m>,
    ) {
        let link = known.handle(call.args()[1]);
        let exists = link.is_null() || known.context(link).is_some();
        if !exists {
            // It may be refused, and the error's handler may switch.
            known.found(handle, Context { link: None, ..context });
            return self.others_run(known);
        }
        if context.link == Some(link) {
            let text = "the context has this link already";
            return self.decide(call, Some(Action::Nothing), "LinkKnown", text);
        }
        if let Some(earlier) = self.unread.insert(handle, call) {
            let text = "the link is set again before anybody can see it";
            self.decide(earlier, Some(Action::Nothing), "LinkUnread", text);
        }
        known.found(handle, Context { link: Some(link), ..context });
    }

    /// An operation on a handle that is from this function, of whose context nothing is known.
    fn missed(&mut self, site: &Site<'m>) {
        let (name, text) = match site.intrinsic.name {
            "status" => {
                ("StatusKnown", "the status is not known: the context may have run, or have ended")
            }
            "link" => ("LinkKnown", "the link is not known: the context may have run"),
            _ => return,
        };
        self.decide(site.call, None, name, text);
    }

    /// Whether a handle is one that was running when it was asked for.
    fn is_from_current(&self, value: Value<'m>) -> bool {
        let call = value.origin().as_instruction().and_then(|i| i.call());
        call.and_then(|c| self.index.get(&c)).is_some_and(|site| site.intrinsic.name == "current")
    }
}

/// Does what was decided. Returns whether that was anything.
fn apply<'m>(
    decisions: Vec<Decision<'m>>,
    index: &mut Index<'_, 'm>,
    tell: &mut dyn FnMut(Remark<'m>),
) -> bool {
    // Results that have gone, with what they were.
    let mut gone: HashMap<Value<'m>, Value<'m>> = HashMap::new();
    let mut changed = false;
    for decision in decisions {
        let call = decision.call;
        let Decision { name, text, .. } = decision;
        let at = call.instruction();
        tell(Remark { at, taken: decision.action.is_some(), name, text: text.to_owned() });
        let Some(action) = decision.action else { continue };
        changed = true;
        if let Some(&site) = index.get(&call) {
            forget(index, site);
        }
        let result = call.value();
        let value = match action {
            Action::Is(value) => *gone.get(&value).unwrap_or(&value),
            Action::Number(number) => Value::integer(result.ty(), number),
            Action::Nothing => {
                call.replace_and_name(None);
                continue;
            }
        };
        for earlier in gone.values_mut().filter(|earlier| **earlier == result) {
            *earlier = value;
        }
        gone.insert(result, value);
        call.replace_with(value);
    }
    changed
}
