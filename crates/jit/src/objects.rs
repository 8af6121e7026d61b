//! The objects that are linked now, in the whole process: where their code is, what their
//! functions are called, and their bytes, which have names and debug information.
//!
//! The linker's listener in `shim.cc` tells of them. [`is_code`] can be asked from a signal
//! handler; the rest takes a lock.

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
use object::{
    Endianness, Object as _, ObjectSection, ObjectSymbol, SymbolKind, elf::FileHeader64,
    read::elf::ElfFile,
};

use super::{debugger, perf_map, symbolize::Lines};

/// A function of an object.
#[derive(Debug)]
pub(super) struct Function {
    /// Where its code begins.
    pub(super) start: u64,
    /// How many bytes it has.
    pub(super) size: u64,
    /// What its module calls it.
    pub(super) name: String,
}

/// An object file that was linked into this process.
pub(super) struct Object {
    /// The file. Its section headers have the addresses in memory.
    pub(super) bytes: Box<[u8]>,
    /// By their addresses.
    functions: Vec<Function>,
    /// What is known of its lines, once somebody has asked.
    pub(super) lines: Mutex<Option<Lines>>,
    /// What debuggers know of it.
    entry: debugger::Entry,
    /// Its entries in [`CODE`].
    code: Vec<&'static Range>,
}

impl Object {
    /// The function that an address is in.
    pub(super) fn function(&self, address: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.start <= address);
        let function = &self.functions[after.checked_sub(1)?];
        (address - function.start < function.size.max(1)).then_some(function)
    }

    fn has(&self, address: usize) -> bool {
        self.code.iter().any(|range| range.has(address))
    }
}

/// Addresses of code. Once made it stays, for the next object when its own has gone: so a signal
/// handler can look at any time.
struct Range {
    start: AtomicUsize,
    /// 0 while nobody uses it.
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

    /// One for these addresses.
    fn remember(start: usize, end: usize) -> &'static Self {
        // The lock keeps others from taking the same one.
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

    fn forget(&self) {
        self.end.store(0, Ordering::Release);
    }

    fn has(&self, address: usize) -> bool {
        let end = self.end.load(Ordering::Acquire);
        (self.start.load(Ordering::Relaxed)..end).contains(&address)
    }
}

/// Whether code of an object is at an address. A signal handler may ask, about code that runs.
pub(super) fn is_code(address: usize) -> bool {
    Range::all().any(|range| range.has(address))
}

static LOADED: Mutex<Vec<Arc<Object>>> = Mutex::new(Vec::new());

fn loaded() -> MutexGuard<'static, Vec<Arc<Object>>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The object whose code is at an address.
pub(super) fn find(address: usize) -> Option<Arc<Object>> {
    loaded().iter().find(|object| object.has(address)).cloned()
}

/// What `shim.cc` calls a piece.
#[repr(C)]
struct Piece {
    start: u64,
    size: u64,
}

/// What `shim.cc` tells of an object.
#[repr(C)]
struct Loaded {
    bytes: *const u8,
    size: usize,
    code: *const Piece,
    code_count: usize,
}

/// Whom `shim.cc` tells.
#[repr(C)]
struct Listener {
    data: *mut c_void,
    load: unsafe extern "C" fn(*mut c_void, *const Loaded) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

// SAFETY: the function of `shim.cc`, with the type that it has there.
unsafe extern "C" {
    fn stackswitch_shim_watch(jit: LLVMOrcLLJITRef, told: Listener) -> bool;
}

/// What a JIT does about its objects.
pub(super) struct Watch {
    /// Where `perf` looks for names, if it is to know them.
    perf_map: Option<File>,
}

impl Watch {
    /// One that writes to this map.
    pub(super) fn new(perf_map: Option<File>) -> Box<Self> {
        Box::new(Self { perf_map })
    }

    /// Follows a JIT's objects from now on.
    ///
    /// # Safety
    /// The JIT is alive and goes before the watch.
    pub(super) unsafe fn start(&self, jit: LLVMOrcLLJITRef) {
        let data = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the caller vouches for both. Linkers that cannot be watched load objects that
        // nobody knows: no names, and no faults that come back.
        unsafe { stackswitch_shim_watch(jit, Listener { data, load, free }) };
    }

    /// # Safety
    /// What it says is readable.
    unsafe fn add(&self, told: &Loaded) -> Arc<Object> {
        // SAFETY: the caller vouches for both.
        let (bytes, code) =
            unsafe { (slice(told.bytes, told.size), slice(told.code, told.code_count)) };
        let functions = functions(bytes).unwrap_or_default();
        if let Some(map) = &self.perf_map {
            perf_map::write(map, &functions);
        }
        let code = code
            .iter()
            .map(|piece| Range::remember(piece.start as usize, (piece.start + piece.size) as usize))
            .collect();
        let bytes: Box<[u8]> = bytes.into();
        let entry = debugger::register(&bytes);
        let object = Arc::new(Object { bytes, functions, lines: Mutex::default(), entry, code });
        loaded().push(Arc::clone(&object));
        object
    }
}

/// The functions of an object file whose sections have their addresses, by their own.
fn functions(file: &[u8]) -> object::Result<Vec<Function>> {
    let file = ElfFile::<FileHeader64<Endianness>>::parse(file)?;
    let mut functions = Vec::new();
    for symbol in file.symbols() {
        if symbol.kind() != SymbolKind::Text || !symbol.is_definition() {
            continue;
        }
        let Some(section) = symbol.section_index() else { continue };
        let start = file.section_by_index(section)?.address();
        if start != 0 {
            let (start, size) = (start.wrapping_add(symbol.address()), symbol.size());
            let name = String::from_utf8_lossy(symbol.name_bytes()?).into_owned();
            functions.push(Function { start, size, name });
        }
    }
    functions.sort_by_key(|function| function.start);
    Ok(functions)
}

/// A slice, of which an empty one may be null.
///
/// # Safety
/// There are `count` readable elements.
unsafe fn slice<'a, T>(first: *const T, count: usize) -> &'a [T] {
    // SAFETY: the caller vouches for them.
    if count == 0 { &[] } else { unsafe { slice::from_raw_parts(first, count) } }
}

/// `data` is a [`Watch`].
unsafe extern "C" fn load(data: *mut c_void, told: *const Loaded) -> *mut c_void {
    // SAFETY: the JIT that calls goes before its watch; what it tells of is readable.
    let object = unsafe { (*data.cast::<Watch>()).add(&*told) };
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
        // Whoever still looks at it keeps its bytes, but its code goes.
        object.code.iter().for_each(|range| range.forget());
        debugger::unregister(object.entry);
    }
}
