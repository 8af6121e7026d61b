// The POSIX layer: captured positions, and bases at the caller's position.
//
// An object holds a captured position:
//
//   object ->  +0                resume address
//              +8                tag and kind: one word, for a plain capture the thread's mark
//              +16               rsp after the return of the capturing call
//              +16 + 8           return address of that call
//              +16 + 16 to 56    rbx, rbp, r12, r13, r14, r15
//
// Code that resumes a captured position, and `swapcontext` when it returns, leaves in rcx the
// thread's mark of plain captures, or -1, which no capture has. In-place switches pass it on.

// void *stackswitch_base_here(void): the stack pointer as the caller has it.
stackswitch_function stackswitch_base_here, 4
    endbr64
    lea rdi, [rsp + 8]
    jmp {base_at}
stackswitch_end stackswitch_base_here

// Captures the position after the call of the current function with the Rust function `function`,
// which finds it in the switch record.
.macro stackswitch_capture_by function
    stackswitch_push_record
    mov rdx, rsp
    call \function  // it preserves the callee-saved registers: none is restored here
    add rsp, 56
    .cfi_adjust_cfa_offset -56
    ret
.endm

// int stackswitch_getcontext(void *ctx, void *base)
stackswitch_function stackswitch_getcontext, 4
    endbr64
    stackswitch_capture_by {capture}
stackswitch_end stackswitch_getcontext

// The fast path of `swapcontext`, for a thread that has no contexts but its own: nothing is copied
// and the running context stays the same. The objects are at `offset` from rdi and rsi. One
// word of each says that it is a plain capture of this thread; else jumps to label 2.
.macro stackswitch_go_plainly offset
    .if {checked}
    jmp 2f
    .endif
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    mov rcx, fs:[rax + {plain}]
    cmp [rsi + \offset + {object_tag}], rcx
    jne 2f
    cmp [rdi + \offset + {object_tag}], rcx
    jne 2f
    lea r10, [rip + stackswitch_point_position]
    mov [rdi + \offset], r10
    lea r8, [rsp + 8]
    mov [rdi + \offset + {position}], r8
    mov r8, [rsp]
    mov [rdi + \offset + {position} + 8], r8
    mov [rdi + \offset + {position} + 16], rbx
    mov [rdi + \offset + {position} + 24], rbp
    mov [rdi + \offset + {position} + 32], r12
    mov [rdi + \offset + {position} + 40], r13
    mov [rdi + \offset + {position} + 48], r14
    mov [rdi + \offset + {position} + 56], r15
    lea rdx, [rsi + \offset]
    xor eax, eax
    cmp [rdx], r10
    jne 3f  // captured in place: it has a resume address of its own
    .cfi_remember_state
    .cfi_undefined rip
    mov r11, [rdx + {position} + 8]
    mov rbx, [rdx + {position} + 16]
    mov rbp, [rdx + {position} + 24]
    mov r12, [rdx + {position} + 32]
    mov r13, [rdx + {position} + 40]
    mov r14, [rdx + {position} + 48]
    mov r15, [rdx + {position} + 56]
    cmp r11, r8
    je 4f
    mov rsp, [rdx + {position}]
    jmp r11
    // Both calls are the same call instruction, as in a helper function that all switches go
    // through. Its return address is the one that the processor predicts for a `ret`, and what it
    // predicts after that are the return addresses of the helper's callers.
4:
    mov r10, [rdx + {position}]
    mov [r10 - 8], r8
    lea rsp, [r10 - 8]
    .cfi_restore_state
    ret
3:
    jmp qword ptr [rdx]
.endm

// The fast path of `setcontext`; the object is at `offset` from rdi.
.macro stackswitch_go_back_plainly offset
    .if {checked}
    jmp 2f
    .endif
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    mov rcx, fs:[rax + {plain}]
    cmp [rdi + \offset + {object_tag}], rcx
    jne 2f
    lea rdx, [rdi + \offset]
    xor eax, eax
    jmp qword ptr [rdx]
.endm

// int stackswitch_setcontext(void *ctx)
stackswitch_function stackswitch_setcontext, 4
    endbr64
    test rdi, rdi
    jz 2f
    stackswitch_go_back_plainly 0
2:
    mov rsi, rdi
    xor edi, edi  // no capture
    xor edx, edx
    xor r8d, r8d
    jmp stackswitch_swapcontext_from
stackswitch_end stackswitch_setcontext

// int stackswitch_swapcontext(void *from, void *to, void *base)
stackswitch_function stackswitch_swapcontext, 6
    endbr64
    test rdi, rdi
    jz 5f
    test rdx, rdx
    jnz 2f
    test rsi, rsi
    jz 2f
    stackswitch_go_plainly 0
2:
    xor r8d, r8d
    // r8d: the flags of the capture.
stackswitch_swapcontext_from:
    .cfi_remember_state
    stackswitch_push_record
    xor r12d, r12d  // a resumed capture returns 0
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    mov rcx, rsp
    cmp qword ptr fs:[rax + {side_top}], 0
    je 3f
4:
    mov rbx, rsp
    .cfi_def_cfa rbx, 64
    mov rsp, fs:[rax + {side_top}]
    // The frames above may be displaced during the call, so unwinders stop here.
    .cfi_remember_state
    .cfi_undefined rip
    call {swapcontext}
    or rcx, -1
    stackswitch_land
    .cfi_restore_state
3:  // the thread's first operation: set it up, on its own stack
    .cfi_def_cfa rsp, 64
    push rdi
    .cfi_adjust_cfa_offset 8
    push rsi
    .cfi_adjust_cfa_offset 8
    push rdx
    .cfi_adjust_cfa_offset 8
    push r8
    .cfi_adjust_cfa_offset 8
    call {start}
    pop r8
    .cfi_adjust_cfa_offset -8
    pop rdx
    .cfi_adjust_cfa_offset -8
    pop rsi
    .cfi_adjust_cfa_offset -8
    pop rdi
    .cfi_adjust_cfa_offset -8
    mov rcx, rsp
    test al, al
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    jnz 4b
    mov eax, {memory}
    mov rdx, rsp
    or rcx, -1
    jmp stackswitch_point_return
    .cfi_restore_state
5:
    mov eax, {invalid}
    or rcx, -1
    ret
stackswitch_end stackswitch_swapcontext

// Resumes a captured position; rdx: the object that holds it, or a `Destination`.
stackswitch_hidden stackswitch_point_position, 4
    .cfi_signal_frame
    .cfi_undefined rip
    endbr64
    mov rbx, [rdx + {position} + 16]
    mov rbp, [rdx + {position} + 24]
    mov r12, [rdx + {position} + 32]
    mov r13, [rdx + {position} + 40]
    mov r14, [rdx + {position} + 48]
    mov r15, [rdx + {position} + 56]
    mov r8, [rdx + {position} + 8]
    xor eax, eax
    mov rsp, [rdx + {position}]
    jmp r8
stackswitch_end stackswitch_point_position

// Starts a context of `makecontext`: calls rbx(r12), then resumes the link in r13.
stackswitch_hidden stackswitch_point_posix_entry, 4
    .cfi_signal_frame
    .cfi_undefined rip
    endbr64
    mov rdi, r12
    call rbx
    mov rdi, r13
    call {posix_end}
    ud2
stackswitch_end stackswitch_point_posix_entry
