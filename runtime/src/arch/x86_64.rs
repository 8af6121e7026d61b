//! x86-64, System V ABI.
//!
//! # A suspended context's stack
//!
//! A switch saves what the ABI lets it change no further than the return: the
//! six callee-saved general registers. They lie under the return address of the
//! call that switched, lowest address first:
//!
//! ```text
//!   sp ->  +0   address to go on at (one of the points below)
//!          +8   r15
//!          +16  r14
//!          +24  r13
//!          +32  r12
//!          +40  rbx
//!          +48  rbp
//!          +56  return address of the call of stackswitch_swap
//!          +64  the caller's frame, 16-byte aligned
//! ```
//!
//! A context that has C++ exceptions in flight (it is in a `catch` block, or a
//! destructor that runs during unwinding switches) leaves them with its record:
//!
//! ```text
//!   sp ->  +0   stackswitch_point_exceptions
//!          +8   the words of __cxa_get_globals, 2 of them
//!          +24  nothing
//!          +32  the record above
//! ```
//!
//! It also leaves the words zeroed, so that whoever goes on without such words
//! of its own finds none. That makes the state the context's, and costs the
//! others one look at the words they leave.
//!
//! A context that code with the switch in place has left (see [`inlined`]) has a record in which
//! only rbp, perhaps rbx, and the address to go on at are true. Unwinders find the latter as the
//! return address only once something runs on top.
//!
//! A new context's stack, written just before it first runs, ends at its base:
//!
//! ```text
//!   sp ->  +0   address of the entry point
//!          +8   body
//!          +16  argument
//!          +24  adapter for values that need more than a register, or null
//!          +32  the base, 16-byte aligned
//! ```
//!
//! # Going on
//!
//! Whoever goes on with a context jumps to the address at its `sp` with
//!
//! - `rdx` = that `sp` and `rax` = the value that the switch brings;
//! - `rsp` still on a stack that is not in the way: the old context's, or the
//!   side stack. The point itself moves `rsp`, last of all, so that everything
//!   before it is addressed through `rdx`. (Loading `rsp` first and popping
//!   makes every load wait for the new stack pointer.)
//!
//! mxcsr and the x87 control word belong to the thread and stay as they are.

use core::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm_storeu_si128, _mm256_loadu_si256, _mm256_storeu_si256,
};
use core::arch::{asm, global_asm};
use core::ffi::c_void;
use core::mem::offset_of;

use crate::context::{Base, Context, Entry, Region};
use crate::escape;
use crate::place::Place;
use crate::posix;
use crate::switch::{self, Kind};
use crate::thread::{self, Tls};
use crate::ucontext;

pub(crate) mod described;
pub mod inlined;
pub(crate) mod optional;
#[cfg(feature = "valgrind")]
pub(crate) mod valgrind;

