; REQUIRES: llvm-20
; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; Only a frame that grows may need rbx to be found by; elsewhere the switch leaves it to the compiler.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @integers(ptr %at) {
; CODE-LABEL: integers:
; CODE-NEXT: pushq %rbp
; CODE-NEXT: pushq %r15
; CODE-NEXT: pushq %r14
; CODE-NEXT: pushq %r13
; CODE-NEXT: pushq %r12
; CODE-NEXT: pushq %rbx
; CODE-NEXT: pushq %rax
; CODE-NEXT: movq (%rdi), %rsi
; CODE-NEXT: movq %rsi, (%rsp)
; CODE-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE-NEXT: movq (%rdi), %rbp
; CODE-NEXT: movq (%rax), %rcx
; CODE-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
; CODE-NEXT: #APP
; CODE-NEXT: testq %rcx, %rcx
; CODE-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE-NEXT: movq %fs:(%rcx), %r8
; CODE-NEXT: testq %r8, %r8
; CODE-NEXT: je [[L0]]
; CODE-NEXT: movq 40(%r8), %rdi
; CODE-NEXT: testq %rdi, %rdi
; CODE-NEXT: je [[L0]]
; CODE-NEXT: movl %fs:8(%rcx), %eax
; CODE-NEXT: cmpl %eax, 8(%rdi)
; CODE-NEXT: jne [[L0]]
; CODE-NEXT: cmpq %r8, %rdi
; CODE-NEXT: je [[L0]]
; CODE-NEXT: movq %fs:32(%rcx), %r9
; CODE-NEXT: movq (%r9), %r10
; CODE-NEXT: orq 8(%r9), %r10
; CODE-NEXT: jne [[L0]]
; CODE-NEXT: movq %rbp, -16(%rsp)
; CODE-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE-NEXT: movq %r10, -64(%rsp)
; CODE-NEXT: leaq -64(%rsp), %r10
; CODE-NEXT: movq %r10, (%r8)
; CODE-NEXT: movq %rdi, %fs:(%rcx)
; CODE-NEXT: incq %fs:16(%rcx)
; CODE-NEXT: movq (%rdi), %rdx
; CODE-NEXT: movq %rsi, %rax
; CODE-NEXT: jmpq *(%rdx)
; CODE-NEXT: [[L0]]:
; CODE-NEXT: movq %rsi, %rdi
; CODE-NEXT: callq *%r11
; CODE-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE-NEXT: [[L1]]:
; CODE-NEXT: movq 48(%rdx), %rbp
; CODE-NEXT: leaq 64(%rdx), %rsp
; CODE-NEXT: [[L2]]:
; CODE-NEXT: #NO_APP
; CODE-NEXT: addq (%rsp), %rbp
; CODE-NEXT: addq %rbp, %rax
; CODE-NEXT: addq $8, %rsp
; CODE-NEXT: popq %rbx
; CODE-NEXT: popq %r12
; CODE-NEXT: popq %r13
; CODE-NEXT: popq %r14
; CODE-NEXT: popq %r15
; CODE-NEXT: popq %rbp
; CODE-NEXT: retq
; rbp is kept by the switch itself, all others by whoever needs them.
  %a = load volatile i64, ptr %at
  %b = load volatile i64, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %a)
  %s = add i64 %a, %b
  %t = add i64 %s, %r
  ret i64 %t
}
