//! `stackswitch-opt`: replaces contexts and switches by something cheaper.
//!
//! In each round it first simplifies single operations (`fold`), then makes direct calls (`direct`) and
//! stackless contexts (`stackless`). Each decision, taken or refused, is a remark. Functions that must
//! not be optimised are left alone.

mod context_state;
mod direct;
mod fold;
mod member;
pub(crate) mod nosuspend;
mod stackless;

use std::collections::HashMap;

use crate::remark::Remark;
use crate::verify::{self, Site};
use member::{Members, Outcome};
pub(crate) use stackless::FLAG as STACKLESS_FLAG;
use stackswitch_ir::{Function, Module};

/// Optimises a module and returns whether anything changed. A module with mistakes is left alone: the
/// lowering reports them.
pub(crate) fn optimise<'m>(module: Module<'m>, report: &dyn Fn(&Remark<'m>)) -> bool {
    let mut changed = false;
    let mut stackless_bodies = stackless::SplitBodies::new();
    let mut members = Members::default();
    loop {
        let analysis = verify::analyse(module);
        if analysis.sites.is_empty() || !analysis.findings.is_empty() {
            return changed;
        }
        let mut index = verify::index(&analysis.sites);
        match members.replace_loads(module, &analysis.sites, &index) {
            Outcome::Unchanged => {}
            Outcome::Changed => changed = true,
            Outcome::Inlined => {
                changed = true;
                continue;
            }
        }
        let facts = nosuspend::infer(module, &index);
        let mut missed = Vec::new();
        let mut told = |remark: Remark<'m>| {
            if remark.taken { report(&remark) } else { missed.push(remark) }
        };
        let mut round = false;
        for (function, sites) in optimisable(&analysis.sites) {
            round |= fold::fold_operations(function, &sites, &mut index, &facts, &mut told);
        }
        for site in &analysis.sites {
            if index.contains_key(&site.call) && !site.call.caller().is_optnone() {
                round |= direct::make_direct_call(module, site, &mut index, &facts, &mut told);
            }
        }
        // Direct calls come first: they need no frame.
        if !round && module.flag(stackless::FLAG) != Some(0) {
            let split = &mut stackless_bodies;
            round = stackless::make_stackless(
                module,
                &analysis.sites,
                &mut index,
                &facts,
                split,
                &mut told,
            );
        }
        changed |= round;
        // A function that has lost its contexts may have become one that cannot suspend.
        if !round {
            missed.iter().for_each(report);
            return facts.mark(module) | changed;
        }
    }
}

/// The functions that may be optimised, with the sites of each.
fn optimisable<'a, 'm>(sites: &'a [Site<'m>]) -> Vec<(Function<'m>, Vec<&'a Site<'m>>)> {
    let (mut places, mut found) = (HashMap::new(), Vec::<(Function<'m>, Vec<_>)>::new());
    for site in sites {
        let caller = site.call.caller();
        if caller.is_optnone() {
            continue;
        }
        let place = *places.entry(caller).or_insert(found.len());
        if place == found.len() {
            found.push((caller, Vec::new()));
        }
        found[place].1.push(site);
    }
    found
}