global_asm!(
    // ------------------------------------------------------------------ per-thread words
    // Two cache lines of initial-exec thread-local storage; `Tls` names their fields.
    // The tags start as one that no context has: the first switch takes the long way.
    ".pushsection .tdata.stackswitch,\"awT\",@progbits",
    ".p2align 6",
    ".hidden stackswitch_tls",
    ".globl stackswitch_tls",
    ".type stackswitch_tls,@object",
    ".size stackswitch_tls,128",
    "stackswitch_tls:",
    ".quad 0",
    ".long 0xffffffff",
    ".long 0",
    ".long 0xffffffff",
    ".zero 76",
    ".quad -1",
    ".zero 24",
    ".popsection",
    ".text",
    // ------------------------------------------------------------------ shared pieces
    // Saves what the caller may rely on and leaves the record described above.
    ".macro stackswitch_push_record",
    "push rbp",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbp, 0",
    "push rbx",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset rbx, 0",
    "push r12",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r12, 0",
    "push r13",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r13, 0",
    "push r14",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r14, 0",
    "push r15",
    ".cfi_adjust_cfa_offset 8",
    ".cfi_rel_offset r15, 0",
    "lea r11, [rip + stackswitch_point_return]",
    "push r11",
    ".cfi_adjust_cfa_offset 8",
    ".endm",
    // The same record, described for code that found it at an address in a register.
    ".macro stackswitch_record_at register",
    ".cfi_def_cfa \\register, 64",
    ".cfi_offset rip, -8",
    ".cfi_offset rbp, -16",
    ".cfi_offset rbx, -24",
    ".cfi_offset r12, -32",
    ".cfi_offset r13, -40",
    ".cfi_offset r14, -48",
    ".cfi_offset r15, -56",
    ".endm",
    // Goes to label 2 if the running context has C++ exceptions in flight. rax: thread-local
    // offset. Programs without C++ have zeros to look at.
    ".macro stackswitch_check_exceptions",
    "mov r9, fs:[rax + {exceptions}]",
    "mov r10, [r9]",
    "or r10, [r9 + 8]",
    "jnz 2f",
    ".endm",
    // Puts the exceptions of the context at rdx back, if it has some; rdx is its record then.
    ".macro stackswitch_bring_exceptions",
    "lea rcx, [rip + stackswitch_point_exceptions]",
    "cmp [rdx], rcx",
    "jne 2f",
    "mov rcx, [rip + stackswitch_tls@GOTTPOFF]",
    "mov rcx, fs:[rcx + {exceptions}]",
    "mov r8, [rdx + 8]",
    "mov [rcx], r8",
    "mov r8, [rdx + 16]",
    "mov [rcx + 8], r8",
    "add rdx, 32",
    "2:",
    ".endm",
    // The fast path. rdi: target, whose tag said ready; rsi: value; rax: thread-local
    // offset; ecx: the ready tag; r8: the running context.
    ".macro stackswitch_exchange",
    "stackswitch_push_record",
    "mov [r8 + {sp}], rsp",
    "mov [r8 + {tag}], ecx", // whoever runs is whole and the bottom of its region
    "mov ecx, fs:[rax + {running}]",
    "mov [rdi + {tag}], ecx",
    "mov fs:[rax + {current}], rdi",
    "inc qword ptr fs:[rax + {switches}]",
    "mov rdx, [rdi + {sp}]",
    "mov rax, rsi",
    "cmp [rdx], r11", // most go on by returning: no need to jump there first
    "jne 3f",
    "stackswitch_return",
    "3:",
    "jmp qword ptr [rdx]",
    ".endm",
    // Returns from the call of a switch whose record is at rdx.
    ".macro stackswitch_return",
    "stackswitch_record_at rdx",
    "mov r15, [rdx + 8]",
    "mov r14, [rdx + 16]",
    "mov r13, [rdx + 24]",
    "mov r12, [rdx + 32]",
    "mov rbx, [rdx + 40]",
    "mov rbp, [rdx + 48]",
    "mov r8, [rdx + 56]",
    "lea rsp, [rdx + 64]",
    "jmp r8", // not `ret`: the return predictor knows nothing of this stack
    ".endm",
    // Leaves for wherever a function of `switch` or `posix` has said: rax is the
    // stack pointer to go on with, rdx the address, r12 the value.
    ".macro stackswitch_land",
    "mov r8, rdx",
    "mov rdx, rax",
    "mov rax, r12",
    "jmp r8",
    ".endm",
    // ------------------------------------------------------------------ switches
    // Entry points begin a cache line: a slow switch is 6 % slower otherwise.
    // void *stackswitch_swap(void *to, void *value)
    ".globl stackswitch_swap",
    ".type stackswitch_swap,@function",
    ".p2align 6",
    "stackswitch_swap:",
    ".cfi_startproc",
    "endbr64",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "test rdi, rdi",
    "jz 2f",
    "mov ecx, fs:[rax + {ready}]",
    "cmp [rdi + {tag}], ecx", // one compare: alive, suspended, whole, bottom, and ours
    "jne 2f",
    "stackswitch_check_exceptions",
    "mov r8, fs:[rax + {current}]",
    ".cfi_remember_state",
    "stackswitch_exchange",
    ".cfi_restore_state",
    "2:",
    "mov edx, {kind_swap}",
    "jmp stackswitch_switch_slowly",
    ".cfi_endproc",
    ".size stackswitch_swap, . - stackswitch_swap",
    // void *stackswitch_resume(void *ctx, void *value)
    ".globl stackswitch_resume",
    ".type stackswitch_resume,@function",
    ".p2align 6",
    "stackswitch_resume:",
    ".cfi_startproc",
    "endbr64",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "test rdi, rdi",
    "jz 2f",
    "mov ecx, fs:[rax + {ready}]",
    "cmp [rdi + {tag}], ecx",
    "jne 2f",
    "stackswitch_check_exceptions",
    "mov r8, fs:[rax + {current}]",
    "mov [rdi + {link}], r8",
    ".cfi_remember_state",
    "stackswitch_exchange",
    ".cfi_restore_state",
    "2:",
    "mov edx, {kind_resume}",
    "jmp stackswitch_switch_slowly",
    ".cfi_endproc",
    ".size stackswitch_resume, . - stackswitch_resume",
    // void *stackswitch_suspend(void *value)
    ".globl stackswitch_suspend",
    ".type stackswitch_suspend,@function",
    ".p2align 6",
    "stackswitch_suspend:",
    ".cfi_startproc",
    "endbr64",
    "mov rsi, rdi",
    "xor edi, edi",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "mov r8, fs:[rax + {current}]",
    "test r8, r8",
    "jz 2f",
    "mov rdi, [r8 + {link}]",
    "test rdi, rdi",
    "jz 2f",
    "mov ecx, fs:[rax + {ready}]",
    "cmp [rdi + {tag}], ecx",
    "jne 2f",
    "stackswitch_check_exceptions",
    ".cfi_remember_state",
    "stackswitch_exchange",
    ".cfi_restore_state",
    "2:",
    "mov edx, {kind_suspend}",
    "jmp stackswitch_switch_slowly",
    ".cfi_endproc",
    ".size stackswitch_suspend, . - stackswitch_suspend",
    // void *stackswitch_swap_ontop(void *to, void *(*fn)(void *value), void *value)
    ".globl stackswitch_swap_ontop",
    ".type stackswitch_swap_ontop,@function",
    ".p2align 4",
    "stackswitch_swap_ontop:",
    ".cfi_startproc",
    "endbr64",
    "xor ecx, ecx", // no adapter
    "jmp stackswitch_swap_ontop_with",
    ".cfi_endproc",
    ".size stackswitch_swap_ontop, . - stackswitch_swap_ontop",
    // The same with an adapter in rcx that runs `fn` for values that need more than a register.
    ".hidden stackswitch_swap_ontop_with",
    ".globl stackswitch_swap_ontop_with",
    ".type stackswitch_swap_ontop_with,@function",
    "stackswitch_swap_ontop_with:",
    ".cfi_startproc",
    "endbr64",
    "mov r9, rsi",
    "mov r10, rcx",
    "mov rsi, rdx",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "mov edx, {kind_ontop}",
    "jmp stackswitch_switch_generally",
    ".cfi_endproc",
    ".size stackswitch_swap_ontop_with, . - stackswitch_swap_ontop_with",
    // Integers travel in the registers that pointers travel in: the same functions.
    ".macro stackswitch_typed operation, suffix",
    ".globl \\operation\\()_\\suffix",
    ".type \\operation\\()_\\suffix,@function",
    ".set \\operation\\()_\\suffix, \\operation",
    ".endm",
    ".irp suffix, i32, i64",
    "stackswitch_typed stackswitch_swap, \\suffix",
    "stackswitch_typed stackswitch_resume, \\suffix",
    "stackswitch_typed stackswitch_suspend, \\suffix",
    "stackswitch_typed stackswitch_swap_ontop, \\suffix",
    ".endr",
    ".purgem stackswitch_typed",
    // C expects a small result extended to 32 bits. The other side's body need not have done so.
    ".macro stackswitch_small operation, suffix, register",
    ".globl \\operation\\()_\\suffix",
    ".type \\operation\\()_\\suffix,@function",
    ".p2align 4",
    "\\operation\\()_\\suffix:",
    ".cfi_startproc",
    "endbr64",
    "sub rsp, 8",
    ".cfi_adjust_cfa_offset 8",
    "call \\operation",
    "add rsp, 8",
    ".cfi_adjust_cfa_offset -8",
    "movsx eax, \\register",
    "ret",
    ".cfi_endproc",
    ".size \\operation\\()_\\suffix, . - \\operation\\()_\\suffix",
    ".endm",
    ".irp operation, stackswitch_swap, stackswitch_resume, stackswitch_suspend, stackswitch_swap_ontop",
    "stackswitch_small \\operation, i8, al",
    "stackswitch_small \\operation, i16, ax",
    ".endr",
    ".purgem stackswitch_small",
    // The slow path's short way: two contexts of one base, equally deep and not large, change
    // places, the one's bytes on the stack against the other's in its block. Their records
    // go from registers to the block and back: a copy of what was just pushed would wait for
    // it. Nothing is pushed, so nothing uses the stack that changes; a signal's frame goes
    // below the red zone, which covers the record's place. rdi: target; rsi: value; edx: kind, no `ontop`; rax: thread-local
    // offset.
    ".p2align 6",
    ".type stackswitch_switch_slowly,@function",
    "stackswitch_switch_slowly:",
    ".cfi_startproc",
    "test rdi, rdi",
    "jz stackswitch_switch_generally",
    "mov ecx, fs:[rax + {parked}]",
    "cmp [rdi + {tag}], ecx", // a suspended context of this thread
    "jne stackswitch_switch_generally",
    "cmp word ptr fs:[rax + {exchanged} + 6], {settle_after}", // now and then: `Thread::settle`
    "jae stackswitch_switch_generally",
    "mov r9, fs:[rax + {exceptions}]",
    "mov r10, [r9]",
    "or r10, [r9 + 8]",
    "or r10, [rdi + {away}]", // its flow of control is on its own stack
    "jnz stackswitch_switch_generally",
    "mov r8, fs:[rax + {current}]",
    "mov r9, [rdi + {base}]",
    "cmp [r8 + {base}], r9", // of the same base
    "jne stackswitch_switch_generally",
    "cmp fs:[rax + {exchange_base}], r9", // which is the one that is counted for
    "jne stackswitch_switch_generally",
    "lea r10, [rsp - 56]", // where a record would be
    "cmp [rdi + {sp}], r10", // as deep
    "jne stackswitch_switch_generally",
    "mov r11, [r9 + {top}]",
    "sub r11, r10", // bytes of either slice
    "cmp [rdi + {saved}], r11", // all of it in its block
    "jne stackswitch_switch_generally",
    "cmp r11, {large}",
    "jae stackswitch_switch_generally",
    "mov rcx, [rdi + {slice}]",
    "test cl, 3", // a block of its own
    "jnz stackswitch_switch_generally",
    "test r11b, 15",
    "jnz stackswitch_switch_generally",
    "lea r10, [rip + stackswitch_point_return]",
    "cmp [rcx], r10", // suspended in a switch
    "jne stackswitch_switch_generally",
    "mov r10, [r8 + {above}]",
    "test r10, r10",
    "jz 2f",
    "mov rax, [r10 + {sp}]",
    "add rax, [r10 + {saved}]",
    "cmp rax, [r9 + {top}]", // nobody else is in the way
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "jb stackswitch_switch_generally",
    "mov [rdi + {above}], r10",
    "mov qword ptr [r8 + {above}], 0",
    "2:",
    "cmp edx, {kind_resume}",
    "jne 2f",
    "mov [rdi + {link}], r8",
    "2:",
    // The headers, with as few stores as can be: they are what a short exchange takes its time
    // for. `saved` and `slice` lie side by side.
    "mov [r8 + {slice}], rcx",
    "mov [r8 + {saved}], r11",
    "pxor xmm0, xmm0",
    "movups [rdi + {saved}], xmm0",
    "mov r10, [rdi + {sp}]",
    "cmp [r8 + {sp}], r10",
    "je 2f",
    "mov [r8 + {sp}], r10",
    "2:",
    "mov edx, fs:[rax + {parked}]",
    "mov [r8 + {tag}], edx",
    "mov edx, fs:[rax + {running}]",
    "mov [rdi + {tag}], edx",
    "mov fs:[rax + {current}], rdi",
    "mov r9, [r9 + {region}]",
    "mov [r9 + {bottom}], rdi",
    "mov rdx, r11",
    "bts rdx, {settle_bit}", // one more, and its bytes
    "add fs:[rax + {exchanged}], rdx",
    // The records.
    "mov rdx, [rcx + 8]",
    "mov [rcx + 8], r15",
    "mov r15, rdx",
    "mov rdx, [rcx + 16]",
    "mov [rcx + 16], r14",
    "mov r14, rdx",
    "mov rdx, [rcx + 24]",
    "mov [rcx + 24], r13",
    "mov r13, rdx",
    "mov rdx, [rcx + 32]",
    "mov [rcx + 32], r12",
    "mov r12, rdx",
    "mov rdx, [rcx + 40]",
    "mov [rcx + 40], rbx",
    "mov rbx, rdx",
    "mov rdx, [rcx + 48]",
    "mov [rcx + 48], rbp",
    "mov rbp, rdx",
    "mov r8, [rcx + 56]", // the target's return address
    "mov rdx, [rsp]",
    "mov [rcx + 56], rdx",
    // The frames, with the widest vectors that pay.
    "sub r11, 64",
    "jz 3f",
    "cmp r11, {wide}",
    "jae 4f",
    "2:",
    "movups xmm0, [r10 + 64]",
    "movups xmm1, [rcx + 64]",
    "movups [r10 + 64], xmm1",
    "movups [rcx + 64], xmm0",
    "add r10, 16",
    "add rcx, 16",
    "sub r11, 16",
    "jnz 2b",
    "3:",
    "add rsp, 8", // equally deep: the stack pointer is the target's already
    "mov rax, rsi",
    "jmp r8",
    "4:",
    "cmp r11, {aligned}",
    "jb 8f",
    // First up to the next cache line: stack and block have them at the same places.
    "mov edx, r10d",
    "neg edx",
    "and edx, 48",
    "jz 8f",
    "sub r11, rdx",
    "7:",
    "movups xmm0, [r10 + 64]",
    "movups xmm1, [rcx + 64]",
    "movups [r10 + 64], xmm1",
    "movups [rcx + 64], xmm0",
    "add r10, 16",
    "add rcx, 16",
    "sub edx, 16",
    "jnz 7b",
    "8:",
    "cmp dword ptr fs:[rax + {vectors}], 32",
    "jb 2b",
    "je 6f",
    "5:", // these registers leave none of the others' upper halves in use
    "vmovdqu64 zmm16, [r10 + 64]",
    "vmovdqu64 zmm17, [rcx + 64]",
    "vmovdqu64 [r10 + 64], zmm17",
    "vmovdqu64 [rcx + 64], zmm16",
    "add r10, 64",
    "add rcx, 64",
    "sub r11, 64",
    "cmp r11, 64",
    "jae 5b",
    "test r11, r11",
    "jnz 2b",
    "jmp 3b",
    "6:",
    "vmovdqu ymm0, [r10 + 64]",
    "vmovdqu ymm1, [r10 + 96]",
    "vmovdqu ymm2, [rcx + 64]",
    "vmovdqu ymm3, [rcx + 96]",
    "vmovdqu [r10 + 64], ymm2",
    "vmovdqu [r10 + 96], ymm3",
    "vmovdqu [rcx + 64], ymm0",
    "vmovdqu [rcx + 96], ymm1",
    "add r10, 64",
    "add rcx, 64",
    "sub r11, 64",
    "cmp r11, 64",
    "jae 6b",
    "vzeroupper",
    "test r11, r11",
    "jnz 2b",
    "jmp 3b",
    ".cfi_endproc",
    ".size stackswitch_switch_slowly, . - stackswitch_switch_slowly",
    // The slow path at large. Registers as before; r9, r10: function and adapter of an `ontop`.
    ".p2align 4",
    ".type stackswitch_switch_generally,@function",
    "stackswitch_switch_generally:",
    ".cfi_startproc",
    ".cfi_signal_frame", // gdb wants that where a stack goes on at another address
    "stackswitch_push_record",
    "mov r12, rsi", // the value stays in r12 until the landing
    "mov r13, r9",
    "mov r14, r10",
    "cmp qword ptr fs:[rax + {side_top}], 0",
    "jne 2f",
    "push rdi", // this thread's first switch: set it up, here on its own stack
    ".cfi_adjust_cfa_offset 8",
    "push rdx",
    ".cfi_adjust_cfa_offset 8",
    "call {start}",
    "pop rdx",
    ".cfi_adjust_cfa_offset -8",
    "pop rdi",
    ".cfi_adjust_cfa_offset -8",
    "test al, al",
    "jz 3f",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "2:",
    "mov rbx, rsp",
    ".cfi_remember_state",
    ".cfi_def_cfa rbx, 64",
    "mov rcx, fs:[rax + {exceptions}]",
    "mov r8, [rcx]",
    "mov r9, [rcx + 8]",
    "mov r10, r8",
    "or r10, r9",
    "jnz 4f",
    "5:",
    "mov rsi, rsp",
    "mov rsp, fs:[rax + {side_top}]", // from here on no stack is in use that may be copied
    "call {switch_slowly}",
    "stackswitch_land",
    "4:", // exceptions are in flight: they stay with the context
    "mov qword ptr [rcx], 0",
    "mov qword ptr [rcx + 8], 0",
    "sub rsp, 32",
    "mov [rsp + 16], r9",
    "mov [rsp + 8], r8",
    "lea r10, [rip + stackswitch_point_exceptions]",
    "mov [rsp], r10",
    "jmp 5b",
    ".cfi_restore_state",
    "3:",
    "xor eax, eax",
    "mov rdx, rsp",
    "jmp stackswitch_point_return",
    ".cfi_endproc",
    ".size stackswitch_switch_generally, . - stackswitch_switch_generally",
    // ------------------------------------------------------------------ points to go on at
    // A call of a switch returns.
    ".p2align 6",
    ".hidden stackswitch_point_return",
    ".globl stackswitch_point_return",
    ".type stackswitch_point_return,@function",
    "stackswitch_point_return:",
    ".cfi_startproc",
    "endbr64",
    "stackswitch_return",
    ".cfi_endproc",
    ".size stackswitch_point_return, . - stackswitch_point_return",
    // A context goes on that has exceptions in flight.
    ".p2align 4",
    ".hidden stackswitch_point_exceptions",
    ".globl stackswitch_point_exceptions",
    ".type stackswitch_point_exceptions,@function",
    "stackswitch_point_exceptions:",
    ".cfi_startproc",
    ".cfi_signal_frame",
    ".cfi_undefined rip",
    "endbr64",
    "stackswitch_bring_exceptions",
    "jmp qword ptr [rdx]",
    ".cfi_endproc",
    ".size stackswitch_point_exceptions, . - stackswitch_point_exceptions",
    // A switch was refused: the handler hears of it on the caller's stack, then the call
    // returns 0.
    ".p2align 4",
    ".hidden stackswitch_point_refused",
    ".globl stackswitch_point_refused",
    ".type stackswitch_point_refused,@function",
    "stackswitch_point_refused:",
    ".cfi_startproc",
    "stackswitch_record_at rdx",
    "endbr64",
    "stackswitch_bring_exceptions",
    "mov rsp, rdx",
    ".cfi_def_cfa_register rsp",
    "call {report}",
    "xor eax, eax",
    "mov rdx, rsp",
    "jmp stackswitch_point_return",
    ".cfi_endproc",
    ".size stackswitch_point_refused, . - stackswitch_point_refused",
    // A call of the POSIX layer was refused: it returns the code.
    ".p2align 4",
    ".hidden stackswitch_point_code",
    ".globl stackswitch_point_code",
    ".type stackswitch_point_code,@function",
    "stackswitch_point_code:",
    ".cfi_startproc",
    "stackswitch_record_at rdx",
    "endbr64",
    "mov rsp, rdx",
    ".cfi_def_cfa_register rsp",
    "call {refused_code}",
    "mov rdx, rsp",
    "or rcx, -1",
    "jmp stackswitch_point_return",
    ".cfi_endproc",
    ".size stackswitch_point_code, . - stackswitch_point_code",
    // Runs r13(rax) on top of a context, with the adapter in r14 if there is one, then lets
    // the context go on with the result. What the function throws unwinds into the context.
    ".macro stackswitch_run_ontop",
    "mov rdi, rax",
    "test r14, r14",
    "jnz 2f",
    "call r13",
    "jmp 3f",
    "2:",
    "mov rsi, rax",
    "mov rdi, r13",
    "mov rbx, rax", // an adapter leaves the result where it found the value
    "call r14",
    "mov rax, rbx",
    "3:",
    "mov rdx, rsp",
    "jmp qword ptr [rdx]",
    ".endm",
    ".p2align 4",
    ".hidden stackswitch_point_ontop",
    ".globl stackswitch_point_ontop",
    ".type stackswitch_point_ontop,@function",
    "stackswitch_point_ontop:",
    ".cfi_startproc",
    "stackswitch_record_at rdx",
    "endbr64",
    "stackswitch_bring_exceptions",
    // Code that switched in place goes on at an address of its own, and left no other.
    "mov rcx, [rdx]",
    "lea r8, [rip + stackswitch_point_return]",
    "cmp rcx, r8",
    "je 2f",
    "cmp dword ptr [rcx - 8], {ontop_mark}",
    "je 4f",
    "mov [rdx + 56], rcx",
    "2:",
    ".cfi_remember_state",
    "mov rsp, rdx",
    ".cfi_def_cfa_register rsp",
    "stackswitch_run_ontop",
    ".cfi_restore_state",
    // It may handle what the function throws, so it calls that itself: r11(rdi, rsi).
    "4:",
    "movsxd r8, dword ptr [rcx - 4]",
    "add rcx, r8",
    "mov rdi, rax",
    "mov r11, r13",
    "test r14, r14",
    "jz 5f",
    "mov rsi, rax",
    "mov rdi, r13",
    "mov r11, r14",
    "5:",
    "jmp rcx",
    ".cfi_endproc",
    ".size stackswitch_point_ontop, . - stackswitch_point_ontop",
    // The same on a context that has not run yet: what the function throws leaves the context.
    ".p2align 4",
    ".hidden stackswitch_point_ontop_new",
    ".globl stackswitch_point_ontop_new",
    ".type stackswitch_point_ontop_new,@function",
    "stackswitch_point_ontop_new:",
    ".cfi_startproc",
    ".cfi_personality 0x1b, stackswitch_personality",
    ".cfi_undefined rip",
    "endbr64",
    "mov rsp, rdx",
    "stackswitch_run_ontop",
    ".cfi_endproc",
    ".size stackswitch_point_ontop_new, . - stackswitch_point_ontop_new",
    // A new context starts; when its body returns it finishes. Unwinders stop here, and an
    // exception that comes so far is caught by `escape::personality`.
    ".p2align 4",
    ".hidden stackswitch_point_entry",
    ".globl stackswitch_point_entry",
    ".type stackswitch_point_entry,@function",
    "stackswitch_point_entry:",
    ".cfi_startproc",
    ".cfi_personality 0x1b, stackswitch_personality",
    ".cfi_undefined rip",
    ".cfi_def_cfa rsp, 0",
    "endbr64",
    "mov rcx, [rdx + 8]",
    "mov rdi, [rdx + 16]",
    "mov r8, [rdx + 24]",
    "lea rsp, [rdx + 32]",
    "xor ebp, ebp",
    "test r8, r8",
    "jnz 2f",
    "mov rsi, rax",
    "call rcx", // body(argument, first)
    "mov r12, rax",
    "jmp 3f",
    "2:",
    "mov r12, rax",
    "mov rsi, rdi",
    "mov rdi, rcx",
    "mov rdx, rax",
    "call r8", // adapter(body, argument, slot)
    "3:",
    "xor r13d, r13d",
    "jmp stackswitch_end_of_body",
    ".cfi_endproc",
    ".size stackswitch_point_entry, . - stackswitch_point_entry",
    ".p2align 4",
    ".type stackswitch_personality,@function",
    "stackswitch_personality:",
    ".cfi_startproc",
    "endbr64",
    "jmp {personality}",
    ".cfi_endproc",
    ".size stackswitch_personality, . - stackswitch_personality",
    // The running context ends here. r12: its result; r13: null, or a function that the link
    // runs on top of its stack with that for its argument.
    ".p2align 4",
    ".type stackswitch_end_of_body,@function",
    "stackswitch_end_of_body:",
    ".cfi_startproc",
    ".cfi_undefined rip",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "mov rdi, rsp",
    "mov rsi, r13",
    "xor r14d, r14d", // no adapter
    "mov rsp, fs:[rax + {side_top}]",
    "call {finish}",
    "stackswitch_land",
    // Finishing was refused: the handler hears of it on the context's stack, and may mend it.
    ".p2align 4",
    ".hidden stackswitch_point_unfinished",
    ".globl stackswitch_point_unfinished",
    "stackswitch_point_unfinished:",
    "endbr64",
    "mov rsp, rdx",
    "mov r12, rax",
    "call {report_unfinished}",
    "jmp stackswitch_end_of_body",
    // An exception has left the body: rax. It goes on in the link.
    ".p2align 4",
    ".hidden stackswitch_point_escaped",
    ".globl stackswitch_point_escaped",
    "stackswitch_point_escaped:",
    "endbr64",
    "mov r12, rax",
    "lea r13, [rip + {rethrow}]",
    "jmp stackswitch_end_of_body",
    ".cfi_endproc",
    ".size stackswitch_end_of_body, . - stackswitch_end_of_body",
    // noreturn stackswitch_leave(value): the running context ends here, with this result.
    ".p2align 4",
    ".hidden stackswitch_leave",
    ".globl stackswitch_leave",
    ".type stackswitch_leave,@function",
    "stackswitch_leave:",
    ".cfi_startproc",
    "endbr64",
    "mov r12, rdi",
    "xor r13d, r13d",
    "and rsp, -16",
    "jmp stackswitch_end_of_body",
    ".cfi_endproc",
    ".size stackswitch_leave, . - stackswitch_leave",
    // After a fault, on the side stack: rsp points to the registers as they were, which unwinders
    // find as those of this frame's caller, the code with the fault.
    ".p2align 4",
    ".hidden stackswitch_point_fault",
    ".globl stackswitch_point_fault",
    ".type stackswitch_point_fault,@function",
    "stackswitch_point_fault:",
    ".cfi_startproc",
    ".cfi_signal_frame",
    // The canonical frame address is the stack pointer of then: *(rsp + 56).
    ".cfi_escape 0x0f, 3, 0x77, 0x38, 0x06",
    // Register n is at rsp + 8 n: DW_CFA_expression n, DW_OP_breg7 8 n. 16 is rip.
    ".cfi_escape 0x10, 0, 2, 0x77, 0x00",
    ".cfi_escape 0x10, 1, 2, 0x77, 0x08",
    ".cfi_escape 0x10, 2, 2, 0x77, 0x10",
    ".cfi_escape 0x10, 3, 2, 0x77, 0x18",
    ".cfi_escape 0x10, 4, 2, 0x77, 0x20",
    ".cfi_escape 0x10, 5, 2, 0x77, 0x28",
    ".cfi_escape 0x10, 6, 2, 0x77, 0x30",
    ".cfi_escape 0x10, 7, 2, 0x77, 0x38",
    ".cfi_escape 0x10, 8, 3, 0x77, 0xc0, 0x00",
    ".cfi_escape 0x10, 9, 3, 0x77, 0xc8, 0x00",
    ".cfi_escape 0x10, 10, 3, 0x77, 0xd0, 0x00",
    ".cfi_escape 0x10, 11, 3, 0x77, 0xd8, 0x00",
    ".cfi_escape 0x10, 12, 3, 0x77, 0xe0, 0x00",
    ".cfi_escape 0x10, 13, 3, 0x77, 0xe8, 0x00",
    ".cfi_escape 0x10, 14, 3, 0x77, 0xf0, 0x00",
    ".cfi_escape 0x10, 15, 3, 0x77, 0xf8, 0x00",
    ".cfi_escape 0x10, 16, 3, 0x77, 0x80, 0x01",
    "endbr64",
    "call {faulted}",
    "ud2",
    ".cfi_endproc",
    ".size stackswitch_point_fault, . - stackswitch_point_fault",
    // ------------------------------------------------------------------ bases
    // void *stackswitch_base_here(void): the stack pointer as the caller has it.
    ".globl stackswitch_base_here",
    ".type stackswitch_base_here,@function",
    ".p2align 4",
    "stackswitch_base_here:",
    ".cfi_startproc",
    "endbr64",
    "lea rdi, [rsp + 8]",
    "jmp {base_at}",
    ".cfi_endproc",
    ".size stackswitch_base_here, . - stackswitch_base_here",
    // ------------------------------------------------------------------ POSIX layer
    // int stackswitch_getcontext(void *ctx, void *base): what to capture is in the record.
    ".macro stackswitch_capture_by function",
    "stackswitch_push_record",
    "mov rdx, rsp",
    "call \\function", // registers that matter are as they were: nothing to load back
    "add rsp, 56",
    ".cfi_adjust_cfa_offset -56",
    "ret",
    ".endm",
    ".globl stackswitch_getcontext",
    ".type stackswitch_getcontext,@function",
    ".p2align 4",
    "stackswitch_getcontext:",
    ".cfi_startproc",
    "endbr64",
    "stackswitch_capture_by {capture}",
    ".cfi_endproc",
    ".size stackswitch_getcontext, . - stackswitch_getcontext",
    // Who goes on with a captured position, or returns from the functions that capture and go, has
    // the thread's mark of its plain captures in rcx, or -1, which no capture has: switches in
    // place hand it on.
    // The fast path, to be taken by a thread that has no context but its own: nothing is copied,
    // and no context is left. The objects lie at an offset from rdi and rsi. One word says of each
    // that it is such a thread's capture without a slice. Goes to label 2 otherwise.
    ".macro stackswitch_go_plainly offset",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "mov rcx, fs:[rax + {plain}]",
    "cmp [rsi + \\offset + {object_tag}], rcx",
    "jne 2f",
    "cmp [rdi + \\offset + {object_tag}], rcx",
    "jne 2f",
    "lea r8, [rip + stackswitch_point_position]",
    "mov [rdi + \\offset], r8",
    "lea r8, [rsp + 8]",
    "mov [rdi + \\offset + {position}], r8",
    "mov r8, [rsp]",
    "mov [rdi + \\offset + {position} + 8], r8",
    "mov [rdi + \\offset + {position} + 16], rbx",
    "mov [rdi + \\offset + {position} + 24], rbp",
    "mov [rdi + \\offset + {position} + 32], r12",
    "mov [rdi + \\offset + {position} + 40], r13",
    "mov [rdi + \\offset + {position} + 48], r14",
    "mov [rdi + \\offset + {position} + 56], r15",
    "lea rdx, [rsi + \\offset]",
    "xor eax, eax",
    "jmp qword ptr [rdx]",
    ".endm",
    // The same without a capture; the object is at an offset from rdi.
    ".macro stackswitch_go_back_plainly offset",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "mov rcx, fs:[rax + {plain}]",
    "cmp [rdi + \\offset + {object_tag}], rcx",
    "jne 2f",
    "lea rdx, [rdi + \\offset]",
    "xor eax, eax",
    "jmp qword ptr [rdx]",
    ".endm",
    // int stackswitch_setcontext(void *ctx)
    ".globl stackswitch_setcontext",
    ".type stackswitch_setcontext,@function",
    ".p2align 4",
    "stackswitch_setcontext:",
    ".cfi_startproc",
    "endbr64",
    "test rdi, rdi",
    "jz 2f",
    "stackswitch_go_back_plainly 0",
    "2:",
    "mov rsi, rdi",
    "xor edi, edi", // nothing to capture
    "xor edx, edx",
    "xor r8d, r8d",
    "jmp stackswitch_swapcontext_from",
    ".cfi_endproc",
    ".size stackswitch_setcontext, . - stackswitch_setcontext",
    // int stackswitch_swapcontext(void *from, void *to, void *base)
    ".globl stackswitch_swapcontext",
    ".type stackswitch_swapcontext,@function",
    ".p2align 6",
    "stackswitch_swapcontext:",
    ".cfi_startproc",
    "endbr64",
    "test rdi, rdi",
    "jz 5f",
    "test rdx, rdx",
    "jnz 2f",
    "test rsi, rsi",
    "jz 2f",
    "stackswitch_go_plainly 0",
    "2:",
    "xor r8d, r8d",
    // r8d: how to capture.
    "stackswitch_swapcontext_from:",
    ".cfi_remember_state",
    "stackswitch_push_record",
    "xor r12d, r12d", // 0 is what a capture returns when it is resumed
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "mov rcx, rsp",
    "cmp qword ptr fs:[rax + {side_top}], 0",
    "je 3f",
    "4:",
    "mov rbx, rsp",
    ".cfi_def_cfa rbx, 64",
    "mov rsp, fs:[rax + {side_top}]",
    "call {swapcontext}",
    "or rcx, -1",
    "stackswitch_land",
    "3:", // this thread's first operation: set it up, here on its own stack
    ".cfi_def_cfa rsp, 64",
    "push rdi",
    ".cfi_adjust_cfa_offset 8",
    "push rsi",
    ".cfi_adjust_cfa_offset 8",
    "push rdx",
    ".cfi_adjust_cfa_offset 8",
    "push r8",
    ".cfi_adjust_cfa_offset 8",
    "call {start}",
    "pop r8",
    ".cfi_adjust_cfa_offset -8",
    "pop rdx",
    ".cfi_adjust_cfa_offset -8",
    "pop rsi",
    ".cfi_adjust_cfa_offset -8",
    "pop rdi",
    ".cfi_adjust_cfa_offset -8",
    "mov rcx, rsp",
    "test al, al",
    "mov rax, [rip + stackswitch_tls@GOTTPOFF]",
    "jnz 4b",
    "mov eax, {memory}",
    "mov rdx, rsp",
    "or rcx, -1",
    "jmp stackswitch_point_return",
    ".cfi_restore_state",
    "5:",
    "mov eax, {invalid}",
    "or rcx, -1",
    "ret",
    ".cfi_endproc",
    ".size stackswitch_swapcontext, . - stackswitch_swapcontext",
    // ------------------------------------------------------------------ ucontext_t
    // The functions of <ucontext.h>, with the system's own structure: an object lies in it.
    // int stackswitch_ucontext_getcontext(ucontext_t *ucp)
    ".globl stackswitch_ucontext_getcontext",
    ".type stackswitch_ucontext_getcontext,@function",
    ".p2align 4",
    "stackswitch_ucontext_getcontext:",
    ".cfi_startproc",
    "endbr64",
    "add rdi, {in_ucontext}",
    "mov esi, {raw}",
    "stackswitch_capture_by {capture_raw}",
    ".cfi_endproc",
    ".size stackswitch_ucontext_getcontext, . - stackswitch_ucontext_getcontext",
    // int stackswitch_ucontext_getcontext_sigmask(ucontext_t *ucp)
    ".globl stackswitch_ucontext_getcontext_sigmask",
    ".type stackswitch_ucontext_getcontext_sigmask,@function",
    ".p2align 4",
    "stackswitch_ucontext_getcontext_sigmask:",
    ".cfi_startproc",
    "endbr64",
    "add rdi, {in_ucontext}",
    "mov esi, {raw} + {with_mask}",
    "stackswitch_capture_by {capture_raw}",
    ".cfi_endproc",
    ".size stackswitch_ucontext_getcontext_sigmask, . - stackswitch_ucontext_getcontext_sigmask",
    // int stackswitch_ucontext_swapcontext(ucontext_t *from, const ucontext_t *to)
    ".globl stackswitch_ucontext_swapcontext",
    ".type stackswitch_ucontext_swapcontext,@function",
    ".p2align 4",
    "stackswitch_ucontext_swapcontext:",
    ".cfi_startproc",
    "endbr64",
    "stackswitch_go_plainly {in_ucontext}",
    "2:",
    "add rdi, {in_ucontext}",
    "add rsi, {in_ucontext}",
    "xor edx, edx",
    "mov r8d, {raw}",
    "jmp stackswitch_swapcontext_from",
    ".cfi_endproc",
    ".size stackswitch_ucontext_swapcontext, . - stackswitch_ucontext_swapcontext",
    // int stackswitch_ucontext_swapcontext_sigmask(ucontext_t *from, const ucontext_t *to)
    ".globl stackswitch_ucontext_swapcontext_sigmask",
    ".type stackswitch_ucontext_swapcontext_sigmask,@function",
    ".p2align 4",
    "stackswitch_ucontext_swapcontext_sigmask:",
    ".cfi_startproc",
    "endbr64",
    "add rdi, {in_ucontext}",
    "add rsi, {in_ucontext}",
    "xor edx, edx",
    "mov r8d, {raw} + {with_mask}",
    "jmp stackswitch_swapcontext_from",
    ".cfi_endproc",
    ".size stackswitch_ucontext_swapcontext_sigmask, . - stackswitch_ucontext_swapcontext_sigmask",
    // int stackswitch_ucontext_setcontext(const ucontext_t *ucp)
    ".globl stackswitch_ucontext_setcontext",
    ".type stackswitch_ucontext_setcontext,@function",
    ".p2align 4",
    "stackswitch_ucontext_setcontext:",
    ".cfi_startproc",
    "endbr64",
    "stackswitch_go_back_plainly {in_ucontext}",
    "2:",
    "lea rsi, [rdi + {in_ucontext}]",
    "xor edi, edi",
    "xor edx, edx",
    "mov r8d, {raw}",
    "jmp stackswitch_swapcontext_from",
    ".cfi_endproc",
    ".size stackswitch_ucontext_setcontext, . - stackswitch_ucontext_setcontext",
    // void stackswitch_ucontext_makecontext(ucontext_t *ucp, void (*function)(void), int argc, ...)
    ".globl stackswitch_ucontext_makecontext",
    ".type stackswitch_ucontext_makecontext,@function",
    ".p2align 4",
    "stackswitch_ucontext_makecontext:",
    ".cfi_startproc",
    "endbr64",
    "push r9",
    ".cfi_adjust_cfa_offset 8",
    "push r8",
    ".cfi_adjust_cfa_offset 8",
    "push rcx",
    ".cfi_adjust_cfa_offset 8",
    "mov rcx, rsp", // the first three arguments
    "lea r8, [rsp + 32]", // the others
    "call {make_ucontext}",
    "add rsp, 24",
    ".cfi_adjust_cfa_offset -24",
    "ret",
    ".cfi_endproc",
    ".size stackswitch_ucontext_makecontext, . - stackswitch_ucontext_makecontext",
    // A context that it made starts: rbx with the six words at r12 and what lies on the stack,
    // then the link in r13.
    ".p2align 4",
    ".hidden stackswitch_point_ucontext_entry",
    ".globl stackswitch_point_ucontext_entry",
    ".type stackswitch_point_ucontext_entry,@function",
    "stackswitch_point_ucontext_entry:",
    ".cfi_startproc",
    ".cfi_signal_frame",
    ".cfi_undefined rip",
    "endbr64",
    "mov rdi, [r12]",
    "mov rsi, [r12 + 8]",
    "mov rdx, [r12 + 16]",
    "mov rcx, [r12 + 24]",
    "mov r8, [r12 + 32]",
    "mov r9, [r12 + 40]",
    "call rbx", // eax is 0: no vector registers, should it have variable arguments
    "mov rdi, r13",
    "call {posix_end}",
    "ud2",
    ".cfi_endproc",
    ".size stackswitch_point_ucontext_entry, . - stackswitch_point_ucontext_entry",
    // Goes on with a captured position: rdx points to the object that holds it, or to its like.
    ".p2align 4",
    ".hidden stackswitch_point_position",
    ".globl stackswitch_point_position",
    ".type stackswitch_point_position,@function",
    "stackswitch_point_position:",
    ".cfi_startproc",
    ".cfi_signal_frame",
    ".cfi_undefined rip",
    "endbr64",
    "mov rbx, [rdx + {position} + 16]",
    "mov rbp, [rdx + {position} + 24]",
    "mov r12, [rdx + {position} + 32]",
    "mov r13, [rdx + {position} + 40]",
    "mov r14, [rdx + {position} + 48]",
    "mov r15, [rdx + {position} + 56]",
    "mov r8, [rdx + {position} + 8]",
    "xor eax, eax",
    "mov rsp, [rdx + {position}]",
    "jmp r8",
    ".cfi_endproc",
    ".size stackswitch_point_position, . - stackswitch_point_position",
    // A context of makecontext starts: rbx(r12), then the link in r13.
    ".p2align 4",
    ".hidden stackswitch_point_posix_entry",
    ".globl stackswitch_point_posix_entry",
    ".type stackswitch_point_posix_entry,@function",
    "stackswitch_point_posix_entry:",
    ".cfi_startproc",
    ".cfi_signal_frame",
    ".cfi_undefined rip",
    "endbr64",
    "mov rdi, r12",
    "call rbx",
    "mov rdi, r13",
    "call {posix_end}",
    "ud2",
    ".cfi_endproc",
    ".size stackswitch_point_posix_entry, . - stackswitch_point_posix_entry",
    ".purgem stackswitch_push_record",
    ".purgem stackswitch_record_at",
    ".purgem stackswitch_check_exceptions",
    ".purgem stackswitch_bring_exceptions",
    ".purgem stackswitch_exchange",
    ".purgem stackswitch_return",
    ".purgem stackswitch_land",
    ".purgem stackswitch_run_ontop",
    ".purgem stackswitch_capture_by",
    ".purgem stackswitch_go_plainly",
    ".purgem stackswitch_go_back_plainly",
    sp = const offset_of!(Context, sp),
    tag = const offset_of!(Context, tag),
    link = const offset_of!(Context, link),
    saved = const offset_of!(Context, saved),
    slice = const SLICE_AFTER_SAVED,
    above = const offset_of!(Context, above),
    base = const offset_of!(Context, base),
    away = const offset_of!(Context, away),
    top = const offset_of!(Base, top),
    region = const offset_of!(Base, region),
    bottom = const offset_of!(Region, bottom),
    parked = const offset_of!(Tls, parked),
    exchange_base = const offset_of!(Tls, exchange_base),
    exchanged = const offset_of!(Tls, exchanged),
    large = const crate::pages::LEAST,
    wide = const VECTOR,
    aligned = const crate::store::ALIGNED_FROM,
    settle_after = const thread::LOOK_INTERVAL,
    settle_bit = const thread::EXCHANGES_BIT,
    vectors = const offset_of!(Tls, vectors),
    current = const offset_of!(Tls, current),
    ready = const offset_of!(Tls, ready),
    running = const offset_of!(Tls, running),
    switches = const offset_of!(Tls, switches),
    side_top = const offset_of!(Tls, side_top),
    exceptions = const offset_of!(Tls, exceptions),
    plain = const offset_of!(Tls, plain),
    object_tag = const offset_of!(Place, tag),
    position = const offset_of!(Place, position),
    raw = const posix::RAW as i32,
    with_mask = const posix::WITH_MASK as i32,
    in_ucontext = const ucontext::OBJECT,
    kind_swap = const Kind::Swap as u32,
    kind_resume = const Kind::Resume as u32,
    kind_suspend = const Kind::Suspend as u32,
    ontop_mark = const inlined::ONTOP_MARK,
    kind_ontop = const Kind::Ontop as u32,
    invalid = const crate::error::Code::Invalid as i32,
    memory = const crate::error::Code::Memory as i32,
    start = sym thread::start,
    switch_slowly = sym switch::switch_slowly,
    finish = sym switch::finish,
    personality = sym escape::personality,
    rethrow = sym escape::rethrow,
    report = sym switch::report_refused,
    report_unfinished = sym switch::report_unfinished,
    faulted = sym switch::faulted,
    base_at = sym thread::base_at,
    capture = sym posix::capture,
    capture_raw = sym posix::capture_raw,
    make_ucontext = sym ucontext::make,
    swapcontext = sym posix::swapcontext,
    refused_code = sym posix::refused_code,
    posix_end = sym posix::end,
);

