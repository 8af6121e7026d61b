//! Thread-local variables of compiled code.
//!
//! The linker in memory cannot place thread-local variables in the static blocks of the threads. So LLVM
//! emulates them: a variable `x` becomes a control `__emutls_v.x`, and each access calls
//! `__emutls_get_address` with that control. The function here allocates the variable for the calling
//! thread at its first access, and frees it at the thread's end.
//!
//! A variable that no module defines may be one of the process: of libc, of a library or of the host.
//! Its control is made here. An access then asks the dynamic linker, so code and process share it.

use std::{
    alloc::{Layout, alloc_zeroed, handle_alloc_error},
    cell::Cell,
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_void},
    ptr::{null, null_mut},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The function that compiled code calls for the address of a variable.
pub(crate) const GET_ADDRESS: &str = "__emutls_get_address";

/// The control of a variable, as LLVM lays it out.
#[repr(C)]
pub(crate) struct Control {
    /// The size in bytes; [`OF_PROCESS`] for a variable of the process.
    size: usize,
    align: usize,
    /// The index in the [`Table`] of each thread; 0 until the first access.
    index: AtomicUsize,
    /// The initial value; null if it is all zero. For a variable of the process its name, a C string.
    initial: *const u8,
}

// SAFETY: only the index changes, which is atomic.
unsafe impl Sync for Control {}
// SAFETY: nothing in it belongs to a thread.
unsafe impl Send for Control {}

/// The size in the control of a variable of the process.
const OF_PROCESS: usize = usize::MAX;

/// The variables of one thread.
#[derive(Default)]
struct Table {
    /// The addresses, by the index of the control; null before the first access.
    addresses: Vec<*mut u8>,
    /// The memory to free at the end of the thread.
    blocks: Vec<(*mut u8, Layout)>,
    /// How often the end of the thread is still put off. Destructors of thread-specific data may access
    /// variables, and run in rounds, of which POSIX promises four.
    rounds: u32,
}

thread_local! {
    /// The calling thread's table. The type needs no destructor: the table's key has one.
    static TABLE: Cell<*mut Table> = const { Cell::new(null_mut()) };
}

/// `__emutls_get_address`: the address of a variable for the calling thread.
///
/// # Safety
/// `control` is a control that LLVM or [`of_process`] has made, and is alive.
pub(crate) unsafe extern "C" fn address(control: *const Control) -> *mut c_void {
    // SAFETY: the caller guarantees a live control. The table is this thread's and is freed at its end.
    unsafe {
        let index = (*control).index.load(Ordering::Acquire);
        let known = TABLE.get().as_ref().and_then(|table| table.addresses.get(index));
        match known {
            Some(address) if !address.is_null() => address.cast(),
            _ => first_access(&*control).cast(),
        }
    }
}

/// Makes a variable for the calling thread.
#[cold]
fn first_access(control: &Control) -> *mut u8 {
    let mut index = control.index.load(Ordering::Acquire);
    if index == 0 {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        let set = control.index.compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire);
        index = set.map_or_else(|other| other, |_| fresh);
    }
    let address = if control.size == OF_PROCESS {
        // SAFETY: the control of a variable of the process holds its name, a C string.
        unsafe { libc::dlsym(libc::RTLD_DEFAULT, control.initial.cast()).cast::<u8>() }
    } else {
        allocate(control)
    };
    // SAFETY: the table is this thread's, and no other reference to it exists here.
    let table = unsafe { &mut *table() };
    if table.addresses.len() <= index {
        table.addresses.resize(index + 1, null_mut());
    }
    table.addresses[index] = address;
    address
}

/// Allocates a variable with its initial value.
fn allocate(control: &Control) -> *mut u8 {
    let size = control.size.max(1);
    let Ok(layout) = Layout::from_size_align(size, control.align.max(1)) else {
        crate::abort::abort_with(&["a thread-local variable is too large"])
    };
    // SAFETY: the size is not 0. The initial value has as many bytes as the variable.
    let block = unsafe {
        let block = alloc_zeroed(layout);
        if block.is_null() {
            handle_alloc_error(layout);
        }
        if !control.initial.is_null() {
            block.copy_from_nonoverlapping(control.initial, control.size);
        }
        block
    };
    // SAFETY: the table is this thread's, and no other reference to it exists here.
    unsafe { (*table()).blocks.push((block, layout)) };
    block
}

