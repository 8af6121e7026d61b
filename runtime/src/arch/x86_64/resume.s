// Resume addresses: how a suspended context continues. `record.s` says what is in which register.

// A call of a switch returns.
stackswitch_hidden stackswitch_point_return, 6
    stackswitch_record_at rdx
    endbr64
    stackswitch_return
stackswitch_end stackswitch_point_return

// Resumes a context with C++ exceptions in flight.
stackswitch_hidden stackswitch_point_exceptions, 4
    .cfi_signal_frame
    .cfi_undefined rip
    endbr64
    stackswitch_bring_exceptions
    jmp qword ptr [rdx]
stackswitch_end stackswitch_point_exceptions

// A switch was refused: calls the error handler on the caller's stack, then the call returns 0.
stackswitch_hidden stackswitch_point_refused, 4
    .cfi_undefined rip
    endbr64
    stackswitch_bring_exceptions
    stackswitch_record_at rdx
    mov rsp, rdx
    .cfi_def_cfa_register rsp
    call {report}
    xor eax, eax
    mov rdx, rsp
    jmp stackswitch_point_return
stackswitch_end stackswitch_point_refused

// A call of the POSIX layer was refused: it returns the error code.
stackswitch_hidden stackswitch_point_code, 4
    stackswitch_record_at rdx
    endbr64
    mov rsp, rdx
    .cfi_def_cfa_register rsp
    call {refused_code}
    mov rdx, rsp
    or rcx, -1
    jmp stackswitch_point_return
stackswitch_end stackswitch_point_code

// Calls r13(rax) on top of a context, through the adapter in r14 if that is not null, then resumes
// the context with the result. An exception that the function throws unwinds into the context.
.macro stackswitch_run_ontop
    mov rdi, rax
    test r14, r14
    jnz 2f
    call r13
    jmp 3f
2:
    mov rsi, rax
    mov rdi, r13
    mov rbx, rax  // an adapter stores the result where the value was
    call r14
    mov rax, rbx
3:
    mov rdx, rsp
    jmp qword ptr [rdx]
.endm

// Runs a function on top of a suspended context.
stackswitch_hidden stackswitch_point_ontop, 4
    .cfi_undefined rip
    endbr64
    stackswitch_bring_exceptions
    // An in-place switch has a resume address of its own and stores no return address.
    mov rcx, [rdx]
    lea r8, [rip + stackswitch_point_return]
    cmp rcx, r8
    je 2f
    cmp dword ptr [rcx - 8], {ontop_mark}
    je 4f
    mov [rdx + 56], rcx
2:
    .cfi_remember_state
    stackswitch_record_at rdx
    mov rsp, rdx
    .cfi_def_cfa_register rsp
    stackswitch_run_ontop
    .cfi_restore_state
    // It is in a function that handles exceptions: its second resume address makes the call
    // r11(rdi, rsi) itself, after the assembly.
4:
    movsxd r8, dword ptr [rcx - 4]
    add rcx, r8
    mov rdi, rax
    mov r11, r13
    test r14, r14
    jz 5f
    mov rsi, rax
    mov rdi, r13
    mov r11, r14
5:
    jmp rcx
stackswitch_end stackswitch_point_ontop

// The same on a context that has not run: an exception of the function leaves the context.
stackswitch_hidden stackswitch_point_ontop_new, 4
    .cfi_personality 0x1b, stackswitch_personality
    .cfi_undefined rip
    endbr64
    mov rsp, rdx
    stackswitch_run_ontop
stackswitch_end stackswitch_point_ontop_new