// What the unwinder asks of a frame of Rust code: always the answer to go on with the next one, as
// nothing here has cleanups. `pthread_exit` unwinds through the function that calls it. Weak: where
// Rust's standard library is linked as well, the name is its own.
#[cfg(feature = "standalone")]
global_asm!(
    ".pushsection .text.rust_eh_personality,\"ax\",@progbits",
    ".weak rust_eh_personality",
    ".type rust_eh_personality,@function",
    "rust_eh_personality:",
    ".cfi_startproc",
    "endbr64",
    "mov eax, 8", // _URC_CONTINUE_UNWIND
    "ret",
    ".cfi_endproc",
    ".size rust_eh_personality, . - rust_eh_personality",
    ".popsection",
);

const _: () = assert!(size_of::<Tls>() == 128, "the thread-local words above are 128 bytes");

unsafe extern "C-unwind" {
    /// Suspends the caller and resumes `to` with `value`; returns what the next switch to the
    /// caller brings.
    pub fn stackswitch_swap(to: *mut c_void, value: *mut c_void) -> *mut c_void;
    /// Sets `ctx`'s link to the caller, then swaps.
    pub fn stackswitch_resume(ctx: *mut c_void, value: *mut c_void) -> *mut c_void;
    /// Swaps to the caller's link.
    pub fn stackswitch_suspend(value: *mut c_void) -> *mut c_void;
    /// Resumes `to` by running `function(value)` on top of its stack first.
    pub fn stackswitch_swap_ontop(
        to: *mut c_void,
        function: *mut c_void,
        value: *mut c_void,
    ) -> *mut c_void;
    pub(crate) fn stackswitch_swap_ontop_with(
        to: *mut c_void,
        function: *mut c_void,
        value: *mut c_void,
        adapter: *mut c_void,
    ) -> *mut c_void;
    /// Ends the running context, whose body's result is `value`.
    pub(crate) fn stackswitch_leave(value: *mut c_void) -> !;
    /// A base at the caller's stack position.
    pub fn stackswitch_base_here() -> *mut c_void;
    /// Captures the caller's position: returns 0 then and whenever it is gone back to, or a code.
    pub fn stackswitch_getcontext(ctx: *mut c_void, base: *mut c_void) -> i32;
    /// Goes on with `ctx`; returns only a code.
    pub fn stackswitch_setcontext(ctx: *mut c_void) -> i32;
    /// Captures into `from`, then goes on with `to`.
    pub fn stackswitch_swapcontext(from: *mut c_void, to: *mut c_void, base: *mut c_void) -> i32;
    /// `getcontext` of `<ucontext.h>`; the signal mask stays out of it.
    pub fn stackswitch_ucontext_getcontext(ucp: *mut c_void) -> i32;
    /// `getcontext` of `<ucontext.h>`, signal mask included.
    pub fn stackswitch_ucontext_getcontext_sigmask(ucp: *mut c_void) -> i32;
    /// `setcontext` of `<ucontext.h>`. Sets the signal mask if one was captured.
    pub fn stackswitch_ucontext_setcontext(ucp: *const c_void) -> i32;
    /// `swapcontext` of `<ucontext.h>`; the signal mask is not captured.
    pub fn stackswitch_ucontext_swapcontext(from: *mut c_void, to: *const c_void) -> i32;
    /// `swapcontext` of `<ucontext.h>`, signal mask included.
    pub fn stackswitch_ucontext_swapcontext_sigmask(from: *mut c_void, to: *const c_void) -> i32;
    /// `makecontext` of `<ucontext.h>`.
    pub fn stackswitch_ucontext_makecontext(
        ucp: *mut c_void,
        function: *mut c_void,
        count: i32,
        ...
    );
}

