//! Calls into guest code that return faults, and C's `main` with constructors and destructors.

use std::{
    ffi::{CString, OsStr, c_char, c_int},
    os::unix::ffi::OsStrExt,
    ptr::null_mut,
};

use crate::{error::Error, jit::Jit, program_end::Destructor, protected_call};

/// Running code.
impl Jit {
    /// Calls guest code so that a fault of it is returned as [`Error::Fault`]: a runtime error, an
    /// overflow of a context's stack, or a trap. `work` runs in a context on a region of its own and calls
    /// functions that [`Jit::function`] gave. Calls may nest.
    ///
    /// A trap or an overflow is returned if its instruction is one that a JIT has compiled. Code of libc
    /// or of the host may hold locks that others need, so its frames are not abandoned: an overflow there
    /// ends the process with one line on stderr, and a trap goes to the process's handlers, as without
    /// the JIT. A fault also ends the process while a host function runs that the guest has called, unless
    /// that function has made a call of its own: see [`Jit::host_fn`].
    ///
    /// Contexts after the call:
    /// - After an `Ok`, contexts that were made during the call and not destroyed live on. Those on the
    ///   call's own region keep the region.
    /// - After an `Err` or a panic, contexts that were made during the call are destroyed without
    ///   cleanups, and so are regions that were made then; coroutines of the host live on. An older context
    ///   in which the fault happened has finished. All others are as they were.
    ///
    /// Memory that the program has from `malloc`, and memory of its objects of the POSIX layer, is not
    /// freed after an `Err`.
    ///
    /// The runtime has one error handler for the process, and the process one handler for each signal of
    /// a trap. They belong to the JIT from the first call on. An error handler that a program sets holds
    /// until a call or a coroutine begins or ends.
    ///
    /// # Errors
    /// [`Error::Fault`], and [`Error::ThreadEnded`] if a POSIX-layer context without a link ended.
    ///
    /// # Panics
    /// If `work` panics.
    ///
    /// # Safety
    /// What `work` calls must be sound to call. Called by a host function, it must not resume a context of the
    /// guest's that shares the region of that function's stack. On an error the frames of `work` and of its callees are
    /// abandoned without running destructors, as by C's `longjmp`: no frame may rely on them.
    pub unsafe fn call<R>(&self, work: impl FnOnce() -> R) -> Result<R, Error> {
        // SAFETY: the caller guarantees that `work` is sound to call and to abandon.
        unsafe { protected_call::call(work) }
    }

    /// Calls a function as C's `main`, protected as in [`Jit::call`]: with the number of `args`, which
    /// start with the program's name, the arguments, and no environment (null). If the program ends its
    /// thread, as a POSIX-layer context without a link does, the result is 0.
    ///
    /// Before `main` the constructors (`llvm.global_ctors`) of modules that are not constructed yet run.
    /// After it, if it returns, the program ends as in C: the destructors of this thread's `thread_local`
    /// objects run, then the functions that were registered with `atexit`, then the destructors of all
    /// modules that are constructed. If the program calls `exit`, the same run on the thread that calls
    /// it, and the process ends; `_exit`, `quick_exit` and `abort` run none of them. Nothing runs when
    /// the JIT is dropped.
    ///
    /// # Errors
    /// [`Error::MissingSymbol`], [`Error::NotMain`] if it is not a function of a module
    /// with one of the types of C's `main`,
    /// [`Error::ZeroByte`] for an argument that is no C string, and those of [`Jit::call`].
    ///
    /// # Safety
    /// The program must be sound: IR can do whatever C can.
    pub unsafe fn run_main(&self, entry: &str, args: &[impl AsRef<OsStr>]) -> Result<i32, Error> {
        type Main = unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
        let address = self.address(entry)?;
        if !self.signature(entry).is_some_and(|signature| signature.is_main()) {
            return Err(Error::NotMain(entry.to_owned()));
        }
        let mut strings = args
            .iter()
            .map(|arg| {
                CString::new(arg.as_ref().as_bytes())
                    .map(CString::into_bytes_with_nul)
                    .map_err(|_| Error::ZeroByte(arg.as_ref().to_string_lossy().into_owned()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut argv: Vec<*mut c_char> =
            strings.iter_mut().map(|s| s.as_mut_ptr().cast()).chain([null_mut()]).collect();
        let argc = c_int::try_from(args.len()).unwrap_or(c_int::MAX);
        // SAFETY: the signature is one of `main`'s. A function with fewer parameters ignores the others:
        // they are in registers that the caller owns.
        let main: Main = unsafe { std::mem::transmute(address) };
        // SAFETY: the caller guarantees a sound program, and the strings outlive the call.
        let ended = unsafe {
            self.call(|| {
                self.construct()?;
                let result = main(argc, argv.as_mut_ptr(), null_mut());
                self.program.end().run_all();
                Ok(result)
            })
        };
        match ended {
            Ok(result) => result,
            Err(Error::ThreadEnded) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Runs the constructors of the modules that are not constructed yet, the oldest first.
    /// [`Jit::run_main`] does this itself; call it where functions are called by other means. From then
    /// on the program's end runs if the process exits before the JIT is dropped, see [`Jit::run_main`].
    ///
    /// # Errors
    /// Those of [`Jit::call`], which protects them, and of [`Jit::address`].
    ///
    /// # Safety
    /// The constructors must be sound to run.
    pub unsafe fn initialize(&self) -> Result<(), Error> {
        // SAFETY: the caller guarantees that the constructors are sound to run.
        unsafe { self.call(|| self.construct()) }?
    }

    /// [`Jit::initialize`] in the calling context, without protection.
    ///
    /// # Safety
    /// As for [`Jit::initialize`].
    unsafe fn construct(&self) -> Result<(), Error> {
        let end = self.program.end();
        loop {
            let next = self.modules.borrow_mut().next_structors();
            let Some((module, structors)) = next else { break };
            if let Some(name) = structors.destructor {
                let address = Some(self.linked_address(&name)?.expose_provenance());
                end.add_destructor(Destructor { module, name, address });
            }
            if let Some(name) = structors.constructor {
                // SAFETY: the caller guarantees that the constructors are sound to run.
                unsafe { self.run_structor(&name) }?;
            }
        }
        while let Some(name) = end.unresolved() {
            end.resolve(&name, self.linked_address(&name)?.expose_provenance());
        }
        Ok(())
    }

    /// Calls a function that `structors` has made.
    ///
    /// # Safety
    /// It must be sound to run.
    pub(crate) unsafe fn run_structor(&self, name: &str) -> Result<(), Error> {
        let address = self.linked_address(name)?;
        // SAFETY: `structors` makes functions of this type. The caller guarantees that it is sound to run.
        unsafe {
            let function: unsafe extern "C" fn() = std::mem::transmute(address);
            function();
        }
        Ok(())
    }
}
