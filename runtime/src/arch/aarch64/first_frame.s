// The first frame of a context, and its end.

// Starts a new context; it finishes when its body returns. Unwinders stop at this frame, and
// `escape::personality` catches an exception that reaches it.
stackswitch_hidden stackswitch_point_entry, 4
    .cfi_personality 0x1b, stackswitch_personality
    .cfi_undefined x30
    bti j
    ldp x9, x10, [x2, 8]
    ldr x11, [x2, 24]
    add sp, x2, 32
    mov x29, 0
    cbnz x11, 2f
    mov x1, x0
    mov x0, x10
    blr x9  // body(argument, first)
    mov x19, x0
    b 3f
2:
    mov x19, x0
    mov x2, x0
    mov x1, x10
    mov x0, x9
    blr x11  // adapter(body, argument, slot)
3:
    mov x20, 0
    b stackswitch_end_of_body
stackswitch_end stackswitch_point_entry

stackswitch_local stackswitch_personality, 4
    bti c
    b {personality}
stackswitch_end stackswitch_personality

// Finishes the running context. x19: its result; x20: null, or a function that the link calls on top
// of its stack with the result as argument.
stackswitch_local stackswitch_end_of_body, 4
    .cfi_undefined x30
    stackswitch_words x9
    mov x0, sp
    mov x1, x20
    mov x21, 0  // no adapter
    ldr x9, [x9, {side_top}]
    mov sp, x9
    bl {finish}
    stackswitch_land
    // Finishing was refused: calls the error handler on the context's stack, then tries again.
    .p2align 4
    .hidden stackswitch_point_unfinished
    .globl stackswitch_point_unfinished
stackswitch_point_unfinished:
    bti j
    mov sp, x2
    mov x19, x0
    bl {report_unfinished}
    b stackswitch_end_of_body
    // The exception in x0 has left the body. The link raises it again.
    .p2align 4
    .hidden stackswitch_point_escaped
    .globl stackswitch_point_escaped
stackswitch_point_escaped:
    bti j
    mov x19, x0
    adrp x20, {rethrow}
    add x20, x20, :lo12:{rethrow}
    b stackswitch_end_of_body
stackswitch_end stackswitch_end_of_body

// noreturn stackswitch_leave(value): finishes the running context with this result.
stackswitch_hidden stackswitch_leave, 4
    bti c
    mov x19, x0
    mov x20, 0
    b stackswitch_end_of_body
stackswitch_end stackswitch_leave
