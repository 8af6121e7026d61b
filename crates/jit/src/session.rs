//! A safe interface to ORC's LLJIT: takes symbols and modules, gives addresses.
//!
//! `shim.cc` creates the LLJIT, since the settings that this needs are not in LLVM's C interface:
//! emulated thread-local variables, and no functions of LLVM's own for the end of the program.

use std::{
    any::Any,
    cell::RefCell,
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_void},
    mem::{forget, take},
};

use inkwell::{
    llvm_sys::{
        core::LLVMCreateMemoryBufferWithMemoryRangeCopy,
        error::LLVMErrorRef,
        orc2::{
            LLVMJITEvaluatedSymbol, LLVMJITSymbolFlags, LLVMJITSymbolGenericFlags,
            LLVMOrcAbsoluteSymbols, LLVMOrcCSymbolMapPair, LLVMOrcDisposeMaterializationUnit,
            LLVMOrcExecutionSessionSetErrorReporter, LLVMOrcJITDylibCreateResourceTracker,
            LLVMOrcJITDylibDefine, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine,
            LLVMOrcJITTargetMachineBuilderRef, LLVMOrcReleaseResourceTracker,
            LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
            lljit::{
                LLVMOrcDisposeLLJIT, LLVMOrcLLJITAddLLVMIRModuleWithRT,
                LLVMOrcLLJITAddObjectFileWithRT, LLVMOrcLLJITGetDataLayoutStr,
                LLVMOrcLLJITGetExecutionSession, LLVMOrcLLJITGetMainJITDylib, LLVMOrcLLJITLookup,
                LLVMOrcLLJITMangleAndIntern, LLVMOrcLLJITRef,
            },
        },
    },
    targets::TargetMachine,
};

use crate::{
    module_id::ModuleId,
    objects::Watch,
    owned_module::OwnedModule,
    program_end,
    reports::{Reports, check, on_session_error},
    thread_locals::{self, Control},
};

// SAFETY: the function of `shim.cc`, with the type that it has there.
unsafe extern "C" {
    fn stackswitch_shim_create(
        machine: LLVMOrcJITTargetMachineBuilderRef,
        thread_local: unsafe extern "C" fn(*const c_char) -> *const Control,
        jit: *mut LLVMOrcLLJITRef,
    ) -> LLVMErrorRef;
}

/// One LLJIT. Symbols of the process (libc) are found through LLJIT's own default search.
pub(crate) struct Session {
    jit: LLVMOrcLLJITRef,
    // LLVM holds the addresses of the reports and of the watch: they are dropped after `jit`.
    reports: Box<Reports>,
    watch: Box<Watch>,
    /// Values whose addresses are in the code. They are dropped after `jit`.
    kept: RefCell<Vec<Box<dyn Any>>>,
    /// The trackers by which modules are removed.
    trackers: RefCell<HashMap<ModuleId, LLVMOrcResourceTrackerRef>>,
}

impl Session {
    /// A session that compiles as `template` does, and reports its objects to the watch.
    pub(crate) fn new(template: TargetMachine, watch: Box<Watch>) -> Result<Self, String> {
        let template = std::mem::ManuallyDrop::new(template);
        let reports = Box::<Reports>::default();
        let mut jit = std::ptr::null_mut();
        // SAFETY: the target machine is taken over by its builder, and the builder by LLJIT. `Drop`
        // disposes of the LLJIT before the reports and the watch are dropped.
        unsafe {
            let machine =
                LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(template.as_mut_ptr());
            check(stackswitch_shim_create(machine, thread_locals::of_process, &raw mut jit))?;
            LLVMOrcExecutionSessionSetErrorReporter(
                LLVMOrcLLJITGetExecutionSession(jit),
                on_session_error,
                std::ptr::from_ref::<Reports>(&reports).cast_mut().cast::<c_void>(),
            );
            watch.start(jit);
        }
        Ok(Self { jit, reports, watch, kept: RefCell::default(), trackers: RefCell::default() })
    }

    /// Keeps a value as long as the session's code.
    pub(crate) fn keep(&self, value: Box<dyn Any>) {
        self.kept.borrow_mut().push(value);
    }

    /// LLVM's reports.
    pub(crate) fn reports(&self) -> &Reports {
        &self.reports
    }

    /// The data layout that modules must have.
    pub(crate) fn data_layout(&self) -> &CStr {
        // SAFETY: the string belongs to the session.
        unsafe { CStr::from_ptr(LLVMOrcLLJITGetDataLayoutStr(self.jit)) }
    }

