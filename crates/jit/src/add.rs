//! Adding and removing modules.

use std::{ffi::CString, path::Path};

use inkwell::{module::Module, targets::TargetTriple};

use stackswitch_passes::{pipeline, reader};

use crate::{
    backtrace, bodies,
    error::Error,
    jit::Jit,
    lookup::code_error,
    module_id::ModuleId,
    modules::{Names, Plan, Structors},
    object_file, observe,
    owned_module::OwnedModule,
    program_end::{self, Destructor},
    structors, symbols,
};

/// Adding, removing and replacing modules.
impl Jit {
    /// Adds a module given as text. `name` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Module`] if it cannot be parsed or is broken, [`Error::Passes`] if it uses the
    /// intrinsics wrongly, [`Error::Target`] if it is for another machine, [`Error::Duplicate`] if it
    /// defines a symbol that is defined already, unless [`Builder::redefine`](crate::Builder::redefine)
    /// allows that, [`Error::ThreadLocal`] if it has an exported alias of a thread-local variable.
    pub fn add_ir(&self, name: &str, text: &str) -> Result<ModuleId, Error> {
        self.add_bytes(name, text.as_bytes())
    }

    /// Adds a module given as bitcode. `name` is its name in messages.
    ///
    /// # Errors
    /// As [`Jit::add_ir`].
    pub fn add_bitcode(&self, name: &str, bitcode: &[u8]) -> Result<ModuleId, Error> {
        self.add_bytes(name, bitcode)
    }

    /// Adds a module from a file of text or bitcode. The content decides, not the name.
    ///
    /// # Errors
    /// As [`Jit::add_ir`], and [`reader::Error::Io`] if the file cannot be read.
    pub fn add_file(&self, path: impl AsRef<Path>) -> Result<ModuleId, Error> {
        let path = path.as_ref();
        self.add_bytes(&path.to_string_lossy(), &reader::read(path)?)
    }

    /// Adds a copy of a module. The copy is made through bitcode into a context of the JIT's own, so the
    /// caller can change, use or drop the module and its context.
    ///
    /// # Errors
    /// As [`Jit::add_ir`].
    pub fn add_module(&self, module: &Module<'_>) -> Result<ModuleId, Error> {
        let name = module.get_name().to_string_lossy().into_owned();
        // LLVM's bitcode writer crashes on a broken module.
        module.verify().map_err(|e| reader::Error::broken(&name, &e.to_string()))?;
        self.add_bytes(&name, module.write_bitcode_to_memory().as_slice())
    }

    /// Adds an object file: the bytes of a relocatable ELF file of this machine. The runtime's names in it
    /// are bound as those in IR. The types of its functions are not known, see
    /// [`Jit::function_unchecked`]. Its symbols keep their names: it cannot define a symbol again, and is
    /// bound to the first definition of a symbol that has several. `name` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Object`] if the bytes are no such file, or have constructors or destructors, which only
    /// modules of IR can have; [`Error::ThreadLocal`] if it has thread-local variables and was not compiled
    /// with `-femulated-tls`; [`Error::Duplicate`].
    pub fn add_object(&self, name: &str, bytes: &[u8]) -> Result<ModuleId, Error> {
        let shared = object_file::list(name, bytes)?;
        let c_name = CString::new(name).map_err(|_| Error::ZeroByte(name.to_owned()))?;
        let id = ModuleId::fresh();
        let plan = self.modules.borrow().plan(id, name, shared, Names::Fixed)?;
        self.add_end_functions(&plan)?;
        self.session.add_object(id, &c_name, bytes).map_err(Error::Code)?;
        self.modules.borrow_mut().add(name, plan, Structors::default());
        Ok(id)
    }

    /// The modules that there are, the oldest first, with their names.
    pub fn modules(&self) -> Vec<(ModuleId, String)> {
        self.modules.borrow().list()
    }

    /// Removes a module: frees its code and its variables, and its names can be defined again. If it had
    /// replaced a definition, that definition counts again. If the module is constructed, its destructors
    /// run first, protected as in [`Jit::call`].
    ///
    /// `&mut self` ensures that nobody holds one of its functions: see [`Function`](crate::Function).
    ///
    /// # Errors
    /// [`Error::NoSuchModule`]; [`Error::InUse`] if other modules use what it defines: remove those
    /// first; those of [`Jit::call`] if a destructor fails, which leaves the module in place, to be
    /// removed by another call.
    ///
    /// # Safety
    /// Nothing may use code or variables of the module any more in a way that the JIT cannot see: no
    /// context is suspended in it, or will run a function of it; no function of it is registered with
    /// `atexit`, as a handler, or as the destructor of a `thread_local` object of any thread; no address
    /// of it is kept, in memory or by the host.
    pub unsafe fn remove(&mut self, id: ModuleId) -> Result<(), Error> {
        self.modules.borrow().check_removal(id)?;
        if let Some(Destructor { name, .. }) = self.program.end().take_destructor(id) {
            // SAFETY: the caller guarantees that the module's destructors are sound to run.
            unsafe { self.call(|| self.run_structor(&name)) }??;
        }
        // SAFETY: the caller guarantees that nothing uses the module.
        unsafe { self.session.remove(id) }.map_err(Error::Code)?;
        self.modules.borrow_mut().remove(id);
        self.bodies.borrow_mut().retain(|body| body.module != id);
        Ok(())
    }

