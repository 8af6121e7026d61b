//! A module together with the LLVM context that it lives in, which ORC takes over.
//!
//! Every module has a context of its own. So no value of a caller's can outlive the context, and no
//! compiling thread changes a context that the caller uses. LLVM versions differ in how the context is
//! made; the difference is in [`new_context`].

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

use crate::reports::{Reports, on_diagnostic};
use stackswitch_passes::reader;

/// Makes a context and ORC's locked handle of it.
#[cfg(any(feature = "llvm19", feature = "llvm20"))]
fn new_context() -> (LLVMOrcThreadSafeContextRef, LLVMContextRef) {
    use inkwell::llvm_sys::orc2::{
        LLVMOrcCreateNewThreadSafeContext, LLVMOrcThreadSafeContextGetContext,
    };
    // SAFETY: the context belongs to the handle that it is asked of.
    unsafe {
        let handle = LLVMOrcCreateNewThreadSafeContext();
        (handle, LLVMOrcThreadSafeContextGetContext(handle))
    }
}

/// Makes a context and ORC's locked handle of it.
#[cfg(not(any(feature = "llvm19", feature = "llvm20")))]
fn new_context() -> (LLVMOrcThreadSafeContextRef, LLVMContextRef) {
    use inkwell::llvm_sys::{
        core::LLVMContextCreate, orc2::LLVMOrcCreateNewThreadSafeContextFromLLVMContext,
    };
    // SAFETY: the handle takes over the new context, which stays valid as long as the handle.
    unsafe {
        let context = LLVMContextCreate();
        (LLVMOrcCreateNewThreadSafeContextFromLLVMContext(context), context)
    }
}

// SAFETY: the function of `shim.cc`, with the type that it has there.
unsafe extern "C" {
    fn stackswitch_shim_expect_far_symbols(module: LLVMModuleRef);
}

/// A module alone in its context. LLVM reports about it to the borrowed `Reports`.
pub(crate) struct OwnedModule<'r> {
    handle: LLVMOrcThreadSafeContextRef,
    module: LLVMModuleRef,
    reports: PhantomData<&'r Reports>,
}

impl<'r> OwnedModule<'r> {
    /// Parses and verifies text or bitcode. The code that is compiled of it may be far away from the
    /// symbols that it uses.
    pub(crate) fn parse(
        reports: &'r Reports,
        name: &str,
        bytes: &[u8],
    ) -> Result<Self, reader::Error> {
        let (handle, context) = new_context();
        // SAFETY: the context is new and owned here. It is freed before `reports`: an owned module
        // cannot outlive 'r, and a session frees its modules before its reports.
        let parsed = unsafe {
            let opaque = std::ptr::from_ref(reports).cast_mut().cast::<c_void>();
            LLVMContextSetDiagnosticHandler(context, Some(on_diagnostic), opaque);
            reader::parse(ContextRef::new(context), name, bytes)
        };
        match parsed {
            Ok(module) => {
                let module = ManuallyDrop::new(module).as_mut_ptr();
                // SAFETY: the module is alive, and nothing else uses it.
                unsafe { stackswitch_shim_expect_far_symbols(module) };
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
    pub(crate) fn with<R>(&self, work: impl FnOnce(&Module<'_>) -> R) -> R {
        // SAFETY: the module is alive. The wrapper is never dropped, so it does not free the module.
        let module = unsafe { ManuallyDrop::new(Module::new(self.module)) };
        work(&module)
    }

    /// Gives module and context to ORC, which frees both.
    pub(crate) fn into_thread_safe(self) -> LLVMOrcThreadSafeModuleRef {
        let this = ManuallyDrop::new(self);
        // SAFETY: module and handle are alive, and `self` gives up both. The module takes a share of
        // the context, so the handle can be disposed of.
        unsafe {
            let module = LLVMOrcCreateNewThreadSafeModule(this.module, this.handle);
            LLVMOrcDisposeThreadSafeContext(this.handle);
            module
        }
    }
}

impl Drop for OwnedModule<'_> {
    fn drop(&mut self) {
        // SAFETY: `self` owns both. The module is freed first, as it lives in the context.
        unsafe {
            LLVMDisposeModule(self.module);
            LLVMOrcDisposeThreadSafeContext(self.handle);
        }
    }
}
