//! The C ABI: every function that `stackswitch.h` declares, under its name.
//!
//! The switches are assembly, in `arch`. `docs/LangRef.md` says what the operations mean.

use core::ffi::{c_int, c_void};

use crate::arch;
use crate::bases;
use crate::cancel;
use crate::context::Entry;
use crate::depth;
use crate::error::{self, Code, Handler};
use crate::frame_memory;
use crate::handle;
pub use crate::hooks::Hooks;
use crate::memory;
pub use crate::memory::{Allocate, Deallocate};
use crate::posix;
use crate::settings;
pub use crate::stats::{BaseStats, ContextStats, ProcessStats, Stats};
use crate::thread;
use crate::value::{self, Float};
pub use crate::visit::Visit;
use crate::{stats, visit};

/// The headers, by the names under which C and C++ include them. A host that compiles them needs no
/// installed copy.
pub const HEADERS: [(&str, &str); 3] = [
    ("stackswitch.h", include_str!("../include/stackswitch.h")),
    ("stackswitch.hpp", include_str!("../include/stackswitch.hpp")),
    ("stackswitch/ucontext.h", include_str!("../include/stackswitch/ucontext.h")),
];

/// A function of the C ABI, for code that binds it by name.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    /// Its name in C.
    pub name: &'static str,
    /// Its address.
    pub address: *const (),
}

// SAFETY: an address of code can be used from any thread.
unsafe impl Sync for Symbol {}

