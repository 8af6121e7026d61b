//! Replaces operations whose results are state.
//!
//! [`ContextState`] follows what is known of contexts along all paths through a function. An operation on a
//! context that certainly exists reports no error, so no other context runs during it.

use std::collections::HashMap;

use super::context_state::{Context, ContextState, NEW};
use super::nosuspend::SuspendFacts;
use crate::remark::Remark;
use crate::verify::{Index, Site};
use stackswitch_abi::intrinsics::{Gives, Headers, ParamKind};
use stackswitch_ir::{Block, Call, CallKind, Function, Instruction, Value};

/// What replaces an operation.
#[derive(Clone, Copy, Debug)]
enum Action<'m> {
    /// This value.
    Is(Value<'m>),
    /// This number.
    Number(u64),
    /// Nothing: the operation is removed.
    Nothing,
}

/// A decision about an operation.
#[derive(Debug)]
struct Decision<'m> {
    call: Call<'m>,
    /// `None` if the operation stays.
    action: Option<Action<'m>>,
    name: &'static str,
    text: &'static str,
}

/// Folds the operations of one function. Returns whether anything changed.
pub(super) fn fold_operations<'m>(
    function: Function<'m>,
    sites: &[&Site<'m>],
    index: &mut Index<'_, 'm>,
    facts: &SuspendFacts<'m>,
    report: &mut dyn FnMut(Remark<'m>),
) -> bool {
    // Only handles from these operations have known contexts.
    if !sites.iter().any(|site| names_context(site)) {
        return false;
    }
    let mut folding = Folding { index, facts, decisions: None, unread: HashMap::new() };
    let blocks = function.blocks();
    let starts = folding.starts(&blocks);
    for (block, start) in blocks.iter().zip(starts) {
        let Some(mut state) = start else { continue };
        folding.decisions.get_or_insert_default();
        folding.unread.clear();
        for &instruction in &block.instructions {
            folding.transfer(instruction, &mut state);
        }
    }
    let decisions = folding.decisions.unwrap_or_default();
    apply(decisions, index, report)
}

/// Whether an operation returns the handle of a context about which something is state.
fn names_context(site: &Site<'_>) -> bool {
    match site.intrinsic.properties.gives {
        Gives::RunningContext | Gives::NewContext => true,
        Gives::Unknown | Gives::Copy | Gives::Status | Gives::Link | Gives::SliceSize => false,
    }
}

/// The state for one function.
struct Folding<'f, 'a, 'm> {
    index: &'f Index<'a, 'm>,
    facts: &'f SuspendFacts<'m>,
    /// The decisions. They are made when the facts no longer change.
    decisions: Option<Vec<Decision<'m>>>,
    /// The latest `setlink` of each context in this block, as long as nothing can have read the link.
    unread: HashMap<Value<'m>, Call<'m>>,
}

