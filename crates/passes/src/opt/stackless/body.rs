//! Decides which bodies can be stackless: those that suspend only in their own frame.

use crate::opt::nosuspend::SuspendFacts;
use crate::verify::{Index, Site};
use stackswitch_abi::intrinsics::Control;
use stackswitch_ir::{AttributePlace, Call, Function, Module, Type, TypeKind};

/// The most instructions of a function that suspends for the body and is inlined into it.
const MAX_HELPER: usize = 200;
/// The deepest call chain of such functions.
const MAX_DEPTH: usize = 8;
/// The most instructions of a body with its inlined functions.
const MAX_ALL: usize = 4000;

/// Attributes of parameters that are not plain pointers.
const PARAM_ABI: [&str; 10] = [
    "inreg",
    "byval",
    "byref",
    "inalloca",
    "preallocated",
    "sret",
    "swifterror",
    "swiftself",
    "swiftasync",
    "nest",
];

/// LLVM's intrinsics that have a meaning within one frame only.
const OF_THE_FRAME: [&str; 10] = [
    "llvm.addressofreturnaddress",
    "llvm.coro.",
    "llvm.eh.sjlj.",
    "llvm.experimental.",
    "llvm.frameaddress",
    "llvm.invariant.",
    "llvm.localescape",
    "llvm.returnaddress",
    "llvm.stackrestore",
    "llvm.stacksave",
];

/// Of these, the one that only starts a scope of what is known of accesses to memory. Stackless bodies
/// drop all such knowledge.
const SCOPE: &str = "llvm.experimental.noalias.scope.decl";

/// The parts of a body.
#[derive(Debug, Default)]
pub(super) struct Body<'m> {
    /// The functions by which it suspends.
    pub(super) suspends: Vec<Function<'m>>,
    /// Functions that suspend for it, and are inlined into it.
    pub(super) helpers: Vec<Function<'m>>,
    /// The bytes of stack that its callees need.
    pub(super) stack: u64,
    /// Its number of instructions, with the inlined functions.
    instructions: usize,
}

/// Examines a body whose values have the type `value`. The error is the reason why it cannot be
/// stackless.
pub(super) fn examine<'m>(
    module: Module<'m>,
    body: Function<'m>,
    value: Type<'m>,
    index: &Index<'_, 'm>,
    facts: &SuspendFacts<'m>,
) -> Result<Body<'m>, String> {
    let special = (0..2).any(|i| {
        PARAM_ABI.iter().any(|name| body.attribute(AttributePlace::Param(i), name).is_some())
    });
    if special {
        return Err(format!("'{}' takes its argument in a special way", body.name()));
    }
    let mut examination = Examination { module, value, index, facts, found: Body::default() };
    examination.function(body, &mut vec![])?;
    Ok(examination.found)
}

/// The state of examining a body and the functions that are inlined into it.
struct Examination<'a, 'b, 'm> {
    module: Module<'m>,
    value: Type<'m>,
    index: &'a Index<'b, 'm>,
    facts: &'a SuspendFacts<'m>,
    found: Body<'m>,
}

impl<'m> Examination<'_, '_, 'm> {
    /// Examines one function. `callers` are the functions that it is inlined into.
    fn function(
        &mut self,
        function: Function<'m>,
        callers: &mut Vec<Function<'m>>,
    ) -> Result<(), String> {
        let name = || function.name();
        let has = |what| function.attribute(AttributePlace::Function, what).is_some();
        if has("optnone") || has("naked") || has("presplitcoroutine") || function.has_collector() {
            return Err(format!("'{}' must stay as it is", name()));
        }
        if has("strictfp") {
            return Err(format!("'{}' has a floating-point control state of its own", name()));
        }
        let instructions = function.instructions();
        if !callers.is_empty() && instructions.len() > MAX_HELPER {
            return Err(format!("'{}', which suspends for it, is large", name()));
        }
        self.found.instructions += instructions.len();
        if self.found.instructions > MAX_ALL {
            return Err(format!("'{}' is large", name()));
        }
        callers.push(function);
        for instruction in instructions {
            if instruction.is_computed_jump() {
                return Err(format!("'{}' jumps to computed addresses", name()));
            }
            if instruction.is_alloca() && instruction.variable_size(self.module).is_none() {
                return Err(format!("the size of a variable of '{}' is not known", name()));
            }
            let ty = instruction.value().ty();
            if ty.kind() != TypeKind::Void && !ty.is_storable() {
                return Err(format!("'{}' holds a value that has no place in memory", name()));
            }
            if let Some(call) = instruction.call() {
                self.call(call, callers)?;
            }
        }
        callers.pop();
        Ok(())
    }

