//! The compiled functions on the calling context's stack, found by the process's unwinder.
//!
//! A backtrace is taken where a fault has happened. Nothing here allocates: the addresses are stored in
//! an array, and names are looked up later, by the host.

use std::ffi::{c_int, c_void};

use inkwell::{
    attributes::{Attribute, AttributeLoc},
    module::Module,
};
use stackswitch_rt::host;

use crate::{objects, stack_frame::Frame, symbolize::symbolize};

/// The most addresses that a backtrace has.
const MOST: usize = 64;
/// The most stack frames that are visited for it, those of the host included.
const MOST_VISITED: usize = 512;
/// Bytes of stack that the unwinder needs.
const ROOM: usize = 32 << 10;

/// Makes LLVM emit unwind tables for every function of a module, also for functions that throw nothing.
pub(crate) fn add_unwind_tables(module: &Module<'_>) {
    // Tables that are exact at every instruction, not only at calls: LLVM's `uwtable(async)`.
    const ASYNC: u64 = 2;
    let kind = Attribute::get_named_enum_kind_id("uwtable");
    let attribute = module.get_context().create_enum_attribute(kind, ASYNC);
    for function in module.get_functions().filter(|f| f.count_basic_blocks() > 0) {
        function.add_attribute(AttributeLoc::Function, attribute);
    }
}

/// Addresses of instructions in compiled code, innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Backtrace {
    addresses: [usize; MOST],
    count: usize,
}

impl Backtrace {
    /// No addresses.
    pub(crate) const EMPTY: Self = Self { addresses: [0; MOST], count: 0 };

    /// The backtrace of the calling context. Empty if the context has too little stack left for the
    /// unwinder.
    pub(crate) fn here() -> Self {
        let mut walk = Walk { found: Self::EMPTY, visited: 0 };
        if host::room().is_none_or(|room| room >= ROOM) {
            // SAFETY: `visit` has the type that the unwinder calls, and takes a walk as its data.
            unsafe { _Unwind_Backtrace(visit, (&raw mut walk).cast()) };
        }
        walk.found
    }

    /// The functions at the addresses, with the functions that were inlined there.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.addresses[..self.count].iter().flat_map(|address| symbolize(*address)).collect()
    }

    fn push(&mut self, address: usize) {
        if let Some(free) = self.addresses.get_mut(self.count) {
            *free = address;
            self.count += 1;
        }
    }
}

/// A backtrace that is being taken.
struct Walk {
    found: Backtrace,
    visited: usize,
}

/// `_URC_NO_REASON`: visit the next frame.
const CONTINUE: c_int = 0;
/// `_URC_END_OF_STACK`: visit no more frames.
const STOP: c_int = 5;

// SAFETY: the types are those of the Itanium C++ ABI, whose unwinder the standard library links.
unsafe extern "C" {
    fn _Unwind_Backtrace(
        visit: unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIPInfo(frame: *mut c_void, before: *mut c_int) -> usize;
}

/// Called by the unwinder for each frame; `data` is a [`Walk`].
unsafe extern "C" fn visit(frame: *mut c_void, data: *mut c_void) -> c_int {
    // SAFETY: the unwinder passes a frame that is valid during this call, and the walk of
    // `Backtrace::here`, which waits.
    let (walk, address, before) = unsafe {
        let mut before = 0;
        let address = _Unwind_GetIPInfo(frame, &raw mut before);
        (&mut *data.cast::<Walk>(), address, before != 0)
    };
    // A return address is that of the instruction after the call, which may be on another line.
    let address = if before { address } else { address.wrapping_sub(1) };
    if objects::is_code(address) {
        walk.found.push(address);
    }
    walk.visited += 1;
    if walk.found.count < MOST && walk.visited < MOST_VISITED { CONTINUE } else { STOP }
}
