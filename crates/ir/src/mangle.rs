//! The suffixes of overloaded intrinsics: a type as LLVM mangles it (`i64`, `p0`, `a4i8`).

use crate::types::TypeKind;
use crate::wrappers::{Module, Type};

/// The suffix for a type. `None` for a type that no value can have.
pub fn mangle(ty: Type<'_>) -> Option<String> {
    let mut out = String::new();
    write(ty, false, &mut out)?;
    Some(out)
}

/// Whether `suffix` is one for `ty`.
///
/// LLVM appends a number to the name of a structure if its context already has a structure of that
/// name, and to the name of an intrinsic that is overloaded by a type without a name. Such a number
/// is ignored.
pub fn is_suffix_of(suffix: &str, ty: Type<'_>) -> bool {
    let mut renamed = String::new();
    mangle(ty).is_some_and(|exact| exact == suffix)
        || (write(ty, true, &mut renamed).is_some()
            && (renamed == suffix || strip_number(suffix) == renamed))
}

/// `name` without a trailing `.` and digits.
fn strip_number(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, digits))
            if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            stem
        }
        _ => name,
    }
}

/// Appends the mangled name of `ty`. `original` leaves out the numbers that LLVM appended to names
/// of structures.
fn write(ty: Type<'_>, original: bool, out: &mut String) -> Option<()> {
    match ty.kind() {
        TypeKind::Void | TypeKind::Other => return None,
        TypeKind::Integer(bits) => out.push_str(&format!("i{bits}")),
        TypeKind::Float(name) => out.push_str(name),
        TypeKind::Pointer(space) => out.push_str(&format!("p{space}")),
        TypeKind::Array(length, element) => {
            out.push_str(&format!("a{length}"));
            write(element, original, out)?;
        }
        TypeKind::Vector(length, element) => {
            out.push_str(&format!("v{length}"));
            write(element, original, out)?;
        }
        TypeKind::Literal(fields) => {
            out.push_str("sl_");
            for field in fields {
                write(field, original, out)?;
            }
            out.push('s');
        }
        TypeKind::Named(name, _) => {
            out.push_str("s_");
            out.push_str(if original { strip_number(&name) } else { &name });
            out.push('s');
        }
    }
    Some(())
}

/// The type that a suffix is for. `None` if it is for none that the module's LLVM context has.
pub fn demangle<'m>(module: Module<'m>, suffix: &str) -> Option<Type<'m>> {
    let mut parser = Parser { module, steps: 4096 };
    let (ty, rest) = parser.parse(suffix)?;
    // A suffix that LLVM would not write for this type (`i032`) is not accepted.
    (rest.is_empty() && mangle(ty).as_deref() == Some(suffix)).then_some(ty)
}

/// Reads mangled types.
struct Parser<'m> {
    module: Module<'m>,
    /// How many more types may be read. Names of structures have no delimiter, so there can be very
    /// many ways to read a suffix.
    steps: u32,
}

impl<'m> Parser<'m> {
    /// Reads one type off the front.
    fn parse<'s>(&mut self, text: &'s str) -> Option<(Type<'m>, &'s str)> {
        self.steps = self.steps.checked_sub(1)?;
        for name in ["ppcf128", "bf16", "f128", "f16", "f32", "f64", "f80"] {
            if let Some(rest) = text.strip_prefix(name) {
                return Some((Type::float(self.module, name)?, rest));
            }
        }
        if let Some(rest) = text.strip_prefix("sl_") {
            return self.literal(rest);
        }
        if let Some(rest) = text.strip_prefix("s_") {
            return self.named(rest);
        }
        let (number, rest) = digits(text.get(1..)?)?;
        match text.as_bytes()[0] {
            b'i' => Some((Type::integer(self.module, u32::try_from(number).ok()?)?, rest)),
            b'p' if number < 1 << 24 => Some((Type::pointer(self.module, number as u32), rest)),
            b'a' => {
                let (element, rest) = self.parse(rest)?;
                Some((element.is_storable().then(|| element.array(number))?, rest))
            }
            b'v' => {
                let (element, rest) = self.parse(rest)?;
                Some((element.vector(u32::try_from(number).ok()?)?, rest))
            }
            _ => None,
        }
    }

    /// Reads the fields of a structure without a name, up to its closing `s`.
    fn literal<'s>(&mut self, mut text: &'s str) -> Option<(Type<'m>, &'s str)> {
        let mut fields = Vec::new();
        loop {
            // A field may start with an `s` too: only an `s` that starts no field closes the list.
            match self.parse(text) {
                Some((field, rest)) => {
                    fields.push(field);
                    text = rest;
                }
                None => {
                    let rest = text.strip_prefix('s')?;
                    return Some((Type::literal(self.module, &fields), rest));
                }
            }
        }
    }

    /// Reads the name of a structure: the shortest that the LLVM context has.
    fn named<'s>(&mut self, text: &'s str) -> Option<(Type<'m>, &'s str)> {
        text.match_indices('s')
            .find_map(|(end, _)| Some((Type::named(self.module, &text[..end])?, &text[end + 1..])))
    }
}

/// Reads a decimal number off the front.
fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}
