// The switches: `swap`, `resume`, `suspend`, `swap_ontop`.
//
// Each tests whether the fast path can do it and else jumps to the slow path in `exchange.s`.
// In the checked build all of them take it: a handle is tested before it is used. Functions begin a
// cache line: without that a slow switch takes 6 % longer.

// From here to `stackswitch_switches_end` nothing but pushes of the switch record can overflow the stack,
// and they come before any change that matters: an overflow here may end the context.
.hidden stackswitch_switches
.globl stackswitch_switches
stackswitch_switches:

// void *stackswitch_swap(void *to, void *value)
stackswitch_function stackswitch_swap, 6
    endbr64
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    test rdi, rdi
    jz 2f
    .if {checked}
    jmp 2f
    .endif
    mov r8, fs:[rax + {current}]
    stackswitch_check_target
    .cfi_remember_state
    stackswitch_exchange
    .cfi_restore_state
2:
    mov edx, {kind_swap}
    jmp stackswitch_switch_slowly
stackswitch_end stackswitch_swap

// void *stackswitch_resume(void *ctx, void *value)
stackswitch_function stackswitch_resume, 6
    endbr64
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    test rdi, rdi
    jz 2f
    .if {checked}
    jmp 2f
    .endif
    mov r8, fs:[rax + {current}]
    stackswitch_check_target
    mov [rdi + {link}], r8
    .cfi_remember_state
    stackswitch_exchange
    .cfi_restore_state
2:
    mov edx, {kind_resume}
    jmp stackswitch_switch_slowly
stackswitch_end stackswitch_resume

// void *stackswitch_suspend(void *value)
stackswitch_function stackswitch_suspend, 6
    endbr64
    mov rsi, rdi
    xor edi, edi
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    mov r8, fs:[rax + {current}]
    test r8, r8
    jz 2f
    mov rdi, [r8 + {link}]
    test rdi, rdi
    jz 2f
    .if {checked}
    jmp 2f
    .endif
    stackswitch_check_target
    .cfi_remember_state
    stackswitch_exchange
    .cfi_restore_state
2:
    mov edx, {kind_suspend}
    jmp stackswitch_switch_slowly
stackswitch_end stackswitch_suspend

// void *stackswitch_swap_ontop(void *to, void *(*fn)(void *value), void *value)
stackswitch_function stackswitch_swap_ontop, 4
    endbr64
    xor ecx, ecx  // no adapter
    jmp stackswitch_swap_ontop_with
stackswitch_end stackswitch_swap_ontop

// The same; rcx: an adapter that calls `fn` for values that do not fit a register.
stackswitch_hidden stackswitch_swap_ontop_with, 0
    endbr64
    mov r9, rsi
    mov r10, rcx
    mov rsi, rdx
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    mov edx, {kind_ontop}
    jmp stackswitch_switch_generally
stackswitch_end stackswitch_swap_ontop_with
