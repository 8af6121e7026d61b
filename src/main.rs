//! The `stackswitch` command.
fn main() {}
