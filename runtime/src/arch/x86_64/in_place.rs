//! `resume` and `suspend` in place, for hosts in Rust.

use core::arch::asm;
use core::ffi::c_void;
use core::{mem, ptr};

use stackswitch_abi::cpu::record;
use stackswitch_abi::layout::{ONTOP_MARK, header, words};

use crate::arch::CHECKED;
use crate::arch::entries::{stackswitch_resume, stackswitch_suspend};

/// What may have to be called after the assembly: on the slow path `stackswitch_resume`, or
/// `stackswitch_suspend`, which ignores the second argument; or the function of a `swap.ontop` to this
/// context, perhaps by an adapter.
type Call = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void) -> *mut c_void;

/// Tests whether the fast path applies, leaves the record, makes the target the running context, and
/// jumps to its resume address with its record in rdx and the value in rax.
///
/// The parameters are what finds the target, and what sets its link.
macro_rules! fast_path {
    ($find_target:literal, $set_link:literal) => {
        concat!(
            $find_target,
            "mov edx, fs:[rcx + {ready}]\n",
            "cmp [rdi + {tag}], edx\n",
            "jne 3f\n",
            "cmp rdi, r8\n",
            "je 3f\n",
            "mov r9, fs:[rcx + {exceptions}]\n",
            "mov r10, [r9]\n",
            "or r10, [r9 + 8]\n",
            "jne 3f\n",
            $set_link,
            "mov [rsp + {rbp} - {bytes}], rbp\n",
            "mov [rsp + {rbx} - {bytes}], rbx\n",
            "lea r10, [rip + 2f]\n",
            "mov [rsp - {bytes}], r10\n",
            "lea r10, [rsp - {bytes}]\n",
            "mov [r8 + {sp}], r10\n",
            "mov fs:[rcx + {current}], rdi\n",
            "inc qword ptr fs:[rcx + {switches}]\n",
            "mov rdx, [rdi + {sp}]\n",
            "jmp [rdx]\n",
        )
    };
}

/// The slow path, and the two resume addresses. The parameter names the register in which the function of
/// the slow path takes the value.
macro_rules! slow_path_and_landings {
    ($value:literal) => {
        concat!(
            // The slow path: the arguments go where the call takes them.
            "3:\n",
            "mov ",
            $value,
            ", rax\n",
            "mov r11, [rip + {slow}@GOTPCREL]\n",
            "jmp 5f\n",
            // The second resume address: the function is in r11, its arguments in rdi and rsi.
            "4:\n",
            ".cfi_remember_state\n",
            ".cfi_undefined rip\n",
            "mov rbx, [rdx + {rbx}]\n",
            "mov rbp, [rdx + {rbp}]\n",
            "lea rsp, [rdx + {bytes}]\n",
            ".cfi_restore_state\n",
            "jmp 5f\n",
            ".long {ontop_mark}\n",
            ".long 4b - 2f\n",
            // The resume address: rdx has the record, rax the value.
            "2:\n",
            ".cfi_remember_state\n",
            ".cfi_undefined rip\n",
            "mov rbx, [rdx + {rbx}]\n",
            "mov rbp, [rdx + {rbp}]\n",
            "lea rsp, [rdx + {bytes}]\n",
            ".cfi_restore_state\n",
            "xor r11d, r11d\n",
            "5:\n",
        )
    };
}

/// The switch, as a block of assembly. Gives the value that it brings, the function that is to be called or
/// null, and the two arguments of that function.
macro_rules! switch_in_place {
    ($fast:expr, $landings:expr, $slow:path, $words:expr, $running:expr, $context:expr, $value:expr) => {{
        let (result, call): (*mut c_void, *const ());
        let (first, second): (*mut c_void, *mut c_void);
        asm!(
            $fast,
            $landings,
            ready = const words::READY,
            exceptions = const words::EXCEPTIONS,
            current = const words::CURRENT,
            switches = const words::SWITCHES,
            tag = const header::TAG,
            sp = const header::SP,
            link = const header::LINK,
            rbx = const record::RBX,
            rbp = const record::RBP,
            bytes = const record::BYTES,
            ontop_mark = const ONTOP_MARK,
            slow = sym $slow,
            inout("rcx") $words => _,
            inout("r8") $running => _,
            inout("rdi") $context => first,
            inout("rax") $value => result,
            out("rsi") second,
            out("r11") call,
            out("r12") _,
            out("r13") _,
            out("r14") _,
            out("r15") _,
            clobber_abi("sysv64"),
        );
        (result, call, first, second)
    }};
}

