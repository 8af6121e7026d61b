#![doc = include_str!("../README.md")]

#[cfg(test)]
use stackswitch_link as _;

mod accesses;
mod assembly;
mod attributes;
mod builder;
mod call;
mod control_flow;
mod copies;
mod escape;
mod exposure;
mod frame;
mod function;
mod instruction;
mod invoke_edge;
mod location;
pub mod mangle;
mod metadata;
mod module;
mod phi;
mod replacement;
mod text;
mod types;
mod uses;
mod value;
mod variables;
mod wrappers;

pub use accesses::{Access, AccessKind};
pub use assembly::Assembly;
pub use attributes::{Attribute, AttributePlace};
pub use builder::Builder;
pub use call::CallKind;
pub use control_flow::Block;
pub use copies::PointerUses;
pub use exposure::{Exposure, Reach};
pub use function::Linkage;
pub use location::Location;
pub use replacement::Tail;
pub use text::take_message;
pub use types::TypeKind;
pub use variables::{Lifetime, MoveObstacle};
pub use wrappers::{Call, Function, Instruction, Module, Phi, Type, Value};

/// The version of LLVM that this crate was built for.
pub const LLVM_VERSION: &str = env!("STACKSWITCH_LLVM_VERSION");