    /// Examines one call.
    fn call(&mut self, call: Call<'m>, callers: &mut Vec<Function<'m>>) -> Result<(), String> {
        if let Some(&site) = self.index.get(&call) {
            return self.operation(site);
        }
        if call.may_return_twice() {
            return Err("it calls what returns twice".to_owned());
        }
        if call.is_assembly() {
            return Err("it holds inline assembly".to_owned());
        }
        let Some(callee) = call.callee().as_function() else {
            return Err("it calls a function by its address".to_owned());
        };
        if call.is_leaf_intrinsic() {
            let name = callee.name();
            return match OF_THE_FRAME.iter().find(|prefix| name.starts_with(*prefix)) {
                Some(_) if name == SCOPE => Ok(()),
                Some(_) => Err(format!("it calls '{name}'")),
                None => Ok(()),
            };
        }
        let exact = call.callee().as_exact_function();
        if let Some(safe) = exact.and_then(|exact| self.facts.proof(exact).ok()) {
            if let Some(obstacle) = &safe.obstacle {
                return Err(format!("it calls '{}': {obstacle}", callee.name()));
            }
            self.found.stack = self.found.stack.max(safe.stack);
            return Ok(());
        }
        self.helper(call, callee, callers)
    }

    /// Examines an operation.
    fn operation(&mut self, site: &Site<'m>) -> Result<(), String> {
        let (call, properties) = (site.call, &site.intrinsic.properties);
        if properties.may_move() {
            return Ok(());
        }
        if properties.control != Control::Suspends {
            return Err(format!("it calls '{}'", site.intrinsic.full_name()));
        }
        if site.is_wide() {
            return Err("its value goes through memory".to_owned());
        }
        if site.value_type != Some(self.value) {
            return Err("it suspends with another type".to_owned());
        }
        if call.has_bundles() {
            return Err("a switch has operand bundles".to_owned());
        }
        self.found.suspends.extend(call.callee().as_function());
        Ok(())
    }

    /// Examines a call of a function that may suspend.
    fn helper(
        &mut self,
        call: Call<'m>,
        callee: Function<'m>,
        callers: &mut Vec<Function<'m>>,
    ) -> Result<(), String> {
        let name = callee.name();
        if call.callee().as_copyable_function().is_none() {
            return Err(format!("it calls '{name}', whose body is not known"));
        }
        if callers.contains(&callee) || callers.len() >= MAX_DEPTH {
            return Err(format!("it calls '{name}', which is recursive or suspends too deep"));
        }
        let kept = callee.attribute(AttributePlace::Function, "noinline").is_some()
            || call.has_attribute(AttributePlace::Function, "noinline");
        let differs = |what| {
            callee.string_attribute(what) != callers.first().and_then(|f| f.string_attribute(what))
        };
        if kept || differs("target-cpu") || differs("target-features") {
            return Err(format!("it calls '{name}', which suspends and must not be inlined"));
        }
        if call.function_type() != callee.ty()
            || callee.ty().is_variadic()
            || call.has_bundles()
            || call.calling_convention() != callee.calling_convention()
        {
            return Err(format!("it calls '{name}' in a special way"));
        }
        self.function(callee, callers).map_err(|why| format!("'{name}' suspends for it: {why}"))?;
        if !self.found.helpers.contains(&callee) {
            self.found.helpers.push(callee);
        }
        Ok(())
    }
}

/// Whether other contexts may run between a spawn and a use of its context, apart from these uses.
pub(super) fn waits_for_others<'m>(
    spawn: Call<'m>,
    uses: &[&Site<'m>],
    index: &Index<'_, 'm>,
    facts: &SuspendFacts<'m>,
) -> bool {
    let start = spawn.instruction();
    let between = |call: Call<'m>| {
        let here = call.instruction();
        start.reaches(here, Some(start))
            && uses.iter().any(|site| here.reaches(site.call.instruction(), Some(start)))
    };
    spawn.caller().instructions().into_iter().filter_map(|i| i.call()).any(|call| {
        let known = call == spawn || uses.iter().any(|site| site.call == call);
        !known && facts.may_switch(call, index) && between(call)
    })
}
