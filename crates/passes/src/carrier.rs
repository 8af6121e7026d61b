//! How a switch carries a value: in a register, widened, or through memory.

use stackswitch_abi::intrinsics::{Form, Typed};
use stackswitch_ir::{Type, TypeKind};

/// How a switch carries values of a type. It depends on nothing but the type, so both sides of a
/// switch agree without seeing each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier<'m> {
    /// In a register, by the runtime function for this type.
    Direct(Typed),
    /// An integer, in the low bits of a wider integer.
    Widened(Type<'m>, Typed),
    /// Through memory.
    Wide(Type<'m>),
}

impl<'m> Carrier<'m> {
    /// How a switch carries a `ty`.
    pub fn of(ty: Type<'m>) -> Self {
        match ty.kind() {
            TypeKind::Pointer(0) => Carrier::Direct(Typed::Ptr),
            TypeKind::Float("f32") => Carrier::Direct(Typed::F32),
            TypeKind::Float("f64") => Carrier::Direct(Typed::F64),
            TypeKind::Integer(8) => Carrier::Direct(Typed::I8),
            TypeKind::Integer(16) => Carrier::Direct(Typed::I16),
            TypeKind::Integer(32) => Carrier::Direct(Typed::I32),
            TypeKind::Integer(64) => Carrier::Direct(Typed::I64),
            TypeKind::Integer(bits) if bits < 8 => Carrier::Widened(ty, Typed::I8),
            TypeKind::Integer(bits) if bits < 16 => Carrier::Widened(ty, Typed::I16),
            TypeKind::Integer(bits) if bits < 32 => Carrier::Widened(ty, Typed::I32),
            TypeKind::Integer(bits) if bits < 64 => Carrier::Widened(ty, Typed::I64),
            _ => Carrier::Wide(ty),
        }
    }

    /// The form of the runtime function that carries it.
    pub fn form(self) -> Form {
        match self {
            Carrier::Direct(typed) | Carrier::Widened(_, typed) => Form::Typed(typed),
            Carrier::Wide(_) => Form::Wide,
        }
    }
}
