//! Symbols by name, and functions by name and type.

use std::{ffi::CString, fmt, marker::PhantomData, ops::Deref};

use super::{
    Jit,
    error::Error,
    observe::Body,
    signature::{NativeFn, Signature},
};
use stackswitch_passes::reader;

/// A compiled function, which can be called as long as it borrows its JIT: so none is left when a
/// module is removed or the JIT is dropped. It is used as the function pointer that it holds.
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
    /// The functions that can be bodies of contexts, by their names in the modules, and their
    /// addresses as an [`Observer`](super::Observer) is told. Compiles all modules. Empty without
    /// an observer.
    ///
    /// # Errors
    /// As [`Jit::address`].
    pub fn bodies(&self) -> Result<Vec<(String, *const ())>, Error> {
        let bodies = self.bodies.borrow();
        let found = |body: &Body| Ok((body.name.clone(), self.linked_address(&body.symbol)?));
        bodies.iter().map(found).collect()
    }

    /// The address of a function or a global variable. Compiles what it needs. Where it has been
    /// defined more than once, the last definition counts.
    ///
    /// # Errors
    /// [`Error::MissingSymbol`] if it, or something that its module uses, is not defined;
    /// [`Error::Code`] if code generation fails.
    pub fn address(&self, name: &str) -> Result<*const (), Error> {
        let linked = self.modules.borrow().linked(name).to_owned();
        self.linked_address(&linked)
    }

    /// The address of what the linker calls so.
    pub(super) fn linked_address(&self, name: &str) -> Result<*const (), Error> {
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

    /// A function of a module of IR by its name and type, as `unsafe extern "C" fn(i64) -> i64`. The
    /// type is compared with that of the IR. A runtime error in a direct call aborts the process: see
    /// [`Jit::call`].
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
    /// [`Error::NoSignature`] for a symbol that is no function of a module of IR.
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
        // SAFETY: the type has been compared.
        unsafe { self.function_unchecked(name) }
    }

    /// A function by its name, of a type that nobody checks: for functions of object files, and for
    /// types that [`NativeFn`] does not have.
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
        // SAFETY: the sizes are equal and the caller vouches for the type.
        let function = unsafe { std::mem::transmute_copy(&address) };
        Ok(Function { function, jit: PhantomData })
    }

    /// The type of a function of a module of IR; `None` for other symbols. Where it has been defined
    /// more than once, the last definition counts.
    pub fn signature(&self, name: &str) -> Option<Signature> {
        self.modules.borrow().signature(name).cloned()
    }
}

/// Makes sense of a failed lookup. ORC names missing symbols as `Symbols not found: [ a, b ]`,
/// in the error itself for the symbol that was asked for, on the side for what its code uses.
pub(super) fn lookup_error(error: String, reports: Vec<String>) -> Error {
    let missing: Vec<String> = std::iter::once(&error)
        .chain(&reports)
        .filter_map(|text| text.split_once("Symbols not found: [")?.1.split_once(']'))
        .flat_map(|(names, _)| names.split(','))
        .map(|name| name.trim().to_owned())
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

/// What LLVM reported while it generated code, on one line.
pub(super) fn code_error(reports: &[String]) -> Error {
    Error::Code(reader::one_line(&reports.join("\n")))
}
