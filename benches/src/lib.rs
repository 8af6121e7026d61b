//! The parts of the benchmark program that take, store, plot and judge figures.
//!
//! The subjects belong to the program, because they need compilers and libraries that these parts do not.

pub mod limits;
pub mod loops;
pub mod machine;
pub mod measure;
pub mod module;
pub mod order;
pub mod pass_times;
pub mod plot;
pub mod results;
pub mod tables;
