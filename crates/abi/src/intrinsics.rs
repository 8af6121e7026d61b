//! The table of all intrinsics: names, types, attributes and runtime symbols.
//!
//! This is the single source for what `llvm.stackswitch.*` is. The verifier checks calls against it,
//! the lowering takes runtime symbols and attributes from it, a just-in-time host takes the list of
//! symbols to bind from it, and the documentation's table is rendered from it. A unit test compares
//! it with the C header.

use std::borrow::ToOwned as _;
use std::fmt::Write as _;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use crate::limits;

/// What every intrinsic's name starts with.
pub const INTRINSIC_PREFIX: &str = "llvm.stackswitch.";

/// What every runtime symbol's name starts with.
pub const RUNTIME_PREFIX: &str = "stackswitch_";

/// The largest value, in bytes, that a switch carries.
pub const MAX_VALUE_SIZE: u64 = limits::VALUE_BYTES as u64;

/// The smallest stack, in bytes, that `makecontext` takes. The runtime has the same limit.
pub const MIN_STACK: u64 = limits::MIN_STACK as u64;

/// Which of the two families an intrinsic belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The operations in the shape of `<ucontext.h>`: context memory belongs to the caller.
    Posix,
    /// The operations on handles that belong to the runtime.
    Coroutine,
}

/// The type that a function operand must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `void fn(ptr arg)`
    Posix,
    /// `T fn(ptr arg, T first)`
    Body,
    /// `T fn(T value)`
    OnTop,
}

/// What a parameter means, from which its type and its legal constants follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A pointer to a context or a base that must be there.
    Handle,
    /// A pointer to a context or a base, or null.
    OptionalHandle,
    /// The lowest address of a stack, or null.
    Stack,
    /// Bytes of that stack, of the target's pointer-sized integer type.
    StackSize,
    /// A number of bytes, of the target's pointer-sized integer type.
    Size,
    /// A function of the given type.
    Function(Entry),
    /// A pointer that is handed on unread.
    Argument,
    /// A value of the overloaded type `T`.
    Value,
}

/// One parameter of an intrinsic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name in the documentation and in messages.
    pub name: &'static str,
    /// What it means.
    pub kind: ParamKind,
}

/// What an intrinsic returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nothing.
    Void,
    /// An `i32`: an error code or a status.
    Int,
    /// The target's pointer-sized integer.
    Size,
    /// A pointer.
    Pointer,
    /// A value of the overloaded type `T`.
    Value,
}

/// What the runtime function may do to memory that LLVM can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Anything. Whatever switches is of this kind: other contexts run before it returns.
    Any,
    /// Nothing at all.
    None,
    /// It reads state of the runtime that the program cannot reach otherwise.
    ReadsRuntime,
    /// It may read through its argument, and must not be deleted although it returns nothing.
    Hint,
}

/// What LLVM may assume of the runtime function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effects {
    /// It may return more than once for one call.
    pub returns_twice: bool,
    /// It never throws. Only true where neither a switch nor an error handler can run.
    pub nounwind: bool,
    /// It always returns.
    pub willreturn: bool,
    /// What it may read and write.
    pub memory: Memory,
}

/// Nothing is promised: the safe choice for whatever may switch or report an error.
const OPAQUE: Effects =
    Effects { returns_twice: false, nounwind: false, willreturn: false, memory: Memory::Any };
/// As [`OPAQUE`], and it returns again when the captured context is resumed.
const CAPTURES: Effects = Effects { returns_twice: true, ..OPAQUE };
/// A constant of the runtime.
const CONSTANT: Effects =
    Effects { returns_twice: false, nounwind: true, willreturn: true, memory: Memory::None };
/// A look at the running context.
const READS: Effects = Effects { memory: Memory::ReadsRuntime, ..CONSTANT };
/// A hint that changes nothing.
const HINTS: Effects = Effects { memory: Memory::Hint, ..CONSTANT };

/// One intrinsic.
#[derive(Debug, PartialEq, Eq)]
pub struct Intrinsic {
    /// The name without [`INTRINSIC_PREFIX`] and without a type suffix.
    pub name: &'static str,
    /// Its family.
    pub layer: Layer,
    /// Whether it is overloaded by the type `T` of the value that a switch carries.
    pub overloaded: bool,
    /// Its parameters, in order.
    pub params: &'static [Param],
    /// Its result.
    pub returns: Returns,
    /// What LLVM may assume of it.
    pub effects: Effects,
    /// One sentence of documentation.
    pub doc: &'static str,
}

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

