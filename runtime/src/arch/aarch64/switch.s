// The switches: `swap`, `resume`, `suspend`, `swap_ontop`.
//
// Each tests whether the fast path can do it and else jumps to the slow path. In the checked build
// all of them take it: a handle is tested before it is used.

// From here to `stackswitch_switches_end` nothing but the writes of the switch record can overflow the
// stack, and they come before any change that matters: an overflow here may end the context.
.hidden stackswitch_switches
.globl stackswitch_switches
stackswitch_switches:

// void *stackswitch_swap(void *to, void *value)
stackswitch_function stackswitch_swap, 6
    bti c
    .if {checked}
    b 2f
    .endif
    cbz x0, 2f
    stackswitch_words x9
    ldr x8, [x9, {current}]
    stackswitch_check_target
    .cfi_remember_state
    stackswitch_exchange
    .cfi_restore_state
2:
    mov w2, {kind_swap}
    b stackswitch_switch_generally
stackswitch_end stackswitch_swap

// void *stackswitch_resume(void *ctx, void *value)
stackswitch_function stackswitch_resume, 6
    bti c
    .if {checked}
    b 2f
    .endif
    cbz x0, 2f
    stackswitch_words x9
    ldr x8, [x9, {current}]
    stackswitch_check_target
    str x8, [x0, {link}]
    .cfi_remember_state
    stackswitch_exchange
    .cfi_restore_state
2:
    mov w2, {kind_resume}
    b stackswitch_switch_generally
stackswitch_end stackswitch_resume

// void *stackswitch_suspend(void *value)
stackswitch_function stackswitch_suspend, 6
    bti c
    mov x1, x0
    mov x0, 0
    stackswitch_words x9
    ldr x8, [x9, {current}]
    cbz x8, 2f
    ldr x0, [x8, {link}]
    cbz x0, 2f
    .if {checked}
    b 2f
    .endif
    stackswitch_check_target
    .cfi_remember_state
    stackswitch_exchange
    .cfi_restore_state
2:
    mov w2, {kind_suspend}
    b stackswitch_switch_generally
stackswitch_end stackswitch_suspend

// void *stackswitch_swap_ontop(void *to, void *(*fn)(void *value), void *value)
stackswitch_function stackswitch_swap_ontop, 4
    bti c
    mov x3, 0  // no adapter
    b stackswitch_swap_ontop_with
stackswitch_end stackswitch_swap_ontop

// The same; x3: an adapter that calls `fn` for values that do not fit a register.
stackswitch_hidden stackswitch_swap_ontop_with, 2
    bti c
    mov x10, x1
    mov x11, x3
    mov x1, x2
    mov w2, {kind_ontop}
    b stackswitch_switch_generally
stackswitch_end stackswitch_swap_ontop_with

// The slow path: calls `switch::switch_slowly` on the side stack.
//
// x0: target; x1: value; w2: kind. With `ontop` x10 and x11: its function and adapter.
stackswitch_local stackswitch_switch_generally, 4
    .cfi_signal_frame  // gdb needs this where a stack continues at another address
    stackswitch_push_record
    mov x19, x1  // the value stays in x19 until `stackswitch_land`
    mov x20, x10
    mov x21, x11
    stackswitch_words x9
    ldr x10, [x9, {side_top}]
    cbnz x10, 2f
    mov x22, x0  // the thread's first operation: set it up, on its own stack
    mov x23, x2
    bl {start}
    tbz w0, 0, 3f
    mov x0, x22
    mov x2, x23
    stackswitch_words x9
2:
    mov x22, sp
    .cfi_remember_state
    .cfi_def_cfa x22, 176
    ldr x12, [x9, {exceptions}]
    ldp x13, x14, [x12]
    ldr x15, [x9, {cleanups}]
    orr x10, x13, x14
    orr x10, x10, x15
    cbnz x10, 4f
5:
    mov x1, sp
    ldr x10, [x9, {side_top}]
    mov sp, x10  // from here on no stack is in use that may be displaced
    // The frames above may be displaced during the call, so unwinders stop here.
    .cfi_remember_state
    .cfi_undefined x30
    bl {switch_slowly}
    stackswitch_land
    .cfi_restore_state
4:  // C++ exceptions are in flight, or C has cleanup handlers: they go into the record
    stp xzr, xzr, [x12]
    adr x10, stackswitch_point_exceptions
    stp x10, x13, [sp, -32]!
    stp x14, x15, [sp, 16]
    b 5b
    .cfi_restore_state
3:
    mov x0, 0
    mov x2, sp
    b stackswitch_point_return
stackswitch_end stackswitch_switch_generally

.hidden stackswitch_switches_end
.globl stackswitch_switches_end
stackswitch_switches_end:
