//! The object files that are linked into this process now: the addresses of their code, their
//! functions, and their bytes with names and debug information.
//!
//! A plugin of the linker in `shim.cc` reports each object when it is linked and before it is
//! freed. A signal handler may call [`is_code`], which takes no lock; the rest of this file takes
//! one.

use std::{
    ffi::c_void,
    fs::File,
    ptr::null_mut,
    slice,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicPtr, AtomicUsize, Ordering},
    },
};

use inkwell::llvm_sys::orc2::lljit::LLVMOrcLLJITRef;

use crate::{
    debugger,
    functions::{Function, functions},
    line_table::LineTable,
    perf_map,
};

/// An object file that was linked into this process.
pub(crate) struct Object {
    /// The file. Its section headers hold the addresses at which the sections were loaded.
    pub(crate) bytes: Box<[u8]>,
    /// Its functions, sorted by address.
    functions: Vec<Function>,
    /// Its source lines, read at the first use.
    pub(crate) lines: Mutex<Option<LineTable>>,
    /// Its entry in the debugger's list.
    entry: debugger::Entry,
    /// The addresses of its code, which are entries of [`CODE`].
    code: Vec<&'static Range>,
}

impl Object {
    /// The function that an address is in.
    pub(crate) fn function(&self, address: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.start <= address);
        let function = &self.functions[after.checked_sub(1)?];
        (address - function.start < function.size.max(1)).then_some(function)
    }

    fn has(&self, address: usize) -> bool {
        self.code.iter().any(|range| range.has(address))
    }
}

/// A range of addresses of code. A range is never freed, so that a signal handler can walk the list
/// at any time; when its object is freed, another object uses it again.
struct Range {
    start: AtomicUsize,
    /// 0 while no object uses the range.
    end: AtomicUsize,
    next: *const Range,
}

// SAFETY: `next` is set before others see the range, and never changes.
unsafe impl Sync for Range {}

/// All ranges.
static CODE: AtomicPtr<Range> = AtomicPtr::new(null_mut());

impl Range {
    fn all() -> impl Iterator<Item = &'static Self> {
        // SAFETY: ranges are made complete and never freed.
        let get = |range: *const Self| unsafe { range.as_ref() };
        std::iter::successors(get(CODE.load(Ordering::Acquire)), move |range| get(range.next))
    }

    /// A range for these addresses: an unused one of the list, or a new one.
    fn reserve(start: usize, end: usize) -> &'static Self {
        // The lock keeps other threads from taking the same range.
        let _lock = loaded();
        if let Some(range) = Self::all().find(|r| r.end.load(Ordering::Relaxed) == 0) {
            range.start.store(start, Ordering::Relaxed);
            range.end.store(end, Ordering::Release);
            return range;
        }
        let (start, end) = (AtomicUsize::new(start), AtomicUsize::new(end));
        let next = CODE.load(Ordering::Relaxed);
        let range = Box::leak(Box::new(Self { start, end, next }));
        CODE.store(range, Ordering::Release);
        range
    }

    /// Makes the range unused.
    fn release(&self) {
        self.end.store(0, Ordering::Release);
    }

    fn has(&self, address: usize) -> bool {
        let end = self.end.load(Ordering::Acquire);
        (self.start.load(Ordering::Relaxed)..end).contains(&address)
    }
}

/// Whether an address is in the code of a linked object. A signal handler may call this about the
/// interrupted instruction, whose object cannot be freed meanwhile.
pub(crate) fn is_code(address: usize) -> bool {
    Range::all().any(|range| range.has(address))
}

static LOADED: Mutex<Vec<Arc<Object>>> = Mutex::new(Vec::new());

fn loaded() -> MutexGuard<'static, Vec<Arc<Object>>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The object whose code is at an address.
pub(crate) fn find(address: usize) -> Option<Arc<Object>> {
    loaded().iter().find(|object| object.has(address)).cloned()
}

/// `Piece` of `shim.cc`: a part of an object in memory.
#[repr(C)]
struct Piece {
    start: u64,
    size: u64,
}

/// `Loaded` of `shim.cc`: an object that was linked.
#[repr(C)]
struct Loaded {
    bytes: *const u8,
    size: usize,
    code: *const Piece,
    code_count: usize,
}

/// `Listener` of `shim.cc`: the functions that it calls.
#[repr(C)]
struct Listener {
    data: *mut c_void,
    load: unsafe extern "C" fn(*mut c_void, *const Loaded) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

// SAFETY: the function of `shim.cc`, with the type that it has there.
unsafe extern "C" {
    fn stackswitch_shim_watch(jit: LLVMOrcLLJITRef, listener: Listener) -> bool;
}

/// Follows the objects of one JIT.
#[derive(Default)]
pub(crate) struct Watch {
    /// The map file of `perf`, if the JIT writes one.
    perf_map: Option<File>,
}

impl Watch {
    /// A watch that writes functions to this map.
    pub(crate) fn new(perf_map: Option<File>) -> Box<Self> {
        Box::new(Self { perf_map })
    }

    /// Follows a JIT's objects from now on.
    ///
    /// # Safety
    /// The JIT is alive and goes before the watch.
    pub(crate) unsafe fn start(&self, jit: LLVMOrcLLJITRef) {
        let data = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the JIT is alive, and the watch outlives it, so the listener's data stays valid.
        // A linker without plugins reports nothing: then faults have no names and are not returned.
        unsafe { stackswitch_shim_watch(jit, Listener { data, load, free }) };
    }

    /// Adds an object to the list.
    ///
    /// # Safety
    /// The memory that `linked` points to is readable.
    unsafe fn add(&self, linked: &Loaded) -> Arc<Object> {
        // SAFETY: the caller guarantees that `shim.cc`'s memory is readable.
        let (bytes, code) =
            unsafe { (slice(linked.bytes, linked.size), slice(linked.code, linked.code_count)) };
        let functions = functions(bytes).unwrap_or_default();
        if let Some(map) = &self.perf_map {
            perf_map::write(map, &functions);
        }
        let code = code
            .iter()
            .map(|piece| Range::reserve(piece.start as usize, (piece.start + piece.size) as usize))
            .collect();
        let bytes: Box<[u8]> = bytes.into();
        let entry = debugger::register(&bytes);
        let object = Arc::new(Object { bytes, functions, lines: Mutex::default(), entry, code });
        loaded().push(Arc::clone(&object));
        object
    }
}

/// A slice, of which an empty one may be null.
///
/// # Safety
/// There are `count` readable elements.
unsafe fn slice<'a, T>(first: *const T, count: usize) -> &'a [T] {
    // SAFETY: the caller guarantees `count` readable elements.
    if count == 0 { &[] } else { unsafe { slice::from_raw_parts(first, count) } }
}

/// `data` is a [`Watch`].
unsafe extern "C" fn load(data: *mut c_void, linked: *const Loaded) -> *mut c_void {
    // SAFETY: `data` is the watch, which outlives the JIT that calls this; `shim.cc` passes readable
    // memory.
    let object = unsafe { (*data.cast::<Watch>()).add(&*linked) };
    Arc::as_ptr(&object).cast_mut().cast()
}

/// `object` is what [`load`] gave.
unsafe extern "C" fn free(_data: *mut c_void, object: *mut c_void) {
    let removed = {
        let mut loaded = loaded();
        let at = loaded.iter().position(|o| Arc::as_ptr(o).cast::<c_void>() == object);
        at.map(|at| loaded.swap_remove(at))
    };
    if let Some(object) = removed {
        // A user of the object keeps its bytes alive; the code is freed now.
        object.code.iter().for_each(|range| range.release());
        debugger::unregister(object.entry);
    }
}
