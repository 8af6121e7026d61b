//! Finds all uses of a context's handle, if only one function knows the handle.

use std::collections::HashMap;

use super::site::Site;
use stackswitch_ir::{Call, Instruction, Value};

/// The sites of a module by their calls.
pub(crate) type Index<'a, 'm> = HashMap<Call<'m>, &'a Site<'m>>;

/// Sites by their calls.
pub(crate) fn index<'a, 'm>(sites: &'a [Site<'m>]) -> Index<'a, 'm> {
    sites.iter().map(|site| (site.call, site)).collect()
}

/// What is done with a handle that only its creator has.
#[derive(Debug)]
pub(crate) struct HandleUses<'a, 'm> {
    /// The operations on the context.
    pub(crate) sites: Vec<&'a Site<'m>>,
    /// The comparisons of the handle with null, with what they give if there is a context.
    pub(crate) null_checks: Vec<(Instruction<'m>, bool)>,
}

impl HandleUses<'_, '_> {
    /// Decides the comparisons: there is a context, or what stands for it.
    pub(crate) fn fold_null_checks(&self) {
        for &(check, otherwise) in &self.null_checks {
            check.replace_with(Value::integer(check.value().ty(), otherwise.into()));
        }
    }
}

/// The uses of the handle that a `spawn` returns, if they are all operations of the family on that
/// context, and comparisons with null. A use as a link of another context is none: the handle can
/// then be had elsewhere.
pub(crate) fn uses<'a, 'm>(spawn: &Site<'m>, index: &Index<'a, 'm>) -> Option<HandleUses<'a, 'm>> {
    let uses = spawn.call.instruction().pointer_uses()?;
    let operation = |(call, argument): (Call<'m>, usize)| {
        let site = *index.get(&call)?;
        (argument == 0 && site.intrinsic.works_on_context()).then_some(site)
    };
    let sites = uses.arguments.into_iter().map(operation).collect::<Option<_>>()?;
    Some(HandleUses { sites, null_checks: uses.null_checks })
}
