// The first frame of a context, and its end.

// Starts a new context; it finishes when its body returns. Unwinders stop at this frame, and
// `escape::personality` catches an exception that reaches it.
stackswitch_hidden stackswitch_point_entry, 4
    .cfi_personality 0x1b, stackswitch_personality
    .cfi_undefined rip
    .cfi_def_cfa rsp, 0
    endbr64
    mov rsi, rax
    mov r11, [rdx + 8]
    mov r10, [rdx + 24]
    lea rsp, [rdx + 32]
    mov rdx, [rdx + 16]
    // rsp is the base. r11: body, rdx: argument, r10: adapter or null, rsi: the first value.
stackswitch_begin_body:
    xor ebp, ebp
    test r10, r10
    jnz 2f
    mov rdi, rdx
    call r11  // body(argument, first)
    mov r12, rax
    jmp 3f
2:
    mov r12, rsi
    mov rdi, r11
    mov rcx, rsi
    mov rsi, rdx
    mov rdx, rcx
    call r10  // adapter(body, argument, slot)
3:
    xor r13d, r13d
    jmp stackswitch_end_of_body
stackswitch_end stackswitch_point_entry

stackswitch_local stackswitch_personality, 4
    endbr64
    jmp {personality}
stackswitch_end stackswitch_personality

// Finishes the running context. r12: its result; r13: null, or a function that the link calls on
// top of its stack with the result as argument.
stackswitch_local stackswitch_end_of_body, 4
    .cfi_undefined rip
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    test r13, r13
    jnz 2f
    .if {checked}
    jmp 2f
    .endif
    // The fast path: only the context itself is on its region, nothing has to be freed, and a fast
    // switch to the link is possible.
    mov rdi, fs:[rax + {current}]
    mov rdx, [rdi + {link}]
    test rdx, rdx
    jz 2f
    cmp rdx, rdi
    je 2f
    mov ecx, fs:[rax + {ready}]
    cmp [rdx + {tag}], ecx
    jne 2f
    cmp qword ptr [rdi + {above}], 0
    jne 2f
    test byte ptr [rdi + {flags}], {blocks_flag}
    jnz 2f
    stackswitch_check_exceptions
    mov r8, [rdi + {base}]
    mov r8, [r8 + {region}]
    mov qword ptr [r8 + {bottom}], 0
    mov [rdi + {sp}], rsp
    add ecx, {finished_after_ready}
    mov [rdi + {tag}], ecx
    mov fs:[rax + {current}], rdx
    inc qword ptr fs:[rax + {switches}]
    mov rdx, [rdx + {sp}]
    mov rax, r12
    jmp qword ptr [rdx]
2:
    mov rdi, rsp
    mov rsi, r13
    xor r14d, r14d  // no adapter
    mov rsp, fs:[rax + {side_top}]
    call {finish}
    stackswitch_land
    // Finishing was refused: calls the error handler on the context's stack, then tries again.
    .p2align 4
    .hidden stackswitch_point_unfinished
    .globl stackswitch_point_unfinished
stackswitch_point_unfinished:
    endbr64
    mov rsp, rdx
    mov r12, rax
    call {report_unfinished}
    jmp stackswitch_end_of_body
    // The exception in rax has left the body. The link raises it again.
    .p2align 4
    .hidden stackswitch_point_escaped
    .globl stackswitch_point_escaped
stackswitch_point_escaped:
    endbr64
    mov r12, rax
    lea r13, [rip + {rethrow}]
    jmp stackswitch_end_of_body
stackswitch_end stackswitch_end_of_body

// noreturn stackswitch_leave(value): finishes the running context with this result.
stackswitch_hidden stackswitch_leave, 4
    endbr64
    mov r12, rdi
    xor r13d, r13d
    and rsp, -16
    jmp stackswitch_end_of_body
stackswitch_end stackswitch_leave
