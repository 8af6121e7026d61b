//! A mistake that a check has found.

/// A mistake in a call or a declaration, without the place that it is reported at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What is wrong, and what was expected.
    pub(super) message: String,
    /// What to do about it, if there is something to suggest.
    pub(super) hint: Option<String>,
}

impl Problem {
    /// A mistake without a hint.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Problem { message: message.into(), hint: None }
    }

    /// Adds a hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
