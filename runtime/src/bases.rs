//! Bases: where the stacks of contexts begin, and the regions that the runtime maps for them.

use core::ffi::c_void;
use core::ptr;

use stackswitch_abi::{Code, cpu};

use crate::context::{Base, Era, Origin, Region, State, Tag};
use crate::error::refuse;
#[cfg(feature = "libc")]
use crate::faults;
use crate::instrumentation::RegisteredStack;
use crate::large_slices;
use crate::memory;
use crate::stats::BaseStats;
use crate::sys;
use crate::thread::{self, Thread, ThreadWords};

/// Address space of a default region.
const DEFAULT_RESERVE: usize = if size_of::<usize>() == 8 { 256 << 20 } else { 1 << 20 };
/// Inaccessible bytes at the low end of a mapped region: whole pages on every CPU.
const GUARD: usize = 64 << 10;

/// How far below the caller's stack pointer `base.here` puts the base. If the caller switches from
/// the frame that made the base, the switch record and the small frames of typed switches lie
/// above the base, so they are never copied.
const BASE_GAP: usize = 4 * cpu::record::BYTES;

impl Thread {
    /// A new base at `top` of a region, or null.
    fn new_base(&mut self, top: usize, region: *mut Region, era: Era) -> *mut Base {
        let base = self.heap.store.allocate_header().cast::<Base>();
        if !base.is_null() {
            let tag = Tag::new(self.number, State::Base);
            // SAFETY: a fresh header block has room for a base; the region is alive.
            unsafe {
                let mut new = Base::new(top, tag, region);
                new.era = era;
                base.write(new);
                (*region).bases += 1;
            }
        }
        base
    }

    /// A base on a new mapped region, or null. `colour` lowers its top by that many cache lines, so
    /// that the stacks of several regions do not all use the same cache sets.
    fn map_base(&mut self, reserve: usize, colour: usize, era: Era) -> *mut Base {
        let Some(length) = reserve
            .checked_add(GUARD)
            .and_then(|bytes| bytes.checked_next_multiple_of(sys::page()))
            .filter(|bytes| *bytes < isize::MAX as usize)
        else {
            return ptr::null_mut();
        };
        let region = self.heap.store.allocate(size_of::<Region>()).cast::<Region>();
        if region.is_null() {
            return ptr::null_mut();
        }
        // Room to align the top so that pages of large slices move fastest.
        let length = length + if reserve >= large_slices::HUGE { large_slices::HUGE } else { 0 };
        let low = memory::map(length, GUARD);
        // SAFETY: the block is fresh and has a region's size.
        unsafe {
            if low.is_null() {
                self.heap.store.free(region.cast(), size_of::<Region>());
                return ptr::null_mut();
            }
            region.write(Region::new(Origin::Mapped, low.addr(), length, GUARD));
            (*region).stack = RegisteredStack::register(low.addr() + GUARD, low.addr() + length);
            let mut top = low.addr() + length;
            if reserve >= large_slices::HUGE {
                top &= !(large_slices::HUGE - 1);
            }
            (*region).limit_dumps(top);
            let base = self.new_base(top - colour * 64, region, era);
            if base.is_null() {
                (*region).stack.forget();
                memory::unmap(low, length);
                self.heap.store.free(region.cast(), size_of::<Region>());
                return ptr::null_mut();
            }
            self.list_region(region);
            #[cfg(feature = "libc")]
            if self.signal_stack.is_null() {
                self.signal_stack = sys::catch_faults(faults::continuation_after);
            }
            base
        }
    }

    /// Frees a base, and a mapped region with its last base.
    ///
    /// # Safety
    /// The base is alive, of this thread, which runs, and has no contexts.
    pub(crate) unsafe fn drop_base(&mut self, base: *mut Base) {
        // SAFETY: a live base has a live region, which is in the thread's list if it is mapped.
        unsafe {
            let tls = ThreadWords::get();
            self.count_exchanges(tls);
            (*tls).exchange_base = ptr::null_mut();
            let region = (*base).region;
            (*base).tag = Tag(0);
            self.heap.store.free_header(base.cast());
            (*region).bases -= 1;
            if (*region).bases == 0 && (*region).origin == Origin::Mapped {
                self.unlist_region(region);
                (*region).stack.forget();
                memory::unmap((*region).low as *mut u8, (*region).length);
                self.heap.store.free(region.cast(), size_of::<Region>());
            }
        }
    }

    /// Adds a mapped region to the thread's list.
    ///
    /// # Safety
    /// The region is alive and in no list.
    unsafe fn list_region(&mut self, region: *mut Region) {
        // SAFETY: the caller vouches for the region; the list holds live ones.
        unsafe {
            (*region).next = self.regions;
            (*region).previous = ptr::null_mut();
            if !self.regions.is_null() {
                (*self.regions).previous = region;
            }
        }
        self.regions = region;
        self.heap.stats.regions += 1;
    }

