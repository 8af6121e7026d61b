; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; RUN: sed 's/"cf-protection-branch", i32 1/"cf-protection-branch", i32 0/' %s | %opt -passes=stackswitch-inline -S | %code %s --check-prefixes=PLAIN,PLAIN%llvm
; Where indirect jumps may only go to marked places, a context goes on at one.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @test(i64 %v) {
; PLAIN22-LABEL: test:
; PLAIN22-NEXT: endbr64
; PLAIN22-NEXT: pushq %r15
; PLAIN22-NEXT: pushq %r14
; PLAIN22-NEXT: pushq %r13
; PLAIN22-NEXT: pushq %r12
; PLAIN22-NEXT: pushq %rbx
; PLAIN22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; PLAIN22-NEXT: movq (%rax), %rcx
; PLAIN22-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
; PLAIN22-NEXT: movq %rdi, %rsi
; PLAIN22-NEXT: #APP
; PLAIN22-NEXT: testq %rcx, %rcx
; PLAIN22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; PLAIN22-NEXT: movq %fs:(%rcx), %r8
; PLAIN22-NEXT: testq %r8, %r8
; PLAIN22-NEXT: je [[L0]]
; PLAIN22-NEXT: movq 40(%r8), %rdi
; PLAIN22-NEXT: testq %rdi, %rdi
; PLAIN22-NEXT: je [[L0]]
; PLAIN22-NEXT: movl %fs:8(%rcx), %eax
; PLAIN22-NEXT: cmpl %eax, 8(%rdi)
; PLAIN22-NEXT: jne [[L0]]
; PLAIN22-NEXT: cmpq %r8, %rdi
; PLAIN22-NEXT: je [[L0]]
; PLAIN22-NEXT: movq %fs:32(%rcx), %r9
; PLAIN22-NEXT: movq (%r9), %r10
; PLAIN22-NEXT: orq 8(%r9), %r10
; PLAIN22-NEXT: jne [[L0]]
; PLAIN22-NEXT: movq %rbp, -16(%rsp)
; PLAIN22-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; PLAIN22-NEXT: movq %r10, -64(%rsp)
; PLAIN22-NEXT: leaq -64(%rsp), %r10
; PLAIN22-NEXT: movq %r10, (%r8)
; PLAIN22-NEXT: movq %rdi, %fs:(%rcx)
; PLAIN22-NEXT: incq %fs:16(%rcx)
; PLAIN22-NEXT: movq (%rdi), %rdx
; PLAIN22-NEXT: movq %rsi, %rax
; PLAIN22-NEXT: jmpq *(%rdx)
; PLAIN22-NEXT: [[L0]]:
; PLAIN22-NEXT: movq %rsi, %rdi
; PLAIN22-NEXT: callq *%r11
; PLAIN22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; PLAIN22-NEXT: [[L1]]:
; PLAIN22-NEXT: movq 48(%rdx), %rbp
; PLAIN22-NEXT: leaq 64(%rdx), %rsp
; PLAIN22-NEXT: [[L2]]:
; PLAIN22-NEXT: #NO_APP
; PLAIN22-NEXT: popq %rbx
; PLAIN22-NEXT: popq %r12
; PLAIN22-NEXT: popq %r13
; PLAIN22-NEXT: popq %r14
; PLAIN22-NEXT: popq %r15
; PLAIN22-NEXT: retq
; PLAIN19-LABEL: test:
; PLAIN19-NEXT: endbr64
; PLAIN19-NEXT: pushq %r15
; PLAIN19-NEXT: pushq %r14
; PLAIN19-NEXT: pushq %r13
; PLAIN19-NEXT: pushq %r12
; PLAIN19-NEXT: pushq %rax
; PLAIN19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; PLAIN19-NEXT: movq (%rax), %rcx
; PLAIN19-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
; PLAIN19-NEXT: movq %rdi, %rsi
; PLAIN19-NEXT: #APP
; PLAIN19-NEXT: testq %rcx, %rcx
; PLAIN19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; PLAIN19-NEXT: movq %fs:(%rcx), %r8
; PLAIN19-NEXT: testq %r8, %r8
; PLAIN19-NEXT: je [[L0]]
; PLAIN19-NEXT: movq 40(%r8), %rdi
; PLAIN19-NEXT: testq %rdi, %rdi
; PLAIN19-NEXT: je [[L0]]
; PLAIN19-NEXT: movl %fs:8(%rcx), %eax
; PLAIN19-NEXT: cmpl %eax, 8(%rdi)
; PLAIN19-NEXT: jne [[L0]]
; PLAIN19-NEXT: cmpq %r8, %rdi
; PLAIN19-NEXT: je [[L0]]
; PLAIN19-NEXT: movq %fs:32(%rcx), %r9
; PLAIN19-NEXT: movq (%r9), %r10
; PLAIN19-NEXT: orq 8(%r9), %r10
; PLAIN19-NEXT: jne [[L0]]
; PLAIN19-NEXT: movq %rbp, -16(%rsp)
; PLAIN19-NEXT: movq %rbx, -24(%rsp)
; PLAIN19-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; PLAIN19-NEXT: movq %r10, -64(%rsp)
; PLAIN19-NEXT: leaq -64(%rsp), %r10
; PLAIN19-NEXT: movq %r10, (%r8)
; PLAIN19-NEXT: movq %rdi, %fs:(%rcx)
; PLAIN19-NEXT: incq %fs:16(%rcx)
; PLAIN19-NEXT: movq (%rdi), %rdx
; PLAIN19-NEXT: movq %rsi, %rax
; PLAIN19-NEXT: jmpq *(%rdx)
; PLAIN19-NEXT: [[L0]]:
; PLAIN19-NEXT: movq %rsi, %rdi
; PLAIN19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; PLAIN19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; PLAIN19-NEXT: movq 40(%rdx), %rbx
; PLAIN19-NEXT: movq 48(%rdx), %rbp
; PLAIN19-NEXT: leaq 64(%rdx), %rsp
; PLAIN19-NEXT: jmp [[L2]]
; PLAIN19-NEXT: .long 1886352494
; PLAIN19-NEXT: .long [[L3]]-[[L1]]
; PLAIN19-NEXT: [[L1]]:
; PLAIN19-NEXT: movq 40(%rdx), %rbx
; PLAIN19-NEXT: movq 48(%rdx), %rbp
; PLAIN19-NEXT: leaq 64(%rdx), %rsp
; PLAIN19-NEXT: xorl %r11d, %r11d
; PLAIN19-NEXT: [[L2]]:
; PLAIN19-NEXT: #NO_APP
; PLAIN19-NEXT: testq %r11, %r11
; PLAIN19-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; PLAIN19-NEXT: [[BB1:\.LBB[0-9_]+]]:
; PLAIN19-NEXT: addq $8, %rsp
; PLAIN19-NEXT: popq %r12
; PLAIN19-NEXT: popq %r13
; PLAIN19-NEXT: popq %r14
; PLAIN19-NEXT: popq %r15
; PLAIN19-NEXT: retq
; PLAIN19-NEXT: [[BB0]]:
; PLAIN19-NEXT: callq *%r11
; PLAIN19-NEXT: jmp [[BB1]]
; CODE22-LABEL: test:
; CODE22-NEXT: endbr64
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
; CODE22-NEXT: movq %rdi, %rsi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rcx, %rcx
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: movq %fs:(%rcx), %r8
; CODE22-NEXT: testq %r8, %r8
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: movq 40(%r8), %rdi
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: movl %fs:8(%rcx), %eax
; CODE22-NEXT: cmpl %eax, 8(%rdi)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: cmpq %r8, %rdi
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: movq %fs:32(%rcx), %r9
; CODE22-NEXT: movq (%r9), %r10
; CODE22-NEXT: orq 8(%r9), %r10
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: movq %rbp, -16(%rsp)
; CODE22-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, -64(%rsp)
; CODE22-NEXT: leaq -64(%rsp), %r10
; CODE22-NEXT: movq %r10, (%r8)
; CODE22-NEXT: movq %rdi, %fs:(%rcx)
; CODE22-NEXT: incq %fs:16(%rcx)
; CODE22-NEXT: movq (%rdi), %rdx
; CODE22-NEXT: movq %rsi, %rax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L0]]:
; CODE22-NEXT: movq %rsi, %rdi
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: endbr64
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE19-LABEL: test:
; CODE19-NEXT: endbr64
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
; CODE19-NEXT: movq %rdi, %rsi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rcx, %rcx
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: movq %fs:(%rcx), %r8
; CODE19-NEXT: testq %r8, %r8
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: movq 40(%r8), %rdi
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: movl %fs:8(%rcx), %eax
; CODE19-NEXT: cmpl %eax, 8(%rdi)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: cmpq %r8, %rdi
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: movq %fs:32(%rcx), %r9
; CODE19-NEXT: movq (%r9), %r10
; CODE19-NEXT: orq 8(%r9), %r10
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: movq %rbp, -16(%rsp)
; CODE19-NEXT: movq %rbx, -24(%rsp)
; CODE19-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, -64(%rsp)
; CODE19-NEXT: leaq -64(%rsp), %r10
; CODE19-NEXT: movq %r10, (%r8)
; CODE19-NEXT: movq %rdi, %fs:(%rcx)
; CODE19-NEXT: incq %fs:16(%rcx)
; CODE19-NEXT: movq (%rdi), %rdx
; CODE19-NEXT: movq %rsi, %rax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L0]]:
; CODE19-NEXT: movq %rsi, %rdi
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE19-NEXT: endbr64
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: endbr64
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: xorl %r11d, %r11d
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: testq %r11, %r11
; CODE19-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[BB1]]
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}

!llvm.module.flags = !{!0}
!0 = !{i32 8, !"cf-protection-branch", i32 1}
