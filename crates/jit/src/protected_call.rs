//! Calls of guest code that return a fault of the guest as an error.
//!
//! The guest runs in a context of its own, on a region of its own. After a fault the handlers
//! ([`faults`](crate::faults)) have switched back to the host, and the context is discarded.

use std::{
    ffi::c_void,
    ptr::{null, null_mut},
};

use stackswitch_rt::{abi, host};

use crate::{
    catch::catch,
    error::Error,
    faults::HandlerScope,
    guest_run::{End, GuestRun},
    observe,
    value::ValueType,
};

/// Address space of a region of the JIT's own. Only what is touched becomes memory.
pub(crate) const REGION: usize = 256 << 20;

/// What the host gives the context of a call, and gets back.
struct Body<F, R> {
    run: *const GuestRun,
    work: Option<F>,
    result: Option<R>,
}

/// Runs `work` in a context of its own. A fault ends the context and is returned as an error.
///
/// # Safety
/// On an error, and when a host function panics, the frames of `work` and its callees are abandoned
/// without running destructors. They must allow that, as for C's `longjmp`.
pub(crate) unsafe fn call<F, R>(work: F) -> Result<R, Error>
where
    F: FnOnce() -> R,
{
    let _handler = HandlerScope::begin();
    let run = Box::new(GuestRun::new(ValueType::Ptr));
    // SAFETY: no guest runs here. A refusal of the runtime's is recorded in the run.
    let Some(mark) = (unsafe { run.enter(host::checkpoint) }) else {
        return run.take_end().map_or(Err(Error::Left), End::check).and(Err(Error::Left));
    };
    let body = Body { run: &raw const *run, work: Some(work), result: None };
    let body = Box::into_raw(Box::new(body));
    // SAFETY: base and context are new and not null where they are used. The body and the run are on
    // the heap until the guest has ended.
    let (base, guest) = unsafe {
        run.enter(|| {
            let base = abi::stackswitch_base_create(REGION);
            if base.is_null() {
                return (base, null_mut());
            }
            let guest = abi::stackswitch_spawn(base, enter::<F, R> as *mut c_void, body.cast());
            if !guest.is_null() {
                observe::spawned(guest, null());
                abi::stackswitch_swap(guest, null_mut());
            }
            (base, guest)
        })
    };
    let end = run.take_end();
    // SAFETY: the guest has finished, or it and the contexts that it has made will not be resumed
    // again. Nothing of the host is on the region. Contexts on other bases of the region keep it.
    unsafe {
        run.enter(|| {
            if matches!(end, Some(End::Returned)) {
                abi::stackswitch_destroy(guest);
                observe::destroyed(guest);
                abi::stackswitch_base_destroy(base);
            } else {
                run.abandon_last_context();
                host::discard_since(mark);
                observe::discarded();
            }
        });
    }
    // SAFETY: the guest does not run any more, so nobody else uses the body.
    let body = unsafe { Box::from_raw(body) };
    end.map_or(Err(Error::Left), End::check)?;
    body.result.ok_or(Error::Left)
}

/// The guest context's function.
unsafe extern "C-unwind" fn enter<F, R>(body: *mut c_void, _first: *mut c_void) -> *mut c_void
where
    F: FnOnce() -> R,
{
    let body = body.cast::<Body<F, R>>();
    // SAFETY: the host keeps body and run alive until this context has ended, and does not access
    // the body while it runs.
    unsafe {
        let run = &*(*body).run;
        if let Some(work) = (*body).work.take() {
            // The guest has no link while it runs, like a thread's main context.
            match catch(work) {
                Ok(result) => {
                    (*body).result = Some(result);
                    run.record_end(End::Returned);
                }
                Err(caught) => run.record_end(caught.into()),
            }
        }
        abi::stackswitch_setlink(abi::stackswitch_current(), run.host());
    }
    null_mut()
}
