//! Handles that are members of an object, where the object is the body's argument, as in a class for
//! generators.
//!
//! The body could change the object, so LLVM reloads the handle for each operation. If all code that has
//! the object is known, and none of it reads or writes the member, each load gives the handle.
//!
//! Small functions that read the member, or that are given the handle, are first inlined into the creator.
//! LLVM does not inline calls that it expects to be rare, such as destructors in cleanups.

use std::collections::{HashMap, HashSet};

use crate::verify::{Index, Site};
use stackswitch_abi::intrinsics::{INTRINSIC_PREFIX, ParamKind};
use stackswitch_ir::{Access, AccessKind, Call, CallKind, Function, Instruction, Module, Value};

/// The most uses of the object in other functions that are examined.
const MAX_USES: usize = 512;
/// The deepest call chain that is examined.
const MAX_DEPTH: usize = 4;
/// The most names of a handle.
const MAX_COPIES: usize = 64;

/// The most instructions of a function that is inlined into the creator.
const MAX_INLINED: usize = 100;
/// The most calls that are inlined into one creator.
const MAX_INLINES: usize = 16;

/// The result of one search of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Unchanged,
    /// Loads were replaced by handles.
    Changed,
    /// Calls were inlined, so the module has new sites.
    Inlined,
}

/// Finds such members, in repeated searches.
#[derive(Debug, Default)]
pub(super) struct Members<'m> {
    /// The number of calls that were inlined into each function.
    inlines: HashMap<Function<'m>, usize>,
}

/// How the uses of a member that holds a handle are replaced.
#[derive(Debug)]
enum Member<'m> {
    /// These values equal the handle.
    Copies(Vec<Instruction<'m>>),
    /// These calls are of functions that read the member. They are inlined first.
    LookedAt(Vec<Call<'m>>),
}

impl<'m> Members<'m> {
    /// Replaces loads of such members by the handles.
    pub(super) fn replace_loads(
        &mut self,
        module: Module<'m>,
        sites: &[Site<'m>],
        index: &Index<'_, 'm>,
    ) -> Outcome {
        let (mut outcome, mut looked_at) = (Outcome::Unchanged, Vec::new());
        for site in sites.iter().filter(|site| site.intrinsic.makes_context()) {
            let creator = site.call.caller();
            if creator.is_optnone() || creator.calls_what_returns_twice() {
                continue;
            }
            let handle = site.call.value();
            for store in handle.all_users().unwrap_or_default() {
                match member(module, site.call, store, index) {
                    None => {}
                    Some(Member::Copies(copies)) => {
                        copies.into_iter().for_each(|copy| copy.replace_with(handle));
                        store.erase();
                        outcome = Outcome::Changed;
                    }
                    Some(Member::LookedAt(calls)) => looked_at.extend(calls),
                }
            }
            looked_at.extend(calls_given_handle(site.call, index));
        }
        let mut seen = HashSet::new();
        for call in looked_at.into_iter().filter(|&call| seen.insert(call)) {
            let count = self.inlines.entry(call.caller()).or_default();
            if *count < MAX_INLINES {
                *count += 1;
                call.inline();
                outcome = Outcome::Inlined;
            }
        }
        outcome
    }
}

/// Plans the replacement for the member in which a handle is stored. `None` if the member may escape.
fn member<'m>(
    module: Module<'m>,
    spawn: Call<'m>,
    store: Instruction<'m>,
    index: &Index<'_, 'm>,
) -> Option<Member<'m>> {
    let handle = spawn.value();
    let (address, stored) = store.stored()?;
    let object = address.base_object().as_instruction()?;
    if stored != handle || object.variable_size(module).is_none() {
        return None;
    }
    let accesses = object.value().accesses(module, 0)?;
    let place = *accesses.iter().find(|access| access.at == store)?;
    let mut search = MemberSearch { module, index, place, left: MAX_USES };
    let (mut loads, mut writes, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for access in accesses.iter().filter(|access| access.at != store) {
        if let AccessKind::Argument(call, argument) = access.kind {
            if !search.leaves_alone(access.offset, call, argument, 0)? {
                calls.push(call);
            }
        } else if access.touches(place.offset, place.bytes) {
            let is_handle = access.offset == place.offset && access.at.value().ty() == handle.ty();
            match access.kind {
                AccessKind::Load if is_handle => loads.push(access.at),
                AccessKind::Store(_) | AccessKind::Write => writes.push(access.at),
                _ => return None,
            }
        }
    }
    let stale = |load: &Instruction<'m>| may_be_another(spawn.instruction(), store, *load, &writes);
    if loads.iter().any(stale) {
        return None;
    }
    let copies = copies(spawn.instruction(), loads)?;
    if !calls.is_empty() {
        return calls.iter().all(is_small).then_some(Member::LookedAt(calls));
    }
    (!copies.is_empty()).then_some(Member::Copies(copies))
}

/// The calls that get a handle and are not operations, if all of them are of small functions.
fn calls_given_handle<'m>(spawn: Call<'m>, index: &Index<'_, 'm>) -> Vec<Call<'m>> {
    let Some(uses) = spawn.instruction().pointer_uses() else { return Vec::new() };
    let calls = uses.arguments.into_iter().map(|(call, _)| call);
    let others: Vec<Call<'m>> = calls.filter(|call| !index.contains_key(call)).collect();
    if others.iter().all(is_small) { others } else { Vec::new() }
}

