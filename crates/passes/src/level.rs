//! How much to optimise.

use inkwell::OptimizationLevel;

/// How much to optimise, as `-O0` to `-O3` of a compiler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// Nothing beyond what is needed to run.
    O0,
    /// Fast to compile.
    O1,
    /// The usual optimisations.
    #[default]
    O2,
    /// Also those that cost much code or time.
    O3,
}

impl OptLevel {
    /// LLVM's default pipeline of that level, as `opt -passes=` takes it.
    pub fn pipeline(self) -> &'static str {
        match self {
            Self::O0 => "default<O0>",
            Self::O1 => "default<O1>",
            Self::O2 => "default<O2>",
            Self::O3 => "default<O3>",
        }
    }

    /// The code generator's level, as a target machine is made with.
    pub fn codegen(self) -> OptimizationLevel {
        match self {
            Self::O0 => OptimizationLevel::None,
            Self::O1 => OptimizationLevel::Less,
            Self::O2 => OptimizationLevel::Default,
            Self::O3 => OptimizationLevel::Aggressive,
        }
    }
}
