//! One intrinsic, as the table describes it, and the names and limits that all of them share.

use super::properties::{Gives, Properties};
use super::signature::{Entry, Layer, Param, ParamKind, Returns};
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

impl Intrinsic {
    /// The type of the function operand, where there is one.
    pub fn entry(&self) -> Option<Entry> {
        self.params.iter().find_map(|p| match p.kind {
            ParamKind::Function(entry) => Some(entry),
            _ => None,
        })
    }

    /// The position of the first parameter of a kind.
    pub fn position(&self, kind: ParamKind) -> Option<usize> {
        self.params.iter().position(|p| p.kind == kind)
    }

    /// The position of the function operand.
    pub fn function_position(&self) -> Option<usize> {
        self.params.iter().position(|p| matches!(p.kind, ParamKind::Function(_)))
    }

    /// Whether its first parameter is a context that it works on.
    pub fn works_on_context(&self) -> bool {
        matches!(
            self.params.first().map(|p| p.kind),
            Some(ParamKind::Context | ParamKind::OptionalContext)
        )
    }

    /// Whether it makes a context that runs a body.
    pub const fn makes_context(&self) -> bool {
        matches!(self.properties.gives, Gives::NewContext)
    }
}
