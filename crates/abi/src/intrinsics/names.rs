//! The names of intrinsics and of the runtime functions that implement them.

use core::fmt;

use super::table::TABLE;
use super::{FRAME_ALLOC, FRAME_FREE, INTRINSIC_PREFIX, Intrinsic, RUNTIME_PREFIX};

/// Runtime functions that no intrinsic stands for.
const EXTRA_SYMBOLS: &[&str] = &[
    "stackswitch_set_error_handler",
    "stackswitch_set_allocator",
    "stackswitch_set_default_regions",
    "stackswitch_get_stats",
    "stackswitch_get_base_stats",
    "stackswitch_get_context_stats",
    "stackswitch_get_process_stats",
    "stackswitch_set_hooks",
    "stackswitch_visit",
    FRAME_ALLOC,
    FRAME_FREE,
];

/// The types of `T` for which the runtime has a symbol of the very same prototype.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Typed {
    /// A pointer in address space 0; its symbols have no suffix.
    Ptr,
    /// An 8-bit integer.
    I8,
    /// A 16-bit integer.
    I16,
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// `float`
    F32,
    /// `double`
    F64,
}

impl Typed {
    /// All of them.
    pub const ALL: [Typed; 7] =
        [Typed::Ptr, Typed::I8, Typed::I16, Typed::I32, Typed::I64, Typed::F32, Typed::F64];

    /// What the runtime symbol ends with.
    pub fn symbol_suffix(self) -> &'static str {
        match self {
            Typed::Ptr => "",
            Typed::I8 => "_i8",
            Typed::I16 => "_i16",
            Typed::I32 => "_i32",
            Typed::I64 => "_i64",
            Typed::F32 => "_f32",
            Typed::F64 => "_f64",
        }
    }
}

/// One of the runtime symbols of an intrinsic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The symbol for values of this type; [`Typed::Ptr`] for an intrinsic without overloads.
    Typed(Typed),
    /// The symbol that takes values of any type through memory.
    Wide,
}

impl Form {
    /// All forms of an overloaded intrinsic.
    const ALL: [Form; 8] = [
        Form::Typed(Typed::Ptr),
        Form::Typed(Typed::I8),
        Form::Typed(Typed::I16),
        Form::Typed(Typed::I32),
        Form::Typed(Typed::I64),
        Form::Typed(Typed::F32),
        Form::Typed(Typed::F64),
        Form::Wide,
    ];

    /// What the runtime symbol ends with.
    fn symbol_suffix(self) -> &'static str {
        match self {
            Form::Typed(typed) => typed.symbol_suffix(),
            Form::Wide => "_wide",
        }
    }
}

impl Intrinsic {
    /// The full name, without a type suffix.
    pub fn full_name(&self) -> FullName {
        FullName(self.name)
    }

    /// The name of the runtime function that does the work for values of the given form.
    pub fn symbol(&self, form: Form) -> Symbol {
        Symbol(Stem::Intrinsic(self.name, form.symbol_suffix()))
    }

    /// The forms that this intrinsic has: one, or one per typed symbol and the wide one.
    pub fn forms(&self) -> impl Iterator<Item = Form> + use<> {
        let count = if self.overloaded { Form::ALL.len() } else { 1 };
        Form::ALL.into_iter().take(count)
    }
}

/// The full name of an intrinsic, without a type suffix. Its `Display` is that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FullName(&'static str);

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INTRINSIC_PREFIX)?;
        f.write_str(self.0)
    }
}

/// The name of a function of the runtime. Its `Display` is that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol(Stem);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stem {
    /// The name of an intrinsic and the suffix of the form.
    Intrinsic(&'static str, &'static str),
    /// The whole name of a function that no intrinsic stands for.
    Extra(&'static str),
}

impl Symbol {
    /// Whether `text` is this name.
    fn is(self, text: &str) -> bool {
        match self.0 {
            Stem::Extra(name) => name == text,
            Stem::Intrinsic(name, suffix) => {
                let stem = text
                    .strip_prefix(RUNTIME_PREFIX)
                    .and_then(|rest| rest.strip_suffix(suffix))
                    .filter(|stem| stem.len() == name.len());
                stem.is_some_and(|stem| {
                    let written = |b| if b == b'.' { b'_' } else { b };
                    stem.bytes().eq(name.bytes().map(written))
                })
            }
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Stem::Extra(name) => f.write_str(name),
            Stem::Intrinsic(name, suffix) => {
                f.write_str(RUNTIME_PREFIX)?;
                for (i, part) in name.split('.').enumerate() {
                    f.write_str(if i == 0 { "" } else { "_" })?;
                    f.write_str(part)?;
                }
                f.write_str(suffix)
            }
        }
    }
}

