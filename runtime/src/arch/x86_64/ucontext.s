// The functions of <ucontext.h>. Their objects are inside the system's `ucontext_t`, at the offset
// `in_ucontext`.

// int stackswitch_ucontext_getcontext(ucontext_t *ucp)
stackswitch_function stackswitch_ucontext_getcontext, 4
    endbr64
    add rdi, {in_ucontext}
    mov esi, {raw}
    stackswitch_capture_by {capture_raw}
stackswitch_end stackswitch_ucontext_getcontext

// int stackswitch_ucontext_getcontext_sigmask(ucontext_t *ucp)
stackswitch_function stackswitch_ucontext_getcontext_sigmask, 4
    endbr64
    add rdi, {in_ucontext}
    mov esi, {raw} + {with_mask}
    stackswitch_capture_by {capture_raw}
stackswitch_end stackswitch_ucontext_getcontext_sigmask

// int stackswitch_ucontext_swapcontext(ucontext_t *from, const ucontext_t *to)
stackswitch_function stackswitch_ucontext_swapcontext, 4
    endbr64
    stackswitch_go_plainly {in_ucontext}
2:
    add rdi, {in_ucontext}
    add rsi, {in_ucontext}
    xor edx, edx
    mov r8d, {raw}
    jmp stackswitch_swapcontext_from
stackswitch_end stackswitch_ucontext_swapcontext

// int stackswitch_ucontext_swapcontext_sigmask(ucontext_t *from, const ucontext_t *to)
stackswitch_function stackswitch_ucontext_swapcontext_sigmask, 4
    endbr64
    add rdi, {in_ucontext}
    add rsi, {in_ucontext}
    xor edx, edx
    mov r8d, {raw} + {with_mask}
    jmp stackswitch_swapcontext_from
stackswitch_end stackswitch_ucontext_swapcontext_sigmask

// int stackswitch_ucontext_setcontext(const ucontext_t *ucp)
stackswitch_function stackswitch_ucontext_setcontext, 4
    endbr64
    stackswitch_go_back_plainly {in_ucontext}
2:
    lea rsi, [rdi + {in_ucontext}]
    xor edi, edi
    xor edx, edx
    mov r8d, {raw}
    jmp stackswitch_swapcontext_from
stackswitch_end stackswitch_ucontext_setcontext

// void stackswitch_ucontext_makecontext(ucontext_t *ucp, void (*function)(void), int argc, ...)
stackswitch_function stackswitch_ucontext_makecontext, 4
    endbr64
    push r9
    .cfi_adjust_cfa_offset 8
    push r8
    .cfi_adjust_cfa_offset 8
    push rcx
    .cfi_adjust_cfa_offset 8
    mov rcx, rsp  // the arguments in registers
    lea r8, [rsp + 32]  // the arguments on the stack
    call {make_ucontext}
    add rsp, 24
    .cfi_adjust_cfa_offset -24
    ret
stackswitch_end stackswitch_ucontext_makecontext

// Starts a context that it made: calls rbx with the six words at r12 and the words on the stack,
// then resumes the link in r13.
stackswitch_hidden stackswitch_point_ucontext_entry, 4
    .cfi_signal_frame
    .cfi_undefined rip
    endbr64
    mov rdi, [r12]
    mov rsi, [r12 + 8]
    mov rdx, [r12 + 16]
    mov rcx, [r12 + 24]
    mov r8, [r12 + 32]
    mov r9, [r12 + 40]
    call rbx  // eax is 0: a variadic function finds no arguments in vector registers
    mov rdi, r13
    call {posix_end}
    ud2
stackswitch_end stackswitch_point_ucontext_entry
