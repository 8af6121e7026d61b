//! Modules in and out.

use std::{ffi::CString, path::Path};

use inkwell::{module::Module, targets::TargetTriple};

use super::{
    Jit, backtrace,
    context::OwnedModule,
    error::Error,
    lookup::{code_error, lookup_error},
    modules::{ModuleId, Names, Structors},
    object_file, observe, structors, symbols,
};
use stackswitch_passes::{pipeline as passes, reader};

/// Adding, removing and replacing modules.
impl Jit {
    /// Adds a module given as text. `name` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Module`] if it cannot be parsed or is broken, [`Error::Passes`] if it uses the
    /// intrinsics wrongly, [`Error::Target`] if it is for another machine, [`Error::Duplicate`] if it
    /// defines what is defined, and [`Builder::redefine`](super::Builder::redefine) has not been
    /// asked for.
    pub fn add_ir(&self, name: &str, text: &str) -> Result<ModuleId, Error> {
        self.add_bytes(name, text.as_bytes())
    }

    /// Adds a module given as bitcode. `name` is what messages call it.
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

    /// Adds a copy of a module. It goes through bitcode into a context of the JIT's own, so the
    /// module and its context stay the caller's, to change, to drop, or to use on.
    ///
    /// # Errors
    /// As [`Jit::add_ir`].
    pub fn add_module(&self, module: &Module<'_>) -> Result<ModuleId, Error> {
        let name = module.get_name().to_string_lossy().into_owned();
        // LLVM's bitcode writer may not be given a broken module.
        module.verify().map_err(|e| reader::Error::broken(&name, &e.to_string()))?;
        self.add_bytes(&name, module.write_bitcode_to_memory().as_slice())
    }

    /// Adds an object file: the bytes of a relocatable ELF file of this machine. The runtime's names
    /// in it are bound as those in IR; nothing is known of its functions' types, see
    /// [`Jit::function_unchecked`]. Its symbols keep their names: it cannot define again what
    /// is defined, and is bound to the first definition where there are more. `name` is what messages
    /// call it.
    ///
    /// # Errors
    /// [`Error::Object`] for bytes that are no such file, and for one with constructors or destructors,
    /// which only modules of IR can have; [`Error::Duplicate`].
    pub fn add_object(&self, name: &str, bytes: &[u8]) -> Result<ModuleId, Error> {
        let shared = object_file::list(name, bytes)?;
        let c_name = CString::new(name).map_err(|_| Error::ZeroByte(name.to_owned()))?;
        let id = ModuleId::fresh();
        let plan = self.modules.borrow().plan(id, name, shared, Names::Fixed)?;
        self.session.add_object(id, &c_name, bytes).map_err(Error::Code)?;
        self.modules.borrow_mut().add(name, plan, Structors::default());
        Ok(id)
    }

    /// The modules that there are, the oldest first, with their names.
    pub fn modules(&self) -> Vec<(ModuleId, String)> {
        self.modules.borrow().list()
    }

    /// Removes a module: frees its code and its variables, and its names can be defined again. Where
    /// it defined something again, the definition before is what counts from then on. If it
    /// has been constructed, its destructors run first, protected as in [`Jit::call`].
    ///
    /// That nobody holds its functions is what `&mut self` is for: see [`Function`](super::Function).
    ///
    /// # Errors
    /// [`Error::NoSuchModule`]; [`Error::InUse`] if other modules use what it defines: remove those
    /// first; those of [`Jit::call`] if a destructor fails, which leaves the module in place, to be
    /// removed by another call.
    ///
    /// # Safety
    /// Nothing may use code or variables of the module any more in a way that the JIT cannot see. That
    /// is: no context is suspended in it, or will run a function of it; nothing that it registered with
    /// `atexit` or as a handler is left; no address of it is kept, in memory or by the host.
    pub unsafe fn remove(&mut self, id: ModuleId) -> Result<(), Error> {
        self.modules.borrow().check_removal(id)?;
        let destructor = self.modules.borrow_mut().destructor_of(id);
        if let Some(destructor) = destructor {
            // SAFETY: the caller vouches for the module's destructors.
            unsafe { self.call(|| self.run(&destructor)) }??;
        }
        // SAFETY: the caller vouches that nothing uses the module.
        unsafe { self.session.remove(id) }.map_err(Error::Code)?;
        self.modules.borrow_mut().remove(id);
        self.bodies.borrow_mut().retain(|body| body.module != id);
        Ok(())
    }

