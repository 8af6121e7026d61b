// The slow path of the switches.

// The exchange: the running context and the target change places without leaving assembly. It
// needs two contexts of one base that are equally deep and smaller than a large slice, of which
// the target is displaced as a whole:
//
//   before   stack: frames of the running context    block: frames of the target
//   after    stack: frames of the target             block: frames of the other
//
// The switch records go from registers to the block and back: a copy of words just pushed would
// wait for the stores. Nothing is pushed, so the stack that changes is not in use; a signal
// handler's frame goes below the red zone, which covers the place of the record.
//
// rdi: target; rsi: value; edx: kind, not `ontop`; rax: offset of the thread words.
stackswitch_local stackswitch_switch_slowly, 6
    test rdi, rdi
    jz stackswitch_switch_generally
    .if {checked}
    jmp stackswitch_switch_generally
    .endif
    mov ecx, fs:[rax + {ready}]
    lea r8d, [rcx - {ready_after_new}]
    cmp [rdi + {tag}], r8d
    je stackswitch_start
    mov ecx, fs:[rax + {parked}]
    cmp [rdi + {tag}], ecx  // suspended, of this thread
    jne stackswitch_switch_generally
    cmp word ptr fs:[rax + {exchanged} + 6], {exchanges_at_most}  // often enough that Rust must count them
    jae stackswitch_switch_generally
    mov r9, fs:[rax + {exceptions}]
    mov r10, [r9]
    or r10, [r9 + 8]
    or r10, [rdi + {counterpart}]  // and control is on its own stack
    jnz stackswitch_switch_generally
    mov r8, fs:[rax + {current}]
    mov r9, [rdi + {base}]
    cmp [r8 + {base}], r9  // both of one base
    jne stackswitch_switch_generally
    cmp fs:[rax + {exchange_base}], r9  // and `exchanged` counts for it
    jne stackswitch_switch_generally
    lea r10, [rsp - 56]  // where the record would be
    cmp [rdi + {sp}], r10  // both equally deep
    jne stackswitch_switch_generally
    mov r11, [r9 + {top}]
    sub r11, r10  // bytes of each slice
    cmp [rdi + {saved}], r11  // the target is displaced as a whole
    jne stackswitch_switch_generally
    cmp r11, {large}
    jae stackswitch_switch_generally
    mov rcx, [rdi + {slice}]
    test cl, 3  // its slice is a block that no other context holds
    jnz stackswitch_switch_generally
    test r11b, 15
    jnz stackswitch_switch_generally
    lea r10, [rip + stackswitch_point_return]
    cmp [rcx], r10  // it is suspended in a call of a switch
    jne stackswitch_switch_generally
    mov r10, [r8 + {above}]
    test r10, r10
    jz 2f
    mov rax, [r10 + {sp}]
    add rax, [r10 + {saved}]
    cmp rax, [r9 + {top}]  // no other context is resident below the base
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
    jb stackswitch_switch_generally
    mov [rdi + {above}], r10
    mov qword ptr [r8 + {above}], 0
2:
    cmp edx, {kind_resume}
    jne 2f
    mov [rdi + {link}], r8
2:
    // The headers, with few stores: a short exchange spends most of its time on them. `saved`
    // and `slice` are adjacent, so one store clears both.
    mov [r8 + {slice}], rcx
    mov [r8 + {saved}], r11
    pxor xmm0, xmm0
    movups [rdi + {saved}], xmm0
    mov r10, [rdi + {sp}]
    cmp [r8 + {sp}], r10
    je 2f
    mov [r8 + {sp}], r10
2:
    mov edx, fs:[rax + {parked}]
    mov [r8 + {tag}], edx
    mov edx, fs:[rax + {ready}]
    mov [rdi + {tag}], edx
    mov fs:[rax + {current}], rdi
    mov r9, [r9 + {region}]
    mov [r9 + {bottom}], rdi
    mov rdx, r11
    bts rdx, {exchanges_bit}  // counts one exchange and its bytes
    add fs:[rax + {exchanged}], rdx
    // The records. Until the frames are exchanged too, unwinders stop.
    .cfi_undefined rip
    mov rdx, [rcx + 8]
    mov [rcx + 8], r15
    mov r15, rdx
    mov rdx, [rcx + 16]
    mov [rcx + 16], r14
    mov r14, rdx
    mov rdx, [rcx + 24]
    mov [rcx + 24], r13
    mov r13, rdx
    mov rdx, [rcx + 32]
    mov [rcx + 32], r12
    mov r12, rdx
    mov rdx, [rcx + 40]
    mov [rcx + 40], rbx
    mov rbx, rdx
    mov rdx, [rcx + 48]
    mov [rcx + 48], rbp
    mov rbp, rdx
    mov r8, [rcx + 56]  // the target's return address
    mov rdx, [rsp]
    mov [rcx + 56], rdx
    // The frames, with the widest vectors that are faster.
    sub r11, 64
    jz 3f
    cmp r11, 64  // bytes of the widest vector
    jae 4f
2:
    movups xmm0, [r10 + 64]
    movups xmm1, [rcx + 64]
    movups [r10 + 64], xmm1
    movups [rcx + 64], xmm0
    add r10, 16
    add rcx, 16
    sub r11, 16
    jnz 2b
3:
    add rsp, 8  // equally deep: rsp already is the target's
    mov rax, rsi
    jmp r8
4:
    cmp r11, {aligned}
    jb 8f
    // First up to a cache line; stack and block are aligned alike.
    mov edx, r10d
    neg edx
    and edx, 48
    jz 8f
    sub r11, rdx