/// Does what `stackswitch_resume` does, at the place of the call. The compiler saves what is live
/// there and nothing else.
///
/// `words` is the offset of the thread words from the thread pointer, `running` the running context.
///
/// The switch is in the form for functions that handle exceptions: the assembly throws nothing, and
/// returns the address of a function that is to be called; null if the switch was made.
///
/// The context that is left has the switch record below its stack pointer, which does not move. The
/// compiler keeps nothing there, because it aligns the stack for this assembly as for a call:
///
/// ```text
///              | the function's frame               |
///     rsp -->  +------------------------------------+  <-- the record's address + 64
///              | (return address; not used in place)|  +56
///              | rbp                                |  +48
///              | rbx                                |  +40
///              | ...                                |
///              | resume address                     |  +0
///              +------------------------------------+  <-- header.sp
/// ```
///
/// # Safety
/// As for [`stackswitch_resume`]; `context` is not null. `words` and `running` are the thread's, which is
/// set up.
#[inline(always)]
pub(crate) unsafe fn resume_in_place(
    words: usize,
    running: *mut c_void,
    context: *mut c_void,
    value: *mut c_void,
) -> *mut c_void {
    if CHECKED {
        // SAFETY: the caller guarantees a context that may be resumed with this value.
        return unsafe { stackswitch_resume(context, value) };
    }
    // SAFETY: the fast path of `stackswitch_resume`, with the same conditions. When control is back
    // at one of the two resume addresses, rbx, rbp and rsp are those of the record, and every other
    // register is declared clobbered. At each instruction rsp is a stack that a signal handler can
    // use; where it is another context's, the call frame information stops unwinders.
    let (result, call, first, second) = unsafe {
        switch_in_place!(
            fast_path!("", "mov [rdi + {link}], r8\n"),
            slow_path_and_landings!("rsi"),
            stackswitch_resume,
            words,
            running,
            context,
            value
        )
    };
    if call.is_null() {
        return result;
    }
    // SAFETY: the assembly returns null, `stackswitch_resume`, or a function that the runtime has left
    // for this context, with its two arguments.
    unsafe { mem::transmute::<*const (), Call>(call)(first, second) }
}

/// Does what `stackswitch_suspend` does, at the place of the call, as [`resume_in_place`] does.
///
/// # Safety
/// As for [`stackswitch_suspend`]. `words` and `running` are the thread's, which is set up.
#[inline(always)]
pub(crate) unsafe fn suspend_in_place(
    words: usize,
    running: *mut c_void,
    value: *mut c_void,
) -> *mut c_void {
    if CHECKED {
        // SAFETY: the caller guarantees a link that may be resumed with this value.
        return unsafe { stackswitch_suspend(value) };
    }
    // SAFETY: as in `resume_in_place`, with the fast path of `stackswitch_suspend`: the target is the running
    // context's link. A null link takes the slow path before its header is read.
    let (result, call, first, second) = unsafe {
        switch_in_place!(
            fast_path!("mov rdi, [r8 + {link}]\ntest rdi, rdi\nje 3f\n", ""),
            slow_path_and_landings!("rdi"),
            stackswitch_suspend,
            words,
            running,
            ptr::null_mut::<c_void>(),
            value
        )
    };
    if call.is_null() {
        return result;
    }
    // SAFETY: as in `resume_in_place`. `stackswitch_suspend` takes the first argument, and in the C calling
    // convention a function ignores a register that it has no parameter for.
    unsafe { mem::transmute::<*const (), Call>(call)(first, second) }
}