    /// Runs the constructors of the modules that are new since the last time, the oldest first.
    /// [`Jit::run_main`] does it by itself; call it where functions are called by other means.
    ///
    /// # Errors
    /// Those of [`Jit::call`], which protects them, and of [`Jit::address`].
    ///
    /// # Safety
    /// The constructors must be sound to run.
    pub unsafe fn initialize(&self) -> Result<(), Error> {
        // SAFETY: the caller vouches for them.
        unsafe { self.call(|| self.construct()) }?
    }

    /// As [`Jit::initialize`], in the context that this is called in.
    ///
    /// # Safety
    /// As for [`Jit::initialize`].
    pub(super) unsafe fn construct(&self) -> Result<(), Error> {
        loop {
            let next = self.modules.borrow_mut().next_constructor();
            let Some(name) = next else { return Ok(()) };
            // SAFETY: the caller vouches for the constructors.
            unsafe { self.run(&name) }?;
        }
    }

    /// Runs what has been registered with `atexit`, then the destructors of all modules that have been
    /// constructed, the newest first.
    ///
    /// # Safety
    /// They must be sound to run.
    pub(super) unsafe fn destruct(&self) -> Result<(), Error> {
        // Asking costs the compilation of a module of LLVM's own.
        if self.modules.borrow().may_register_ends() {
            // SAFETY: the caller vouches for them.
            unsafe { self.run_at_exit() }?;
        }
        loop {
            let next = self.modules.borrow_mut().next_destructor();
            let Some(name) = next else { return Ok(()) };
            // SAFETY: as above.
            unsafe { self.run(&name) }?;
        }
    }

    /// Runs what has been registered with `atexit`.
    ///
    /// # Safety
    /// It must be sound to run.
    unsafe fn run_at_exit(&self) -> Result<(), Error> {
        // SAFETY: the caller vouches for it.
        unsafe { self.session.deinitialize() }
            .map_err(|error| lookup_error(error, self.session.reports().take_errors()))
    }

    /// Calls one of the functions that [`structors`] makes.
    ///
    /// # Safety
    /// It must be sound to run.
    unsafe fn run(&self, name: &str) -> Result<(), Error> {
        let address = self.linked_address(name)?;
        // SAFETY: these functions have that type; the caller vouches for what they do.
        unsafe {
            let function: unsafe extern "C" fn() = std::mem::transmute(address);
            function();
        }
        Ok(())
    }

    fn add_bytes(&self, name: &str, bytes: &[u8]) -> Result<ModuleId, Error> {
        let module = OwnedModule::parse(self.session.reports(), name, bytes)?;
        let id = ModuleId::fresh();
        let (plan, structors) = module.with(|module| {
            self.adopt_target(name, module)?;
            self.settings.apply(module);
            backtrace::prepare(module);
            let pipeline = self.ucontext.pass().to_owned() + self.level.pipeline();
            passes::run(module, Some(&self.machine), &pipeline)?;
            let plan = self.modules.borrow().plan(id, name, symbols::list(module), self.names)?;
            symbols::rename(module, &plan.renamed);
            if observe::observing() {
                observe::name_bodies(id, module, &mut self.bodies.borrow_mut());
            }
            Ok::<_, Error>((plan, structors_of(id, module)?))
        })?;
        self.fail_on_reports()?;
        self.session.add(id, module).map_err(Error::Code)?;
        self.modules.borrow_mut().add(name, plan, structors);
        Ok(id)
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

    /// Errors that LLVM reported on the side become this operation's error.
    fn fail_on_reports(&self) -> Result<(), Error> {
        let errors = self.session.reports().take_errors();
        if errors.is_empty() { Ok(()) } else { Err(code_error(&errors)) }
    }
}

/// Makes one function each of a module's constructors and its destructors.
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
