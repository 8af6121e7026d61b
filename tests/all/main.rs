//! Tests of the library as a user depends on it.

mod emitter;