    /// Removes a mapped region from the thread's list, in constant time.
    ///
    /// # Safety
    /// The region is in the list.
    unsafe fn unlist_region(&mut self, region: *mut Region) {
        // SAFETY: the list holds live regions, and the caller says that this is one of them.
        unsafe {
            let (next, previous) = ((*region).next, (*region).previous);
            if !next.is_null() {
                (*next).previous = previous;
            }
            if previous.is_null() {
                self.regions = next;
            } else {
                (*previous).next = next;
            }
        }
        self.heap.stats.regions -= 1;
    }

    /// The base for the next context that is spawned with a null base, or null.
    pub(crate) fn default_base(&mut self) -> *mut Base {
        let last = self.last_default;
        let base = self.default_bases[last];
        // SAFETY: default bases are alive as long as their thread.
        if !base.is_null() && unsafe { (*base).contexts == 0 } && last < self.default_count {
            // Nobody is displaced here, and the caches still have its top.
            return base;
        }
        let index = if last + 1 < self.default_count { last + 1 } else { 0 };
        if self.default_bases[index].is_null() {
            // 5 is coprime to the 64 lines of a page: each region gets a colour of its own.
            self.default_bases[index] = self.map_base(DEFAULT_RESERVE, index * 5 % 64, Era::FIRST);
        }
        if self.default_bases[index].is_null() {
            // Out of address space: contexts share the first region.
            return self.default_bases[0];
        }
        self.last_default = index;
        self.default_bases[index]
    }
}

/// `stackswitch_base_here`, with the caller's stack pointer.
pub(crate) unsafe extern "C-unwind" fn base_at(sp: usize) -> *mut c_void {
    // SAFETY: a running context's base and region are alive.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return ptr::null_mut();
        }
        let tls = ThreadWords::get();
        (*thread).start_tracking(tls);
        let region = (*(*(*tls).current).base).region;
        if (*region).origin == Origin::Native && (*region).low == 0 {
            let (low, high) = (*thread).native_ends();
            ((*region).low, (*region).length) = (low, high - low);
        }
        let base = (*thread).new_base((sp - BASE_GAP) & !63, region, (*thread).era);
        if base.is_null() {
            refuse(Code::Memory, ptr::null_mut(), "base.here");
        }
        base.cast()
    }
}

/// `stackswitch_base_create`.
pub(crate) unsafe fn base_create(reserve: usize) -> *mut c_void {
    // SAFETY: called on the thread's running context.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return ptr::null_mut();
        }
        if reserve == 0 {
            refuse(Code::Invalid, ptr::null_mut(), "base.create");
            return ptr::null_mut();
        }
        let base = (*thread).map_base(reserve, 0, (*thread).era);
        if base.is_null() {
            refuse(Code::Memory, ptr::null_mut(), "base.create");
        }
        base.cast()
    }
}

/// `stackswitch_base_destroy`.
///
/// # Safety
/// `handle` is a base, was one, or is null.
pub(crate) unsafe fn base_destroy(handle: *mut c_void) {
    // SAFETY: a live base has a live region of its thread.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return;
        }
        if let Err(code) = check_base(&*thread, handle) {
            return refuse(code, handle, "base.destroy");
        }
        let base = handle.cast::<Base>();
        if (*base).contexts != 0 {
            return refuse(Code::Busy, handle, "base.destroy");
        }
        (*thread).drop_base(base);
    }
}

/// The counters of a base's contexts; all zero when refused.
///
/// # Safety
/// `handle` is a base, was one, or is null.
pub(crate) unsafe fn base_stats(handle: *mut c_void) -> BaseStats {
    // SAFETY: a handle that passes the check is a live base of this thread.
    unsafe {
        let thread = thread::ensure();
        if thread.is_null() {
            return BaseStats::default();
        }
        if let Err(code) = check_base(&*thread, handle) {
            refuse(code, handle, "get_base_stats");
            return BaseStats::default();
        }
        (*thread).count_exchanges(ThreadWords::get());
        let base = &*handle.cast::<Base>();
        BaseStats {
            contexts: base.contexts.into(),
            switches: base.switches.total(),
            switches_copying: base.counters.switches_copying,
            bytes_saved: base.counters.bytes_saved,
            bytes_restored: base.counters.bytes_restored(),
            bytes_parked: base.counters.bytes_parked,
            bytes_parked_peak: base.peak.bytes(),
        }
    }
}

/// Whether `handle` is a base of this thread.
///
/// # Safety
/// `handle` is a handle, was one, or is null.
pub(crate) unsafe fn check_base(thread: &Thread, handle: *mut c_void) -> Result<(), Code> {
    if !thread::is_handle(handle) {
        return Err(Code::Invalid);
    }
    // SAFETY: handles of both kinds have their tag at the same place.
    let tag = unsafe { (*handle.cast::<Base>()).tag };
    match tag.state() {
        State::Base if tag.thread() == thread.number => Ok(()),
        State::Base => Err(Code::Foreign),
        State::Dead => Err(Code::Destroyed),
        _ => Err(Code::Invalid),
    }
}
