//! The values that inkwell has and a switch can carry.

use inkwell::values::{
    ArrayValue, BasicValueEnum, FloatValue, FunctionValue, IntValue, PointerValue, StructValue,
    VectorValue,
};

mod sealed {
    pub trait Sealed {}
}

/// A value that a switch can carry, of a type of inkwell's: what a switch returns has the type of
/// what it was given.
pub trait Value<'ctx>: Copy + Into<BasicValueEnum<'ctx>> + sealed::Sealed {
    /// The value back from the enum. Only asked of one of the kind.
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

/// A function that is to run in a context: one of the module, whose type is checked, or a pointer
/// to any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee<'ctx> {
    /// A function of the module.
    Function(FunctionValue<'ctx>),
    /// The address of one, which must have the right type.
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