7:
    movups xmm0, [r10 + 64]
    movups xmm1, [rcx + 64]
    movups [r10 + 64], xmm1
    movups [rcx + 64], xmm0
    add r10, 16
    add rcx, 16
    sub edx, 16
    jnz 7b
8:
    cmp dword ptr fs:[rax + {vectors}], 32
    jb 2b
    je 6f
5:  // zmm16 and up need no vzeroupper afterwards
    vmovdqu64 zmm16, [r10 + 64]
    vmovdqu64 zmm17, [rcx + 64]
    vmovdqu64 [r10 + 64], zmm17
    vmovdqu64 [rcx + 64], zmm16
    add r10, 64
    add rcx, 64
    sub r11, 64
    cmp r11, 64
    jae 5b
    test r11, r11
    jnz 2b
    jmp 3b
6:
    vmovdqu ymm0, [r10 + 64]
    vmovdqu ymm1, [r10 + 96]
    vmovdqu ymm2, [rcx + 64]
    vmovdqu ymm3, [rcx + 96]
    vmovdqu [r10 + 64], ymm2
    vmovdqu [r10 + 96], ymm3
    vmovdqu [rcx + 64], ymm0
    vmovdqu [rcx + 96], ymm1
    add r10, 64
    add rcx, 64
    sub r11, 64
    cmp r11, 64
    jae 6b
    vzeroupper
    test r11, r11
    jnz 2b
    jmp 3b
stackswitch_end stackswitch_switch_slowly

// Starts a new context of this thread, if its region is empty: nothing has to be displaced. Now and
// then Rust does it, so that it looks at the region's memory.
//
// rdi, rsi, edx, rax: as above; ecx: the ready tag.
stackswitch_local stackswitch_start, 4
    mov r9, fs:[rax + {exceptions}]
    mov r10, [r9]
    or r10, [r9 + 8]
    jnz stackswitch_switch_generally
    cmp dword ptr fs:[rax + {until_trim}], 1
    jbe stackswitch_switch_generally
    mov r9, [rdi + {base}]
    mov r10, [r9 + {region}]
    cmp qword ptr [r10 + {bottom}], 0
    jne stackswitch_switch_generally
    mov r8, fs:[rax + {current}]
    stackswitch_push_record
    mov [r8 + {sp}], rsp
    cmp edx, {kind_resume}
    jne 2f
    mov [rdi + {link}], r8
2:
    mov [r10 + {bottom}], rdi
    mov [rdi + {tag}], ecx
    mov fs:[rax + {current}], rdi
    inc qword ptr fs:[rax + {switches}]
    dec dword ptr fs:[rax + {until_trim}]
    // What it will run is in fields that are not used before it runs, see `Context::set_entry`.
    mov r11, [rdi + {slice}]
    mov rdx, [rdi + {sp}]
    mov r10, [rdi + {above}]
    mov qword ptr [rdi + {slice}], 0
    mov qword ptr [rdi + {above}], 0
    mov r9, [r9 + {top}]
    mov [rdi + {sp}], r9
    .cfi_undefined rip
    mov rsp, r9
    jmp stackswitch_begin_body
stackswitch_end stackswitch_start

// The slow path in general: calls `switch::switch_slowly` on the side stack.
//
// rdi, rsi, edx, rax: as above, edx may be `ontop`; then r9, r10: its function and adapter.
stackswitch_local stackswitch_switch_generally, 4
    .cfi_signal_frame  // gdb needs this where a stack continues at another address
    stackswitch_push_record
    mov r12, rsi  // the value stays in r12 until `stackswitch_land`
    mov r13, r9
    mov r14, r10
    cmp qword ptr fs:[rax + {side_top}], 0
    jne 2f
    push rdi  // the thread's first operation: set it up, on its own stack
    .cfi_adjust_cfa_offset 8
    push rdx
    .cfi_adjust_cfa_offset 8
    call {start}
    pop rdx
    .cfi_adjust_cfa_offset -8
    pop rdi
    .cfi_adjust_cfa_offset -8
    test al, al
    jz 3f
    mov rax, [rip + stackswitch_tls@GOTTPOFF]
2:
    mov rbx, rsp
    .cfi_remember_state
    .cfi_def_cfa rbx, 64
    mov rcx, fs:[rax + {exceptions}]
    mov r8, [rcx]
    mov r9, [rcx + 8]
    mov r11, fs:[rax + {cleanups}]
    mov r10, r8
    or r10, r9
    or r10, r11
    jnz 4f
5:
    mov rsi, rsp
    mov rsp, fs:[rax + {side_top}]  // from here on no stack is in use that may be displaced
    // The frames above may be displaced during the call, so unwinders stop here.
    .cfi_remember_state
    .cfi_undefined rip
    call {switch_slowly}
    stackswitch_land
    .cfi_restore_state
4:  // C++ exceptions are in flight, or C has cleanup handlers: they go into the record
    mov qword ptr [rcx], 0
    mov qword ptr [rcx + 8], 0
    sub rsp, 32
    mov [rsp + 24], r11
    mov [rsp + 16], r9
    mov [rsp + 8], r8
    lea r10, [rip + stackswitch_point_exceptions]
    mov [rsp], r10
    jmp 5b
    .cfi_restore_state
3:
    xor eax, eax
    mov rdx, rsp
    jmp stackswitch_point_return
stackswitch_end stackswitch_switch_generally

.hidden stackswitch_switches_end
.globl stackswitch_switches_end
stackswitch_switches_end:
