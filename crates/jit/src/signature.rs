//! The types of compiled functions, and the Rust function types by which they can be called.

use std::fmt;

use crate::value::ValueType;
use stackswitch_ir::{AttributePlace, Function, Type, TypeKind};

/// The type of a function in its IR, with the attributes that decide how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    result: Kind,
    params: Vec<Kind>,
    variadic: bool,
    /// LLVM's number; C's is 0.
    convention: u32,
}

/// The type of a parameter or a result.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Void,
    Int(u32, Extension),
    F32,
    F64,
    Pointer,
    /// A type without a counterpart in Rust, as LLVM prints it.
    Other(String),
}

/// How an integer fills the register that is wider than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    Unknown,
    Zero,
    Sign,
}

/// The attributes that say that a pointer is not passed as one.
const SPECIAL: [&str; 9] = [
    "byval",
    "byref",
    "inalloca",
    "preallocated",
    "inreg",
    "nest",
    "swiftself",
    "swifterror",
    "swiftasync",
];

impl Signature {
    /// The signature of a function.
    pub(crate) fn new(function: Function<'_>) -> Self {
        let ty = function.ty();
        let kind = |place, ty| Kind::new(function, place, ty);
        let params = ty.params();
        let params = params.into_iter().enumerate();
        Signature {
            result: kind(AttributePlace::Result, ty.result()),
            params: params.map(|(i, ty)| kind(AttributePlace::Param(i as u32), ty)).collect(),
            variadic: ty.is_variadic(),
            convention: function.calling_convention(),
        }
    }

    /// Whether it is one of the types of C's `main`.
    pub(crate) fn is_main(&self) -> bool {
        let is_int = |kind: &Kind| matches!(kind, Kind::Int(32, _));
        let params = match self.params.as_slice() {
            [] => true,
            [argc, rest @ ..] => {
                is_int(argc)
                    && (1..=2).contains(&rest.len())
                    && rest.iter().all(|kind| *kind == Kind::Pointer)
            }
        };
        is_int(&self.result) && params && !self.variadic && self.convention == 0
    }

    /// The `T` of a coroutine's body `T (ptr, T)`. A switch does not extend narrow integers, so a body
    /// whose parameter has an extension attribute is refused.
    pub(crate) fn body_type(&self) -> Option<ValueType> {
        let [Kind::Pointer, first] = self.params.as_slice() else { return None };
        let value_type = |kind: &Kind| {
            Some(match kind {
                Kind::Int(1, _) => ValueType::I1,
                Kind::Int(8, _) => ValueType::I8,
                Kind::Int(16, _) => ValueType::I16,
                Kind::Int(32, _) => ValueType::I32,
                Kind::Int(64, _) => ValueType::I64,
                Kind::F32 => ValueType::F32,
                Kind::F64 => ValueType::F64,
                Kind::Pointer => ValueType::Ptr,
                _ => return None,
            })
        };
        let extended = matches!(first, Kind::Int(_, Extension::Zero | Extension::Sign));
        let value = value_type(first)?;
        (value_type(&self.result)? == value && !extended && !self.variadic && self.convention == 0)
            .then_some(value)
    }

    fn fits(&self, params: &[Asked], result: Asked) -> bool {
        self.convention == 0
            && !self.variadic
            && self.params.len() == params.len()
            && self.params.iter().zip(params).all(|(kind, asked)| asked.fits(kind))
            && result.fits(&self.result)
            // The other bits of the register are only known to be zero if the function says so.
            && (result != Asked::Bool || self.result == Kind::Int(1, Extension::Zero))
    }
}

impl Kind {
    fn new(function: Function<'_>, place: AttributePlace, ty: Type<'_>) -> Self {
        let has = |name| function.attribute(place, name).is_some();
        if let Some(special) = SPECIAL.into_iter().find(|name| has(name)) {
            return Kind::Other(format!("{ty} {special}"));
        }
        match ty.kind() {
            TypeKind::Void => Kind::Void,
            TypeKind::Integer(bits) if has("zeroext") => Kind::Int(bits, Extension::Zero),
            TypeKind::Integer(bits) if has("signext") => Kind::Int(bits, Extension::Sign),
            TypeKind::Integer(bits) => Kind::Int(bits, Extension::Unknown),
            TypeKind::Float("f32") => Kind::F32,
            TypeKind::Float("f64") => Kind::F64,
            TypeKind::Pointer(0) => Kind::Pointer,
            _ => Kind::Other(ty.to_string()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Void => f.write_str("void"),
            Kind::Int(bits, Extension::Unknown) => write!(f, "i{bits}"),
            Kind::Int(bits, Extension::Zero) => write!(f, "i{bits} zeroext"),
            Kind::Int(bits, Extension::Sign) => write!(f, "i{bits} signext"),
            Kind::F32 => f.write_str("float"),
            Kind::F64 => f.write_str("double"),
            Kind::Pointer => f.write_str("ptr"),
            Kind::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.convention != 0 {
            write!(f, "cc {} ", self.convention)?;
        }
        write!(f, "{} (", self.result)?;
        for (i, param) in self.params.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{param}")?;
        }
        f.write_str(match (self.variadic, self.params.is_empty()) {
            (false, _) => ")",
            (true, true) => "...)",
            (true, false) => ", ...)",
        })
    }
}

/// The Rust type of a parameter or a result, as far as it decides how the value is passed.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Unit,
    Bool,
    Unsigned(u32),
    Signed(u32),
    F32,
    F64,
    Pointer,
}