/// The names of all functions of the runtime that compiled code may call.
pub fn runtime_symbols() -> impl Iterator<Item = Symbol> {
    TABLE
        .iter()
        .flat_map(|i| i.forms().map(move |form| i.symbol(form)))
        .chain(EXTRA_SYMBOLS.iter().map(|&name| Symbol(Stem::Extra(name))))
}

/// Why a name is not that of an intrinsic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// No intrinsic has this name.
    Unknown,
    /// The intrinsic is not overloaded, yet the name carries a suffix.
    NotOverloaded {
        /// The intrinsic meant.
        intrinsic: &'static Intrinsic,
    },
}

/// Finds the intrinsic that a full name means, and its type suffix (without the dot).
///
/// # Errors
/// [`NameError::Unknown`] if no intrinsic has that name, [`NameError::NotOverloaded`] if one
/// without overloads carries a suffix.
pub fn parse_name(name: &str) -> Result<(&'static Intrinsic, Option<&str>), NameError> {
    let rest = name.strip_prefix(INTRINSIC_PREFIX).unwrap_or(name);
    let found = TABLE
        .iter()
        .filter_map(|i| {
            let tail = rest.strip_prefix(i.name)?;
            if tail.is_empty() {
                return Some((i, None));
            }
            tail.strip_prefix('.').map(|suffix| (i, Some(suffix)))
        })
        // `swap.ontop.i64` is `swap.ontop` for `i64`, not `swap` for a type called `ontop.i64`.
        .max_by_key(|(i, _)| i.name.len());
    match found {
        None => Err(NameError::Unknown),
        Some((intrinsic, Some(_))) if !intrinsic.overloaded => {
            Err(NameError::NotOverloaded { intrinsic })
        }
        Some(found) => Ok(found),
    }
}

/// The intrinsic of that name, without the prefix and without a suffix, for constants.
///
/// # Panics
/// If there is none: as the value of a constant, that is an error when the program is compiled.
pub const fn named(name: &str) -> &'static Intrinsic {
    let mut i = 0;
    while i < TABLE.len() {
        if is_same(TABLE[i].name.as_bytes(), name.as_bytes()) {
            return &TABLE[i];
        }
        i += 1;
    }
    panic!("no intrinsic has that name")
}

/// Whether two names are equal, in a constant.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Finds the intrinsic and the form that a runtime symbol stands for.
pub fn parse_symbol(symbol: &str) -> Option<(&'static Intrinsic, Form)> {
    TABLE.iter().find_map(|i| {
        let form = i.forms().find(|&form| i.symbol(form).is(symbol))?;
        Some((i, form))
    })
}

/// The intrinsic that a function is called after: by an intrinsic's name or by the runtime's.
pub fn named_operation(name: &str) -> Option<&'static Intrinsic> {
    if name.starts_with(INTRINSIC_PREFIX) {
        return parse_name(name).ok().map(|(intrinsic, _)| intrinsic);
    }
    parse_symbol(name).map(|(intrinsic, _)| intrinsic)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for i in TABLE {
            assert_eq!(parse_name(&i.full_name().to_string()), Ok((i, None)));
            for form in i.forms() {
                assert_eq!(parse_symbol(&i.symbol(form).to_string()), Some((i, form)));
            }
        }
    }

    #[test]
    fn a_suffix_belongs_to_the_longest_name() {
        let (i, suffix) = parse_name("llvm.stackswitch.swap.ontop.i64").expect("an intrinsic");
        assert_eq!((i.name, suffix), ("swap.ontop", Some("i64")));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert_eq!(parse_name("llvm.stackswitch.resum"), Err(NameError::Unknown));
        let intrinsic = named("current");
        let refused = Err(NameError::NotOverloaded { intrinsic });
        assert_eq!(parse_name("llvm.stackswitch.current.p0"), refused);
        for symbol in ["swap", "stackswitch_swa", "stackswitch_swap_f16", "stackswitch_swap.ontop"]
        {
            assert_eq!(parse_symbol(symbol), None, "{symbol}");
        }
    }
}
