// The POSIX layer: captured positions, and bases at the caller's position.
//
// An object holds a captured position:
//
//   object ->  +0                resume address
//              +8                tag and kind: one word, for a plain capture the thread's mark
//              +16               sp after the return of the capturing call
//              +16 + 8           return address of that call
//              +16 + 16          x19 to x28, d8 to d15, x29: as in a switch record

// void *stackswitch_base_here(void): the stack pointer as the caller has it.
stackswitch_function stackswitch_base_here, 4
    bti c
    mov x0, sp
    b {base_at}
stackswitch_end stackswitch_base_here

// Captures the position after the call of the current function with the Rust function `function`,
// which finds it in the switch record.
.macro stackswitch_capture_by function
    stackswitch_push_record
    mov x2, sp
    bl \function  // it preserves the other callee-saved registers: none of them is restored here
    ldr x30, [sp, 168]
    add sp, sp, 176
    stackswitch_record_gone
    ret
.endm

// int stackswitch_getcontext(void *ctx, void *base)
stackswitch_function stackswitch_getcontext, 4
    bti c
    stackswitch_capture_by {capture}
stackswitch_end stackswitch_getcontext

// The fast path of `swapcontext`, for a thread that has no contexts but its own: nothing is copied
// and the running context stays the same. The objects are at `offset` from x0 and x1. One word of
// each says that it is a plain capture of this thread; else jumps to label 2.
.macro stackswitch_go_plainly offset
    .if {checked}
    b 2f
    .endif
    stackswitch_words x9
    ldr x10, [x9, {plain}]
    ldr x11, [x1, \offset + {object_tag}]
    cmp x11, x10
    b.ne 2f
    ldr x11, [x0, \offset + {object_tag}]
    cmp x11, x10
    b.ne 2f
    adr x11, stackswitch_point_position
    str x11, [x0, \offset]
    add x9, x0, \offset + {position}
    mov x10, sp
    stp x10, x30, [x9]
    stackswitch_registers stp, x9
    str x29, [x9, 160]
    add x2, x1, \offset
    ldr x9, [x2]
    br x9
.endm

// int stackswitch_setcontext(void *ctx)
stackswitch_function stackswitch_setcontext, 4
    bti c
    mov x1, x0
    mov x0, 0  // no capture
    mov x2, 0
    mov w4, 0
    b stackswitch_swapcontext_from
stackswitch_end stackswitch_setcontext

// int stackswitch_swapcontext(void *from, void *to, void *base)
stackswitch_function stackswitch_swapcontext, 6
    bti c
    cbz x0, 5f
    cbnz x2, 2f
    cbz x1, 2f
    stackswitch_go_plainly 0
2:
    mov w4, 0
    // w4: the flags of the capture.
stackswitch_swapcontext_from:
    .cfi_remember_state
    stackswitch_push_record
    mov x19, 0  // a resumed capture returns 0
    stackswitch_words x9
    ldr x10, [x9, {side_top}]
    cbz x10, 3f
4:
    mov x3, sp
    mov x20, sp
    .cfi_remember_state
    .cfi_def_cfa x20, 176
    mov sp, x10
    // The frames above may be displaced during the call, so unwinders stop here.
    .cfi_undefined x30
    bl {swapcontext}
    stackswitch_land
    .cfi_restore_state
3:  // the thread's first operation: set it up, on its own stack
    mov x20, x0
    mov x21, x1
    mov x22, x2
    mov w23, w4
    bl {start}
    mov w10, w0
    mov x0, x20
    mov x1, x21
    mov x2, x22
    mov w4, w23
    stackswitch_words x9
    tbz w10, 0, 6f
    ldr x10, [x9, {side_top}]
    b 4b
6:
    mov w0, {memory}
    mov x2, sp
    b stackswitch_point_return
    .cfi_restore_state
5:
    mov w0, {invalid}
    ret
stackswitch_end stackswitch_swapcontext

// Resumes a captured position; x2: the object that holds it, or a `Destination`.
stackswitch_hidden stackswitch_point_position, 4
    .cfi_signal_frame
    .cfi_undefined x30
    bti j
    add x2, x2, {position}
    ldp x9, x30, [x2]
    stackswitch_registers ldp, x2
    ldr x29, [x2, 160]
    mov w0, 0
    mov sp, x9
    ret
stackswitch_end stackswitch_point_position

// Starts a context of `makecontext`: calls x19(x20), then resumes the link in x21.
stackswitch_hidden stackswitch_point_posix_entry, 4
    .cfi_signal_frame
    .cfi_undefined x30
    bti j
    mov x0, x20
    blr x19
    mov x0, x21
    bl {posix_end}
    brk 1
stackswitch_end stackswitch_point_posix_entry
