//! The parts of an intrinsic's type.

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

/// What a parameter means. Its type and its legal constants follow from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A context, never null. In the POSIX layer it is an object that has been captured or made.
    Context,
    /// A context or null.
    OptionalContext,
    /// The context that becomes the link of another, or null. The handle is kept.
    Link,
    /// Memory for an object of the POSIX layer, which the operation captures into.
    Capture,
    /// A base, never null.
    Base,
    /// A base or null.
    OptionalBase,
    /// The lowest address of a stack, or null.
    Stack,
    /// Bytes of that stack, of the target's pointer-sized integer type.
    StackSize,
    /// A number of bytes, of the target's pointer-sized integer type.
    Size,
    /// A function of the given type.
    Function(Entry),
    /// A pointer that the function operand is given, unread.
    Argument,
    /// A value of the overloaded type `T`.
    Value,
}

impl ParamKind {
    /// Whether null is never a legal operand.
    pub const fn must_not_be_null(self) -> bool {
        match self {
            ParamKind::Context | ParamKind::Capture | ParamKind::Base | ParamKind::Function(_) => {
                true
            }
            ParamKind::OptionalContext
            | ParamKind::Link
            | ParamKind::OptionalBase
            | ParamKind::Stack
            | ParamKind::StackSize
            | ParamKind::Size
            | ParamKind::Argument
            | ParamKind::Value => false,
        }
    }
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
    /// An `i32`: an error code, a status or a count.
    Int,
    /// The target's pointer-sized integer.
    Size,
    /// A pointer.
    Pointer,
    /// A value of the overloaded type `T`.
    Value,
}
