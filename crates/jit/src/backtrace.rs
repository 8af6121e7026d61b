//! The frames of the program on the stack of whoever asks, by the process's unwinder.

use std::ffi::{c_int, c_void};

use inkwell::{
    attributes::{Attribute, AttributeLoc},
    module::Module,
};
use stackswitch_rt::host;

use super::{
    objects,
    symbolize::{Frame, symbolize},
};

/// Frames of the program that are kept.
const MOST: usize = 64;
/// Frames that are looked at.
const MOST_LOOKED_AT: usize = 512;
/// Bytes of stack that unwinding wants.
const ROOM: usize = 32 << 10;

/// Has every function of a module described to unwinders, also where it throws nothing.
pub(super) fn prepare(module: &Module<'_>) {
    // At every instruction, not only at calls: LLVM's `uwtable(async)`.
    const ASYNC: u64 = 2;
    let kind = Attribute::get_named_enum_kind_id("uwtable");
    let attribute = module.get_context().create_enum_attribute(kind, ASYNC);
    for function in module.get_functions().filter(|f| f.count_basic_blocks() > 0) {
        function.add_attribute(AttributeLoc::Function, attribute);
    }
}

/// Where the program is: addresses of instructions, innermost first.
pub(super) struct Trace(Vec<usize>);

impl Trace {
    /// The calling context's. Empty where it has too little stack left to look.
    pub(super) fn here() -> Self {
        let mut walk = Walk { found: Vec::new(), seen: 0 };
        if host::room().is_none_or(|room| room >= ROOM) {
            // SAFETY: `step` does what the unwinder's interface says, with a walk for its data.
            unsafe { _Unwind_Backtrace(step, (&raw mut walk).cast()) };
        }
        Self(walk.found)
    }

    /// The functions, with those that were inlined.
    pub(super) fn frames(&self) -> Vec<Frame> {
        self.0.iter().flat_map(|address| symbolize(*address)).collect()
    }
}

struct Walk {
    found: Vec<usize>,
    seen: usize,
}

/// `_URC_NO_REASON` and `_URC_END_OF_STACK`.
const GO_ON: c_int = 0;
const STOP: c_int = 5;

// SAFETY: the types are those of the Itanium C++ ABI, whose unwinder Rust links.
unsafe extern "C" {
    fn _Unwind_Backtrace(
        step: unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIPInfo(frame: *mut c_void, before: *mut c_int) -> usize;
}

/// Called by the unwinder for each frame; `data` is a [`Walk`].
unsafe extern "C" fn step(frame: *mut c_void, data: *mut c_void) -> c_int {
    // SAFETY: the unwinder's frame is valid during this call, and the walk is ours.
    let (walk, address, before) = unsafe {
        let mut before = 0;
        let address = _Unwind_GetIPInfo(frame, &raw mut before);
        (&mut *data.cast::<Walk>(), address, before != 0)
    };
    // A return address comes after its call, perhaps at the next line.
    let address = if before { address } else { address.wrapping_sub(1) };
    if objects::is_code(address) {
        walk.found.push(address);
    }
    walk.seen += 1;
    if walk.found.len() < MOST && walk.seen < MOST_LOOKED_AT { GO_ON } else { STOP }
}