/// Declares the integer forms of the switches.
macro_rules! integers {
    ($($type:ident: $swap:ident $resume:ident $suspend:ident $ontop:ident;)*) => {
        unsafe extern "C-unwind" {$(
            #[doc = concat!("`stackswitch_swap` with an `", stringify!($type), "`.")]
            pub fn $swap(to: *mut c_void, value: $type) -> $type;
            #[doc = concat!("`stackswitch_resume` with an `", stringify!($type), "`.")]
            pub fn $resume(ctx: *mut c_void, value: $type) -> $type;
            #[doc = concat!("`stackswitch_suspend` with an `", stringify!($type), "`.")]
            pub fn $suspend(value: $type) -> $type;
            #[doc = concat!("`stackswitch_swap_ontop` with an `", stringify!($type), "`.")]
            pub fn $ontop(to: *mut c_void, function: *mut c_void, value: $type) -> $type;
        )*}
    };
}
integers! {
    i8: stackswitch_swap_i8 stackswitch_resume_i8 stackswitch_suspend_i8 stackswitch_swap_ontop_i8;
    i16: stackswitch_swap_i16 stackswitch_resume_i16 stackswitch_suspend_i16 stackswitch_swap_ontop_i16;
    i32: stackswitch_swap_i32 stackswitch_resume_i32 stackswitch_suspend_i32 stackswitch_swap_ontop_i32;
    i64: stackswitch_swap_i64 stackswitch_resume_i64 stackswitch_suspend_i64 stackswitch_swap_ontop_i64;
}

