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

/// The uses of a handle that only its creator knows.
#[derive(Debug)]
pub(crate) struct HandleUses<'a, 'm> {
    /// The operations on the context.
    pub(crate) sites: Vec<&'a Site<'m>>,
    /// The comparisons of the handle with null, with their results if there is a context.
    pub(crate) null_checks: Vec<(Instruction<'m>, bool)>,
}

impl HandleUses<'_, '_> {
    /// Replaces the comparisons by their results: there is a context, or its replacement.
    pub(crate) fn fold_null_checks(&self) {
        for &(check, otherwise) in &self.null_checks {
            check.replace_with(Value::integer(check.value().ty(), otherwise.into()));
        }
    }
}

/// The uses of the handle that a `spawn` returns, if all of them are operations on that context or
/// comparisons with null. `None` for other uses, also as the link of another context: other code can then
/// get the handle.
pub(crate) fn uses<'a, 'm>(spawn: &Site<'m>, index: &Index<'a, 'm>) -> Option<HandleUses<'a, 'm>> {
    let uses = spawn.call.instruction().pointer_uses()?;
    let operation = |(call, argument): (Call<'m>, usize)| {
        let site = *index.get(&call)?;
        (argument == 0 && site.intrinsic.works_on_context()).then_some(site)
    };
    let sites = uses.arguments.into_iter().map(operation).collect::<Option<_>>()?;
    Some(HandleUses { sites, null_checks: uses.null_checks })
}
