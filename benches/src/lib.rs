//! What the benchmark program does with figures: takes, keeps, plots and judges them.
//!
//! The subjects are the program's own, as they need compilers and libraries that these parts
//! do not.

pub mod bars;
pub mod measure;
pub mod module;
pub mod order;
pub mod pass_times;
pub mod plot;
pub mod results;
