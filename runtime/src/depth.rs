//! The chain of links that starts at the running context.

use core::ptr;

use crate::context::{Context, State};
use crate::switch::check_handle;
use crate::thread::{Thread, ThreadWords};

/// The number of links from the running context to the end of the chain.
///
/// A link to a context that cannot be resumed ends the chain and does not count: one that has
/// finished, was destroyed, or belongs to another thread. A chain that leads back to one of its own
/// contexts ends before that: each context counts once.
pub(crate) fn depth() -> i32 {
    let words = ThreadWords::get();
    // SAFETY: the words are this thread's; the running context's header is alive.
    unsafe {
        let thread = (*words).thread;
        if thread.is_null() {
            return 0;
        }
        let start = Context::visible((*words).current);
        length(|context| next(&*thread, context), start)
    }
}

/// The link of a context, or null if that cannot be resumed.
///
/// # Safety
/// `context` is a live header of `thread`.
unsafe fn next(thread: &Thread, context: *mut Context) -> *mut Context {
    // SAFETY: a link is a context of the thread or was one; a header stays readable until its
    // thread ends, and one that passes the check is alive.
    unsafe {
        let link = (*context).link;
        if check_handle(thread, link).is_err() {
            return ptr::null_mut();
        }
        let link = Context::visible(link);
        match (*Context::active(link)).tag.state() {
            State::Finished => ptr::null_mut(),
            _ => link,
        }
    }
}

/// How many elements follow `start`, each counted once if `next` comes back to one (Brent's
/// algorithm, which needs no memory).
fn length<T>(next: impl Fn(*mut T) -> *mut T, start: *mut T) -> i32 {
    let (mut kept, mut element) = (start, start);
    let (mut count, mut cycle, mut limit) = (0, 0, 1);
    loop {
        element = next(element);
        if element.is_null() {
            return count;
        }
        (count, cycle) = (count + 1, cycle + 1);
        if element == kept {
            break;
        }
        if cycle == limit {
            (kept, cycle, limit) = (element, 0, limit * 2);
        }
    }
    let (mut before, mut ahead) = (start, start);
    for _ in 0..cycle {
        ahead = next(ahead);
    }
    let mut outside = 0;
    while before != ahead {
        (before, ahead) = (next(before), next(ahead));
        outside += 1;
    }
    outside + cycle - 1
}

#[cfg(test)]
mod tests {
    use super::length;

    /// The length of a chain of `count` elements whose last leads to the one with the number `back`.
    fn of_chain(count: usize, back: Option<usize>) -> i32 {
        let mut elements: Vec<usize> = (0..count).collect();
        let start = elements.as_mut_ptr();
        let next = |element: *mut usize| {
            // SAFETY: both are elements of the list.
            let number = unsafe { element.offset_from(start) } as usize;
            let following = if number + 1 < count { Some(number + 1) } else { back };
            following.map_or(core::ptr::null_mut(), |number| start.wrapping_add(number))
        };
        length(next, start)
    }

    #[test]
    fn a_chain_that_ends_is_counted_to_its_end() {
        for count in 1..20 {
            assert_eq!(of_chain(count, None), count as i32 - 1);
        }
    }

    #[test]
    fn each_element_of_a_cycle_counts_once() {
        for count in 1..20 {
            for back in 0..count {
                assert_eq!(of_chain(count, Some(back)), count as i32 - 1, "{count} {back}");
            }
        }
    }
}
