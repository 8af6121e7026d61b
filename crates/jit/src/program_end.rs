//! Runs what a program has registered for its end: functions of `atexit`, destructors of its modules, and
//! destructors of thread-local objects.
//!
//! They run when `main` has returned, or when the program calls libc's `exit`. The JIT learns of the latter by
//! a function that it registers with libc's `atexit`.

use std::{
    cell::Cell,
    ffi::{c_int, c_void},
    ptr::null_mut,
    sync::{
        Arc, Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::module_id::ModuleId;

/// The symbols that a program registers with. A module of IR defines them, see [`functions`].
pub(crate) const SYMBOLS: [&str; 4] =
    ["__dso_handle", "atexit", "__cxa_atexit", "__cxa_thread_atexit"];

/// A function without arguments.
type Plain = unsafe extern "C-unwind" fn();
/// A function that gets what was registered with it.
type WithArgument = unsafe extern "C-unwind" fn(*mut c_void);

/// A function that was registered with `atexit` or `__cxa_atexit`.
enum Registered {
    Plain(Plain),
    WithArgument(WithArgument, *mut c_void),
}

/// The destructors of a module that is constructed.
pub(crate) struct Destructor {
    pub(crate) module: ModuleId,
    /// The name of the function that calls them.
    pub(crate) name: String,
    /// Its address, if it was looked up.
    pub(crate) address: Option<usize>,
}

#[derive(Default)]
struct Lists {
    functions: Vec<Registered>,
    destructors: Vec<Destructor>,
}

// SAFETY: the lists hold addresses of the program, which any of its threads may register and run.
unsafe impl Send for Lists {}

/// The end of the program of one JIT.
#[derive(Default)]
pub(crate) struct ProgramEnd(Mutex<Lists>);

/// The programs of the JITs that are alive.
static PROGRAMS: Mutex<Vec<Arc<ProgramEnd>>> = Mutex::new(Vec::new());
/// Whether the process has begun to exit. Set with `PROGRAMS` locked.
static EXITING: AtomicBool = AtomicBool::new(false);

fn programs() -> MutexGuard<'static, Vec<Arc<ProgramEnd>>> {
    PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a program among those that end with the process, until it is dropped.
pub(crate) struct Program(Arc<ProgramEnd>);

impl Program {
    pub(crate) fn new() -> Self {
        static AT_EXIT: Once = Once::new();
        // SAFETY: `on_exit` may be called at any time.
        AT_EXIT.call_once(|| unsafe {
            libc::atexit(on_exit);
        });
        let end = Arc::default();
        programs().push(Arc::clone(&end));
        Self(end)
    }

    /// The end of the program.
    pub(crate) fn end(&self) -> &ProgramEnd {
        &self.0
    }

    /// A module of IR that defines [`SYMBOLS`] for this program.
    pub(crate) fn functions(&self) -> String {
        let program = Arc::as_ptr(&self.0).expose_provenance();
        let [plain, with_argument, thread] = [
            at_exit as *const () as usize,
            at_exit_with as *const () as usize,
            at_thread_exit as *const () as usize,
        ];
        format!(
            "@__dso_handle = global i64 {program}
define i32 @atexit(ptr %f) {{
  %r = call i32 inttoptr (i64 {plain} to ptr)(i64 {program}, ptr %f)
  ret i32 %r
}}
define i32 @__cxa_atexit(ptr %f, ptr %argument, ptr %dso) {{
  %r = call i32 inttoptr (i64 {with_argument} to ptr)(i64 {program}, ptr %f, ptr %argument)
  ret i32 %r
}}
define i32 @__cxa_thread_atexit(ptr %f, ptr %object, ptr %dso) {{
  %r = call i32 inttoptr (i64 {thread} to ptr)(i64 {program}, ptr %f, ptr %object)
  ret i32 %r
}}
"
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        programs().retain(|other| !Arc::ptr_eq(other, &self.0));
        // What other threads have registered for their ends must not run: the code is freed now.
        let mut lists = self.0.lists();
        (lists.functions, lists.destructors) = Default::default();
    }
}

/// Whether the process has begun to exit: then the code of programs must stay.
pub(crate) fn is_exiting() -> bool {
    let _programs = programs();
    EXITING.load(Ordering::Relaxed)
}

/// Called by libc's `exit`: ends all programs, the newest first.
extern "C" fn on_exit() {
    let ending: Vec<_> = {
        let programs = programs();
        EXITING.store(true, Ordering::Relaxed);
        programs.iter().rev().cloned().collect()
    };
    for program in ending {
        // SAFETY: the code stays, as the process is exiting. Who called unsafe functions to run the
        // program has guaranteed that its end is sound to run.
        unsafe { program.run_all() };
    }
}

impl ProgramEnd {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the destructors of a module that is being constructed.
    pub(crate) fn add_destructor(&self, destructor: Destructor) {
        self.lists().destructors.push(destructor);
    }

    /// The name of a destructor without an address, if there is one.
    pub(crate) fn unresolved(&self) -> Option<String> {
        let lists = self.lists();
        lists.destructors.iter().find(|d| d.address.is_none()).map(|d| d.name.clone())
    }

    /// Sets the address of a destructor.
    pub(crate) fn resolve(&self, name: &str, address: usize) {
        let mut lists = self.lists();
        for destructor in lists.destructors.iter_mut().filter(|d| d.name == name) {
            destructor.address = Some(address);
        }
    }

    /// Removes and returns the destructor of a module.
    pub(crate) fn take_destructor(&self, module: ModuleId) -> Option<Destructor> {
        let mut lists = self.lists();
        let index = lists.destructors.iter().position(|d| d.module == module)?;
        Some(lists.destructors.remove(index))
    }

    /// Runs the destructors of the calling thread's thread-local objects, then the functions of
    /// `atexit`, the last that was registered first, and then the destructors of the modules, the newest
    /// module first. Each runs once, whoever calls this.
    ///
    /// # Safety
    /// They must be sound to run, and their code must be there.
    pub(crate) unsafe fn run_all(&self) {
        loop {
            // SAFETY: the caller guarantees that all of them are sound to run.
            unsafe {
                run_thread_ends(Some(self));
                if !self.run_function() && !self.run_destructor() {
                    return;
                }
            }
        }
    }

    /// # Safety
    /// As for [`ProgramEnd::run_all`].
    unsafe fn run_function(&self) -> bool {
        let last = self.lists().functions.pop();
        // SAFETY: the program has registered the function with this type and argument.
        unsafe {
            match last {
                Some(Registered::Plain(function)) => function(),
                Some(Registered::WithArgument(function, argument)) => function(argument),
                None => return false,
            }
        }
        true
    }

    /// # Safety
    /// As for [`ProgramEnd::run_all`].
    unsafe fn run_destructor(&self) -> bool {
        let newest = {
            let mut lists = self.lists();
            let known = lists.destructors.iter().enumerate().filter(|(_, d)| d.address.is_some());
            let newest = known.max_by_key(|(_, d)| d.module).map(|(index, _)| index);
            newest.and_then(|index| lists.destructors.swap_remove(index).address)
        };
        let Some(address) = newest else { return false };
        // SAFETY: the address is that of a function that `structors` has made with this type.
        unsafe {
            let function: *const () = std::ptr::with_exposed_provenance(address);
            std::mem::transmute::<*const (), Plain>(function)();
        }
        true
    }
}

/// `atexit` of a program.
unsafe extern "C" fn at_exit(program: *const ProgramEnd, function: Plain) -> c_int {
    // SAFETY: the program's own code calls this, so its JIT is alive.
    unsafe { (*program).lists().functions.push(Registered::Plain(function)) };
    0
}

/// `__cxa_atexit` of a program.
unsafe extern "C" fn at_exit_with(
    program: *const ProgramEnd,
    function: WithArgument,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the program's own code calls this, so its JIT is alive.
    unsafe {
        (*program).lists().functions.push(Registered::WithArgument(function, argument));
    }
    0
}

/// The destructor of a thread-local object.
struct ThreadEnd {
    destructor: WithArgument,
    object: *mut c_void,
    program: Arc<ProgramEnd>,
}

thread_local! {
    /// The destructors of the calling thread, or null. The list itself needs no destructor: libc calls
    /// [`on_thread_end`] in the order of C++.
    static THREAD_ENDS: Cell<*mut Vec<ThreadEnd>> = const { Cell::new(null_mut()) };
}

/// An address in this library, by which libc keeps it loaded until the thread has ended.
static LIBRARY: u8 = 0;

// SAFETY: the type is that of libc's function.
unsafe extern "C" {
    fn __cxa_thread_atexit_impl(
        destructor: unsafe extern "C" fn(*mut c_void),
        object: *mut c_void,
        library: *mut c_void,
    ) -> c_int;
}

/// `__cxa_thread_atexit` of a program.
unsafe extern "C" fn at_thread_exit(
    program: *const ProgramEnd,
    destructor: WithArgument,
    object: *mut c_void,
) -> c_int {
    let mut ends = THREAD_ENDS.get();
    if ends.is_null() {
        ends = Box::into_raw(Box::default());
        THREAD_ENDS.set(ends);
        let library = (&raw const LIBRARY).cast_mut().cast();
        // SAFETY: the function frees this thread's list, whose address it gets.
        unsafe { __cxa_thread_atexit_impl(on_thread_end, ends.cast(), library) };
    }
    // SAFETY: the program is alive, as its code calls this, and is in an `Arc`, of which a share is kept
    // here. The list is this thread's.
    unsafe {
        Arc::increment_strong_count(program);
        let program = Arc::from_raw(program);
        (*ends).push(ThreadEnd { destructor, object, program });
    }
    0
}

/// Called by libc when the thread ends, and on the thread that calls `exit`.
unsafe extern "C" fn on_thread_end(ends: *mut c_void) {
    // SAFETY: the list is this thread's, and is freed once: a later registration makes a new one.
    unsafe {
        run_thread_ends(None);
        THREAD_ENDS.set(null_mut());
        drop(Box::from_raw(ends.cast::<Vec<ThreadEnd>>()));
    }
}

/// Runs the destructors of the calling thread's objects, the last that was made first: those of one
/// program, or all. Destructors of a program whose JIT was dropped do not run.
///
/// # Safety
/// They must be sound to run.
unsafe fn run_thread_ends(of: Option<&ProgramEnd>) {
    loop {
        let ends = THREAD_ENDS.get();
        if ends.is_null() {
            return;
        }
        // SAFETY: the list is this thread's, and no reference to it is kept while a destructor runs.
        let last = unsafe {
            let ends = &mut *ends;
            let matches = |end: &ThreadEnd| of.is_none_or(|of| std::ptr::eq(of, &*end.program));
            ends.iter().rposition(matches).map(|index| ends.remove(index))
        };
        let Some(ThreadEnd { destructor, object, program }) = last else { return };
        let lives = programs().iter().any(|other| Arc::ptr_eq(other, &program));
        if lives {
            // SAFETY: the program has registered the destructor with this object, and its code is
            // there.
            unsafe { destructor(object) };
        }
    }
}
