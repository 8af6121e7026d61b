//! The subjects that are written in C and C++.

use std::ffi::c_void;
use std::sync::Mutex;

use crate::subjects::InProcess;
use stackswitch_bench::measure::{Subject, Workload};

/// `struct workload`.
#[repr(C)]
pub struct Native {
    set_up: unsafe extern "C" fn(usize) -> *mut c_void,
    run: unsafe extern "C" fn(*mut c_void, usize),
    tear_down: unsafe extern "C" fn(*mut c_void),
}

unsafe extern "C" {
    pub safe static stackswitch_resident: Native;
    pub safe static in_place_resident: Native;
    pub safe static in_place_resident_swap: Native;
    pub safe static stackswitch_resident_swap: Native;
    pub safe static stackswitch_sliced: Native;
    pub safe static stackswitch_sliced_unequal: Native;
    pub safe static stackswitch_ring: Native;
    pub safe static stackswitch_ring_prefetch: Native;
    pub safe static stackswitch_lifecycle: Native;
    pub safe static stackswitch_lifecycle_after_peak: Native;
    pub safe static stackswitch_parked: Native;
    pub safe static stackswitch_parked_locals: Native;
    fn stackswitch_parked_slice(state: *mut c_void) -> usize;
    safe fn stackswitch_hot_set_copies(count: usize) -> usize;
    safe fn stackswitch_scheduler_copies(count: usize) -> usize;
    pub safe static memcpy_pair_sliced: Native;
    pub safe static inline_asm_resident: Native;
    pub safe static inline_asm_objects: Native;
    pub safe static inline_asm_ring: Native;
    pub safe static swapcontext_resident: Native;
    pub safe static swapcontext_lifecycle: Native;
    pub safe static from_ucontext_resident: Native;
    pub safe static from_ucontext_lifecycle: Native;
    pub safe static in_place_swapcontext: Native;
    pub safe static boost_fcontext_resident: Native;
    pub safe static boost_fcontext_ring: Native;
    pub safe static boost_fcontext_lifecycle: Native;
    pub safe static boost_fcontext_parked: Native;
    pub safe static boost_fiber_resident: Native;
    pub safe static boost_fiber_lifecycle: Native;
    pub safe static cxx20_resident: Native;
    pub safe static cxx20_ring: Native;
    pub safe static cxx20_lifecycle: Native;
    pub safe static cxx20_parked: Native;
    pub safe static cxx20_integers: Native;
    pub safe static cxx20_randoms: Native;
    pub safe static stackless_integers: Native;
    pub safe static stackless_randoms: Native;
    pub safe static plain_integers: Native;
    pub safe static plain_randoms: Native;
}

/// `struct order`.
#[repr(C)]
struct Order {
    length: usize,
    ahead: usize,
    turns: *const usize,
}

/// What rings read while they are set up.
#[unsafe(export_name = "ring_order")]
static mut RING_ORDER: Order = Order { length: 0, ahead: 0, turns: std::ptr::null() };

/// A workload that is set up.
pub struct Running {
    native: &'static Native,
    state: *mut c_void,
}

impl Running {
    /// Sets it up; `None` if it cannot do `size`.
    pub fn new(native: &'static Native, size: usize) -> Option<Self> {
        // SAFETY: a set-up takes any size.
        let state = unsafe { (native.set_up)(size) };
        (!state.is_null()).then(|| Self { native, state })
    }
}

impl Workload for Running {
    fn run(&mut self, count: usize) {
        // SAFETY: the state is what this workload's set-up made.
        unsafe { (self.native.run)(self.state, count) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: as in `run`; the state is used for the last time.
        unsafe { (self.native.tear_down)(self.state) }
    }
}

/// A native workload as a subject.
pub fn subject(native: &'static Native) -> Box<dyn Subject> {
    Box::new(InProcess(move |size| Running::new(native, size)))
}

/// Bytes in the slice of the first of stackswitch's parked contexts.
pub fn slice_of_parked(parked: &Running) -> usize {
    assert!(
        std::ptr::eq(parked.native, &stackswitch_parked)
            || std::ptr::eq(parked.native, &stackswitch_parked_locals),
        "only stackswitch has slices"
    );
    // SAFETY: the state is of the kind that the function knows.
    unsafe { stackswitch_parked_slice(parked.state) }
}

/// Bytes copied while that many contexts with a null base take turns.
pub fn hot_set_copies(contexts: usize) -> usize {
    stackswitch_hot_set_copies(contexts)
}

/// Bytes of a scheduler that are copied while it resumes that many contexts below it.
pub fn scheduler_copies(contexts: usize) -> usize {
    stackswitch_scheduler_copies(contexts)
}

/// Who holds the order in which rings take their turns.
static ORDER: Mutex<()> = Mutex::new(());

/// Runs `measure` with rings that take their turns in this order, and have `ahead` more entries
/// to look into.
pub fn with_order<R>(turns: &[usize], ahead: usize, measure: impl FnOnce() -> R) -> R {
    let _held = ORDER.lock().expect("nothing panics with it");
    let length = turns.len();
    let repeated: Vec<usize> = (0..length + ahead).map(|i| turns[i % length]).collect();
    // SAFETY: the lock makes this the only user; rings read the order while they are set up,
    // in `measure`, and `repeated` outlives that.
    unsafe { RING_ORDER = Order { length, ahead, turns: repeated.as_ptr() } };
    measure()
}
