// The functions of <ucontext.h>. Their objects are inside the system's `ucontext_t`, at the offset
// `in_ucontext`.

// int stackswitch_ucontext_getcontext(ucontext_t *ucp)
stackswitch_function stackswitch_ucontext_getcontext, 4
    bti c
    add x0, x0, {in_ucontext}
    mov w1, {raw}
    stackswitch_capture_by {capture_raw}
stackswitch_end stackswitch_ucontext_getcontext

// int stackswitch_ucontext_getcontext_sigmask(ucontext_t *ucp)
stackswitch_function stackswitch_ucontext_getcontext_sigmask, 4
    bti c
    add x0, x0, {in_ucontext}
    mov w1, {raw} + {with_mask}
    stackswitch_capture_by {capture_raw}
stackswitch_end stackswitch_ucontext_getcontext_sigmask

// int stackswitch_ucontext_swapcontext(ucontext_t *from, const ucontext_t *to)
stackswitch_function stackswitch_ucontext_swapcontext, 4
    bti c
    stackswitch_go_plainly {in_ucontext}
2:
    add x0, x0, {in_ucontext}
    add x1, x1, {in_ucontext}
    mov x2, 0
    mov w4, {raw}
    b stackswitch_swapcontext_from
stackswitch_end stackswitch_ucontext_swapcontext

// int stackswitch_ucontext_swapcontext_sigmask(ucontext_t *from, const ucontext_t *to)
stackswitch_function stackswitch_ucontext_swapcontext_sigmask, 4
    bti c
    add x0, x0, {in_ucontext}
    add x1, x1, {in_ucontext}
    mov x2, 0
    mov w4, {raw} + {with_mask}
    b stackswitch_swapcontext_from
stackswitch_end stackswitch_ucontext_swapcontext_sigmask

// int stackswitch_ucontext_setcontext(const ucontext_t *ucp)
stackswitch_function stackswitch_ucontext_setcontext, 4
    bti c
    add x1, x0, {in_ucontext}
    mov x0, 0
    mov x2, 0
    mov w4, {raw}
    b stackswitch_swapcontext_from
stackswitch_end stackswitch_ucontext_setcontext

// void stackswitch_ucontext_makecontext(ucontext_t *ucp, void (*function)(void), int argc, ...)
//
//   sp ->  +0   x29, x30
//          +16  x3 to x7: the arguments in registers
//          +64  the arguments on the stack
stackswitch_function stackswitch_ucontext_makecontext, 4
    bti c
    stp x29, x30, [sp, -64]!
    .cfi_adjust_cfa_offset 64
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    stp x3, x4, [sp, 16]
    stp x5, x6, [sp, 32]
    str x7, [sp, 48]
    add x3, sp, 16
    add x4, sp, 64
    bl {make_ucontext}
    ldp x29, x30, [sp], 64
    .cfi_adjust_cfa_offset -64
    .cfi_restore x29
    .cfi_restore x30
    ret
stackswitch_end stackswitch_ucontext_makecontext

// Starts a context that it made: calls x19 with the eight words at x20 and the words on the stack,
// then resumes the link in x21.
stackswitch_hidden stackswitch_point_ucontext_entry, 4
    .cfi_signal_frame
    .cfi_undefined x30
    bti j
    ldp x0, x1, [x20]
    ldp x2, x3, [x20, 16]
    ldp x4, x5, [x20, 32]
    ldp x6, x7, [x20, 48]
    blr x19
    mov x0, x21
    bl {posix_end}
    brk 1
stackswitch_end stackswitch_point_ucontext_entry

// Ends the names of the macros.
.purgem stackswitch_words
.purgem stackswitch_registers
.purgem stackswitch_record_registers
.purgem stackswitch_push_record
.purgem stackswitch_record_at
.purgem stackswitch_record_gone
.purgem stackswitch_check_exceptions
.purgem stackswitch_check_target
.purgem stackswitch_bring_exceptions
.purgem stackswitch_exchange
.purgem stackswitch_return
.purgem stackswitch_land
.purgem stackswitch_run_ontop
.purgem stackswitch_capture_by
.purgem stackswitch_go_plainly
