//! Ends the process with one line on stderr, from any place: without memory from an allocator and
//! without a lock that the interrupted code may hold.

/// Prints `stackswitch: `, the parts and a line end to stderr, and aborts.
pub(crate) fn abort_with(parts: &[&str]) -> ! {
    for part in [&["stackswitch: "], parts, &["\n"]].into_iter().flatten() {
        // SAFETY: the bytes are readable. A closed stderr leaves nobody to tell.
        unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
    }
    std::process::abort()
}
