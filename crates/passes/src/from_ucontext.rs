//! `stackswitch-from-ucontext`: replaces the functions of `<ucontext.h>` by the runtime's.
//!
//! The runtime has each of the four functions for the system's own `ucontext_t`, with the system's types
//! and results. So every use of a name, call or address, can be replaced. A context that the system's
//! functions have captured cannot be resumed by the runtime's, and the other way round. So a module changes
//! as a whole or not at all.

use crate::cpu;
use crate::remark::Remark;
use crate::verify::Finding;
use stackswitch_ir::{AttributePlace, Function, Linkage, Module, Type};

/// The module flag that makes the default pipelines run the pass: 1 leaves the signal mask to the
/// thread, 2 keeps it in the context.
pub(crate) const FLAG: &str = "stackswitch-from-ucontext";

/// Whether a signal mask belongs to a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalMask {
    /// It belongs to the thread: a switch makes no system call.
    Thread,
    /// It belongs to the context, as in POSIX.
    Context,
}

impl SignalMask {
    /// The kind that the module's flag asks for, if the module has the flag.
    pub(crate) fn asked_for(module: Module<'_>) -> Option<Self> {
        match module.flag(FLAG) {
            Some(1) => Some(SignalMask::Thread),
            Some(2) => Some(SignalMask::Context),
            _ => None,
        }
    }
}

/// One function of `<ucontext.h>` and the runtime's functions that replace it.
struct Replacement {
    /// The system's name.
    name: &'static str,
    /// The runtime's function that leaves the signal mask to the thread, and the one that keeps it in
    /// the context.
    symbols: [&'static str; 2],
    /// The number of its pointer parameters.
    pointers: usize,
    /// Whether it also takes a count and that many values, and returns nothing.
    variadic: bool,
    /// Whether it may return more than once.
    returns_twice: bool,
}

const REPLACEMENTS: [Replacement; 4] = [
    Replacement {
        name: "getcontext",
        symbols: ["stackswitch_ucontext_getcontext", "stackswitch_ucontext_getcontext_sigmask"],
        pointers: 1,
        variadic: false,
        returns_twice: true,
    },
    Replacement {
        name: "setcontext",
        symbols: ["stackswitch_ucontext_setcontext", "stackswitch_ucontext_setcontext"],
        pointers: 1,
        variadic: false,
        returns_twice: false,
    },
    Replacement {
        name: "makecontext",
        symbols: ["stackswitch_ucontext_makecontext", "stackswitch_ucontext_makecontext"],
        pointers: 2,
        variadic: true,
        returns_twice: false,
    },
    Replacement {
        name: "swapcontext",
        symbols: ["stackswitch_ucontext_swapcontext", "stackswitch_ucontext_swapcontext_sigmask"],
        pointers: 2,
        variadic: false,
        returns_twice: true,
    },
];

impl Replacement {
    /// Its type in C.
    fn ty<'m>(&self, module: Module<'m>) -> Type<'m> {
        let mut params = vec![Type::pointer(module, 0); self.pointers];
        if self.variadic {
            params.push(Type::int32(module));
            Type::variadic(Type::void(module), &params)
        } else {
            Type::function(Type::int32(module), &params)
        }
    }

    /// Why its uses cannot be replaced. `None` if they can.
    fn obstacle(&self, module: Module<'_>, function: Function<'_>) -> Option<String> {
        let ty = self.ty(module);
        if !function.is_declaration() {
            Some(format!("'{}' is defined in this module", self.name))
        } else if function.ty() != ty {
            Some(format!("'{}' has type '{}'; expected '{ty}'", self.name, function.ty()))
        } else {
            let mut calls = function.uses().0.into_iter().map(|call| call.function_type());
            let other = calls.find(|called| *called != ty)?;
            Some(format!("'{}' is called with type '{other}'; expected '{ty}'", self.name))
        }
    }
}

/// The result for a module.
pub(crate) enum Outcome<'m> {
    /// All functions were replaced, if there were any. `true` if the module changed.
    Done(bool),
    /// Nothing was replaced. The warnings say why.
    Refused(Vec<Finding<'m>>),
}

/// Replaces the functions of `<ucontext.h>` in a module.
pub(crate) fn replace<'m>(
    module: Module<'m>,
    mask: SignalMask,
    report: &dyn Fn(&Remark<'m>),
) -> Outcome<'m> {
    let found: Vec<_> = REPLACEMENTS
        .iter()
        .filter_map(|replacement| Some((replacement, module.function(replacement.name)?)))
        .filter(|(_, function)| !function.is_unused())
        .collect();
    if found.is_empty() {
        return Outcome::Done(false);
    }
    let why = if cpu::knows_ucontext(module) {
        found.iter().find_map(|(replacement, function)| replacement.obstacle(module, *function))
    } else {
        Some(format!("the layout of 'ucontext_t' is not known for '{}'", module.triple()))
    };
    if let Some(why) = why {
        return Outcome::Refused(refusals(&found, &why));
    }
    for (replacement, function) in found {
        replacement.replace(module, function, mask, report);
    }
    Outcome::Done(true)
}

/// A warning at each call: the program would mix contexts of two kinds.
fn refusals<'m>(found: &[(&Replacement, Function<'m>)], why: &str) -> Vec<Finding<'m>> {
    let calls = found.iter().flat_map(|(replacement, function)| {
        function.uses().0.into_iter().map(move |call| (replacement.name, call))
    });
    calls
        .map(|(name, call)| {
            Finding::warning(
                call.instruction(),
                format!("'{name}' stays the system's: {why}"),
                "a context of the system's is none for the runtime, nor the other way round"
                    .to_owned(),
            )
        })
        .collect()
}

impl Replacement {
    /// Replaces all uses of one function.
    fn replace<'m>(
        &self,
        module: Module<'m>,
        function: Function<'m>,
        mask: SignalMask,
        report: &dyn Fn(&Remark<'m>),
    ) {
        let [plain, with_mask] = self.symbols;
        let symbol = if mask == SignalMask::Context { with_mask } else { plain };
        let ours = module
            .function(symbol)
            .unwrap_or_else(|| Function::add(module, symbol, self.ty(module), Linkage::External));
        if self.returns_twice {
            ours.add_attribute(module, AttributePlace::Function, "returns_twice", 0);
        }
        ours.copy_attribute(function, "nounwind");
        for call in function.uses().0 {
            if self.returns_twice {
                call.add_attribute(module, "returns_twice");
            }
            report(&Remark {
                at: call.instruction(),
                taken: true,
                name: "FromUcontext",
                text: format!("'{}' is now '{symbol}'", self.name),
            });
        }
        function.replace_all_uses_with(ours);
        function.erase();
    }
}
