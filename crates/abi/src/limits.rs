//! Limits that the runtime and the passes agree on.

/// The fewest bytes that `makecontext` takes for a stack.
pub const MIN_STACK: usize = 2048;

/// The most bytes of a value that a switch carries.
pub const VALUE_BYTES: usize = 64;
