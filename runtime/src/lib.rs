//! The freestanding runtime of stackswitch.
#![no_std]
