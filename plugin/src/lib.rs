//! The plugin's entry point.
