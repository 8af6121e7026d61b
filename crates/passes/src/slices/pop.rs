//! Moves local variables that no switch needs below the fixed part of the frame, from the start of
//! their lifetime to its end. So no switch copies them.
//!
//! Only the variable's place changes. It is still left with its frame, in whatever way, and a clone still
//! has a copy. Variables that are needed at the same time move together, so that the stack pointer goes
//! back up only when none of them is needed.

use super::lives::{Lives, Mark, Set};
use super::memory::Memory;
use super::points::frame_is_followed;
use crate::remark::Remark;
use stackswitch_ir::{Builder, Call, Function, Instruction, Lifetime, Module, Value};

/// Variables of fewer bytes stay: copying them is faster than growing and shrinking the frame.
const MIN_BYTES: u64 = 256;

/// How variables that move together are moved.
#[derive(Debug)]
struct Plan<'m> {
    /// The places where their memory is taken.
    openings: Vec<Instruction<'m>>,
    /// The places where it is freed.
    closings: Vec<Instruction<'m>>,
    /// The variables, with their sizes.
    variables: Vec<(Instruction<'m>, u64)>,
    /// The instructions that use them: the variable, and the place where its memory was taken.
    uses: Vec<(Instruction<'m>, usize, usize)>,
    marks: Vec<Instruction<'m>>,
}

/// Moves the variables of one function that has calls at which its frame may be left. Returns
/// whether anything changed.
pub(super) fn move_below_frame<'m>(
    module: Module<'m>,
    function: Function<'m>,
    points: &[Call<'m>],
    may_switch: &dyn Fn(Call<'m>) -> bool,
    report: &dyn Fn(&Remark<'m>),
) -> bool {
    let Some(lives) = Lives::analyse(module, function) else { return false };
    let marks = lives.marks();
    let groups = groups(&lives, &marks);
    if groups.is_empty() {
        return false;
    }
    let refused = obstacle(module, function, &lives);
    let needed_at = lives.needed_at(points);
    let mut plans = Vec::new();
    for group in groups {
        let bytes = lives.members(group).iter().fold(0, |sum: u64, (_, b)| sum.saturating_add(*b));
        if bytes < MIN_BYTES {
            continue;
        }
        let first = needed_at.iter().find(|(_, needed)| needed & group != 0);
        let plan = if let Some(why) = refused {
            Err(why)
        } else if needed_at.iter().all(|(_, needed)| needed & group != 0) {
            Err("every switch needs them")
        } else {
            plan(&lives, &marks, group, may_switch)
        };
        match plan {
            Ok(plan) => {
                let text = format!(
                    "{bytes} bytes of local variables are below the frame while they are needed, \
                     and do not travel with a switch that does not need them"
                );
                report(&Remark { at: plan.openings[0], taken: true, name: "SlicePopped", text });
                plans.push(plan);
            }
            Err(why) => {
                let at = first.or(needed_at.first()).map(|(call, _)| call.instruction());
                if let Some(at) = at {
                    let text = format!("{bytes} bytes of local variables stay in the frame: {why}");
                    report(&Remark { at, taken: false, name: "SlicePopped", text });
                }
            }
        }
    }
    if plans.is_empty() {
        return false;
    }
    apply(module, function, &plans);
    true
}

/// The reason why a function's variables stay, if there is one.
fn obstacle<'m>(
    module: Module<'m>,
    function: Function<'m>,
    lives: &Lives<'m>,
) -> Option<&'static str> {
    if let Some(why) = frame_is_followed(function) {
        return Some(why);
    }
    for &instruction in lives.blocks.iter().flat_map(|block| &block.instructions) {
        if instruction.is_funclet() {
            return Some("the function handles exceptions in parts of itself");
        }
        if instruction.saves_or_restores_stack()
            || (instruction.is_alloca() && instruction.variable_size(module).is_none())
        {
            return Some("the frame grows and shrinks for other variables");
        }
        if instruction.call().is_some_and(Call::may_return_twice) {
            return Some("the function calls what returns twice");
        }
    }
    None
}

/// Groups the variables: two that may be needed at the same time are in one group.
fn groups<'m>(lives: &Lives<'m>, marks: &[Mark<'m>]) -> Vec<Set> {
    let mut groups: Vec<Set> = (0..lives.variables.len()).map(|i| 1 << i).collect();
    for mark in marks {
        let together = mark.after;
        let (joined, mut apart): (Vec<Set>, Vec<Set>) =
            groups.into_iter().partition(|group| group & together != 0);
        if !joined.is_empty() {
            apart.push(joined.into_iter().fold(0, |all, group| all | group));
        }
        groups = apart;
    }
    groups.sort_unstable();
    groups
}

/// Plans how variables move, or says why they cannot.
fn plan<'m>(
    lives: &Lives<'m>,
    marks: &[Mark<'m>],
    group: Set,
    may_switch: &dyn Fn(Call<'m>) -> bool,
) -> Result<Plan<'m>, &'static str> {
    let variables = lives.members(group);
    let own: Vec<&Mark<'m>> = marks.iter().filter(|mark| mark.of & group != 0).collect();
    let openings: Vec<Instruction<'m>> = own
        .iter()
        .filter(|mark| mark.which == Lifetime::Start && mark.before & group == 0)
        .map(|mark| mark.at)
        .collect();
    let closings: Vec<Instruction<'m>> = own
        .iter()
        .filter(|mark| mark.before & group != 0 && mark.after & group == 0)
        .map(|mark| mark.at)
        .collect();
    let memory = Memory::trace(&lives.blocks, &openings, &closings)
        .ok_or("their lifetime starts in too many places")?;
    let starts =
        own.iter().filter(|mark| mark.which == Lifetime::Start && mark.before & group != 0);
    if starts.into_iter().any(|mark| !memory.is_taken(mark.at)) {
        return Err("their lifetime may have ended where it goes on");
    }
    let mut uses = Vec::new();
    for (place, (variable, _)) in variables.iter().enumerate() {
        let users = variable.value().all_users().ok_or("one is used in an unknown way")?;
        for user in users.into_iter().filter(|user| user.lifetime().is_none()) {
            let Some(opening) = memory.opening_for(user, variable.value()) else {
                return Err("one is used where its lifetime may not have started, or again");
            };
            uses.push((user, place, opening));
        }
    }
    // An address computed from a variable's address belongs to the same memory.
    if openings.len() > 1 && !uses.iter().all(|&(user, _, opening)| memory.keeps(user, opening)) {
        return Err("an address in one is used when its lifetime has started again");
    }
    // A base that was made before the variables exist lies above them, and its contexts would run in
    // their place. So their addresses must not escape while other contexts can run.
    if variables.iter().any(|(v, _)| v.value().may_escape()) {
        let mut others_run = false;
        lives.each(|at, before| {
            others_run |= before & group != 0 && at.call().is_some_and(may_switch);
        });
        if others_run {
            return Err("another context may know the address of one");
        }
    }
    let marks = own.iter().map(|mark| mark.at).collect();
    Ok(Plan { openings, closings, variables, uses, marks })
}

/// Moves the variables.
fn apply<'m>(module: Module<'m>, function: Function<'m>, plans: &[Plan<'m>]) {
    // An allocation in the first block would be part of the fixed frame.
    let saved: Value<'m> = function.add_first_block(module).save_stack();
    for plan in plans {
        let made: Vec<Vec<Value<'m>>> = plan
            .openings
            .iter()
            .map(|&opening| {
                let builder = Builder::before_instruction(module, opening);
                let make = |&(old, bytes): &(Instruction<'m>, u64)| {
                    builder.growing_variable(bytes, old.variable_alignment())
                };
                plan.variables.iter().map(make).collect()
            })
            .collect();
        for &(user, variable, opening) in &plan.uses {
            user.replace_operand(plan.variables[variable].0.value(), made[opening][variable]);
        }
        for &closing in &plan.closings {
            Builder::before_instruction(module, closing).restore_stack(saved);
        }
        for call in plan.marks.iter().filter_map(|mark| mark.call()) {
            call.replace_and_name(None);
        }
        for (place, &(old, _)) in plan.variables.iter().enumerate() {
            old.replace_variable(made[0][place]);
        }
    }
}
