//! Declarations of runtime functions, with what LLVM may assume of them.

use crate::intrinsics::{Effects, Form, Intrinsic, Memory, ParamKind, Returns, Typed};
use crate::ir::{AttributePlace, Function, Linkage, Module, Type};
use crate::verify;

/// A declared runtime function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runtime<'m> {
    /// The function.
    pub(super) function: Function<'m>,
    /// The type to call it with, whatever type the module declared it with.
    pub(super) ty: Type<'m>,
    /// Whether the declaration is new or got attributes that it did not have.
    pub(super) changed: bool,
}

impl<'m> Runtime<'m> {
    /// Finds or makes the declaration of the function that does an intrinsic's work.
    pub(super) fn declare(module: Module<'m>, intrinsic: &Intrinsic, form: Form) -> Self {
        let symbol = intrinsic.symbol(form);
        let ty = match form {
            Form::Wide => verify::wide_type(module, intrinsic),
            Form::Typed(typed) => {
                let value = verify::typed_value(module, typed).unwrap_or(Type::pointer(module, 0));
                verify::expected_type(module, intrinsic, value)
            }
        };
        if let Some(function) = module.function(&symbol) {
            // A definition (the runtime itself, compiled along) knows best what it does.
            let changed =
                function.is_declaration() && add_effects(module, function, intrinsic.effects);
            return Runtime { function, ty, changed };
        }
        let function = Function::add(module, &symbol, ty, Linkage::External);
        add_effects(module, function, intrinsic.effects);
        if matches!(form, Form::Typed(Typed::I8 | Typed::I16)) {
            add_extensions(module, function, intrinsic);
        }
        Runtime { function, ty, changed: true }
    }
}

/// Tells LLVM what the function may do. Returns whether that was news.
fn add_effects(module: Module<'_>, function: Function<'_>, effects: Effects) -> bool {
    let mut changed = false;
    let mut add = |name, value| {
        changed |= function.add_attribute(module, AttributePlace::Function, name, value);
    };
    if effects.returns_twice {
        add("returns_twice", 0);
    }
    if effects.nounwind {
        add("nounwind", 0);
    }
    if effects.willreturn {
        add("willreturn", 0);
    }
    if let Some(memory) = memory_attribute(effects.memory) {
        add("memory", memory);
    }
    changed
}

/// C passes small integers sign-extended, as the header declares them; the runtime may count on it.
fn add_extensions(module: Module<'_>, function: Function<'_>, intrinsic: &Intrinsic) {
    for (i, param) in intrinsic.params.iter().enumerate() {
        if param.kind == ParamKind::Value {
            function.add_attribute(module, AttributePlace::Param(i as u32), "signext", 0);
        }
    }
    if intrinsic.returns == Returns::Value {
        function.add_attribute(module, AttributePlace::Result, "signext", 0);
    }
}

/// The value of LLVM's `memory` attribute: two bits (1 reads, 2 writes) per kind of memory, of
/// which the first is what arguments point to and the second what the program cannot reach.
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