    fn add_bytes(&self, name: &str, bytes: &[u8]) -> Result<ModuleId, Error> {
        let module = OwnedModule::parse(self.session.reports(), name, bytes)?;
        let id = ModuleId::fresh();
        let (plan, mut structors) = module.with(|module| {
            self.adopt_target(name, module)?;
            self.settings.apply(module);
            backtrace::add_unwind_tables(module);
            let passes = self.ucontext.pass().to_owned() + self.level.pipeline();
            // SAFETY: LLVM's verifier accepted the module when it was parsed. The target, the flags
            // and the attributes that were added since leave it valid.
            let warnings =
                unsafe { pipeline::warnings_verified(module, Some(&self.machine), &passes) }?;
            self.session.reports().add_warnings(warnings);
            if let Some(variable) = symbols::thread_local_alias(module) {
                let problem =
                    "is an alias of another one, which the JIT cannot share between modules";
                return Err(Error::ThreadLocal { file: name.to_owned(), variable, problem });
            }
            let plan = self.modules.borrow().plan(id, name, symbols::list(module), self.names)?;
            symbols::rename(module, &plan.renamed);
            if observe::observing() {
                bodies::name_bodies(id, module, &mut self.bodies.borrow_mut());
            }
            Ok::<_, Error>((plan, structors_of(id, module)?))
        })?;
        self.fail_on_reports()?;
        self.add_end_functions(&plan)?;
        self.session.add(id, module).map_err(Error::Code)?;
        if structors.constructor.is_none()
            && let Some(name) = structors.destructor.take()
        {
            // A module without constructors counts as constructed.
            self.program.end().add_destructor(Destructor { module: id, name, address: None });
        }
        self.modules.borrow_mut().add(name, plan, structors);
        Ok(id)
    }

    /// Adds the functions by which code registers for the program's end, if a module uses one of them.
    fn add_end_functions(&self, plan: &Plan) -> Result<(), Error> {
        if self.has_end_functions.get() || !plan.uses_any(&program_end::SYMBOLS) {
            return Ok(());
        }
        let text = self.program.functions();
        let name = "the program's end";
        let module = OwnedModule::parse(self.session.reports(), name, text.as_bytes())?;
        module.with(|module| self.adopt_target(name, module))?;
        self.session.add(ModuleId::fresh(), module).map_err(Error::Code)?;
        self.has_end_functions.set(true);
        Ok(())
    }

    /// Gives a module without a target this machine's, and refuses one with another.
    fn adopt_target(&self, name: &str, module: &Module<'_>) -> Result<(), Error> {
        let mismatch = |found: &str, expected: &str| Error::Target {
            file: name.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        let host = self.machine.get_triple();
        let triple = module.get_triple();
        let (found, expected) = (text(&triple), text(&host));
        if found.is_empty() {
            module.set_triple(&host);
        } else if arch(&found) != arch(&expected) {
            return Err(mismatch(&found, &expected));
        }
        let layout = self.machine.get_target_data().get_data_layout();
        let expected = self.session.data_layout().to_string_lossy();
        let found = module.get_data_layout().as_str().to_string_lossy().into_owned();
        if found.is_empty() {
            module.set_data_layout(&layout);
        } else if found != expected {
            return Err(mismatch(&found, &expected));
        }
        Ok(())
    }

    /// Returns the errors that LLVM has reported.
    fn fail_on_reports(&self) -> Result<(), Error> {
        let errors = self.session.reports().take_errors();
        if errors.is_empty() { Ok(()) } else { Err(code_error(&errors)) }
    }
}

/// Makes one function each of a module's constructors and its destructors, and returns their names.
fn structors_of(id: ModuleId, module: &Module<'_>) -> Result<Structors, Error> {
    let (construct, destruct) = (format!("{id}.construct"), format!("{id}.destruct"));
    let failed = |error: inkwell::builder::BuilderError| Error::Llvm(error.to_string());
    Ok(Structors {
        constructor: structors::constructors(module, &construct)
            .map_err(failed)?
            .then_some(construct),
        destructor: structors::destructors(module, &destruct).map_err(failed)?.then_some(destruct),
    })
}

/// A target triple as text.
fn text(triple: &TargetTriple) -> String {
    triple.as_str().to_string_lossy().into_owned()
}

/// The CPU of a target triple.
fn arch(triple: &str) -> &str {
    triple.split('-').next().unwrap_or_default()
}
