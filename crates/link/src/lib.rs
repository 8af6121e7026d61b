//! Links libLLVM into a program.
//!
//! This crate has no code: its build script tells the linker about the LLVM that `stackswitch-ir` was
//! built for. A crate that uses it, as in `use stackswitch_link as _;`, is linked with that LLVM. The
//! plugin does not use it, since its host (opt, clang or lld) brings LLVM.
