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

/// A module's flag of that name asks for the pass in the default pipelines: 1 without and 2 with
/// the signal mask.
pub(crate) const FLAG: &str = "stackswitch-from-ucontext";

/// Whether a signal mask belongs to a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalMask {
    /// It is the thread's: a switch makes no system call.
    Thread,
    /// As POSIX has it.
    Context,
}

impl SignalMask {
    /// What a module's flag asks for, if it has one.
    pub(crate) fn asked_for(module: Module<'_>) -> Option<Self> {
        match module.flag(FLAG) {
            Some(1) => Some(SignalMask::Thread),
            Some(2) => Some(SignalMask::Context),
            _ => None,
        }
    }
}

/// One of the functions.
struct Known {
    name: &'static str,
    /// The runtime's, and the one that has the signal mask in the context.
    symbols: [&'static str; 2],
    /// Pointers that it takes.
    pointers: usize,
    /// Whether it takes a count and so many values more, and returns nothing.
    variadic: bool,
    returns_twice: bool,
}

const KNOWN: [Known; 4] = [
    Known {
        name: "getcontext",
        symbols: ["stackswitch_ucontext_getcontext", "stackswitch_ucontext_getcontext_sigmask"],
        pointers: 1,
        variadic: false,
        returns_twice: true,
    },
    Known {
        name: "setcontext",
        symbols: ["stackswitch_ucontext_setcontext", "stackswitch_ucontext_setcontext"],
        pointers: 1,
        variadic: false,
        returns_twice: false,
    },
    Known {
        name: "makecontext",
        symbols: ["stackswitch_ucontext_makecontext", "stackswitch_ucontext_makecontext"],
        pointers: 2,
        variadic: true,
        returns_twice: false,
    },
    Known {
        name: "swapcontext",
        symbols: ["stackswitch_ucontext_swapcontext", "stackswitch_ucontext_swapcontext_sigmask"],
        pointers: 2,
        variadic: false,
        returns_twice: true,
    },
];

impl Known {
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

    /// Why its uses cannot be replaced, if so.
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

/// What became of a module.
pub(crate) enum Outcome<'m> {
    /// Whether it changed.
    Done(bool),
    /// It did not: warnings say why.
    Refused(Vec<Finding<'m>>),
}

/// Replaces the functions in a module.
pub(crate) fn replace<'m>(
    module: Module<'m>,
    mask: SignalMask,
    report: &dyn Fn(&Remark<'m>),
) -> Outcome<'m> {
    let found: Vec<_> = KNOWN
        .iter()
        .filter_map(|known| Some((known, module.function(known.name)?)))
        .filter(|(_, function)| !function.is_unused())
        .collect();
    if found.is_empty() {
        return Outcome::Done(false);
    }
    let why = if cpu::knows_ucontext(module) {
        found.iter().find_map(|(known, function)| known.obstacle(module, *function))
    } else {
        Some("the layout of 'ucontext_t' is known for 64-bit Linux on x86-64 only".to_owned())
    };
    if let Some(why) = why {
        return Outcome::Refused(refusals(&found, &why));
    }
    for (known, function) in found {
        known.replace(module, function, mask, report);
    }
    Outcome::Done(true)
}

/// A warning at each call: the program would mix contexts of two kinds.
fn refusals<'m>(found: &[(&Known, Function<'m>)], why: &str) -> Vec<Finding<'m>> {
    let calls = found.iter().flat_map(|(known, function)| {
        function.uses().0.into_iter().map(move |call| (known.name, call))
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

impl Known {
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
