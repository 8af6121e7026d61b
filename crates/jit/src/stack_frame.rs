//! A function on a call stack, as faults and [`symbolize`](crate::symbolize) describe it.

use std::fmt;

use stackswitch_passes::diagnostics::Location;

/// A function that is being executed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// The function's name in the IR. A mangled name of C++ or Rust is demangled.
    pub function: String,
    /// The place in the source, if the module has debug information.
    pub location: Option<Location>,
}

impl Frame {
    /// A frame of the function with this name.
    pub(crate) fn new(function: String, location: Option<Location>) -> Self {
        Self { function, location }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{} ({location})", self.function),
            None => f.write_str(&self.function),
        }
    }
}
