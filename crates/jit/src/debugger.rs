//! GDB's interface for code that is compiled at run time: a list of object files in memory, and a function
//! at which the debugger has a breakpoint. Both are in libLLVM, so a process has them once.

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

/// Guards the list.
static LOCK: Mutex<()> = Mutex::new(());

/// An object file in the debugger's list.
#[derive(Clone, Copy)]
pub(crate) struct Entry(*mut Node);

// SAFETY: the node is only accessed under the lock.
unsafe impl Send for Entry {}
// SAFETY: the node is only accessed under the lock, and the pointer itself does not change.
unsafe impl Sync for Entry {}

/// Adds an object file to the debugger's list. Its bytes must stay in place until it is
/// unregistered.
pub(crate) fn register(file: &[u8]) -> Entry {
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

/// Removes an object file from the debugger's list.
pub(crate) fn unregister(Entry(node): Entry) {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: under the lock the list is ours and its nodes are alive. An entry is unregistered once,
    // so the node is freed once.
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

/// Tells the debugger about a change of the list.
///
/// # Safety
/// The caller holds the lock; the node is alive.
unsafe fn announce(node: *mut Node, action: u32) {
    // SAFETY: the caller holds the lock, so no other thread uses the descriptor. A debugger stops the
    // process in the call and reads the list.
    unsafe {
        let list = &raw mut __jit_debug_descriptor;
        (*list).relevant = node;
        (*list).action = action;
        __jit_debug_register_code();
    }
}