/// The points at which a context can be made to go on; see the head of this file.
pub(crate) mod points {
    /// Gives the address of a point.
    macro_rules! point {
        ($(#[$doc:meta])* $name:ident = $symbol:ident) => {
            $(#[$doc])*
            pub(crate) fn $name() -> usize {
                unsafe extern "C" {
                    fn $symbol();
                }
                $symbol as *const () as usize
            }
        };
    }
    point!(
        /// A switch was refused; the handler is told, the call returns 0.
        refused = stackswitch_point_refused
    );
    point!(
        /// A POSIX call was refused; it returns the code.
        code = stackswitch_point_code
    );
    point!(
        /// Runs a function on top of the context.
        ontop = stackswitch_point_ontop
    );
    point!(
        /// The same on a context that has not run.
        ontop_new = stackswitch_point_ontop_new
    );
    point!(
        /// A new context starts.
        entry = stackswitch_point_entry
    );
    point!(
        /// A context could not finish.
        unfinished = stackswitch_point_unfinished
    );
    point!(
        /// An exception has left a context's body.
        escaped = stackswitch_point_escaped
    );
    #[cfg(feature = "libc")]
    point!(
        /// The running context has had a fault.
        fault = stackswitch_point_fault
    );
    point!(
        /// Goes on with what lies in an object of the POSIX layer.
        position = stackswitch_point_position
    );
    point!(
        /// A context of `makecontext` starts.
        posix_entry = stackswitch_point_posix_entry
    );
    point!(
        /// The same with the arguments of C's `makecontext`.
        ucontext_entry = stackswitch_point_ucontext_entry
    );
}

/// The calling thread's words.
pub(crate) fn tls() -> *mut Tls {
    let words: *mut Tls;
    // SAFETY: fs:0 holds the thread pointer, and the GOT entry the offset of the words from it.
    // A context never changes threads, so the address may be kept.
    unsafe {
        asm!(
            "mov {0}, qword ptr fs:[0]",
            "add {0}, qword ptr [rip + stackswitch_tls@GOTTPOFF]",
            out(reg) words,
            options(pure, readonly, nostack),
        );
    }
    words
}

/// Bytes of the record of a new context.
pub(crate) const ENTRY_BYTES: usize = 32;
/// Bytes below a call's stack pointer that a suspended call of a switch
/// occupies there: the record, and its return address.
pub(crate) const SWITCH_BYTES: usize = 64;

/// Writes a new context's first stack, returns its stack pointer.
///
/// # Safety
/// The [`ENTRY_BYTES`] below `top` (16-byte aligned) are the context's.
pub(crate) unsafe fn write_entry(top: usize, entry: Entry) -> usize {
    let sp = top - ENTRY_BYTES;
    // SAFETY: the caller vouches for the memory.
    unsafe {
        (sp as *mut [usize; 4]).write([
            points::entry(),
            entry.function as usize,
            entry.argument as usize,
            entry.wide as usize,
        ]);
    }
    sp
}

/// The address at which a suspended context goes on.
///
/// # Safety
/// `sp` is that of a suspended context that is in place.
pub(crate) unsafe fn point_of(sp: usize) -> usize {
    // SAFETY: the caller vouches for it.
    unsafe { *(sp as *const usize) }
}

/// A place in a function that can be gone back to, any number of times: what a
/// POSIX capture holds.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Position {
    /// Stack pointer after the return of the capturing call.
    pub sp: usize,
    /// Where it goes on, but for code that has that in [`Place::point`](crate::place::Place).
    pc: usize,
    rbx: usize,
    rbp: usize,
    r12: usize,
    r13: usize,
    r14: usize,
    r15: usize,
}

impl Position {
    /// None.
    pub(crate) const NOWHERE: Self =
        Self { sp: 0, pc: 0, rbx: 0, rbp: 0, r12: 0, r13: 0, r14: 0, r15: 0 };

