// Continues after a fault, on the side stack. rsp points to the registers as they were at the
// fault (`keep_registers` in signals.rs), so unwinders see the faulting code as the caller of this
// frame:
//
//   rsp ->  +0    the registers by their DWARF numbers: rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp,
//                 r8 to r15
//           +128  rip
//           +136  unused
stackswitch_hidden stackswitch_point_fault, 4
    .cfi_signal_frame
    // The canonical frame address is the rsp of the fault: *(rsp + 56).
    .cfi_escape 0x0f, 3, 0x77, 0x38, 0x06
    // Register n is at rsp + 8 n: DW_CFA_expression n, DW_OP_breg7 8 n. 16 is rip.
    .cfi_escape 0x10, 0, 2, 0x77, 0x00
    .cfi_escape 0x10, 1, 2, 0x77, 0x08
    .cfi_escape 0x10, 2, 2, 0x77, 0x10
    .cfi_escape 0x10, 3, 2, 0x77, 0x18
    .cfi_escape 0x10, 4, 2, 0x77, 0x20
    .cfi_escape 0x10, 5, 2, 0x77, 0x28
    .cfi_escape 0x10, 6, 2, 0x77, 0x30
    .cfi_escape 0x10, 7, 2, 0x77, 0x38
    .cfi_escape 0x10, 8, 3, 0x77, 0xc0, 0x00
    .cfi_escape 0x10, 9, 3, 0x77, 0xc8, 0x00
    .cfi_escape 0x10, 10, 3, 0x77, 0xd0, 0x00
    .cfi_escape 0x10, 11, 3, 0x77, 0xd8, 0x00
    .cfi_escape 0x10, 12, 3, 0x77, 0xe0, 0x00
    .cfi_escape 0x10, 13, 3, 0x77, 0xe8, 0x00
    .cfi_escape 0x10, 14, 3, 0x77, 0xf0, 0x00
    .cfi_escape 0x10, 15, 3, 0x77, 0xf8, 0x00
    .cfi_escape 0x10, 16, 3, 0x77, 0x80, 0x01
    endbr64
    call {faulted}
    ud2
stackswitch_end stackswitch_point_fault
