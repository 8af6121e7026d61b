//! The emitter's errors.

use inkwell::builder::BuilderError;

use stackswitch_abi::intrinsics::MAX_VALUE_SIZE;

/// Why an intrinsic could not be emitted. Nothing has been emitted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of this type cannot be carried by a switch.
    #[error(
        "a value of type '{found}' cannot be carried by a switch; expected a first-class type of a size known at compile time"
    )]
    ValueType {
        /// The type as LLVM prints it.
        found: String,
    },
    /// A value is too large to be carried by a switch.
    #[error("a value of type '{found}' has {size} bytes; expected at most {MAX_VALUE_SIZE}")]
    ValueSize {
        /// The type as LLVM prints it.
        found: String,
        /// Its size in the module's data layout.
        size: u64,
    },
    /// An operand has another type than the intrinsic's parameter.
    #[error("'{operation}' takes '{expected}' for '{parameter}'; found '{found}'")]
    Operand {
        /// The intrinsic's full name.
        operation: String,
        /// The parameter's name in the table.
        parameter: &'static str,
        /// The operand's type as LLVM prints it.
        found: String,
        /// The type that it must have.
        expected: String,
    },
    /// A function that a context would run has the wrong type.
    #[error("'{function}' has type '{found}'; '{operation}' takes a function of type '{expected}'")]
    FunctionType {
        /// The intrinsic's full name.
        operation: String,
        /// The function's name.
        function: String,
        /// Its type as LLVM prints it.
        found: String,
        /// The type that it must have.
        expected: String,
    },
    /// The builder or a function operand belongs to another module than the emitter.
    #[error("'{0}' belongs to another module than the emitter")]
    OtherModule(String),
    /// A type, or the type of an operand, belongs to another LLVM context than the emitter's module.
    #[error(
        "the type '{found}' belongs to another LLVM context than the emitter's module; make types and values with the context of the module"
    )]
    OtherContext {
        /// The type as LLVM prints it.
        found: String,
    },
    /// The module has another symbol of the name that is needed.
    #[error("the module has something else that is called '{name}'; expected '{expected}'")]
    Taken {
        /// The name.
        name: String,
        /// The type of the declaration that is needed.
        expected: String,
    },
    /// The runtime has no function for this type; only the intrinsic can be declared.
    #[error("the runtime has no '{operation}' for a value of type '{found}'; use the intrinsic")]
    NoRuntimeForm {
        /// The intrinsic's full name.
        operation: String,
        /// The type as LLVM prints it.
        found: String,
    },
    /// An overloaded intrinsic was declared without a type, or an intrinsic without a value with one.
    #[error("'{operation}' {}", if *overloaded { "needs the type of a value" } else { "carries no value" })]
    Overload {
        /// The intrinsic's full name.
        operation: String,
        /// Whether it is overloaded.
        overloaded: bool,
    },
    /// The builder has no position, or refused the instruction.
    #[error(transparent)]
    Builder(#[from] BuilderError),
}
