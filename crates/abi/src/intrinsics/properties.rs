//! The properties of an operation: promises that the passes and LLVM may rely on.
//!
//! A pass asks for properties and never for a name. [`Properties::UNKNOWN`] promises nothing; an entry of the
//! table starts from it and lists its promises. Without a promise programs are slower. With a false promise
//! they are wrong.

/// Where control goes while an operation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Anywhere. It may suspend the caller and resume any context.
    Unknown,
    /// It sets the link of the [context operand](super::ParamKind::Context) to the caller,
    /// suspends the caller, and resumes that context with its value operand. Its result is the
    /// value that the caller is resumed with.
    Resumes,
    /// It suspends the caller and resumes the context operand; the link of that context stays.
    /// Its result is the value that the caller is resumed with.
    Swaps,
    /// It suspends the caller and resumes the caller's link with its only operand, a value. Its
    /// result is the value that the caller is resumed with.
    Suspends,
    /// It suspends the caller, unwinds the context operand and then resumes the caller.
    Cancels,
    /// It resumes a context and returns only when that fails.
    Jumps,
    /// It calls the error handler when it fails. An error handler may switch and may throw.
    /// Otherwise it runs no code of the program.
    MayFail,
    /// As [`Control::MayFail`], and it fails only if a context operand is no existing context.
    FailsIfDead,
    /// It always returns, and it runs no code of the program.
    Returns,
}

/// What an operation does to memory that LLVM can see. It counts only for an operation that
/// [runs no other code](Properties::runs_other_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Anything.
    Any,
    /// Nothing at all.
    None,
    /// It reads state of the runtime that the program cannot reach otherwise.
    ReadsRuntime,
    /// It may read through its argument, and must not be deleted although it returns nothing.
    Hint,
}

/// What an operation does to the headers of contexts that exist afterwards: status, link, size of
/// the slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headers {
    /// It may read and write the header of any context.
    Any,
    /// It sets the link of its context operand to its [link operand](super::ParamKind::Link), and
    /// reads and writes no other field.
    SetsLink,
    /// It may read any header and writes none.
    Reads,
    /// It reads and writes none.
    Untouched,
}

impl Headers {
    /// What two operations do, one after the other.
    #[must_use]
    pub const fn and(self, other: Headers) -> Headers {
        match (self, other) {
            (Headers::Untouched, one) | (one, Headers::Untouched) => one,
            (Headers::Reads, Headers::Reads) => Headers::Reads,
            (Headers::Any | Headers::SetsLink | Headers::Reads, _) => Headers::Any,
        }
    }
}

/// Whether an operation copies the stack bytes of a context. The copy resumes at the same point
/// as the original, so whatever is in the frames exists twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// It may.
    May,
    /// It does unless its [base operand](super::ParamKind::OptionalBase) is null.
    IfBased,
    /// It does not.
    Never,
}

/// What the result of an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Nothing is known of it.
    Unknown,
    /// The handle of the running context.
    RunningContext,
    /// The handle of a new context. Its base is the base operand, null for a default one; it will
    /// run the [body operand](super::Entry::Body) with the argument operand. It has not run and
    /// has no link. Null if there is no memory for it, after the error handler was called.
    NewContext,
    /// The handle of a copy of the context operand, or null.
    Copy,
    /// The status of the context operand: 0 new, 1 suspended, 2 running, 3 finished.
    Status,
    /// The link of the context operand.
    Link,
    /// The size in bytes of the slice of the context operand: 0 for a context that has not run.
    SliceSize,
}

/// What becomes of an operation on a context that has lost its stack: a direct call or a
/// stackless context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutStack {
    /// Nothing: a context that it is used on keeps its stack.
    Refused,
    /// It becomes the call of the body, or of its next part.
    Enters,
    /// It ends a stackless context whose frames have no cleanups. A direct call is refused.
    Ends,
    /// It becomes the status, which is known.
    Status,
    /// It disappears, and its result is 0.
    Zero,
}

