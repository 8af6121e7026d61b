//! Maps whose keys are values of LLVM's.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are addresses of LLVM's. Nobody outside chooses these, so that they need no
/// hash that withstands attacks, which for a module's functions is most of the time.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Address>>;

/// Mixes an address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Address(u64);

impl Address {
    /// Odd, with its bits evenly spread: 2^64 by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

    fn add(&mut self, part: u64) {
        self.0 = (self.0 ^ part).wrapping_mul(Self::FACTOR);
    }
}

impl Hasher for Address {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.add(byte.into()));
    }

    fn write_usize(&mut self, address: usize) {
        self.add(address as u64);
    }

    fn finish(&self) -> u64 {
        // The map takes the low bits, which depend on the low bits alone so far.
        self.0 ^ (self.0 >> 32)
    }
}