/// Whether the callee of a call may be inlined.
fn is_small(call: &Call<'_>) -> bool {
    call.may_be_inlined()
        && !would_invoke_intrinsics(*call)
        && call.callee().as_function().is_some_and(|f| f.walk().count() <= MAX_INLINED)
}

/// Whether inlining would make invokes of intrinsics, which LLVM does not allow.
fn would_invoke_intrinsics(call: Call<'_>) -> bool {
    let intrinsic = |called: Call<'_>| {
        called.callee().as_function().is_some_and(|f| f.name().starts_with(INTRINSIC_PREFIX))
    };
    call.kind() == CallKind::Terminator
        && call
            .callee()
            .as_function()
            .is_some_and(|f| f.walk().filter_map(Instruction::call).any(intrinsic))
}

/// Whether a load may read anything but the latest handle of the spawn.
fn may_be_another<'m>(
    spawn: Instruction<'m>,
    store: Instruction<'m>,
    load: Instruction<'m>,
    writes: &[Instruction<'m>],
) -> bool {
    load.is_reached_without(store)
        || spawn.reaches(load, Some(store))
        || writes.iter().any(|write| write.reaches(load, Some(store)))
}

/// The loads, and the PHIs whose operands are only such loads or the handle. `None` if one of them may be
/// used after the spawn has returned another handle.
fn copies<'m>(spawn: Instruction<'m>, loads: Vec<Instruction<'m>>) -> Option<Vec<Instruction<'m>>> {
    let mut copies = loads;
    let mut next = 0;
    while let Some(&copy) = copies.get(next) {
        next += 1;
        for user in copy.value().all_users()? {
            if copy.reaches(spawn, Some(user)) || copies.len() > MAX_COPIES {
                return None;
            }
            if user.incoming_terminators(copy.value()).is_some() && !copies.contains(&user) {
                copies.push(user);
            }
        }
    }
    let known: HashSet<Value<'m>> =
        copies.iter().copied().chain([spawn]).map(Instruction::value).collect();
    let is_phi = |copy: &&Instruction<'m>| copy.loaded().is_none();
    let all_known = |phi: &Instruction<'m>| phi.operands().iter().all(|from| known.contains(from));
    copies.iter().filter(is_phi).all(all_known).then_some(copies)
}

/// Examines the functions that get the object.
struct MemberSearch<'a, 'b, 'm> {
    module: Module<'m>,
    index: &'a Index<'b, 'm>,
    /// The offset of the member in the object.
    place: Access<'m>,
    /// The number of uses that may still be examined.
    left: usize,
}

impl<'m> MemberSearch<'_, '_, 'm> {
    /// Whether a call that gets the address of a byte of the object leaves the member alone. `None` if the
    /// address may escape.
    fn leaves_alone(
        &mut self,
        offset: i64,
        call: Call<'m>,
        argument: usize,
        depth: usize,
    ) -> Option<bool> {
        let (function, param) = self.callee(call, argument)?;
        let param = *function.params().get(param)?;
        if depth > MAX_DEPTH {
            return None;
        }
        let accesses = param.accesses(self.module, offset)?;
        self.left = self.left.checked_sub(accesses.len())?;
        let mut alone = true;
        for access in accesses {
            alone &= match access.kind {
                AccessKind::Argument(call, argument) => {
                    self.leaves_alone(access.offset, call, argument, depth + 1)?
                }
                _ => !access.touches(self.place.offset, self.place.bytes),
            };
        }
        Some(alone)
    }

    /// The function that gets an argument of a call, and the index of the parameter.
    fn callee(&self, call: Call<'m>, argument: usize) -> Option<(Function<'m>, usize)> {
        match self.index.get(&call) {
            // The body has the argument operand as its first parameter.
            Some(site)
                if site.intrinsic.makes_context()
                    && site.intrinsic.position(ParamKind::Argument) == Some(argument) =>
            {
                Some((site.copyable_body()?, 0))
            }
            Some(_) => None,
            None => {
                let function = call.callee().as_copyable_function()?;
                (function.ty() == call.function_type()).then_some((function, argument))
            }
        }
    }
}
