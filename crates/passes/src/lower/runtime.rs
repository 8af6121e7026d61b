//! Declares runtime functions with the attributes that LLVM may rely on.

use crate::verify;
use stackswitch_abi::intrinsics::{Form, Intrinsic, Memory, ParamKind, Properties, Returns, Typed};
use stackswitch_ir::{AttributePlace, Function, Linkage, Module, Type};

/// Attributes that say what the upper bits of a register hold.
pub(super) const EXTENSIONS: [&str; 2] = ["signext", "zeroext"];

/// A declared runtime function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runtime<'m> {
    /// The function.
    pub(super) function: Function<'m>,
    /// The type to call it with, whatever type the module declared it with.
    pub(super) ty: Type<'m>,
    /// Whether the declaration is new or has got new attributes.
    pub(super) changed: bool,
}

impl<'m> Runtime<'m> {
    /// Finds or makes the declaration of the runtime's function for an intrinsic.
    pub(super) fn declare(module: Module<'m>, intrinsic: &Intrinsic, form: Form) -> Self {
        let symbol = intrinsic.symbol(form).to_string();
        let ty = match form {
            Form::Wide => verify::wide_type(module, intrinsic),
            Form::Typed(typed) => {
                let value = verify::typed_value(module, typed).unwrap_or(Type::pointer(module, 0));
                verify::expected_type(module, intrinsic, value)
            }
        };
        let (function, mut changed) = match module.function(&symbol) {
            Some(function) => (function, false),
            None => (Function::add(module, &symbol, ty, Linkage::External), true),
        };
        // A definition (the runtime in the same module) keeps its own attributes.
        if function.is_declaration() {
            changed |= add_effects(module, function, &intrinsic.properties);
            if is_small(form) {
                changed |= extend_values(module, function, intrinsic);
            }
        }
        Runtime { function, ty, changed }
    }
}

/// Whether values of this form fill only a part of the register that they are passed in.
pub(super) fn is_small(form: Form) -> bool {
    matches!(form, Form::Typed(Typed::I8 | Typed::I16))
}

/// Adds the attributes that LLVM may rely on. Returns whether one of them is new.
fn add_effects(module: Module<'_>, function: Function<'_>, properties: &Properties) -> bool {
    let mut changed = false;
    let mut add = |name, value| {
        changed |= function.add_attribute(module, AttributePlace::Function, name, value);
    };
    if properties.captures {
        add("returns_twice", 0);
    }
    if !properties.runs_other_code() {
        add("nounwind", 0);
        add("willreturn", 0);
    }
    if let Some(memory) = memory_attribute(properties.memory()) {
        add("memory", memory);
    }
    changed
}

/// Sends small integers sign-extended, as C passes the header's types: receivers in C that were compiled
/// without the plugin rely on it. Nothing is assumed about received integers, because the other side may be
/// a body that returned only the low bits.
fn extend_values<'m>(module: Module<'m>, function: Function<'m>, intrinsic: &Intrinsic) -> bool {
    let mut changed = false;
    for (i, param) in intrinsic.params.iter().enumerate() {
        let place = AttributePlace::Param(i as u32);
        if param.kind == ParamKind::Value && function.attribute(place, "zeroext").is_none() {
            changed |= function.add_attribute(module, place, "signext", 0);
        }
    }
    if intrinsic.returns == Returns::Value {
        for name in EXTENSIONS {
            changed |= function.remove_attribute(AttributePlace::Result, name);
        }
    }
    changed
}

/// The value of LLVM's `memory` attribute: two bits (1 reads, 2 writes) for each kind of memory. The first
/// kind is memory that arguments point to, the second is memory that the program cannot reach.
fn memory_attribute(memory: Memory) -> Option<u64> {
    const READS: u64 = 1;
    const READS_AND_WRITES: u64 = 3;
    const ARGUMENTS: u32 = 0;
    const INACCESSIBLE: u32 = 2;
    match memory {
        Memory::Any => None,
        Memory::None => Some(0),
        Memory::ReadsRuntime => Some(READS << INACCESSIBLE),
        Memory::Hint => Some(READS << ARGUMENTS | READS_AND_WRITES << INACCESSIBLE),
    }
}
