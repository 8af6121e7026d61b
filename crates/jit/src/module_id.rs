//! The handle of a module.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

/// A module of a [`Jit`](crate::Jit). No other module of the process has the same handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(u64);

impl ModuleId {
    /// The owner of what the host defines: no module has this handle.
    pub(crate) const HOST: Self = Self(0);

    /// A handle that nothing has had yet.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
