// x86-64, System V ABI: what a suspended context leaves on its stack, and the pieces of code that
// write and read it.
//
// # The switch record
//
// A switch saves the registers that the ABI calls callee-saved. They lie under the return address
// of the call that switched:
//
//   sp ->  +0   resume address (one of the functions stackswitch_point_*)
//          +8   r15
//          +16  r14
//          +24  r13
//          +32  r12
//          +40  rbx
//          +48  rbp
//          +56  return address of the call of stackswitch_swap
//          +64  the caller's frame, 16-byte aligned
//
// mxcsr and the x87 control word belong to the thread; a switch does not change them.
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
// A context suspended by an in-place switch (see `inlined`) has a record in which only the resume
// address and rbp are valid, and rbx if its function needs it. Its return address is not valid
// until `stackswitch_point_ontop` writes it.
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
//   rdx = the context's sp, which is where its record is,
//   rax = the value that the switch carries,
//   rsp = a stack that the context does not overlap: the old context's or the side stack.
// The code at the resume address sets rsp last and reads everything before through rdx: a load
// through a new rsp would wait for it. At each instruction rsp is a stack that a signal handler
// can use.

// Writes the switch record.
.macro stackswitch_push_record
    push rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    push rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    push r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    push r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    push r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    push r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    lea r11, [rip + stackswitch_point_return]
    push r11
    .cfi_adjust_cfa_offset 8
.endm
// Describes the switch record to unwinders; its address is in a register.
.macro stackswitch_record_at register
    .cfi_def_cfa \register, 64
    .cfi_offset rip, -8
    .cfi_offset rbp, -16
    .cfi_offset rbx, -24
    .cfi_offset r12, -32
    .cfi_offset r13, -40
    .cfi_offset r14, -48
    .cfi_offset r15, -56
.endm
// Jumps to label 2 if the running context has C++ exceptions in flight. rax: offset of the
// thread words. In a program without C++ the two words are always zero.
.macro stackswitch_check_exceptions
    mov r9, fs:[rax + {exceptions}]
    mov r10, [r9]
    or r10, [r9 + 8]
    jnz 2f
.endm
// Restores the C++ exceptions and the cleanup handlers of the context at rdx if it has some; then
// rdx is its switch record. Keeps rax and the callee-saved registers, and rsp if there are no
// handlers. With handlers rsp becomes the context's own: below its record is nothing in use.
.macro stackswitch_bring_exceptions
    lea rcx, [rip + stackswitch_point_exceptions]
    cmp [rdx], rcx
    jne 2f
    mov rcx, [rip + stackswitch_tls@GOTTPOFF]
    mov rcx, fs:[rcx + {exceptions}]
    mov r8, [rdx + 8]
    mov [rcx], r8
    mov r8, [rdx + 16]
    mov [rcx + 8], r8
    mov rdi, [rdx + 24]
    add rdx, 32
    test rdi, rdi
    jz 2f
    lea rsp, [rdx - 32]
    mov [rsp], rax
    mov [rsp + 8], rdx
    call {restore_handlers}
    mov rax, [rsp]
    mov rdx, [rsp + 8]
2:
.endm
// Jumps to label 2 if the fast path cannot switch to the target in rdi. It can if the target is alive,
// of this thread, resident as a whole, the bottom of its region, and not the running context.
// rax: offset of the thread words; r8: the running context.
.macro stackswitch_check_target
    mov ecx, fs:[rax + {ready}]
    cmp [rdi + {tag}], ecx
    jne 2f
    cmp rdi, r8
    je 2f
    stackswitch_check_exceptions
.endm
// The fast path. rdi: target, which was checked; rsi: value; rax: offset of the thread words; r8: the
// running context. Both contexts have the ready tag, before and after.
.macro stackswitch_exchange
    stackswitch_push_record
    mov [r8 + {sp}], rsp
    mov fs:[rax + {current}], rdi
    inc qword ptr fs:[rax + {switches}]
    mov rdx, [rdi + {sp}]
    mov rax, rsi
    cmp [rdx], r11  // the usual resume address: no jump to it is needed
    jne 3f
    stackswitch_return
3:
    .cfi_undefined rip
    jmp qword ptr [rdx]
.endm
// Returns from the call of a switch; rdx: its record.
.macro stackswitch_return
    stackswitch_record_at rdx
    mov r15, [rdx + 8]
    mov r14, [rdx + 16]
    mov r13, [rdx + 24]
    mov r12, [rdx + 32]
    mov rbx, [rdx + 40]
    mov rbp, [rdx + 48]
    mov r8, [rdx + 56]
    lea rsp, [rdx + 64]
    jmp r8  // not `ret`: the return predictor has no entry for this stack
.endm
// Resumes what a Rust function has returned as a `Continuation`: rax is the stack pointer,
// rdx the resume address, r12 the value.
.macro stackswitch_land
    mov r8, rdx
    mov rdx, rax
    mov rax, r12
    jmp r8
.endm
