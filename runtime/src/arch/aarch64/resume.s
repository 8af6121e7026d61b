// Resume addresses: how a suspended context continues. `record.s` says what is in which register.

// A call of a switch returns.
stackswitch_hidden stackswitch_point_return, 6
    stackswitch_record_at x2
    bti j
    stackswitch_return
stackswitch_end stackswitch_point_return

// Resumes a context with C++ exceptions in flight.
stackswitch_hidden stackswitch_point_exceptions, 4
    .cfi_signal_frame
    .cfi_undefined x30
    bti j
    stackswitch_bring_exceptions
    ldr x9, [x2]
    br x9
stackswitch_end stackswitch_point_exceptions

// A switch was refused: calls the error handler on the caller's stack, then the call returns 0.
stackswitch_hidden stackswitch_point_refused, 4
    .cfi_undefined x30
    bti j
    stackswitch_bring_exceptions
    stackswitch_record_at x2
    mov sp, x2
    .cfi_def_cfa_register sp
    bl {report}
    mov x0, 0
    mov x2, sp
    b stackswitch_point_return
stackswitch_end stackswitch_point_refused

// A call of the POSIX layer was refused: it returns the error code.
stackswitch_hidden stackswitch_point_code, 4
    stackswitch_record_at x2
    bti j
    mov sp, x2
    .cfi_def_cfa_register sp
    bl {refused_code}
    mov x2, sp
    b stackswitch_point_return
stackswitch_end stackswitch_point_code

// Calls x20(x0) on top of a context, through the adapter in x21 if that is not null, then resumes
// the context with the result. An exception that the function throws unwinds into the context.
.macro stackswitch_run_ontop
    cbnz x21, 2f
    blr x20
    b 3f
2:
    mov x19, x0  // an adapter stores the result where the value was
    mov x1, x0
    mov x0, x20
    blr x21
    mov x0, x19
3:
    mov x2, sp
    ldr x9, [x2]
    br x9
.endm

// Runs a function on top of a suspended context.
stackswitch_hidden stackswitch_point_ontop, 4
    .cfi_undefined x30
    bti j
    stackswitch_bring_exceptions
    stackswitch_record_at x2
    mov sp, x2
    .cfi_def_cfa_register sp
    stackswitch_run_ontop
stackswitch_end stackswitch_point_ontop

// The same on a context that has not run: an exception of the function leaves the context.
stackswitch_hidden stackswitch_point_ontop_new, 4
    .cfi_personality 0x1b, stackswitch_personality
    .cfi_undefined x30
    bti j
    mov sp, x2
    stackswitch_run_ontop
stackswitch_end stackswitch_point_ontop_new
