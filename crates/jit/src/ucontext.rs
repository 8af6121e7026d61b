//! Selects the functions of `<ucontext.h>` for a program: the runtime's or the system's.

/// What becomes of the functions of `<ucontext.h>` in a module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ucontext {
    /// They are the system's.
    #[default]
    System,
    /// They are the runtime's. The signal mask does not change with the context.
    Runtime,
    /// They are the runtime's, and each context has a signal mask, as POSIX demands.
    RuntimeWithSignalMask,
}

impl Ucontext {
    /// The pass that runs before all others, with the comma after it; empty for the system's functions.
    pub(crate) fn pass(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Runtime => "stackswitch-from-ucontext,",
            Self::RuntimeWithSignalMask => "stackswitch-from-ucontext<sigmask>,",
        }
    }
}
