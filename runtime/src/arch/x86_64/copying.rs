//! Copying slices between stacks and the heap.

use core::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm_storeu_si128, _mm256_loadu_si256, _mm256_storeu_si256,
};

use stackswitch_abi::layout::words;

use super::thread_words::thread_words;
use crate::arch::copy_words;

/// From so many bytes on a copy is worth a call of code for wider vectors.
const WIDE_FROM: usize = 192;

/// Bytes of the widest vectors that this CPU moves memory best with: 16, 32 or 64.
pub(crate) fn vector_bytes() -> u32 {
    use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
    #[target_feature(enable = "xsave")]
    fn state() -> u64 {
        // SAFETY: the caller has seen OSXSAVE.
        unsafe { _xgetbv(0) }
    }
    const OSXSAVE_AND_AVX: u32 = 1 << 27 | 1 << 28;
    const AVX_STATE: u64 = 0x06;
    const AVX512_STATE: u64 = 0xE6;
    /// AVX512F.
    const AVX512: u32 = 1 << 16;
    /// AVX512_VBMI2: CPUs that have it do not slow down for 64-byte vectors.
    const RECENT: u32 = 1 << 6;
    if __cpuid(1).ecx & OSXSAVE_AND_AVX != OSXSAVE_AND_AVX {
        return 16;
    }
    // SAFETY: OSXSAVE says that the instruction exists.
    let state = unsafe { state() };
    let has_recent_avx512 = __cpuid(0).eax >= 7 && {
        let features = __cpuid_count(7, 0);
        features.ebx & AVX512 != 0 && features.ecx & RECENT != 0
    };
    if has_recent_avx512 && state & AVX512_STATE == AVX512_STATE {
        64
    } else if state & AVX_STATE == AVX_STATE {
        32
    } else {
        16
    }
}

/// Whether loads that follow stores going upwards would look, in the low twelve bits of their
/// addresses, as if they read what was just stored: then the other direction is taken.
fn aliases(to: usize, from: usize) -> bool {
    to.wrapping_sub(from) & 4095 < 512
}

/// Copies a slice between a stack and the heap. Plain vector moves: memcpy is up to 20 times
/// slower when source and destination are close modulo 4096.
///
/// # Safety
/// Both are `bytes` long, a multiple of 8, writable and readable, and do not overlap. On a thread
/// that is set up.
#[inline]
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, bytes: usize) {
    // SAFETY: both ranges have `bytes` bytes, and every access stays within them.
    unsafe {
        if bytes >= WIDE_FROM && *thread_words().add(words::VECTORS).cast::<u32>() >= 32 {
            return copy_long(to, from, bytes);
        }
        let mut at = 0;
        while bytes - at >= 16 {
            let vector = _mm_loadu_si128(from.add(at).cast());
            _mm_storeu_si128(to.add(at).cast(), vector);
            at += 16;
        }
        copy_words(to.add(at), from.add(at), bytes - at);
    }
}

/// # Safety
/// As [`copy`]; the CPU has 32-byte vectors, and there are at least four of them to move.
#[target_feature(enable = "avx")]
unsafe fn copy_long(to: *mut u8, from: *const u8, bytes: usize) {
    const STEP: usize = 128;
    let whole = bytes / STEP * STEP;
    let backward = aliases(to.addr(), from.addr());
    let mut done = 0;
    while done < whole {
        let at = if backward { whole - done - STEP } else { done };
        // SAFETY: the step lies within the whole steps.
        unsafe {
            let (source, target) = (from.add(at).cast::<__m256i>(), to.add(at).cast::<__m256i>());
            let (a, b) = (_mm256_loadu_si256(source), _mm256_loadu_si256(source.add(1)));
            let (c, d) = (_mm256_loadu_si256(source.add(2)), _mm256_loadu_si256(source.add(3)));
            _mm256_storeu_si256(target, a);
            _mm256_storeu_si256(target.add(1), b);
            _mm256_storeu_si256(target.add(2), c);
            _mm256_storeu_si256(target.add(3), d);
        }
        done += STEP;
    }
    // SAFETY: the rest, which is less than a step, lies within `bytes`.
    unsafe {
        let mut at = whole;
        while bytes - at >= 16 {
            let vector = _mm_loadu_si128(from.add(at).cast());
            _mm_storeu_si128(to.add(at).cast(), vector);
            at += 16;
        }
        copy_words(to.add(at), from.add(at), bytes - at);
    }
}
