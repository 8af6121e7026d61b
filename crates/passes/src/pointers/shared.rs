//! Decides which local variables other code may access while their context is suspended.
//!
//! Such a variable is *shared*: its address is given to a call during which other code may run, or other
//! code may have kept its address when such a call is made.
//!
//! An attribute that says that a callee does not keep the address is no help if the callee may suspend:
//! until it returns it may lend the address to anybody, such as another thread or the context that it
//! resumes.

use std::collections::HashSet;

use stackswitch_ir::{Call, Exposure, Function, Instruction, Module, Reach, Value};

use crate::slices::Lives;

/// The name of the remark about a shared variable.
pub(super) const REMARK: &str = "StablePointer";

/// A variable in memory.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'m> {
    /// A local variable of this many bytes.
    Local(Instruction<'m>, u64),
    /// A local variable whose size is computed, or that is made more than once.
    Growing(Instruction<'m>),
    /// An argument that is passed by value in memory: the number of bytes, and their alignment.
    Argument(Value<'m>, u64, u64),
}

impl<'m> Place<'m> {
    /// Its address.
    pub(super) fn address(self) -> Value<'m> {
        match self {
            Place::Local(variable, _) | Place::Growing(variable) => variable.value(),
            Place::Argument(argument, ..) => argument,
        }
    }

    /// Its name and size, for people.
    pub(super) fn describe(self, module: Module<'m>) -> String {
        let name = self.address().name();
        let (kind, bytes) = match self {
            Place::Local(variable, _) | Place::Growing(variable) => {
                ("local variable", variable.variable_size(module))
            }
            Place::Argument(_, bytes, _) => ("argument", Some(bytes)),
        };
        let size = bytes.map_or("unknown size".to_owned(), |bytes| format!("{bytes} bytes"));
        if name.is_empty() { format!("a {kind} of {size}") } else { format!("'{name}' ({size})") }
    }
}

/// Why a variable has to move.
#[derive(Clone, Copy, Debug)]
pub(super) enum WhyShared<'m> {
    /// Its address gets to other code.
    Exposed(Exposure<'m>),
    /// It is large, and the threshold for the heap says that large variables are not copied.
    Large(Instruction<'m>),
}

impl<'m> WhyShared<'m> {
    /// The instruction that is the reason.
    pub(super) fn at(self) -> Instruction<'m> {
        match self {
            WhyShared::Exposed(Exposure::Given(at) | Exposure::Kept(at)) | WhyShared::Large(at) => {
                at
            }
        }
    }

    /// The reason, for people.
    pub(super) fn text(self) -> &'static str {
        match self {
            WhyShared::Exposed(Exposure::Given(_)) => {
                "its address is given to a call during which other contexts may run"
            }
            WhyShared::Exposed(Exposure::Kept(_)) => {
                "other code may keep its address from here on, and other contexts may run later"
            }
            WhyShared::Large(_) => "it is large",
        }
    }
}

/// A shared variable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variable<'m> {
    pub(super) place: Place<'m>,
    pub(super) why_shared: WhyShared<'m>,
}

/// The shared variables of a function, and those of at least `threshold` bytes that a switch may need;
/// 0 means no threshold. `points` are the calls during which other code may run.
pub(super) fn find<'m>(
    module: Module<'m>,
    function: Function<'m>,
    points: &[Call<'m>],
    reach: &dyn Fn(Call<'m>, usize) -> Reach,
    threshold: u64,
) -> Vec<Variable<'m>> {
    // At a musttail call the variables have ended.
    let points: Vec<Call<'m>> = points.iter().copied().filter(|p| !p.is_musttail()).collect();
    let Some(first) = points.first() else { return Vec::new() };
    let dead = dead_at_all(module, function, &points);
    let mut found = Vec::new();
    for place in places(module, function) {
        let exposure = place.address().exposure(reach);
        let is_dead = matches!(place, Place::Local(v, _) if dead.contains(&v));
        let why = match (exposure, place) {
            (Some(Exposure::Given(at)), _) => WhyShared::Exposed(Exposure::Given(at)),
            (Some(kept), _) if !is_dead => WhyShared::Exposed(kept),
            (_, Place::Local(_, bytes)) if threshold != 0 && bytes >= threshold && !is_dead => {
                WhyShared::Large(first.instruction())
            }
            _ => continue,
        };
        found.push(Variable { place, why_shared: why });
    }
    found
}

/// The variables and arguments of a function that are in memory, in their order.
fn places<'m>(module: Module<'m>, function: Function<'m>) -> Vec<Place<'m>> {
    let params = function.params().into_iter().enumerate();
    let arguments = params.filter_map(|(index, param)| {
        let (bytes, alignment) = function.copied_param(module, index as u32)?;
        Some(Place::Argument(param, bytes, alignment))
    });
    let variables = function.walk().filter(|i| i.is_alloca()).map(|variable| {
        match variable.variable_size(module) {
            Some(bytes) => Place::Local(variable, bytes),
            None => Place::Growing(variable),
        }
    });
    arguments.chain(variables).collect()
}

/// The variables that lifetime markers show to be dead at each of the calls.
fn dead_at_all<'m>(
    module: Module<'m>,
    function: Function<'m>,
    points: &[Call<'m>],
) -> HashSet<Instruction<'m>> {
    let twice = function.walk().filter_map(Instruction::call).any(Call::may_return_twice);
    // Where a call returns twice the order of the blocks says nothing.
    let Some(lives) = Lives::analyse(module, function).filter(|_| !twice) else {
        return HashSet::new();
    };
    let needed = lives.needed_at(points).iter().fold(0, |all, (_, needed)| all | needed);
    lives.members(!needed).into_iter().map(|(variable, _)| variable).collect()
}
