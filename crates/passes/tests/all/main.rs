//! Tests of the passes in this process. What a single pass does to a module is tested in `lit/`.

mod pipelines;

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
