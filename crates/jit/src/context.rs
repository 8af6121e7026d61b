//! A module together with the LLVM context that it lives in, ready to be handed to ORC.
//!
//! Every module has a context of its own, so that nothing a caller holds can outlive it or be
//! changed by another thread that compiles. LLVM versions differ in who makes that context: the
//! one function [`fresh`] knows.

use std::{ffi::c_void, marker::PhantomData, mem::ManuallyDrop};

use inkwell::{
    context::ContextRef,
    llvm_sys::{
        core::{LLVMContextSetDiagnosticHandler, LLVMDisposeModule},
        orc2::{
            LLVMOrcCreateNewThreadSafeModule, LLVMOrcDisposeThreadSafeContext,
            LLVMOrcThreadSafeContextRef, LLVMOrcThreadSafeModuleRef,
        },
        prelude::{LLVMContextRef, LLVMModuleRef},
    },
    module::Module,
};

use super::reports::{Reports, on_diagnostic};
use stackswitch_passes::reader;

/// A new context under ORC's lock, and the context itself.
#[cfg(any(feature = "llvm19", feature = "llvm20"))]
fn fresh() -> (LLVMOrcThreadSafeContextRef, LLVMContextRef) {
    use inkwell::llvm_sys::orc2::{
        LLVMOrcCreateNewThreadSafeContext, LLVMOrcThreadSafeContextGetContext,
    };
    // SAFETY: the context belongs to the handle that it is asked of.
    unsafe {
        let handle = LLVMOrcCreateNewThreadSafeContext();
        (handle, LLVMOrcThreadSafeContextGetContext(handle))
    }
}

/// A new context under ORC's lock, and the context itself.
#[cfg(not(any(feature = "llvm19", feature = "llvm20")))]
fn fresh() -> (LLVMOrcThreadSafeContextRef, LLVMContextRef) {
    use inkwell::llvm_sys::{
        core::LLVMContextCreate, orc2::LLVMOrcCreateNewThreadSafeContextFromLLVMContext,
    };
    // SAFETY: the handle takes over the new context, which stays valid as long as the handle.
    unsafe {
        let context = LLVMContextCreate();
        (LLVMOrcCreateNewThreadSafeContextFromLLVMContext(context), context)
    }
}

/// A module alone in its context. What LLVM reports about it goes to the `Reports` it borrows.
pub(super) struct OwnedModule<'r> {
    handle: LLVMOrcThreadSafeContextRef,
    module: LLVMModuleRef,
    reports: PhantomData<&'r Reports>,
}

impl<'r> OwnedModule<'r> {
    /// Parses and verifies text or bitcode.
    pub(super) fn parse(
        reports: &'r Reports,
        name: &str,
        bytes: &[u8],
    ) -> Result<Self, reader::Error> {
        let (handle, context) = fresh();
        // SAFETY: the context is new and ours. It is gone before `reports` is: an owned module
        // cannot outlive 'r, and a session drops its modules before its reports.
        let parsed = unsafe {
            let opaque = std::ptr::from_ref(reports).cast_mut().cast::<c_void>();
            LLVMContextSetDiagnosticHandler(context, Some(on_diagnostic), opaque);
            reader::parse(ContextRef::new(context), name, bytes)
        };
        match parsed {
            Ok(module) => {
                let module = ManuallyDrop::new(module).as_mut_ptr();
                Ok(Self { handle, module, reports: PhantomData })
            }
            Err(error) => {
                // SAFETY: a failed parse leaves nothing in the context.
                unsafe { LLVMOrcDisposeThreadSafeContext(handle) };
                Err(error)
            }
        }
    }

    /// Runs `work` on the module.
    pub(super) fn with<R>(&self, work: impl FnOnce(&Module<'_>) -> R) -> R {
        // SAFETY: the module is alive, and stays ours: the wrapper is never dropped.
        let module = unsafe { ManuallyDrop::new(Module::new(self.module)) };
        work(&module)
    }

    /// Gives module and context to ORC, which frees both.
    pub(super) fn into_thread_safe(self) -> LLVMOrcThreadSafeModuleRef {
        let this = ManuallyDrop::new(self);
        // SAFETY: both are alive and ours to give. The module takes a share of the context, so
        // our own share can go.
        unsafe {
            let module = LLVMOrcCreateNewThreadSafeModule(this.module, this.handle);
            LLVMOrcDisposeThreadSafeContext(this.handle);
            module
        }
    }
}

impl Drop for OwnedModule<'_> {
    fn drop(&mut self) {
        // SAFETY: both are ours. The module goes first, as it lives in the context.
        unsafe {
            LLVMDisposeModule(self.module);
            LLVMOrcDisposeThreadSafeContext(self.handle);
        }
    }
}
