//! x86-64 with the System V ABI.

use std::ffi::c_int;

/// The architecture of object files that can be linked.
pub(crate) const ARCHITECTURE: object::Architecture = object::Architecture::X86_64;

/// The DWARF number of `rax`, in which the landing of `stackswitch_jit_catch` expects the exception.
pub(crate) const EXCEPTION_REGISTER: c_int = 0;

/// Defines `Exception *stackswitch_jit_catch(void (*work)(void *), void *data)`, which calls `work`
/// and returns what that throws, or null. The frame's personality routine is the function that is
/// given. It makes the unwinder continue at `stackswitch_jit_caught`.
///
/// The stack while `work` runs:
///
/// ```text
/// rsp + 16 -> frame of the caller
/// rsp + 8     return address to the caller
/// rsp         8 bytes of padding, which align the stack for the call
/// rsp - 8     return address into stackswitch_jit_catch
/// ```
macro_rules! catching_frame {
    ($personality:path) => {
        std::arch::global_asm!(
            ".pushsection .text.stackswitch_jit_catch,\"ax\",@progbits",
            ".p2align 4",
            ".type stackswitch_jit_personality,@function",
            "stackswitch_jit_personality:",
            ".cfi_startproc",
            "endbr64",
            "jmp {personality}",
            ".cfi_endproc",
            ".size stackswitch_jit_personality, . - stackswitch_jit_personality",
            ".p2align 4",
            ".hidden stackswitch_jit_catch",
            ".globl stackswitch_jit_catch",
            ".type stackswitch_jit_catch,@function",
            "stackswitch_jit_catch:",
            ".cfi_startproc",
            ".cfi_personality 0x1b, stackswitch_jit_personality",
            "endbr64",
            "sub rsp, 8",
            ".cfi_adjust_cfa_offset 8",
            "mov rax, rdi",
            "mov rdi, rsi",
            "call rax",
            "xor eax, eax", // `work` has returned: no exception
            ".hidden stackswitch_jit_caught",
            ".globl stackswitch_jit_caught",
            "stackswitch_jit_caught:", // the unwinder continues here, with the exception in rax
            "endbr64",
            "add rsp, 8",
            ".cfi_adjust_cfa_offset -8",
            "ret",
            ".cfi_endproc",
            ".size stackswitch_jit_catch, . - stackswitch_jit_catch",
            ".popsection",
            personality = sym $personality,
        );
    };
}
pub(crate) use catching_frame;
