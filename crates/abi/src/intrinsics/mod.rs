//! The intrinsics: their names, types, properties and runtime symbols.
//!
//! [`TABLE`] is the single source for what `llvm.stackswitch.*` is. The verifier checks calls
//! against it, the passes ask it for [properties](Properties), the lowering takes runtime symbols
//! and attributes from it, a just-in-time host takes the list of symbols to bind from it, and the
//! documentation's tables are rendered from it.

mod intrinsic;
mod markdown;
mod names;
mod properties;
mod signature;
mod table;

pub use intrinsic::{
    FRAME_ALLOC, FRAME_FREE, INTRINSIC_PREFIX, Intrinsic, MAX_VALUE_SIZE, MIN_STACK, RUNTIME_PREFIX,
};
pub use markdown::{Markdown, Prototype, markdown};
pub use names::{
    Form, FullName, NameError, Symbol, Typed, named, named_operation, parse_name, parse_symbol,
    runtime_symbols,
};
pub use properties::{Control, Copies, FastPath, Gives, Headers, Memory, Properties, WithoutStack};
pub use signature::{Entry, Layer, Param, ParamKind, Returns};
pub use table::TABLE;
