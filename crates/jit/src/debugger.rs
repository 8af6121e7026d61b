//! GDB's interface for code that is made at run time: a list of object files in memory, and a
//! function at which the debugger has a breakpoint. Both are in libLLVM, so that a process has
//! them once.

use std::{
    ptr::null_mut,
    sync::{Mutex, PoisonError},
};

/// `struct jit_code_entry`.
#[repr(C)]
struct Node {
    next: *mut Self,
    prev: *mut Self,
    file: *const u8,
    size: u64,
}

/// `struct jit_descriptor`.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Node,
    first: *mut Node,
}

const REGISTER: u32 = 1;
const UNREGISTER: u32 = 2;

// SAFETY: the types are those that GDB's manual gives.
unsafe extern "C" {
    static mut __jit_debug_descriptor: Descriptor;
    fn __jit_debug_register_code();
}

/// Held while the list changes.
static LOCK: Mutex<()> = Mutex::new(());

/// An object file that debuggers know.
#[derive(Clone, Copy)]
pub(super) struct Entry(*mut Node);

// SAFETY: the node is only touched under the lock.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

/// Tells debuggers of an object file, which stays where it is until it is unregistered.
pub(super) fn register(file: &[u8]) -> Entry {
    let (file, size) = (file.as_ptr(), file.len() as u64);
    let node = Box::into_raw(Box::new(Node { next: null_mut(), prev: null_mut(), file, size }));
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: under the lock the list is ours, and its nodes are alive.
    unsafe {
        let list = &raw mut __jit_debug_descriptor;
        (*node).next = (*list).first;
        if let Some(next) = (*node).next.as_mut() {
            next.prev = node;
        }
        (*list).first = node;
        announce(node, REGISTER);
    }
    Entry(node)
}

/// Takes an object file back.
pub(super) fn unregister(Entry(node): Entry) {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: as above; nobody else has this node.
    unsafe {
        let list = &raw mut __jit_debug_descriptor;
        let Node { next, prev, .. } = *node;
        match prev.as_mut() {
            Some(prev) => prev.next = next,
            None => (*list).first = next,
        }
        if let Some(next) = next.as_mut() {
            next.prev = prev;
        }
        announce(node, UNREGISTER);
        drop(Box::from_raw(node));
    }
}

/// # Safety
/// Under the lock; the node is alive.
unsafe fn announce(node: *mut Node, action: u32) {
    // SAFETY: as the caller's. The debugger reads at this call, if there is one.
    unsafe {
        let list = &raw mut __jit_debug_descriptor;
        (*list).relevant = node;
        (*list).action = action;
        __jit_debug_register_code();
    }
}