    /// The position after the call that left a switch's record at `record`.
    ///
    /// # Safety
    /// `record` points to such a record.
    pub(crate) unsafe fn after(record: usize) -> Self {
        // SAFETY: the caller vouches for the record, 8 words.
        let [_, r15, r14, r13, r12, rbx, rbp, pc] = unsafe { *(record as *const [usize; 8]) };
        Self { sp: record + SWITCH_BYTES, pc, rbx, rbp, r12, r13, r14, r15 }
    }

    /// The position of a function that is about to run as `function(argument)`
    /// below `top` (16-byte aligned), with `link` to go on with.
    pub(crate) fn start(top: usize, function: usize, argument: usize, link: usize) -> Self {
        Self::start_at(points::posix_entry(), top, function, argument, link)
    }

    /// The same for a function that takes the six words at `words`, and what lies at `top`.
    pub(crate) fn start_with(top: usize, function: usize, words: usize, link: usize) -> Self {
        Self::start_at(points::ucontext_entry(), top, function, words, link)
    }

    fn start_at(pc: usize, top: usize, function: usize, argument: usize, link: usize) -> Self {
        Self { sp: top, pc, rbx: function, rbp: 0, r12: argument, r13: link, r14: 0, r15: 0 }
    }
}

/// Writes the registers of an interrupted thread below `top` (16-byte aligned) of a stack, where
/// the point for faults expects them. Returns where they begin.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler; nobody uses the stack.
#[cfg(feature = "libc")]
pub(crate) unsafe fn keep_registers(ucontext: *mut c_void, top: usize) -> usize {
    // As DWARF numbers them, and one for the alignment.
    const ORDER: [i32; 17] = [
        libc::REG_RAX,
        libc::REG_RDX,
        libc::REG_RCX,
        libc::REG_RBX,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_RBP,
        libc::REG_RSP,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
        libc::REG_RIP,
    ];
    let at = top - (ORDER.len() + 1) * size_of::<usize>();
    // SAFETY: the caller vouches for both.
    unsafe {
        let registers = &(*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let kept = ORDER.map(|register| registers[register as usize]);
        (at as *mut [i64; 17]).write(kept);
    }
    at
}

/// The address at which a signal handler has interrupted the thread.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler.
#[cfg(feature = "libc")]
pub(crate) unsafe fn interrupted_at(ucontext: *mut c_void) -> usize {
    // SAFETY: the caller vouches for the structure.
    unsafe {
        (*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] as usize
    }
}

/// Makes a signal handler return to `pc` with stack pointer `sp`.
///
/// # Safety
/// `ucontext` is what the kernel gave the handler.
#[cfg(feature = "libc")]
pub(crate) unsafe fn redirect(ucontext: *mut c_void, pc: usize, sp: usize) {
    // SAFETY: the caller vouches for the structure.
    unsafe {
        let registers = &mut (*ucontext.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        registers[libc::REG_RIP as usize] = pc as i64;
        registers[libc::REG_RSP as usize] = sp as i64;
        // What runs there expects string instructions to go upwards.
        const DIRECTION: i64 = 0x400;
        registers[libc::REG_EFL as usize] &= !DIRECTION;
    }
}

/// Stops the program.
#[cfg(not(feature = "libc"))]
pub(crate) fn trap() -> ! {
    // SAFETY: ud2 raises the invalid-opcode exception and goes no further.
    unsafe { asm!("ud2", options(noreturn)) }
}

/// Asks for the cache line at `address`.
pub(crate) fn prefetch(address: *const u8) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch faults on no address; SSE is part of the architecture.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// Where a header has its slice; the assembly moves `saved` and `slice` as one.
const SLICE_AFTER_SAVED: usize = {
    assert!(offset_of!(Context, slice) == offset_of!(Context, saved) + 8);
    offset_of!(Context, slice)
};
/// Bytes of the widest vector.
const VECTOR: usize = 64;
/// From so many bytes on a copy is worth a call of code for wider vectors.
const WIDE_FROM: usize = 192;
/// Bytes of a switch's record: the lowest of a slice, and the last that were written.
const HEAD: usize = SWITCH_BYTES;

/// Bytes of the widest vectors that this CPU moves memory best with: 16, 32 or 64.
pub(crate) fn vectors() -> u32 {
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
    // SAFETY: as the caller's; every access stays within `bytes`.
    unsafe {
        if bytes >= WIDE_FROM && (*tls()).vectors >= 32 {
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

/// Copies the slice of a context that has just saved its record, from its stack. The record goes
/// word by word, as it was written: a wider load of it would wait for the stores to finish.
///
/// # Safety
/// As [`copy`].
#[inline]
pub(crate) unsafe fn copy_fresh(to: *mut u8, from: *const u8, bytes: usize) {
    let head = bytes.min(HEAD);
    // SAFETY: as the caller's.
    unsafe {
        copy_words(to, from, head);
        copy(to.add(head), from.add(head), bytes - head);
    }
}

/// # Safety
/// As [`copy`].
#[inline]
unsafe fn copy_words(to: *mut u8, from: *const u8, bytes: usize) {
    let mut at = 0;
    while at < bytes {
        // SAFETY: as the caller's. Volatile, so that the words are not joined into vectors.
        unsafe {
            let word = from.add(at).cast::<u64>().read_volatile();
            to.add(at).cast::<u64>().write_volatile(word);
        }
        at += 8;
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
        // SAFETY: as the caller's; the step lies within the whole ones.
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
    // SAFETY: as the caller's, for the rest, which is less than a step.
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