/// Declares the functions that Rust implements, and lists them with those of the assembly. Small
/// integers come back extended to a `c_int`: the other side need not have extended them, and some
/// callers in C expect it.
macro_rules! abi {
    (
        assembly { $($asm:ident),* $(,)? }
        $( $(#[$doc:meta])* fn $name:ident ( $($arg:ident : $type:ty),* $(,)? ) $(-> $ret:ty)? { $($body:tt)* } )*
        integers { $($integer:ty: $spawn_integer:ident;)* }
        small_integers { $($small:ty: $swap_small:ident $resume_small:ident $suspend_small:ident $ontop_small:ident;)* }
        floats { $($value:ty: $spawn:ident $swap:ident $resume:ident $suspend:ident $ontop:ident;)* }
    ) => {
        $(
            $(#[$doc])*
            ///
            /// # Safety
            /// Handles are live, were live, or are null, and belong to the calling thread.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $name($($arg: $type),*) $(-> $ret)? {
                // SAFETY: the caller's promise is that of the function called.
                #[allow(unused_unsafe, reason = "a few are safe")]
                unsafe { $($body)* }
            }
        )*
        pub use crate::arch::{$($asm,)*};
        $(
            #[doc = concat!("`spawn` of a body whose values are `", stringify!($integer), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_spawn`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $spawn_integer(
                base: *mut c_void,
                function: *mut c_void,
                argument: *mut c_void,
            ) -> *mut c_void {
                // SAFETY: the condition is that of the function called; an integer travels like a pointer.
                unsafe { stackswitch_spawn(base, function, argument) }
            }
        )*
        $(
            #[doc = concat!("`stackswitch_swap` with an `", stringify!($small), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_swap`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $swap_small(to: *mut c_void, value: $small) -> c_int {
                // SAFETY: the condition is that of the function called.
                unsafe { arch::stackswitch_swap(to, value as usize as *mut c_void) as usize as $small as c_int }
            }
            #[doc = concat!("`stackswitch_resume` with an `", stringify!($small), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_resume`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $resume_small(ctx: *mut c_void, value: $small) -> c_int {
                // SAFETY: the condition is that of the function called.
                unsafe { arch::stackswitch_resume(ctx, value as usize as *mut c_void) as usize as $small as c_int }
            }
            #[doc = concat!("`stackswitch_suspend` with an `", stringify!($small), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_suspend`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $suspend_small(value: $small) -> c_int {
                // SAFETY: the condition is that of the function called.
                unsafe { arch::stackswitch_suspend(value as usize as *mut c_void) as usize as $small as c_int }
            }
            #[doc = concat!("`stackswitch_swap_ontop` with an `", stringify!($small), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_swap_ontop`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $ontop_small(
                to: *mut c_void,
                function: *mut c_void,
                value: $small,
            ) -> c_int {
                // SAFETY: the condition is that of the function called.
                unsafe {
                    arch::stackswitch_swap_ontop(to, function, value as usize as *mut c_void) as usize as $small as c_int
                }
            }
        )*
        $(
            #[doc = concat!("`spawn` of a body whose values are `", stringify!($value), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_spawn`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $spawn(
                base: *mut c_void,
                function: *mut c_void,
                argument: *mut c_void,
            ) -> *mut c_void {
                // SAFETY: the condition is that of the function called.
                unsafe { handle::spawn(base, Entry { function, argument, wide: <$value>::ENTRY }) }
            }
            #[doc = concat!("`swap` with a `", stringify!($value), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_swap`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $swap(to: *mut c_void, value: $value) -> $value {
                // SAFETY: the condition is that of the function called.
                unsafe { value.exchange(|word| arch::stackswitch_swap(to, word)) }
            }
            #[doc = concat!("`resume` with a `", stringify!($value), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_resume`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $resume(ctx: *mut c_void, value: $value) -> $value {
                // SAFETY: the condition is that of the function called.
                unsafe { value.exchange(|word| arch::stackswitch_resume(ctx, word)) }
            }
            #[doc = concat!("`suspend` with a `", stringify!($value), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_suspend`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $suspend(value: $value) -> $value {
                // SAFETY: the condition is that of the function called.
                unsafe { value.exchange(|word| arch::stackswitch_suspend(word)) }
            }
            #[doc = concat!("`swap.ontop` with a `", stringify!($value), "`.")]
            ///
            /// # Safety
            /// As `stackswitch_swap_ontop`.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $ontop(
                to: *mut c_void,
                function: *mut c_void,
                value: $value,
            ) -> $value {
                // SAFETY: the condition is that of the function called.
                unsafe {
                    value.exchange(|word| {
                        arch::stackswitch_swap_ontop_with(to, function, word, <$value>::ONTOP)
                    })
                }
            }
        )*
        static SYMBOLS: &[Symbol] = &[
            $(Symbol { name: stringify!($asm), address: arch::$asm as *const () },)*
            $(Symbol { name: stringify!($name), address: $name as *const () },)*
            $(Symbol { name: stringify!($spawn_integer), address: $spawn_integer as *const () },)*
            $(
                Symbol { name: stringify!($swap_small), address: $swap_small as *const () },
                Symbol { name: stringify!($resume_small), address: $resume_small as *const () },
                Symbol { name: stringify!($suspend_small), address: $suspend_small as *const () },
                Symbol { name: stringify!($ontop_small), address: $ontop_small as *const () },
            )*
            $(
                Symbol { name: stringify!($spawn), address: $spawn as *const () },
                Symbol { name: stringify!($swap), address: $swap as *const () },
                Symbol { name: stringify!($resume), address: $resume as *const () },
                Symbol { name: stringify!($suspend), address: $suspend as *const () },
                Symbol { name: stringify!($ontop), address: $ontop as *const () },
            )*
        ];
    };
}

