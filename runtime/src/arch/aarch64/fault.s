// Continues after a fault, on the side stack. sp points to the registers as they were at the fault
// (`keep_registers` in signals.rs), so unwinders see the faulting code as the caller of this frame:
//
//   sp ->  +0    x0 to x30
//          +248  sp
//          +256  pc
//          +264  unused
stackswitch_hidden stackswitch_point_fault, 4
    .cfi_signal_frame
    // Where unwinders find the pc of a frame that a signal has interrupted: x30 is a register like
    // others there.
    .cfi_return_column 96
    // The canonical frame address is the sp of the fault: *(sp + 248).
    .cfi_escape 0x0f, 4, 0x8f, 0xf8, 0x01, 0x06
    // xn is at sp + 8 n: DW_CFA_expression n, DW_OP_breg31 8 n, in two bytes of LEB128.
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_escape 0x10, \n, 3, 0x8f, 0x80 + ((8 * \n) & 0x7f), (8 * \n) >> 7
    .endr
    .cfi_escape 0x10, 96, 3, 0x8f, 0x80, 0x02
    bti j
    bl {faulted}
    brk 1
stackswitch_end stackswitch_point_fault
