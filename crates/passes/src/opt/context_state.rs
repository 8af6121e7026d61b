//! What is known of contexts at one place of a function.
//!
//! A handle is named by the instruction that created it, a `current` or a `spawn`. Copies of the handle,
//! and variables that hold it, are other names. A context keeps its handle, but a clone of it resumes from
//! the same switch with another handle. So facts about the running context hold up to the next call that
//! may switch. Two names of one handle stay names of one handle.

use std::collections::HashMap;

use stackswitch_ir::Value;

/// The most facts of one kind at one place. Further facts are dropped, so that a function with very many
/// contexts takes no longer.
const MAX_REMEMBERED: usize = 64;

/// The status of a context that has not run yet.
pub(super) const NEW: u64 = 0;
/// The status of the running context.
pub(super) const RUNNING: u64 = 2;

/// What is known of a context that certainly exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Context<'m> {
    /// The result of `status`.
    pub(super) status: u64,
    /// The result of `link`.
    pub(super) link: Option<Value<'m>>,
}

/// What is known at one place of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ContextState<'m> {
    /// The handle of the running context.
    current: Option<Value<'m>>,
    /// The handle of each copy, and of each variable that holds one.
    names: HashMap<Value<'m>, Value<'m>>,
    contexts: HashMap<Value<'m>, Context<'m>>,
}

impl<'m> ContextState<'m> {
    /// The handle that a value is known to be, else the value itself.
    pub(super) fn handle(&self, value: Value<'m>) -> Value<'m> {
        self.names.get(&value).copied().unwrap_or(value)
    }

    /// The handle that a variable holds, if it holds one.
    pub(super) fn held_in(&self, variable: Value<'m>) -> Option<Value<'m>> {
        self.names.get(&variable).copied()
    }

    /// Records that a value is a copy of a handle, or a variable that holds it.
    pub(super) fn add_name(&mut self, name: Value<'m>, handle: Value<'m>) {
        if self.names.len() < MAX_REMEMBERED {
            self.names.insert(name, handle);
        }
    }

    /// The running context.
    pub(super) fn current(&self) -> Option<Value<'m>> {
        self.current
    }

    /// What is known of the context of a handle.
    pub(super) fn context(&self, handle: Value<'m>) -> Option<Context<'m>> {
        self.contexts.get(&handle).copied()
    }

    /// Records the running context.
    pub(super) fn set_current(&mut self, handle: Value<'m>) {
        self.current = Some(handle);
        self.set_context(handle, Context { status: RUNNING, link: None });
    }

    /// Records facts about a context.
    pub(super) fn set_context(&mut self, handle: Value<'m>, context: Context<'m>) {
        if self.contexts.len() < MAX_REMEMBERED || self.contexts.contains_key(&handle) {
            self.contexts.insert(handle, context);
        }
    }

    /// Other contexts may have run, also clones of this one, which share its values.
    pub(super) fn forget_switched(&mut self) {
        self.current = None;
        self.contexts.clear();
    }

    /// The headers of contexts have changed. The running context is the same.
    pub(super) fn forget_headers(&mut self) {
        self.contexts.clear();
    }

    /// Forgets facts about an earlier result of an instruction that is executed again.
    pub(super) fn redefined(&mut self, value: Value<'m>) {
        if self.current == Some(value) {
            self.current = None;
        }
        self.names.remove(&value);
        self.names.retain(|_, handle| *handle != value);
        self.contexts.remove(&value);
        for context in self.contexts.values_mut() {
            if context.link == Some(value) {
                context.link = None;
            }
        }
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.names.is_empty() && self.contexts.is_empty()
    }

    /// Keeps only facts that also hold on another path to the same place.
    pub(super) fn intersect(&mut self, other: &Self) {
        if self.current != other.current {
            self.current = None;
        }
        self.names.retain(|name, handle| other.names.get(name) == Some(handle));
        self.contexts.retain(|handle, context| {
            let Some(there) = other.contexts.get(handle) else { return false };
            if context.link != there.link {
                context.link = None;
            }
            context.status == there.status
        });
    }
}