/// Which of an intrinsic's runtime symbols is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The symbol for values of this type; [`Typed::Ptr`] where an intrinsic is not overloaded.
    Typed(Typed),
    /// The symbol that takes values of any type through memory.
    Wide,
}

impl Intrinsic {
    /// The full name, without a type suffix.
    pub fn full_name(&self) -> String {
        format!("{INTRINSIC_PREFIX}{}", self.name)
    }

    /// The name of the runtime function that does the work for values of the given form.
    pub fn symbol(&self, form: Form) -> String {
        let stem = self.name.replace('.', "_");
        let suffix = match form {
            Form::Typed(typed) => typed.symbol_suffix(),
            Form::Wide => "_wide",
        };
        format!("{RUNTIME_PREFIX}{stem}{suffix}")
    }

    /// The forms that this intrinsic has: one, or one per typed symbol and the wide one.
    pub fn forms(&self) -> Vec<Form> {
        if !self.overloaded {
            return vec![Form::Typed(Typed::Ptr)];
        }
        Typed::ALL.into_iter().map(Form::Typed).chain([Form::Wide]).collect()
    }

    /// The type of the function operand, where there is one.
    pub fn entry(&self) -> Option<Entry> {
        self.params.iter().find_map(|p| match p.kind {
            ParamKind::Function(entry) => Some(entry),
            _ => None,
        })
    }

    /// The type as the documentation writes it, such as `T (ptr to, T value)`.
    pub fn prototype(&self) -> String {
        let result = match self.returns {
            Returns::Void => "void",
            Returns::Int => "i32",
            Returns::Size => "iPTR",
            Returns::Pointer => "ptr",
            Returns::Value => "T",
        };
        let params: Vec<String> = self
            .params
            .iter()
            .map(|p| {
                let ty = match p.kind {
                    ParamKind::StackSize | ParamKind::Size => "iPTR",
                    ParamKind::Value => "T",
                    _ => "ptr",
                };
                format!("{ty} {}", p.name)
            })
            .collect();
        format!("{result} ({})", params.join(", "))
    }
}

/// Shorthand for the table.
const fn param(name: &'static str, kind: ParamKind) -> Param {
    Param { name, kind }
}

const CTX: Param = param("ctx", ParamKind::Handle);
const TO: Param = param("to", ParamKind::Handle);
const BASE: Param = param("base", ParamKind::OptionalHandle);
const LINK: Param = param("link", ParamKind::OptionalHandle);
const ARG: Param = param("arg", ParamKind::Argument);
const VALUE: Param = param("value", ParamKind::Value);

