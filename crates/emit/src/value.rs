//! Operands of the emitter: values that a switch can carry, and functions that a context can run.

use inkwell::values::{
    ArrayValue, BasicValueEnum, FloatValue, FunctionValue, IntValue, PointerValue, StructValue,
    VectorValue,
};

mod sealed {
    pub trait Sealed {}
}

/// One of inkwell's types for values that a switch can carry. A switch returns a value of the type that
/// it was given.
pub trait Value<'ctx>: Copy + Into<BasicValueEnum<'ctx>> + sealed::Sealed {
    /// Converts the enum back. The enum must hold a value of this type.
    #[doc(hidden)]
    fn from_basic(value: BasicValueEnum<'ctx>) -> Self;
}

macro_rules! carried {
    ($($value:ident: $into:ident),*) => {$(
        impl sealed::Sealed for $value<'_> {}
        impl<'ctx> Value<'ctx> for $value<'ctx> {
            fn from_basic(value: BasicValueEnum<'ctx>) -> Self {
                value.$into()
            }
        }
    )*};
}

carried!(
    IntValue: into_int_value,
    FloatValue: into_float_value,
    PointerValue: into_pointer_value,
    StructValue: into_struct_value,
    ArrayValue: into_array_value,
    VectorValue: into_vector_value,
    BasicValueEnum: into
);

/// A function that a context will run: a function of the module, whose type is checked, or a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee<'ctx> {
    /// A function of the module.
    Function(FunctionValue<'ctx>),
    /// The address of a function, which must have the right type.
    Pointer(PointerValue<'ctx>),
}

impl<'ctx> From<FunctionValue<'ctx>> for Callee<'ctx> {
    fn from(function: FunctionValue<'ctx>) -> Self {
        Callee::Function(function)
    }
}

impl<'ctx> From<PointerValue<'ctx>> for Callee<'ctx> {
    fn from(pointer: PointerValue<'ctx>) -> Self {
        Callee::Pointer(pointer)
    }
}

impl<'ctx> Callee<'ctx> {
    /// Its address.
    pub(super) fn address(self) -> PointerValue<'ctx> {
        match self {
            Callee::Function(function) => function.as_global_value().as_pointer_value(),
            Callee::Pointer(pointer) => pointer,
        }
    }
}