abi! {
    assembly {
        stackswitch_swap,
        stackswitch_resume,
        stackswitch_suspend,
        stackswitch_swap_ontop,
        stackswitch_swap_i32,
        stackswitch_swap_i64,
        stackswitch_resume_i32,
        stackswitch_resume_i64,
        stackswitch_suspend_i32,
        stackswitch_suspend_i64,
        stackswitch_swap_ontop_i32,
        stackswitch_swap_ontop_i64,
        stackswitch_base_here,
        stackswitch_getcontext,
        stackswitch_setcontext,
        stackswitch_swapcontext,
        stackswitch_ucontext_getcontext,
        stackswitch_ucontext_getcontext_sigmask,
        stackswitch_ucontext_setcontext,
        stackswitch_ucontext_swapcontext,
        stackswitch_ucontext_swapcontext_sigmask,
        stackswitch_ucontext_makecontext,
    }

    /// Sets the process's error handler (null: the default), returns the one before.
    fn stackswitch_set_error_handler(handler: Option<Handler>) -> Option<Handler> {
        error::set_handler(handler)
    }

    /// Sets where threads that begin to use the runtime from now on have their heap (null for
    /// both: the system). Returns 0, or a code.
    fn stackswitch_set_allocator(
        allocate: Option<Allocate>,
        deallocate: Option<Deallocate>,
    ) -> c_int {
        if memory::set_allocator(allocate, deallocate) { 0 } else { Code::Invalid as c_int }
    }

    /// Bytes of an object of the POSIX layer.
    fn stackswitch_context_size() -> usize {
        posix::size()
    }
    /// Makes a captured object run `function(argument)` on `stack`, or sliced from its base.
    fn stackswitch_makecontext(
        ctx: *mut c_void,
        stack: *mut c_void,
        size: usize,
        link: *mut c_void,
        function: *mut c_void,
        argument: *mut c_void,
    ) -> c_int {
        posix::makecontext(ctx.cast(), stack, size, link.cast(), function, argument)
    }
    /// Gives back what an object holds on the heap.
    fn stackswitch_freecontext(ctx: *mut c_void) {
        posix::freecontext(ctx.cast())
    }
    /// The stack position at which a context of either layer was suspended.
    fn stackswitch_stacktop(ctx: *mut c_void) -> *mut c_void {
        handle::stacktop(ctx)
    }

    /// A base on a region of its own with `reserve` bytes of address space.
    fn stackswitch_base_create(reserve: usize) -> *mut c_void {
        bases::base_create(reserve)
    }
    /// Gives a base back, whose contexts have been destroyed.
    fn stackswitch_base_destroy(base: *mut c_void) {
        bases::base_destroy(base)
    }

    /// Makes `spawn` with a null base spread the calling thread's contexts over `count` regions, 1
    /// to 64. Returns the number before, or 0 when refused.
    fn stackswitch_set_default_regions(count: usize) -> usize {
        settings::set_default_regions(count)
    }

    /// A new suspended context that will run `function(argument, first)`.
    fn stackswitch_spawn(
        base: *mut c_void,
        function: *mut c_void,
        argument: *mut c_void,
    ) -> *mut c_void {
        handle::spawn(base, Entry { function, argument, wide: core::ptr::null_mut() })
    }
    /// The same for values that need more than a register: `entry(function, argument, slot)`
    /// finds `first` at `slot` and leaves the result there.
    fn stackswitch_spawn_wide(
        base: *mut c_void,
        function: *mut c_void,
        argument: *mut c_void,
        entry: *mut c_void,
    ) -> *mut c_void {
        handle::spawn(base, Entry { function, argument, wide: entry })
    }
    /// `swap` with the `size` bytes at `value`, at most 64.
    fn stackswitch_swap_wide(to: *mut c_void, value: *mut c_void, size: usize) {
        value::exchange(value, size, |slot| arch::stackswitch_swap(to, slot))
    }
    /// `resume` with the `size` bytes at `value`, at most 64.
    fn stackswitch_resume_wide(ctx: *mut c_void, value: *mut c_void, size: usize) {
        value::exchange(value, size, |slot| arch::stackswitch_resume(ctx, slot))
    }
    /// `suspend` with the `size` bytes at `value`, at most 64.
    fn stackswitch_suspend_wide(value: *mut c_void, size: usize) {
        value::exchange(value, size, |slot| arch::stackswitch_suspend(slot))
    }
    /// `swap.ontop` with the `size` bytes at `value`, at most 64; `entry(function, slot)` finds
    /// them at `slot` and leaves the result there.
    fn stackswitch_swap_ontop_wide(
        to: *mut c_void,
        function: *mut c_void,
        value: *mut c_void,
        size: usize,
        entry: *mut c_void,
    ) {
        value::exchange(value, size, |slot| {
            arch::stackswitch_swap_ontop_with(to, function, slot, entry)
        })
    }

    /// The running context.
    fn stackswitch_current() -> *mut c_void {
        handle::current()
    }
    /// The number of links from the running context to the end of the chain.
    fn stackswitch_depth() -> c_int {
        depth::depth()
    }
    /// A context's link, or null.
    fn stackswitch_link(ctx: *mut c_void) -> *mut c_void {
        handle::link(ctx)
    }
    /// Sets a context's link; null for none.
    fn stackswitch_setlink(ctx: *mut c_void, link: *mut c_void) {
        handle::set_link(ctx, link)
    }
    /// 0 new, 1 suspended, 2 running, 3 finished.
    fn stackswitch_status(ctx: *mut c_void) -> c_int {
        handle::status(ctx)
    }
    /// A second context that continues from the same point.
    fn stackswitch_clone(ctx: *mut c_void) -> *mut c_void {
        handle::clone(ctx)
    }
    /// Unwinds a suspended context so that its cleanups run, then finishes it.
    fn stackswitch_cancel(ctx: *mut c_void) {
        cancel::cancel(ctx)
    }
    /// Frees a context that is not running.
    fn stackswitch_destroy(ctx: *mut c_void) {
        handle::destroy(ctx)
    }
    /// Bytes that the context holds on the heap.
    fn stackswitch_slice_size(ctx: *mut c_void) -> usize {
        handle::slice_size(ctx)
    }
    /// Prefetches the context's header and slice.
    fn stackswitch_prefetch(ctx: *mut c_void) {
        handle::prefetch(ctx)
    }
    /// `size` bytes for variables of the function whose frame has the address `frame`, aligned to
    /// `alignment`, a power of two. Never null.
    fn stackswitch_frame_alloc(size: usize, alignment: usize, frame: *mut c_void) -> *mut c_void {
        frame_memory::take(size, alignment, frame.addr()).cast()
    }
    /// Frees what `stackswitch_frame_alloc` returned.
    fn stackswitch_frame_free(memory: *mut c_void) {
        frame_memory::give_back(memory.cast())
    }
    /// The calling thread's counters.
    fn stackswitch_get_stats(out: *mut Stats) {
        if !out.is_null() {
            out.write(thread::stats());
        }
    }
    /// The counters of the contexts of one base.
    fn stackswitch_get_base_stats(base: *mut c_void, out: *mut BaseStats) {
        if !out.is_null() {
            out.write(bases::base_stats(base));
        }
    }
    /// What is known of one context.
    fn stackswitch_get_context_stats(ctx: *mut c_void, out: *mut ContextStats) {
        if !out.is_null() {
            out.write(handle::stats(ctx));
        }
    }
    /// The counters of all threads together.
    fn stackswitch_get_process_stats(out: *mut ProcessStats) {
        if !out.is_null() {
            out.write(stats::process());
        }
    }

    /// Sets what is called on the calling thread's switches; null for nothing.
    fn stackswitch_set_hooks(hooks: *const Hooks) {
        settings::set_hooks(hooks)
    }
    /// Visits all that the calling thread's contexts hold; the running one's part begins at `sp`.
    fn stackswitch_visit(sp: *mut c_void, visitor: Option<Visit>, data: *mut c_void) {
        visit::visit(sp, visitor, data)
    }

    integers {
        i8: stackswitch_spawn_i8;
        i16: stackswitch_spawn_i16;
        i32: stackswitch_spawn_i32;
        i64: stackswitch_spawn_i64;
    }
    small_integers {
        i8: stackswitch_swap_i8 stackswitch_resume_i8 stackswitch_suspend_i8 stackswitch_swap_ontop_i8;
        i16: stackswitch_swap_i16 stackswitch_resume_i16 stackswitch_suspend_i16 stackswitch_swap_ontop_i16;
    }
    floats {
        f32: stackswitch_spawn_f32 stackswitch_swap_f32 stackswitch_resume_f32 stackswitch_suspend_f32 stackswitch_swap_ontop_f32;
        f64: stackswitch_spawn_f64 stackswitch_swap_f64 stackswitch_resume_f64 stackswitch_suspend_f64 stackswitch_swap_ontop_f64;
    }
}

/// Functions that the runtime has in place of libc's: code that is loaded later must be bound to
/// these. They keep C's cleanup handlers in contexts.
pub fn replacements() -> &'static [Symbol] {
    #[cfg(all(feature = "libc", target_env = "gnu"))]
    {
        use crate::cleanup_handlers::replacements::{
            __pthread_register_cancel, __pthread_unregister_cancel,
        };
        static REPLACEMENTS: [Symbol; 2] = [
            Symbol {
                name: "__pthread_register_cancel",
                address: __pthread_register_cancel as *const (),
            },
            Symbol {
                name: "__pthread_unregister_cancel",
                address: __pthread_unregister_cancel as *const (),
            },
        ];
        &REPLACEMENTS
    }
    #[cfg(not(all(feature = "libc", target_env = "gnu")))]
    &[]
}

/// Every function of the C ABI.
pub fn symbols() -> &'static [Symbol] {
    SYMBOLS
}