impl Asked {
    /// Whether a value of the IR type is passed as one of the Rust type. Rust extends narrow integers by
    /// their sign, as C does, so a function with the other extension does not fit.
    fn fits(self, kind: &Kind) -> bool {
        match (self, kind) {
            (Asked::Unit, Kind::Void)
            | (Asked::F32, Kind::F32)
            | (Asked::F64, Kind::F64)
            | (Asked::Pointer, Kind::Pointer) => true,
            (Asked::Bool, Kind::Int(bits, extension)) => {
                *bits == 1 && *extension != Extension::Sign
            }
            (Asked::Unsigned(asked), Kind::Int(bits, extension)) => {
                asked == *bits && *extension != Extension::Sign
            }
            (Asked::Signed(asked), Kind::Int(bits, extension)) => {
                asked == *bits && *extension != Extension::Zero
            }
            _ => false,
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A type of a parameter or a result that Rust and IR agree about: integers of 8 to 64 bits (of
/// either sign, `usize` and `isize`), `bool` (`i1`; as a result `i1 zeroext`), `f32`, `f64`, pointers,
/// and `()` as a result.
pub trait NativeType: sealed::Sealed {
    #[doc(hidden)]
    const ASKED: Asked;
}

macro_rules! native {
    ($($ty:ty = $asked:expr),* $(,)?) => {$(
        impl sealed::Sealed for $ty {}
        impl NativeType for $ty {
            const ASKED: Asked = $asked;
        }
    )*};
}

native!(
    () = Asked::Unit,
    bool = Asked::Bool,
    u8 = Asked::Unsigned(8),
    u16 = Asked::Unsigned(16),
    u32 = Asked::Unsigned(32),
    u64 = Asked::Unsigned(64),
    usize = Asked::Unsigned(usize::BITS),
    i8 = Asked::Signed(8),
    i16 = Asked::Signed(16),
    i32 = Asked::Signed(32),
    i64 = Asked::Signed(64),
    isize = Asked::Signed(isize::BITS),
    f32 = Asked::F32,
    f64 = Asked::F64,
);

impl<T> sealed::Sealed for *const T {}
impl<T> NativeType for *const T {
    const ASKED: Asked = Asked::Pointer;
}
impl<T> sealed::Sealed for *mut T {}
impl<T> NativeType for *mut T {
    const ASKED: Asked = Asked::Pointer;
}

/// A function pointer type that a compiled function can be looked up as: `unsafe extern "C" fn` or
/// `unsafe extern "C-unwind" fn` with up to eight parameters. Calling is what is unsafe: code from IR
/// can do whatever C can.
pub trait NativeFn: Copy + sealed::Sealed {
    #[doc(hidden)]
    fn fits(signature: &Signature) -> bool;
}

macro_rules! native_fn {
    ($abi:literal: $($param:ident)*) => {
        impl<$($param,)* R> sealed::Sealed for unsafe extern $abi fn($($param),*) -> R {}
        impl<$($param: NativeType,)* R: NativeType> NativeFn
            for unsafe extern $abi fn($($param),*) -> R
        {
            fn fits(signature: &Signature) -> bool {
                signature.fits(&[$($param::ASKED),*], R::ASKED)
            }
        }
    };
    ($($params:tt),*) => {$(
        native_fn!(@both $params);
    )*};
    (@both ($($param:ident)*)) => {
        native_fn!("C": $($param)*);
        native_fn!("C-unwind": $($param)*);
    };
}

native_fn!(
    (), (A), (A B), (A B C), (A B C D), (A B C D E), (A B C D E G), (A B C D E G H),
    (A B C D E G H I)
);
