//! Looks up symbols by name, and functions by name and type.

use std::{ffi::CString, fmt, marker::PhantomData, ops::Deref};

use stackswitch_passes::reader;

use crate::{
    bodies::Body,
    error::Error,
    jit::Jit,
    signature::{NativeFn, Signature},
    symbols::THREAD_LOCAL_CONTROL,
    thread_locals,
};

/// A compiled function. It borrows its JIT, so none is left when a module is removed or the JIT is
/// dropped. It dereferences to the function pointer.
#[derive(Clone, Copy)]
pub struct Function<'jit, F> {
    function: F,
    jit: PhantomData<&'jit Jit>,
}

impl<F> Deref for Function<'_, F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.function
    }
}

impl<F> fmt::Debug for Function<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", std::any::type_name::<F>())
    }
}

impl Jit {
    /// The functions that can be bodies of contexts: their names in the modules, and their addresses,
    /// which an [`Observer`](crate::Observer) gets. Compiles all modules. Empty without an observer.
    ///
    /// # Errors
    /// As [`Jit::address`].
    pub fn bodies(&self) -> Result<Vec<(String, *const ())>, Error> {
        let bodies = self.bodies.borrow();
        let found = |body: &Body| Ok((body.name.clone(), self.linked_address(&body.symbol)?));
        bodies.iter().map(found).collect()
    }

    /// The address of a function or a global variable; of a thread-local variable, its address for the
    /// calling thread. Compiles what it needs. If it was defined more than once, the last definition
    /// counts.
    ///
    /// # Errors
    /// [`Error::MissingSymbol`] if it, or something that its module uses, is not defined;
    /// [`Error::Code`] if code generation fails; [`Error::EmptyName`] for an empty name.
    pub fn address(&self, name: &str) -> Result<*const (), Error> {
        let (linked, is_thread_local) = {
            let modules = self.modules.borrow();
            (modules.linked(name).to_owned(), modules.is_thread_local(name))
        };
        if !is_thread_local {
            return self.linked_address(&linked);
        }
        let control = self.linked_address(&format!("{}{linked}", THREAD_LOCAL_CONTROL))?;
        // SAFETY: the symbol is the control of a thread-local variable, which LLVM has made.
        Ok(unsafe { thread_locals::address(control.cast()) }.cast_const().cast())
    }

    /// The address of a symbol by its name for the linker.
    pub(crate) fn linked_address(&self, name: &str) -> Result<*const (), Error> {
        if name.is_empty() {
            return Err(Error::EmptyName);
        }
        let symbol = CString::new(name).map_err(|_| Error::ZeroByte(name.to_owned()))?;
        let found = self.session.lookup(&symbol);
        let reports = self.session.reports().take_errors();
        match found {
            Ok(address) if reports.is_empty() => {
                let address = usize::try_from(address).unwrap_or_default();
                Ok(std::ptr::with_exposed_provenance(address))
            }
            Ok(_) => Err(code_error(&reports)),
            Err(error) => Err(lookup_error(error, reports)),
        }
    }

    /// A function of a module of IR by its name and type, as `unsafe extern "C" fn(i64) -> i64`. The type is
    /// compared with that of the IR. A fault in a direct call ends the process, unless the call is itself
    /// in a guest that [`Jit::call`] or a coroutine runs: then that guest ends, with the caller's frames.
    ///
    /// ```
    /// use stackswitch::jit::{Error, Jit};
    ///
    /// let jit = Jit::builder().build()?;
    /// jit.add_ir("half.ll", "define double @half(double %x) {
    ///     %y = fmul double %x, 0.5
    ///     ret double %y
    /// }")?;
    /// let half = jit.function::<unsafe extern "C" fn(f64) -> f64>("half")?;
    /// // SAFETY: the function only calculates.
    /// assert_eq!(unsafe { half(3.0) }, 1.5);
    ///
    /// let error = jit.function::<unsafe extern "C" fn(f32) -> f64>("half").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     r#"`half` is `double (double)` and cannot be called as `unsafe extern "C" fn(f32) -> f64`"#
    /// );
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Jit::address`]; [`Error::Signature`] where the types differ, with both;
    /// [`Error::NoSignature`] for a symbol that is not a function of a module of IR.
    pub fn function<F: NativeFn>(&self, name: &str) -> Result<Function<'_, F>, Error> {
        match self.signature(name) {
            Some(found) if !F::fits(&found) => {
                let (name, found) = (name.to_owned(), found.to_string());
                return Err(Error::Signature { name, found, asked: std::any::type_name::<F>() });
            }
            Some(_) => {}
            None => {
                self.address(name)?;
                return Err(Error::NoSignature(name.to_owned()));
            }
        }
        // SAFETY: the function's type was compared with `F`.
        unsafe { self.function_unchecked(name) }
    }

    /// A function by its name, without a check of its type: for functions of object files, and for types
    /// that [`NativeFn`] does not have.
    ///
    /// # Errors
    /// As [`Jit::address`].
    ///
    /// # Safety
    /// `F` must be the function pointer type that fits the function. A type of another size does not
    /// compile.
    pub unsafe fn function_unchecked<F: Copy>(&self, name: &str) -> Result<Function<'_, F>, Error> {
        const { assert!(size_of::<F>() == size_of::<*const ()>(), "not a function pointer") };
        let address = self.address(name)?;
        // SAFETY: the sizes are equal, and the caller guarantees that `F` is the function's type.
        let function = unsafe { std::mem::transmute_copy(&address) };
        Ok(Function { function, jit: PhantomData })
    }

    /// The type of a function of a module of IR; `None` for other symbols. If it was defined more than
    /// once, the last definition counts.
    pub fn signature(&self, name: &str) -> Option<Signature> {
        self.modules.borrow().signature(name).cloned()
    }
}

/// The error of a failed lookup. ORC names missing symbols as `Symbols not found: [ a, b ]`: in the error
/// itself if the symbol that was looked up is missing, in a report if its code uses a missing one.
fn lookup_error(error: String, reports: Vec<String>) -> Error {
    let missing: Vec<String> = std::iter::once(&error)
        .chain(&reports)
        .filter_map(|text| text.split_once("Symbols not found: [")?.1.split_once(']'))
        .flat_map(|(names, _)| names.split(','))
        .map(|name| name.trim())
        .map(|name| name.strip_prefix(THREAD_LOCAL_CONTROL).unwrap_or(name).to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if !missing.is_empty() {
        Error::MissingSymbol(missing)
    } else if reports.is_empty() {
        Error::Code(error)
    } else {
        code_error(&reports)
    }
}

/// The error of LLVM's reports, on one line.
pub(crate) fn code_error(reports: &[String]) -> Error {
    Error::Code(reader::one_line(&reports.join("\n")))
}