/// Every intrinsic.
pub const TABLE: &[Intrinsic] = &[
    Intrinsic {
        name: "context.size",
        layer: Layer::Posix,
        overloaded: false,
        params: &[],
        returns: Returns::Size,
        effects: CONSTANT,
        doc: "Bytes of one context object.",
    },
    Intrinsic {
        name: "getcontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX, BASE],
        returns: Returns::Int,
        effects: CAPTURES,
        doc: "Captures the running context; with a base, its slice goes to the heap.",
    },
    Intrinsic {
        name: "setcontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Int,
        effects: OPAQUE,
        doc: "Resumes `ctx`; returns only on error.",
    },
    Intrinsic {
        name: "makecontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[
            CTX,
            param("stack", ParamKind::Stack),
            param("size", ParamKind::StackSize),
            LINK,
            param("fn", ParamKind::Function(Entry::Posix)),
            ARG,
        ],
        returns: Returns::Int,
        effects: OPAQUE,
        doc: "Makes `ctx` run `fn(arg)` on `stack`, or sliced from its base where `stack` is null.",
    },
    Intrinsic {
        name: "swapcontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[param("from", ParamKind::Handle), TO, BASE],
        returns: Returns::Int,
        effects: CAPTURES,
        doc: "Captures into `from` as `getcontext` does, then resumes `to`.",
    },
    Intrinsic {
        name: "freecontext",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Void,
        effects: OPAQUE,
        doc: "Gives back the heap block of a context that will not be resumed again.",
    },
    Intrinsic {
        name: "stacktop",
        layer: Layer::Posix,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Pointer,
        effects: OPAQUE,
        doc: "The stack position at which a suspended context of either layer was captured.",
    },
    Intrinsic {
        name: "base.here",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[],
        returns: Returns::Pointer,
        effects: OPAQUE,
        doc: "A base at the current stack position.",
    },
    Intrinsic {
        name: "base.create",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[param("reserve", ParamKind::Size)],
        returns: Returns::Pointer,
        effects: OPAQUE,
        doc: "A base on a region of its own; `reserve` is address space, not memory.",
    },
    Intrinsic {
        name: "base.destroy",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[param("base", ParamKind::Handle)],
        returns: Returns::Void,
        effects: OPAQUE,
        doc: "Gives a base back; its contexts must be destroyed first.",
    },
    Intrinsic {
        name: "spawn",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[BASE, param("fn", ParamKind::Function(Entry::Body)), ARG],
        returns: Returns::Pointer,
        effects: OPAQUE,
        doc: "A new suspended context that will run `T fn(ptr arg, T first)`.",
    },
    Intrinsic {
        name: "swap",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[TO, VALUE],
        returns: Returns::Value,
        effects: OPAQUE,
        doc: "Suspends the caller and resumes `to` with `value`; returns what comes back.",
    },
    Intrinsic {
        name: "resume",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[CTX, VALUE],
        returns: Returns::Value,
        effects: OPAQUE,
        doc: "Sets the link of `ctx` to the caller, then swaps.",
    },
    Intrinsic {
        name: "suspend",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[VALUE],
        returns: Returns::Value,
        effects: OPAQUE,
        doc: "Swaps to the caller's link.",
    },
    Intrinsic {
        name: "swap.ontop",
        layer: Layer::Coroutine,
        overloaded: true,
        params: &[TO, param("fn", ParamKind::Function(Entry::OnTop)), VALUE],
        returns: Returns::Value,
        effects: OPAQUE,
        doc: "Resumes `to` by running `T fn(T value)` on top of its stack first.",
    },
    Intrinsic {
        name: "current",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[],
        returns: Returns::Pointer,
        effects: READS,
        doc: "The running context's handle.",
    },
    Intrinsic {
        name: "link",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Pointer,
        effects: OPAQUE,
        doc: "The context that goes on when the function of `ctx` returns.",
    },
    Intrinsic {
        name: "setlink",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX, LINK],
        returns: Returns::Void,
        effects: OPAQUE,
        doc: "Sets the link of `ctx`.",
    },
    Intrinsic {
        name: "status",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Int,
        effects: OPAQUE,
        doc: "0 new, 1 suspended, 2 running, 3 finished.",
    },
    Intrinsic {
        name: "clone",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Pointer,
        effects: OPAQUE,
        doc: "A second context that goes on from the same point as the suspended `ctx`.",
    },
    Intrinsic {
        name: "cancel",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Void,
        effects: OPAQUE,
        doc: "Unwinds a suspended context so that its cleanups run, then finishes it.",
    },
    Intrinsic {
        name: "destroy",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Void,
        effects: OPAQUE,
        doc: "Frees a context that is not running; no cleanups run.",
    },
    Intrinsic {
        name: "slice.size",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[CTX],
        returns: Returns::Size,
        effects: OPAQUE,
        doc: "Bytes that `ctx` now holds on the heap.",
    },
    Intrinsic {
        name: "prefetch",
        layer: Layer::Coroutine,
        overloaded: false,
        params: &[param("ctx", ParamKind::OptionalHandle)],
        returns: Returns::Void,
        effects: HINTS,
        doc: "A hint to bring a context's header and slice into cache.",
    },
];

/// Gives a function memory for variables: `ptr (iPTR size, iPTR alignment, ptr frame)`.
pub const FRAME_ALLOC: &str = "stackswitch_frame_alloc";

/// Takes it back: `void (ptr)`.
pub const FRAME_FREE: &str = "stackswitch_frame_free";

/// Runtime functions that have no intrinsic.
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

/// The names of all functions of the runtime that compiled code may call.
pub fn runtime_symbols() -> impl Iterator<Item = String> {
    TABLE
        .iter()
        .flat_map(|i| i.forms().into_iter().map(move |form| i.symbol(form)))
        .chain(EXTRA_SYMBOLS.iter().map(|&s| s.to_owned()))
}

/// Why a name is not that of an intrinsic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// No intrinsic is called so; the nearest name that exists, without the prefix.
    Unknown {
        /// The closest existing name.
        nearest: &'static str,
    },
    /// The intrinsic is not overloaded, yet the name carries a suffix.
    NotOverloaded {
        /// The intrinsic meant.
        intrinsic: &'static Intrinsic,
    },
}