/// The operations that `stackswitch-inline` has a fast path for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FastPath {
    /// [`Control::Swaps`], with a value.
    Swap,
    /// [`Control::Resumes`].
    Resume,
    /// [`Control::Suspends`].
    Suspend,
    /// Captures into one object of the POSIX layer and resumes another.
    SwapContext,
}

/// What an operation does, as far as the passes and LLVM may count on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Where control goes.
    pub control: Control,
    /// Whether it may return more than once for one call. It then returns again when the context
    /// that it captured is resumed.
    pub captures: bool,
    /// What it does to memory that LLVM can see.
    pub memory: Memory,
    /// What it does to the headers of contexts.
    pub headers: Headers,
    /// Whether it copies a stack.
    pub copies: Copies,
    /// Whether it does the same in every context and on every stack. Only then may a pass move
    /// the function that uses it to another context: an operation that asks which context runs,
    /// or where the stack is, must stay.
    pub works_anywhere: bool,
    /// What its result is.
    pub gives: Gives,
    /// Whether the handle of its context operand may be invalid afterwards.
    pub releases: bool,
    /// What becomes of it on a context that has lost its stack.
    pub without_stack: WithoutStack,
    /// Whether it does nothing and returns its value operand if its context operand is the
    /// running context.
    pub gives_value_to_itself: bool,
    /// The fast path that `stackswitch-inline` has for it.
    pub fast_path: Option<FastPath>,
}

impl Properties {
    /// Promises nothing: the safe choice for every operation.
    pub const UNKNOWN: Properties = Properties {
        control: Control::Unknown,
        captures: true,
        memory: Memory::Any,
        headers: Headers::Any,
        copies: Copies::May,
        works_anywhere: false,
        gives: Gives::Unknown,
        releases: true,
        without_stack: WithoutStack::Refused,
        gives_value_to_itself: false,
        fast_path: None,
    };

    /// Whether code of the program may run before it returns: another context, or an error
    /// handler, which may switch and may throw.
    pub const fn runs_other_code(&self) -> bool {
        self.captures || !matches!(self.control, Control::Returns)
    }

    /// Whether it may suspend the caller other than in an error handler.
    pub const fn may_suspend_caller(&self) -> bool {
        match self.control {
            Control::Unknown
            | Control::Resumes
            | Control::Swaps
            | Control::Suspends
            | Control::Cancels => true,
            Control::Jumps | Control::MayFail | Control::FailsIfDead | Control::Returns => false,
        }
    }

    /// Whether it certainly resumes its context operand.
    pub const fn enters_operand(&self) -> bool {
        matches!(self.control, Control::Resumes | Control::Swaps | Control::Cancels)
    }

    /// Whether it may resume its context operand.
    pub const fn may_enter_operand(&self) -> bool {
        match self.control {
            Control::Unknown
            | Control::Resumes
            | Control::Swaps
            | Control::Suspends
            | Control::Cancels
            | Control::Jumps => true,
            Control::MayFail | Control::FailsIfDead | Control::Returns => false,
        }
    }

    /// Whether it runs no code of the program if all context operands exist.
    pub const fn is_quiet_if_alive(&self) -> bool {
        !self.captures && matches!(self.control, Control::FailsIfDead | Control::Returns)
    }

    /// Whether it neither resumes nor changes nor copies its context operand. It may destroy it.
    pub const fn leaves_operand_as_it_is(&self) -> bool {
        !self.captures
            && matches!(self.control, Control::MayFail | Control::FailsIfDead | Control::Returns)
            && matches!(self.headers, Headers::Reads | Headers::Untouched)
            && matches!(self.copies, Copies::Never)
    }

    /// Whether a function that uses it may run in another context, on the stack of that.
    pub const fn may_move(&self) -> bool {
        self.works_anywhere && !self.runs_other_code()
    }

    /// What it does to memory that LLVM can see: anything, where other code may run.
    pub const fn memory(&self) -> Memory {
        if self.runs_other_code() { Memory::Any } else { self.memory }
    }

    /// What it does to the headers of contexts: anything, where other code may run.
    pub const fn headers(&self) -> Headers {
        if self.runs_other_code() { Headers::Any } else { self.headers }
    }
}