impl<'f, 'a, 'm> Folding<'f, 'a, 'm> {
    /// What is known at the start of each block. `None` for blocks that control has not reached.
    fn starts(&mut self, blocks: &[Block<'m>]) -> Vec<Option<ContextState<'m>>> {
        let mut starts: Vec<Option<ContextState<'m>>> = vec![None; blocks.len()];
        let mut ends = starts.clone();
        if let Some(entry) = starts.first_mut() {
            *entry = Some(ContextState::default());
        }
        // The facts at a block only become fewer, so this ends.
        let mut changed = true;
        while changed {
            changed = false;
            for (i, block) in blocks.iter().enumerate() {
                let mut before = (i == 0).then(ContextState::default);
                for end in block.predecessors.iter().filter_map(|&p| ends[p].as_ref()) {
                    match &mut before {
                        None => before = Some(end.clone()),
                        Some(state) => state.intersect(end),
                    }
                }
                let Some(before) = before else { continue };
                if ends[i].is_some() && starts[i].as_ref() == Some(&before) {
                    continue;
                }
                let mut state = before.clone();
                for &instruction in &block.instructions {
                    self.transfer(instruction, &mut state);
                }
                starts[i] = Some(before);
                changed |= ends[i].as_ref() != Some(&state);
                ends[i] = Some(state);
            }
        }
        starts
    }

    /// What is known after an instruction.
    fn transfer(&mut self, instruction: Instruction<'m>, state: &mut ContextState<'m>) {
        if !state.is_empty() {
            state.redefined(instruction.value());
        }
        if let Some((address, value)) = instruction.stored() {
            let handle = state.handle(value);
            let is_handle = handle != value || self.gives_handle(value);
            if is_handle && address.single_stored_value() == Some(value) {
                state.add_name(address, handle);
            }
        } else if let Some(address) = instruction.loaded() {
            if let Some(handle) = state.held_in(address) {
                state.add_name(instruction.value(), handle);
            }
        } else if let Some(call) = instruction.call() {
            if call.may_return_twice() {
                // Control may come here again with other facts.
                *state = ContextState::default();
                return self.unread.clear();
            }
            match self.index.get(&call) {
                Some(&site) => self.operation(site, state),
                None if self.facts.may_switch(call, self.index) => self.others_run(state),
                None => self.touch_headers(self.facts.headers(call), state),
            }
        }
    }

    /// Forgets the facts that code may have changed or read which lets no other context run.
    fn touch_headers(&mut self, headers: Headers, state: &mut ContextState<'m>) {
        match headers {
            Headers::Untouched => {}
            Headers::Reads => self.unread.clear(),
            Headers::SetsLink | Headers::Any => {
                state.forget_headers();
                self.unread.clear();
            }
        }
    }

    /// Whether a value is a handle from a `current` or a `spawn`.
    fn gives_handle(&self, value: Value<'m>) -> bool {
        let call = value.as_instruction().and_then(|i| i.call());
        call.and_then(|c| self.index.get(&c)).is_some_and(|site| names_context(site))
    }

    fn others_run(&mut self, state: &mut ContextState<'m>) {
        state.forget_switched();
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

    /// Updates the facts for an operation, and decides whether it is folded.
    fn operation(&mut self, site: &Site<'m>, state: &mut ContextState<'m>) {
        let properties = &site.intrinsic.properties;
        // An invoke ends its block. A value that travels through memory cannot replace a result.
        let is_plain = site.call.kind() == CallKind::Call && !site.is_wide();
        if is_plain && self.is_folded(site, state) {
            return;
        }
        if properties.runs_other_code() {
            self.others_run(state);
        } else {
            self.touch_headers(properties.headers(), state);
        }
        if is_plain {
            self.record_result(site, state);
        }
    }

    /// Replaces or removes an operation whose effect is state. Returns whether that is all that the
    /// operation needs.
    fn is_folded(&mut self, site: &Site<'m>, state: &mut ContextState<'m>) -> bool {
        let (call, properties) = (site.call, &site.intrinsic.properties);
        if properties.gives == Gives::RunningContext
            && !properties.runs_other_code()
            && let Some(handle) = state.current()
        {
            let text = "the running context is known here already";
            self.decide(call, Some(Action::Is(handle)), "CurrentKnown", text);
            state.add_name(call.value(), handle);
            return true;
        }
        let Some(operand) = site.context() else { return false };
        let handle = state.handle(operand);
        if properties.gives_value_to_itself
            && let Some(value) = site.operand(ParamKind::Value)
        {
            if state.current() == Some(handle) {
                let text = "a switch to the running context is its value";
                self.decide(call, Some(Action::Is(value)), "SwapToOneself", text);
                return true;
            }
            if self.is_from_current(operand) {
                let text = "this may not be a switch to the running context: another may \
                            have run since its handle was asked for, and have cloned it";
                self.decide(call, None, "SwapToOneself", text);
            }
        }
        if !properties.is_quiet_if_alive() {
            return false;
        }
        match state.context(handle) {
            Some(context) => self.fold_known(site, handle, context, state),
            None if self.gives_handle(handle) => {
                self.report_unknown(site);
                false
            }
            None => false,
        }
    }

    /// Records what is known of the context whose handle an operation returns.
    fn record_result(&mut self, site: &Site<'m>, state: &mut ContextState<'m>) {
        let handle = site.call.value();
        match site.intrinsic.properties.gives {
            Gives::RunningContext => state.set_current(handle),
            // It fails only if there is no memory, and has reported that.
            Gives::NewContext if site.has_default_base() && site.body().is_some() => {
                let link = Some(Value::null(handle.ty()));
                state.set_context(handle, Context { status: NEW, link });
            }
            Gives::NewContext
            | Gives::Unknown
            | Gives::Copy
            | Gives::Status
            | Gives::Link
            | Gives::SliceSize => {}
        }
    }

    /// Decides about an operation on a context that exists, which runs no other code. Returns whether
    /// that is all that the operation needs.
    fn fold_known(
        &mut self,
        site: &Site<'m>,
        handle: Value<'m>,
        context: Context<'m>,
        state: &mut ContextState<'m>,
    ) -> bool {
        let (call, properties) = (site.call, &site.intrinsic.properties);
        let (action, name, text) = match (properties.gives, properties.headers) {
            (Gives::Unknown, Headers::SetsLink) => {
                return self.set_link(site, handle, context, state);
            }
            (_, Headers::SetsLink | Headers::Any) => return false,
            (Gives::Status, _) => {
                let status = Action::Number(context.status);
                (status, "StatusKnown", "the context's status is known")
            }
            (Gives::SliceSize, _) if context.status == NEW => {
                let text = "a context that has not run has no slice";
                (Action::Number(0), "SliceSizeKnown", text)
            }
            (Gives::Link, _) => match context.link {
                Some(link) => (Action::Is(link), "LinkKnown", "the context's link is known"),
                None => {
                    self.unread.remove(&handle);
                    state.set_context(handle, Context { link: Some(call.value()), ..context });
                    return true;
                }
            },
            (Gives::SliceSize | Gives::Unknown | Gives::Copy, headers) => {
                self.touch_headers(headers, state);
                return true;
            }
            (Gives::RunningContext | Gives::NewContext, _) => return false,
        };
        self.decide(call, Some(action), name, text);
        true
    }

    /// Decides about an operation that sets the link of a context that exists. Returns whether that is
    /// all that the operation needs.
    fn set_link(
        &mut self,
        site: &Site<'m>,
        handle: Value<'m>,
        context: Context<'m>,
        state: &mut ContextState<'m>,
    ) -> bool {
        let call = site.call;
        let Some(operand) = site.operand(ParamKind::Link) else { return false };
        let link = state.handle(operand);
        let exists = link.is_null() || state.context(link).is_some();
        if !exists {
            // It may be refused, and the error handler may switch.
            self.others_run(state);
            return true;
        }
        if context.link == Some(link) {
            let text = "the context has this link already";
            self.decide(call, Some(Action::Nothing), "LinkKnown", text);
            return true;
        }
        if let Some(earlier) = self.unread.insert(handle, call) {
            let text = "the link is set again before anybody can see it";
            self.decide(earlier, Some(Action::Nothing), "LinkUnread", text);
        }
        state.set_context(handle, Context { link: Some(link), ..context });
        true
    }

    /// Remarks on an operation on a handle from this function about whose context nothing is state.
    fn report_unknown(&mut self, site: &Site<'m>) {
        let (name, text) = match site.intrinsic.properties.gives {
            Gives::Status => {
                ("StatusKnown", "the status is not known: the context may have run, or have ended")
            }
            Gives::Link => ("LinkKnown", "the link is not known: the context may have run"),
            Gives::Unknown
            | Gives::RunningContext
            | Gives::NewContext
            | Gives::Copy
            | Gives::SliceSize => return,
        };
        self.decide(site.call, None, name, text);
    }

    /// Whether a handle comes from a `current`.
    fn is_from_current(&self, value: Value<'m>) -> bool {
        let call = value.origin().as_instruction().and_then(|i| i.call());
        call.and_then(|c| self.index.get(&c))
            .is_some_and(|site| site.intrinsic.properties.gives == Gives::RunningContext)
    }
}

/// Carries out the decisions. Returns whether anything changed.
fn apply<'m>(
    decisions: Vec<Decision<'m>>,
    index: &mut Index<'_, 'm>,
    report: &mut dyn FnMut(Remark<'m>),
) -> bool {
    // The replaced results, with their replacements.
    let mut gone: HashMap<Value<'m>, Value<'m>> = HashMap::new();
    let mut changed = false;
    for decision in decisions {
        let call = decision.call;
        let Decision { name, text, .. } = decision;
        let at = call.instruction();
        report(Remark { at, taken: decision.action.is_some(), name, text: text.to_owned() });
        let Some(action) = decision.action else { continue };
        changed = true;
        if let Some(&site) = index.get(&call) {
            index.remove(&site.call);
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