/// Finds the intrinsic that a full name means, and its type suffix (without the dot).
///
/// Fails where no intrinsic has that name, or where one that is not overloaded carries a suffix.
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
        None => Err(NameError::Unknown { nearest: nearest_name(rest) }),
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
        if same(TABLE[i].name.as_bytes(), name.as_bytes()) {
            return &TABLE[i];
        }
        i += 1;
    }
    panic!("no intrinsic has that name")
}

/// Whether two names are equal, in a constant.
const fn same(a: &[u8], b: &[u8]) -> bool {
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
    symbol.strip_prefix(RUNTIME_PREFIX)?;
    TABLE.iter().find_map(|i| {
        let form = i.forms().into_iter().find(|&form| i.symbol(form) == symbol)?;
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

/// The existing name that takes the fewest edits to reach, without the prefix.
fn nearest_name(name: &str) -> &'static str {
    TABLE
        .iter()
        .map(|i| i.name)
        .min_by_key(|candidate| edit_distance(name, candidate))
        .unwrap_or_default()
}

/// Insertions, deletions and replacements that lead from `a` to `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let replace = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Renders the table of one layer as Markdown, for the documentation.
pub fn markdown(layer: Layer) -> String {
    let mut out = String::from("| intrinsic | type | meaning |\n| --- | --- | --- |\n");
    for i in TABLE.iter().filter(|i| i.layer == layer) {
        let suffix = if i.overloaded { "[.T]" } else { "" };
        let (name, prototype, doc) = (i.full_name(), i.prototype(), i.doc);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| `{name}{suffix}` | `{prototype}` | {doc} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = include_str!("../../../runtime/include/stackswitch.h");

    /// The header's text with the typed functions of its macro spelled out.
    fn expanded_header() -> String {
        let mut text = HEADER.to_owned();
        let body: Vec<&str> = HEADER
            .lines()
            .skip_while(|l| !l.starts_with("#define STACKSWITCH_TYPED("))
            .skip(1)
            .take_while(|l| !l.starts_with("STACKSWITCH_TYPED("))
            .collect();
        for line in HEADER.lines() {
            let Some(args) = line.strip_prefix("STACKSWITCH_TYPED(") else { continue };
            let suffix = args.split(',').next().unwrap_or_default();
            text.push_str(&body.join("\n").replace("##suffix", suffix).replace("suffix", suffix));
        }
        text.replace("_##", "_")
    }

    #[test]
    fn the_header_declares_every_symbol() {
        let header = expanded_header();
        for symbol in runtime_symbols() {
            assert!(header.contains(&format!("{symbol}(")), "the header lacks {symbol}");
        }
    }

    #[test]
    fn the_header_marks_what_returns_twice() {
        for i in TABLE {
            let declared = format!("{}(", i.symbol(Form::Typed(Typed::Ptr)));
            let start = HEADER.find(&declared).expect("declared");
            let text = &HEADER[start..];
            let declaration = &text[..text.find(';').expect("a declaration ends with ;")];
            let marked = declaration.contains("STACKSWITCH_RETURNS_TWICE");
            assert_eq!(marked, i.effects.returns_twice, "{}", i.name);
        }
    }

    #[test]
    fn names_are_unique_and_parse_back() {
        for i in TABLE {
            assert_eq!(parse_name(&i.full_name()), Ok((i, None)));
            for form in i.forms() {
                assert_eq!(parse_symbol(&i.symbol(form)), Some((i, form)));
            }
        }
    }

    #[test]
    fn a_suffix_belongs_to_the_longest_name() {
        let (i, suffix) = parse_name("llvm.stackswitch.swap.ontop.i64").expect("known");
        assert_eq!((i.name, suffix), ("swap.ontop", Some("i64")));
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        assert_eq!(
            parse_name("llvm.stackswitch.resum"),
            Err(NameError::Unknown { nearest: "resume" })
        );
    }

    #[test]
    fn only_what_cannot_switch_or_fail_is_promised_not_to_throw() {
        let quiet: Vec<&str> =
            TABLE.iter().filter(|i| i.effects.nounwind).map(|i| i.name).collect();
        assert_eq!(quiet, ["context.size", "current", "prefetch"]);
    }

    #[test]
    fn the_documentation_table_has_every_intrinsic_once() {
        let text = markdown(Layer::Posix) + &markdown(Layer::Coroutine);
        for i in TABLE {
            let end = if i.overloaded { "[.T]`" } else { "`" };
            assert_eq!(text.matches(&format!("`{}{end}", i.full_name())).count(), 1, "{}", i.name);
        }
    }
}
