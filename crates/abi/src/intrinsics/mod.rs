//! The intrinsics: their names, types, properties and runtime symbols.
//!
//! [`TABLE`] is the single source for what `llvm.stackswitch.*` is. The verifier checks calls
//! against it, the passes ask it for [properties](Properties), the lowering takes runtime symbols
//! and attributes from it, a just-in-time host takes the list of symbols to bind from it, and the
//! documentation's tables are rendered from it.

mod markdown;
mod names;
mod properties;
mod signature;
mod table;

pub use markdown::{Markdown, Prototype, markdown};
pub use names::{
    Form, FullName, NameError, Symbol, Typed, named, named_operation, parse_name, parse_symbol,
    runtime_symbols,
};
pub use properties::{Control, Copies, FastPath, Gives, Headers, Memory, Properties, WithoutStack};
pub use signature::{Entry, Layer, Param, ParamKind, Returns};
pub use table::TABLE;

use crate::limits;

/// What every intrinsic's name starts with.
pub const INTRINSIC_PREFIX: &str = "llvm.stackswitch.";

/// What every runtime symbol's name starts with.
pub const RUNTIME_PREFIX: &str = "stackswitch_";

/// The largest value, in bytes, that a switch carries.
pub const MAX_VALUE_SIZE: u64 = limits::VALUE_BYTES as u64;

/// The smallest stack, in bytes, that `makecontext` takes. The runtime has the same limit.
pub const MIN_STACK: u64 = limits::MIN_STACK as u64;

/// The runtime function that gives a function memory for variables:
/// `ptr (iPTR size, iPTR alignment, ptr frame)`.
pub const FRAME_ALLOC: &str = "stackswitch_frame_alloc";

/// The runtime function that takes that memory back: `void (ptr)`.
pub const FRAME_FREE: &str = "stackswitch_frame_free";

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
    /// What it does, as far as passes and LLVM may count on it.
    pub properties: Properties,
    /// One sentence of documentation.
    pub doc: &'static str,
}