/// The calling thread's table, made at the first call.
fn table() -> *mut Table {
    let mut table = TABLE.get();
    if table.is_null() {
        table = Box::into_raw(Box::new(Table { rounds: 2, ..Table::default() }));
        TABLE.set(table);
        if let Some(key) = key() {
            // SAFETY: the key exists, and its destructor takes such a table.
            unsafe { libc::pthread_setspecific(key, table.cast()) };
        }
    }
    table
}

/// The key whose destructor frees tables; `None` if the process has too many keys. Tables then stay.
fn key() -> Option<libc::pthread_key_t> {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: `key` is writable, and the destructor takes what `table` sets.
        let failed = unsafe { libc::pthread_key_create(&raw mut key, Some(end)) } != 0;
        (!failed).then_some(key)
    })
}

/// Frees a thread's table when the thread ends, after the other destructors.
unsafe extern "C" fn end(table: *mut c_void) {
    let table = table.cast::<Table>();
    // SAFETY: `table` has set this table for the thread that ends, and it is freed once. The blocks were
    // allocated with these layouts.
    unsafe {
        if (*table).rounds > 0
            && let Some(key) = key()
        {
            (*table).rounds -= 1;
            libc::pthread_setspecific(key, table.cast());
            return;
        }
        TABLE.set(null_mut());
        for (block, layout) in Box::from_raw(table).blocks {
            std::alloc::dealloc(block, layout);
        }
    }
}

/// The control of a thread-local variable of the process; null if the process has none of that name.
///
/// # Safety
/// `name` is a C string.
pub(crate) unsafe extern "C" fn of_process(name: *const c_char) -> *const Control {
    static CONTROLS: Mutex<Option<HashMap<CString, &'static Control>>> = Mutex::new(None);
    // SAFETY: the caller guarantees a C string.
    let name = unsafe { CStr::from_ptr(name) };
    // SAFETY: the arguments are a pseudo handle and a C string.
    if unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.is_null() {
        return null();
    }
    let mut controls = CONTROLS.lock().unwrap_or_else(PoisonError::into_inner);
    let controls = controls.get_or_insert_default();
    if let Some(control) = controls.get(name) {
        return *control;
    }
    let control = Box::leak(Box::new(Control {
        size: OF_PROCESS,
        align: 1,
        index: AtomicUsize::new(0),
        initial: name.to_owned().into_raw().cast(),
    }));
    controls.insert(name.to_owned(), control);
    control
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(size: usize, align: usize, initial: *const u8) -> Control {
        Control { size, align, index: AtomicUsize::new(0), initial }
    }

    #[test]
    fn each_thread_has_a_variable_with_its_initial_value() {
        static INITIAL: u64 = 40;
        let variable = control(8, 8, (&raw const INITIAL).cast());
        let count = |by: u64| {
            // SAFETY: the control is alive, and the variable is a `u64` of this thread.
            unsafe {
                let value = address(&variable).cast::<u64>();
                *value += by;
                *value
            }
        };
        assert_eq!((count(1), count(1)), (41, 42));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!((count(5), count(5)), (45, 50)));
            }
        });
        assert_eq!(count(1), 43);
    }

    #[test]
    fn variables_are_aligned_and_zero() {
        for align in [1, 16, 64, 4096] {
            let variable = control(100, align, null());
            // SAFETY: the control is alive, and the variable has 100 bytes.
            let bytes = unsafe { std::slice::from_raw_parts(address(&variable).cast::<u8>(), 100) };
            assert_eq!(bytes.as_ptr().addr() % align, 0);
            assert_eq!(bytes, [0; 100]);
        }
    }

    #[test]
    fn a_variable_of_the_process_is_shared_with_it() {
        // SAFETY: the names are C strings.
        unsafe {
            assert!(of_process(c"no_such_variable".as_ptr()).is_null());
            // libstdc++'s, which `std::call_once` uses.
            let control = of_process(c"_ZSt15__once_callable".as_ptr());
            assert_eq!(control, of_process(c"_ZSt15__once_callable".as_ptr()));
            let found = libc::dlsym(libc::RTLD_DEFAULT, c"_ZSt15__once_callable".as_ptr());
            assert_eq!(address(control), found);
            let here = found.addr();
            let other = std::thread::spawn(move || address(control_at(here)).addr());
            assert_ne!(other.join().unwrap(), here);
        }
    }

    fn control_at(_: usize) -> *const Control {
        // SAFETY: the name is a C string.
        unsafe { of_process(c"_ZSt15__once_callable".as_ptr()) }
    }
}
