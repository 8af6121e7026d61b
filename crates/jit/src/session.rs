//! A safe shell around ORC's LLJIT: symbols and modules in, addresses out.

//!
//! LLVM's C interface has no way to run what was registered with `atexit`: `shim.cc` adds it.

use std::{
    cell::RefCell,
    collections::HashMap,
    ffi::{CStr, CString, c_void},
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
            LLVMOrcReleaseResourceTracker, LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
            lljit::{
                LLVMOrcCreateLLJIT, LLVMOrcCreateLLJITBuilder, LLVMOrcDisposeLLJIT,
                LLVMOrcLLJITAddLLVMIRModuleWithRT, LLVMOrcLLJITAddObjectFileWithRT,
                LLVMOrcLLJITBuilderSetJITTargetMachineBuilder, LLVMOrcLLJITGetDataLayoutStr,
                LLVMOrcLLJITGetExecutionSession, LLVMOrcLLJITGetMainJITDylib, LLVMOrcLLJITLookup,
                LLVMOrcLLJITMangleAndIntern, LLVMOrcLLJITRef,
            },
        },
    },
    targets::TargetMachine,
};

use super::{
    context::OwnedModule,
    modules::ModuleId,
    objects::Watch,
    reports::{Reports, check, on_session_error},
};

// SAFETY: these are the functions of `shim.cc`, with the types that they have there.
unsafe extern "C" {
    fn stackswitch_shim_deinitialize(jit: LLVMOrcLLJITRef) -> LLVMErrorRef;
}

/// One LLJIT. Symbols of the process (libc) are found through LLJIT's own default search.
pub(super) struct Session {
    jit: LLVMOrcLLJITRef,
    // Dropped after `jit` is disposed of, as LLVM holds their addresses.
    reports: Box<Reports>,
    _watch: Box<Watch>,
    /// What has been added, to be removed by.
    trackers: RefCell<HashMap<ModuleId, LLVMOrcResourceTrackerRef>>,
}

impl Session {
    /// A session that compiles as `template` does. The watch is told of what it has compiled.
    pub(super) fn new(template: TargetMachine, watch: Box<Watch>) -> Result<Self, String> {
        let template = std::mem::ManuallyDrop::new(template);
        let reports = Box::<Reports>::default();
        let mut jit = std::ptr::null_mut();
        // SAFETY: the target machine is taken over by its builder, that by LLJIT's builder, and
        // that by LLJIT. The reports live as long as the session that `Drop` ends first.
        unsafe {
            let machine =
                LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(template.as_mut_ptr());
            let builder = LLVMOrcCreateLLJITBuilder();
            LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(builder, machine);
            check(LLVMOrcCreateLLJIT(&raw mut jit, builder))?;
            LLVMOrcExecutionSessionSetErrorReporter(
                LLVMOrcLLJITGetExecutionSession(jit),
                on_session_error,
                std::ptr::from_ref::<Reports>(&reports).cast_mut().cast::<c_void>(),
            );
            watch.start(jit);
        }
        Ok(Self { jit, reports, _watch: watch, trackers: RefCell::default() })
    }

    /// What LLVM reported on the side.
    pub(super) fn reports(&self) -> &Reports {
        &self.reports
    }

    /// The data layout that modules must have.
    pub(super) fn data_layout(&self) -> &CStr {
        // SAFETY: the string belongs to the session.
        unsafe { CStr::from_ptr(LLVMOrcLLJITGetDataLayoutStr(self.jit)) }
    }

    /// Binds names to addresses in this process.
    pub(super) fn define<'s>(
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
    pub(super) fn add(&self, id: ModuleId, module: OwnedModule<'_>) -> Result<(), String> {
        let module = module.into_thread_safe();
        self.tracked(id, |tracker| {
            // SAFETY: session, tracker and module are alive; LLJIT takes the module over, also when
            // it fails.
            unsafe { LLVMOrcLLJITAddLLVMIRModuleWithRT(self.jit, tracker, module) }
        })
    }

    /// Adds an object file. It is linked when a symbol of it is first looked up.
    pub(super) fn add_object(&self, id: ModuleId, name: &CStr, bytes: &[u8]) -> Result<(), String> {
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

    /// Adds something under a tracker of its own.
    fn tracked(
        &self,
        id: ModuleId,
        add: impl FnOnce(LLVMOrcResourceTrackerRef) -> LLVMErrorRef,
    ) -> Result<(), String> {
        // SAFETY: the session is alive. The tracker is ours until it is released, which is before
        // the session goes.
        let tracker =
            unsafe { LLVMOrcJITDylibCreateResourceTracker(LLVMOrcLLJITGetMainJITDylib(self.jit)) };
        // SAFETY: as above; nothing has been added under it.
        check(add(tracker)).inspect_err(|_| unsafe { LLVMOrcReleaseResourceTracker(tracker) })?;
        self.trackers.borrow_mut().insert(id, tracker);
        Ok(())
    }

    /// Takes back what was added, with the code that was made of it.
    ///
    /// # Safety
    /// Nothing may use its code or its variables any more.
    pub(super) unsafe fn remove(&self, id: ModuleId) -> Result<(), String> {
        let Some(tracker) = self.trackers.borrow_mut().remove(&id) else { return Ok(()) };
        // SAFETY: session and tracker are alive; the caller vouches for the rest.
        unsafe {
            let removed = check(LLVMOrcResourceTrackerRemove(tracker));
            LLVMOrcReleaseResourceTracker(tracker);
            removed
        }
    }

    /// Runs what the program registered with `atexit`.
    ///
    /// # Safety
    /// They must be sound to run.
    pub(super) unsafe fn deinitialize(&self) -> Result<(), String> {
        // SAFETY: the session is alive; the caller vouches for the code.
        check(unsafe { stackswitch_shim_deinitialize(self.jit) })
    }

    /// The address of a symbol, after whatever compiling it takes.
    pub(super) fn lookup(&self, name: &CStr) -> Result<u64, String> {
        let mut address = 0;
        // SAFETY: the session is alive, the name is a C string, the address is ours to fill.
        check(unsafe { LLVMOrcLLJITLookup(self.jit, &raw mut address, name.as_ptr()) })?;
        Ok(address)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for (_, tracker) in self.trackers.get_mut().drain() {
            // SAFETY: the tracker is ours, and released once.
            unsafe { LLVMOrcReleaseResourceTracker(tracker) };
        }
        // SAFETY: the session is ours and used for the last time. What it still has to say goes
        // to the reports, which nobody reads any more.
        let _ = check(unsafe { LLVMOrcDisposeLLJIT(self.jit) });
    }
}
