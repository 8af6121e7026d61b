//! The error codes.

/// Why an operation was refused. The values are those of `stackswitch.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// An argument that cannot work.
    Invalid = -1,
    /// No memory for a slice, a context or a region.
    Memory = -2,
    /// No link, or a link that has ended.
    NoLink = -3,
    /// The context is running.
    Running = -4,
    /// The context has finished.
    Finished = -5,
    /// Not a context, or one that was destroyed.
    Destroyed = -6,
    /// The context belongs to another thread.
    Foreign = -7,
    /// A context overflowed its region.
    Overflow = -8,
    /// The base still has contexts.
    Busy = -9,
    /// Not possible here: for this context, target or build.
    Unsupported = -10,
    /// The two sides of a switch have values of different types (checked build).
    Type = -11,
    /// A slice is not what was saved (checked build).
    Corrupt = -12,
    /// A context was suspended on a stack that is not its own, so it cannot be displaced.
    Stack = -13,
}

impl Code {
    /// Every code, in the order of its values.
    pub const ALL: [Self; 13] = [
        Self::Invalid,
        Self::Memory,
        Self::NoLink,
        Self::Running,
        Self::Finished,
        Self::Destroyed,
        Self::Foreign,
        Self::Overflow,
        Self::Busy,
        Self::Unsupported,
        Self::Type,
        Self::Corrupt,
        Self::Stack,
    ];

    /// The code with this value, if there is one.
    pub fn from_value(value: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as i32 == value)
    }

    /// The name in `stackswitch.h`, without its prefix `STACKSWITCH_`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "EINVAL",
            Self::Memory => "ENOMEM",
            Self::NoLink => "ENOLINK",
            Self::Running => "ERUNNING",
            Self::Finished => "EFINISHED",
            Self::Destroyed => "EDESTROYED",
            Self::Foreign => "EFOREIGN",
            Self::Overflow => "EOVERFLOW",
            Self::Busy => "EBUSY",
            Self::Unsupported => "ENOTSUP",
            Self::Type => "ETYPE",
            Self::Corrupt => "ECORRUPT",
            Self::Stack => "ESTACK",
        }
    }
}
