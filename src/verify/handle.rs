//! A context that only one function knows: all that is done to it can be seen.

use std::collections::HashMap;

use super::Site;
use crate::intrinsics::ParamKind;
use crate::ir::Call;

/// The sites of a module by their calls.
pub(crate) type Index<'a, 'm> = HashMap<Call<'m>, &'a Site<'m>>;

/// Sites by their calls.
pub(crate) fn index<'a, 'm>(sites: &'a [Site<'m>]) -> Index<'a, 'm> {
    sites.iter().map(|site| (site.call, site)).collect()
}

/// The uses of the handle that a `spawn` returns, if they are all operations of the family on that
/// context. A use as a link of another context is none: the handle can then be had elsewhere.
pub(crate) fn uses<'a, 'm>(spawn: &Site<'m>, index: &Index<'a, 'm>) -> Option<Vec<&'a Site<'m>>> {
    let given = spawn.call.instruction().argument_uses()?;
    given
        .into_iter()
        .map(|(call, argument)| {
            let site = *index.get(&call)?;
            let first = site.intrinsic.params.first()?;
            let on_it = argument == 0
                && matches!(first.kind, ParamKind::Handle | ParamKind::OptionalHandle)
                && matches!(first.name, "ctx" | "to");
            on_it.then_some(site)
        })
        .collect()
}
