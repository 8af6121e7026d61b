//! Checks how the sources of this project are arranged.
//!
//! [`Crate::read`] reads the modules of one crate. [`imports`] lists which of its files use which
//! others, and [`layers`] compares that list with the declared order of the modules. [`sizes`]
//! measures files and functions. `tests/project.rs` applies all of them to the project and holds
//! the declared order.

pub mod imports;
pub mod layers;
mod modules;
mod names;
mod scan;
pub mod sizes;

pub use modules::{Crate, File, Module};