    /// Binds names to addresses in this process.
    pub(crate) fn define<'s>(
        &self,
        symbols: impl Iterator<Item = (&'s str, *const ())>,
    ) -> Result<(), String> {
        let flags = LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsExported as u8
            | LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsCallable as u8;
        let mut pairs = Vec::new();
        for (name, address) in symbols {
            let name = CString::new(name).map_err(|e| e.to_string())?;
            pairs.push(LLVMOrcCSymbolMapPair {
                // SAFETY: the session is alive and the name is a C string, which LLVM copies.
                Name: unsafe { LLVMOrcLLJITMangleAndIntern(self.jit, name.as_ptr()) },
                Sym: LLVMJITEvaluatedSymbol {
                    Address: address.expose_provenance() as u64,
                    Flags: LLVMJITSymbolFlags { GenericFlags: flags, TargetFlags: 0 },
                },
            });
        }
        // SAFETY: the unit takes over the interned names; the pairs are only read. A unit that
        // could not be defined stays ours.
        unsafe {
            let unit = LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len());
            check(LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(self.jit), unit))
                .inspect_err(|_| LLVMOrcDisposeMaterializationUnit(unit))
        }
    }

    /// Adds a module. Code is generated when a symbol of it is first looked up.
    pub(crate) fn add(&self, id: ModuleId, module: OwnedModule<'_>) -> Result<(), String> {
        let module = module.into_thread_safe();
        self.tracked(id, |tracker| {
            // SAFETY: session, tracker and module are alive; LLJIT takes the module over, also when
            // it fails.
            unsafe { LLVMOrcLLJITAddLLVMIRModuleWithRT(self.jit, tracker, module) }
        })
    }

    /// Adds an object file. It is linked when a symbol of it is first looked up.
    pub(crate) fn add_object(&self, id: ModuleId, name: &CStr, bytes: &[u8]) -> Result<(), String> {
        self.tracked(id, |tracker| {
            // SAFETY: session and tracker are alive, and the buffer is a copy, which LLJIT takes
            // over, also when it fails.
            unsafe {
                let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    name.as_ptr(),
                );
                LLVMOrcLLJITAddObjectFileWithRT(self.jit, tracker, buffer)
            }
        })
    }

    /// Adds a module with a tracker of its own.
    fn tracked(
        &self,
        id: ModuleId,
        add: impl FnOnce(LLVMOrcResourceTrackerRef) -> LLVMErrorRef,
    ) -> Result<(), String> {
        // SAFETY: the session is alive. The tracker is released before the session is disposed of.
        let tracker =
            unsafe { LLVMOrcJITDylibCreateResourceTracker(LLVMOrcLLJITGetMainJITDylib(self.jit)) };
        // SAFETY: the tracker is alive and no module was added with it.
        check(add(tracker)).inspect_err(|_| unsafe { LLVMOrcReleaseResourceTracker(tracker) })?;
        self.trackers.borrow_mut().insert(id, tracker);
        Ok(())
    }

    /// Removes a module and frees its code and variables.
    ///
    /// # Safety
    /// Nothing may use its code or its variables any more.
    pub(crate) unsafe fn remove(&self, id: ModuleId) -> Result<(), String> {
        let Some(tracker) = self.trackers.borrow_mut().remove(&id) else { return Ok(()) };
        // SAFETY: session and tracker are alive. The caller guarantees that the module is unused.
        unsafe {
            let removed = check(LLVMOrcResourceTrackerRemove(tracker));
            LLVMOrcReleaseResourceTracker(tracker);
            removed
        }
    }

    /// The address of a symbol. Compiles and links what it needs.
    pub(crate) fn lookup(&self, name: &CStr) -> Result<u64, String> {
        let mut address = 0;
        // SAFETY: the session is alive, the name is a C string, the address is ours to fill.
        check(unsafe { LLVMOrcLLJITLookup(self.jit, &raw mut address, name.as_ptr()) })?;
        Ok(address)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if program_end::is_exiting() {
            // Another thread may be running the end of the program: its code stays.
            forget((take(&mut self.reports), take(&mut self.watch), take(&mut self.kept)));
            return;
        }
        for (_, tracker) in self.trackers.get_mut().drain() {
            // SAFETY: the tracker is the session's, and is released once.
            unsafe { LLVMOrcReleaseResourceTracker(tracker) };
        }
        // SAFETY: the LLJIT is the session's and is not used again. Errors go to the reports, which
        // nobody reads any more.
        let _ = check(unsafe { LLVMOrcDisposeLLJIT(self.jit) });
    }
}
