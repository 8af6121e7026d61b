//! A call of an intrinsic, with what it means.

use stackswitch_abi::intrinsics::{Form, Intrinsic, ParamKind, Typed};
use stackswitch_ir::{Call, Function, Module, Type, Value};

use crate::carrier::Carrier;

/// A correct call of an intrinsic or of the runtime function that it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Site<'m> {
    /// The call.
    pub(crate) call: Call<'m>,
    /// The operation.
    pub(crate) intrinsic: &'static Intrinsic,
    /// By which name it is called.
    pub(crate) spelling: Spelling,
    /// The type of the value that it carries, if the intrinsic is overloaded.
    pub(crate) value_type: Option<Type<'m>>,
}

impl<'m> Site<'m> {
    /// The runtime function that the call becomes, or is.
    pub(crate) fn form(&self) -> Form {
        match (self.spelling, self.value_type) {
            (Spelling::Runtime(form), _) => form,
            (Spelling::Intrinsic, None) => Form::Typed(Typed::Ptr),
            (Spelling::Intrinsic, Some(ty)) => Carrier::of(ty).form(),
        }
    }

    /// The function operand, if the operation has one and if it is a known function.
    pub(crate) fn body(&self) -> Option<Function<'m>> {
        self.body_operand()?.as_function()
    }

    /// As [`Site::body`], if the function is certain to run with the body that it has here.
    pub(crate) fn exact_body(&self) -> Option<Function<'m>> {
        self.body_operand()?.as_exact_function()
    }

    /// As [`Site::body`], if a copy of the function's body here may run instead of it.
    pub(crate) fn copyable_body(&self) -> Option<Function<'m>> {
        self.body_operand()?.as_copyable_function()
    }

    fn body_operand(&self) -> Option<Value<'m>> {
        self.call.args().get(self.intrinsic.function_position()?).copied()
    }

    /// The operand of a kind. `None` if the intrinsic has none, or if the call passes its value
    /// through memory, which moves the operands from the value on.
    pub(crate) fn operand(&self, kind: ParamKind) -> Option<Value<'m>> {
        let index = self.intrinsic.position(kind)?;
        let value = self.intrinsic.position(ParamKind::Value);
        let moved = self.is_wide() && value.is_some_and(|value| value <= index);
        if moved { None } else { self.call.args().get(index).copied() }
    }

    /// The context that the operation works on, if its first operand is one.
    pub(crate) fn context(&self) -> Option<Value<'m>> {
        self.intrinsic.works_on_context().then(|| self.call.args().first().copied())?
    }

    /// Whether the call passes its value through memory.
    pub(crate) fn is_wide(&self) -> bool {
        self.spelling == Spelling::Runtime(Form::Wide)
    }

    /// Whether the argument number `argument` is the memory through which the call passes its value.
    pub(crate) fn is_value_memory(&self, argument: usize) -> bool {
        self.is_wide() && self.intrinsic.position(ParamKind::Value) == Some(argument)
    }

    /// Whether the operation makes a context with a default base.
    pub(crate) fn has_default_base(&self) -> bool {
        self.operand(ParamKind::OptionalBase).is_some_and(|base| base.origin().is_null())
    }
}

/// By which name a call means an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// By `llvm.stackswitch.*`.
    Intrinsic,
    /// By `stackswitch_*`.
    Runtime(Form),
}

/// The type that a typed symbol carries.
pub(crate) fn typed_value(module: Module<'_>, typed: Typed) -> Option<Type<'_>> {
    match typed {
        Typed::Ptr => Some(Type::pointer(module, 0)),
        Typed::I8 => Type::integer(module, 8),
        Typed::I16 => Type::integer(module, 16),
        Typed::I32 => Type::integer(module, 32),
        Typed::I64 => Type::integer(module, 64),
        Typed::F32 => Type::float(module, "f32"),
        Typed::F64 => Type::float(module, "f64"),
    }
}
