// AArch64, AAPCS64: what a suspended context leaves on its stack, and the pieces of code that write
// and read it.
//
// # The switch record
//
// A switch saves the registers that the ABI calls callee-saved, below the caller's frame:
//
//   sp ->  +0    resume address (one of the functions stackswitch_point_*)
//          +8    unused
//          +16   x19 to x28
//          +96   d8 to d15
//          +160  x29
//          +168  x30: return address of the call of stackswitch_swap
//          +176  the caller's frame, 16-byte aligned
//
// fpcr belongs to the thread; a switch does not change it.
//
// A context with C++ exceptions in flight (in a `catch` block, or in a destructor that runs during
// unwinding) saves the words of the C++ runtime below that record, and zeroes them. So does a
// context with cleanup handlers of C (see `cleanup_handlers`):
//
//   sp ->  +0   stackswitch_point_exceptions
//          +8   the two words of __cxa_get_globals
//          +24  the newest cleanup handler, or null
//          +32  the switch record
//
// A context without exceptions in flight only tests that the words are zero. Cleanup handlers need
// no test: while the running context has some, the fast path finds no tag that it can switch to.
//
// # The first record of a new context
//
// `Context::write_first_record` writes it at the base just before the context first runs:
//
//   sp ->  +0   stackswitch_point_entry
//          +8   body
//          +16  argument
//          +24  adapter for values that do not fit a register, or null
//          +32  the base, 16-byte aligned
//
// # To resume a context
//
// Code jumps to the resume address with
//   x2 = the context's sp, which is where its record is,
//   x0 = the value that the switch carries,
//   sp = a stack that the context does not overlap: the old context's or the side stack.
// The code at the resume address sets sp last. At each instruction sp is a stack that a signal
// handler can use. There is no red zone: what lies below sp is lost at any time.

// The address of the thread words.
.macro stackswitch_words register
    mrs \register, tpidr_el0
    adrp x16, :gottprel:stackswitch_tls
    ldr x16, [x16, :gottprel_lo12:stackswitch_tls]
    add \register, \register, x16
.endm
// Stores or loads x19 to x28 and d8 to d15, which lie alike in a switch record and a captured position.
.macro stackswitch_registers operation, address
    \operation x19, x20, [\address, 16]
    \operation x21, x22, [\address, 32]
    \operation x23, x24, [\address, 48]
    \operation x25, x26, [\address, 64]
    \operation x27, x28, [\address, 80]
    \operation d8, d9, [\address, 96]
    \operation d10, d11, [\address, 112]
    \operation d12, d13, [\address, 128]
    \operation d14, d15, [\address, 144]
.endm
// Describes the registers of the switch record to unwinders; the frame above it is the CFA.
.macro stackswitch_record_registers
    .cfi_offset x19, -160
    .cfi_offset x20, -152
    .cfi_offset x21, -144
    .cfi_offset x22, -136
    .cfi_offset x23, -128
    .cfi_offset x24, -120
    .cfi_offset x25, -112
    .cfi_offset x26, -104
    .cfi_offset x27, -96
    .cfi_offset x28, -88
    .cfi_offset d8, -80
    .cfi_offset d9, -72
    .cfi_offset d10, -64
    .cfi_offset d11, -56
    .cfi_offset d12, -48
    .cfi_offset d13, -40
    .cfi_offset d14, -32
    .cfi_offset d15, -24
    .cfi_offset x29, -16
    .cfi_offset x30, -8
.endm
// Writes the switch record. Leaves the usual resume address in x12.
.macro stackswitch_push_record
    adr x12, stackswitch_point_return
    str x12, [sp, -176]!
    .cfi_adjust_cfa_offset 176
    stackswitch_registers stp, sp
    stp x29, x30, [sp, 160]
    stackswitch_record_registers
.endm
// Describes the switch record to unwinders; its address is in a register.
.macro stackswitch_record_at register
    .cfi_def_cfa \register, 176
    stackswitch_record_registers
.endm
// The registers are the caller's again, and so is sp: the record is lost.
.macro stackswitch_record_gone
    .cfi_def_cfa sp, 0
    .irp register, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30
    .cfi_restore \register
    .endr
    .irp register, d8, d9, d10, d11, d12, d13, d14, d15
    .cfi_restore \register
    .endr
.endm
// Jumps to label 2 if the running context has C++ exceptions in flight. x9: the thread words. In a
// program without C++ the two words are always zero.
.macro stackswitch_check_exceptions
    ldr x11, [x9, {exceptions}]
    ldp x11, x12, [x11]
    orr x11, x11, x12
    cbnz x11, 2f
.endm
// Restores the C++ exceptions and the cleanup handlers of the context at x2 if it has some; then x2
// is its switch record. Keeps x0 and the callee-saved registers but x30, and sp if there are no
// handlers. With handlers sp becomes the context's own: below its record is nothing in use.
.macro stackswitch_bring_exceptions
    adr x9, stackswitch_point_exceptions
    ldr x10, [x2]
    cmp x10, x9
    b.ne 2f
    stackswitch_words x9
    ldr x9, [x9, {exceptions}]
    ldp x10, x11, [x2, 8]
    stp x10, x11, [x9]
    ldr x10, [x2, 24]
    add x2, x2, 32
    cbz x10, 2f
    sub sp, x2, 32
    stp x0, x2, [sp]
    mov x0, x10
    bl {restore_handlers}
    ldp x0, x2, [sp]
2:
.endm
// Jumps to label 2 if the fast path cannot switch to the target in x0. It can if the target is alive,
// of this thread, resident as a whole, the bottom of its region, and not the running context.
// x9: the thread words; x8: the running context.
.macro stackswitch_check_target
    ldr w10, [x9, {ready}]
    ldr w11, [x0, {tag}]
    cmp w11, w10
    b.ne 2f
    cmp x0, x8
    b.eq 2f
    stackswitch_check_exceptions
.endm
// The fast path. x0: target, which was checked; x1: value; x9: the thread words; x8: the running
// context. Both contexts have the ready tag, before and after.
.macro stackswitch_exchange
    stackswitch_push_record
    mov x13, sp
    str x13, [x8, {sp}]
    str x0, [x9, {current}]
    ldr x10, [x9, {switches}]
    add x10, x10, 1
    str x10, [x9, {switches}]
    ldr x2, [x0, {sp}]
    mov x0, x1
    ldr x11, [x2]
    cmp x11, x12  // the usual resume address: no jump to it is needed
    b.ne 3f
    stackswitch_return
3:
    .cfi_undefined x30
    br x11
.endm
// Returns from the call of a switch; x2: its record.
.macro stackswitch_return
    stackswitch_record_at x2
    stackswitch_registers ldp, x2
    ldp x29, x30, [x2, 160]
    add sp, x2, 176
    .cfi_remember_state
    stackswitch_record_gone
    ret  // not `br`: a return address is no landing pad
    .cfi_restore_state
.endm
// Resumes what a Rust function has returned as a `Continuation`: x0 is the stack pointer, x1 the
// resume address, x19 the value.
.macro stackswitch_land
    mov x2, x0
    mov x0, x19
    br x1
.endm
