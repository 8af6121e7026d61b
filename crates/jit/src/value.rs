//! The values that host and guest exchange: their Rust types, and the IR types that correspond.

use std::{ffi::c_void, fmt};

use stackswitch_rt::{abi, host::Running};

/// An IR type of the values that host and guest exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// `i1`
    I1,
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `ptr`
    Ptr,
    /// `float`
    F32,
    /// `double`
    F64,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I1 => "i1",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Ptr => "ptr",
            Self::F32 => "float",
            Self::F64 => "double",
        })
    }
}

/// Defines a switch with a value. Words and floats have different functions in the runtime.
macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident($to:ident) = $word:ident $f32:ident $f64:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The other side waits for a value of this type, or is new and takes one.
        #[inline(always)]
        pub(crate) unsafe fn $name(self, $to: *mut c_void, bits: u64) -> u64 {
            // SAFETY: the caller guarantees that the other context takes a value of this type.
            unsafe {
                match self {
                    Self::F32 => abi::$f32($to, f32::from_bits(bits as u32)).to_bits().into(),
                    Self::F64 => abi::$f64($to, f64::from_bits(bits)).to_bits(),
                    _ => {
                        let word = std::ptr::with_exposed_provenance_mut(bits as usize);
                        abi::$word($to, word).expose_provenance() as u64
                    }
                }
            }
        }
    )*};
}

impl ValueType {
    switches! {
        /// Resumes a context with a value given as bits; returns the bits of the answer.
        resume(context) = stackswitch_resume stackswitch_resume_f32 stackswitch_resume_f64;
        /// Switches to a context with a value given as bits; returns the bits of the answer.
        swap(to) = stackswitch_swap stackswitch_swap_f32 stackswitch_swap_f64;
    }
}

impl ValueType {
    /// Resumes a context as [`ValueType::resume`] does, if possible without a call.
    ///
    /// # Safety
    /// As for [`ValueType::resume`] and for [`Running::resume`].
    #[inline(always)]
    pub(crate) unsafe fn resume_from(
        self,
        running: Running,
        context: *mut c_void,
        bits: u64,
    ) -> u64 {
        // SAFETY: the caller guarantees all of it. Words travel in the same register, whatever their
        // type.
        unsafe {
            match self {
                Self::F32 | Self::F64 => self.resume(context, bits),
                _ => {
                    let word = std::ptr::with_exposed_provenance_mut(bits as usize);
                    running.resume(context, word).expose_provenance() as u64
                }
            }
        }
    }
}

/// A type whose values host and guest exchange: `bool`, the integers up to 64 bits, `f32`, `f64`,
/// pointers, and `()`.
///
/// Signed and unsigned integers are the same type in IR. `()` stands for a value that is ignored: where
/// IR expects a value, it gets zero.
pub trait Value: Copy + 'static + sealed::Sealed {
    /// The type in IR; `None` for `()`.
    const TYPE: Option<ValueType>;
    /// The attribute with which C extends a small integer to a register.
    #[doc(hidden)]
    const EXTENSION: &'static str;
    /// The value's bits, in the low end of a word.
    #[doc(hidden)]
    fn to_bits(self) -> u64;
    /// The value with these bits; higher ones do not matter.
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;
}

mod sealed {
    /// Only types of this file can be exchanged.
    pub trait Sealed {}
}

macro_rules! integers {
    ($($rust:ty: $ir:ident $extension:literal;)*) => {$(
        impl sealed::Sealed for $rust {}
        impl Value for $rust {
            const TYPE: Option<ValueType> = Some(ValueType::$ir);
            const EXTENSION: &'static str = $extension;
            #[inline(always)]
            fn to_bits(self) -> u64 {
                self as u64
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                bits as Self
            }
        }
    )*};
}
integers! {
    i8: I8 "signext";
    u8: I8 "zeroext";
    i16: I16 "signext";
    u16: I16 "zeroext";
    i32: I32 "";
    u32: I32 "";
    i64: I64 "";
    u64: I64 "";
    isize: I64 "";
    usize: I64 "";
}
const _: () = assert!(size_of::<usize>() == 8, "a pointer-sized integer is an i64");

macro_rules! values {
    ($([$($generic:tt)*] $rust:ty: $ir:expr, $extension:literal, $to:expr, $from:expr;)*) => {$(
        impl<$($generic)*> sealed::Sealed for $rust {}
        impl<$($generic)*> Value for $rust {
            const TYPE: Option<ValueType> = $ir;
            const EXTENSION: &'static str = $extension;
            #[inline(always)]
            fn to_bits(self) -> u64 {
                let to: fn(Self) -> u64 = $to;
                to(self)
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                let from: fn(u64) -> Self = $from;
                from(bits)
            }
        }
    )*};
}
values! {
    [] (): None, "", |()| 0, |_| ();
    [] bool: Some(ValueType::I1), "zeroext", u64::from, |bits| bits & 1 != 0;
    [] f32: Some(ValueType::F32), "", |x| x.to_bits().into(), |bits| Self::from_bits(bits as u32);
    [] f64: Some(ValueType::F64), "", Self::to_bits, Self::from_bits;
    [T: 'static] *mut T: Some(ValueType::Ptr), "", |p| p.expose_provenance() as u64,
        |bits| std::ptr::with_exposed_provenance_mut(bits as usize);
    [T: 'static] *const T: Some(ValueType::Ptr), "", |p| p.expose_provenance() as u64,
        |bits| std::ptr::with_exposed_provenance(bits as usize);
}
