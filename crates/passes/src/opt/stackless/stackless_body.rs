//! Makes a stackless body: a function that continues from a frame in its caller's memory.
//!
//! A body `T (ptr arg, T first)` becomes an ordinary function that returns at each suspension and continues
//! there when called again. The *frame* is memory of the caller's. It holds the state, the value that
//! travels, and what is live across a suspension.

use inkwell::llvm_sys::prelude::*;

use stackswitch_ir::{Function, Module, Type, Value};

/// As the shim has it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Raw {
    resume: LLVMValueRef,
    size: u64,
    alignment: u64,
    stack: u64,
    has_argument: bool,
    publishes: bool,
}

// SAFETY: these are the functions of `stackless_body.cc`, with the types that they have there.
unsafe extern "C" {
    fn stackswitch_stackless_begin(
        body: LLVMValueRef,
        suspends: *const LLVMValueRef,
        suspend_count: usize,
        helpers: *const LLVMValueRef,
        helper_count: usize,
    ) -> LLVMValueRef;
    fn stackswitch_stackless_split(
        module: LLVMModuleRef,
        stackless_bodies: *const LLVMValueRef,
        values: *const LLVMTypeRef,
        count: usize,
        out: *mut Raw,
    );
    fn stackswitch_stackless_start(
        stackless_body: *const Raw,
        value: LLVMTypeRef,
        ty: LLVMTypeRef,
    ) -> LLVMValueRef;
    fn stackswitch_stackless_operation(
        stackless_body: *const Raw,
        value: LLVMTypeRef,
        on_finished: LLVMValueRef,
        again: LLVMValueRef,
        destroy: LLVMValueRef,
        ty: LLVMTypeRef,
    ) -> LLVMValueRef;
    fn stackswitch_stackless_status(
        stackless_body: *const Raw,
        value: LLVMTypeRef,
        ty: LLVMTypeRef,
    ) -> LLVMValueRef;
}

/// A stackless body that is not split yet: it must go through [`split`].
#[derive(Debug)]
pub(super) struct Presplit<'m> {
    function: Function<'m>,
    value: Type<'m>,
}

impl<'m> Presplit<'m> {
    /// Makes a stackless body of a copy of a body. Calls of `suspends`, which take and return the
    /// body's type, suspend it. Calls of `helpers`, which must not be recursive, are inlined first. `None` if that
    /// cannot be done; then nothing has changed.
    ///
    /// The body must not throw. It must have no variables of unknown size and no values that cannot be
    /// stored in memory.
    pub(super) fn make(
        body: Function<'m>,
        suspends: &[Function<'m>],
        helpers: &[Function<'m>],
    ) -> Option<Self> {
        let list = |functions: &[Function<'m>]| -> Vec<LLVMValueRef> {
            functions.iter().map(|f| f.value().raw()).collect()
        };
        let (suspends, helpers) = (list(suspends), list(helpers));
        // SAFETY: all functions are live and in one module; the counts are those of the lists.
        let raw = unsafe {
            stackswitch_stackless_begin(
                body.value().raw(),
                suspends.as_ptr(),
                suspends.len(),
                helpers.as_ptr(),
                helpers.len(),
            )
        };
        // SAFETY: what is not null is a new function of the body's module.
        let function = (!raw.is_null()).then(|| unsafe { Function::from_raw(raw) })?;
        Some(Presplit { function, value: body.ty().result() })
    }
}

/// A stackless body as a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StacklessBody<'m> {
    raw: Raw,
    value: Type<'m>,
}

/// Splits stackless bodies; the results are in the same order.
pub(super) fn split<'m>(module: Module<'m>, made: Vec<Presplit<'m>>) -> Vec<StacklessBody<'m>> {
    let list: Vec<LLVMValueRef> = made.iter().map(|p| p.function.value().raw()).collect();
    let values: Vec<LLVMTypeRef> = made.iter().map(|p| p.value.raw()).collect();
    let resume = std::ptr::null_mut();
    let none =
        Raw { resume, size: 0, alignment: 1, stack: 0, has_argument: false, publishes: true };
    let mut out = vec![none; list.len()];
    // SAFETY: the functions are stackless bodies of this module that were just made, for values of these
    // types; the lists and the result are equally long.
    unsafe {
        stackswitch_stackless_split(
            module.raw(),
            list.as_ptr(),
            values.as_ptr(),
            list.len(),
            out.as_mut_ptr(),
        );
    }
    out.into_iter().zip(made).map(|(raw, p)| StacklessBody { raw, value: p.value }).collect()
}

impl<'m> StacklessBody<'m> {
    /// The bytes of its frame.
    pub(super) fn size(self) -> u64 {
        self.raw.size
    }

    /// The bytes of its variables that are on the stack while it runs, and not in its frame.
    pub(super) fn stack(self) -> u64 {
        self.raw.stack
    }

    /// Whether the address of a variable in its frame may escape.
    pub(super) fn publishes(self) -> bool {
        self.raw.publishes
    }

    /// Whether nothing uses it.
    pub(super) fn is_unused(self) -> bool {
        // SAFETY: the function is live: it is erased by `discard` only, which ends the stackless body.
        unsafe { Function::from_raw(self.raw.resume) }.is_unused()
    }

    /// The alignment of its frame.
    pub(super) fn alignment(self) -> u32 {
        self.raw.alignment as u32
    }

    /// A function of the type `ptr (ptr frame, ptr body, ptr arg)`, which is `ty`. It makes a new
    /// stackless body in the frame and returns null.
    pub(super) fn start(self, ty: Type<'m>) -> Function<'m> {
        // SAFETY: all are live and of one context.
        unsafe {
            Function::from_raw(stackswitch_stackless_start(&self.raw, self.value.raw(), ty.raw()))
        }
    }

    /// A function of the type `ty`: `T (ptr frame, T value)` resumes the stackless body, `void (ptr
    /// frame)` ends it. If the body has finished, the function instead gets a finished context from
    /// `on_finished`, calls `again`, of the same type, with it, and passes it to `destroy`.
    pub(super) fn operation(
        self,
        on_finished: Function<'m>,
        again: Value<'m>,
        destroy: Function<'m>,
        ty: Type<'m>,
    ) -> Function<'m> {
        // SAFETY: all are live and of one module, with the types that are asked for.
        unsafe {
            Function::from_raw(stackswitch_stackless_operation(
                &self.raw,
                self.value.raw(),
                on_finished.value().raw(),
                again.raw(),
                destroy.value().raw(),
                ty.raw(),
            ))
        }
    }

    /// A function of the type `i32 (ptr frame)`, which is `ty`. It returns the status.
    pub(super) fn status(self, ty: Type<'m>) -> Function<'m> {
        // SAFETY: all are live and of one context.
        unsafe {
            Function::from_raw(stackswitch_stackless_status(&self.raw, self.value.raw(), ty.raw()))
        }
    }

    /// Erases the stackless body. Nothing may use it any more.
    pub(super) fn discard(self) {
        // SAFETY: the function was made by `split` and is live.
        unsafe { Function::from_raw(self.raw.resume) }.erase();
    }
}
