; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; RUN: %opt -passes=stackswitch-inline -pass-remarks=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; REMARK-COUNT-3: remark: {{.*}}: the switch is in place
; A swap, a resume and a suspend become the exchange, and call the runtime in all other cases.
; (noinline: LLVM 19 cannot know that the functions become no part of others.)

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i32 @stackswitch_suspend_i32(i32)

; CHECK: @stackswitch_resident_v3 = external global i64

define ptr @swap(ptr %to, ptr %v) noinline {
; CODE22-LABEL: swap:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_swap@GOTPCREL(%rip), %r11
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rcx, %rcx
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: movl %fs:8(%rcx), %eax
; CODE22-NEXT: cmpl %eax, 8(%rdi)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: movq %fs:(%rcx), %r8
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
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L1]]:
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
; CODE19-LABEL: swap:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_swap@GOTPCREL(%rip), %r11
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rcx, %rcx
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: movl %fs:8(%rcx), %eax
; CODE19-NEXT: cmpl %eax, 8(%rdi)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: movq %fs:(%rcx), %r8
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
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CHECK-LABEL: @swap(
; CHECK: [[WORDS:%.*]] = load atomic i64, ptr @stackswitch_resident_v3 monotonic, align 8
; CHECK: call { ptr, ptr, ptr, i64, ptr } asm sideeffect alignstack unwind "{{.*}}"(ptr %to, ptr %v, i64 [[WORDS]], ptr @stackswitch_swap)
; CHECK: %r = extractvalue
; CHECK: ret ptr %r
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

define i64 @resume(ptr %ctx, i64 %v) noinline {
; CODE22-LABEL: resume:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_resume_i64@GOTPCREL(%rip), %r11
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rcx, %rcx
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: movl %fs:8(%rcx), %eax
; CODE22-NEXT: cmpl %eax, 8(%rdi)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: movq %fs:(%rcx), %r8
; CODE22-NEXT: cmpq %r8, %rdi
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: movq %fs:32(%rcx), %r9
; CODE22-NEXT: movq (%r9), %r10
; CODE22-NEXT: orq 8(%r9), %r10
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: movq %r8, 40(%rdi)
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
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L1]]:
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
; CODE19-LABEL: resume:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_resume_i64@GOTPCREL(%rip), %r11
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rcx, %rcx
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: movl %fs:8(%rcx), %eax
; CODE19-NEXT: cmpl %eax, 8(%rdi)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: movq %fs:(%rcx), %r8
; CODE19-NEXT: cmpq %r8, %rdi
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: movq %fs:32(%rcx), %r9
; CODE19-NEXT: movq (%r9), %r10
; CODE19-NEXT: orq 8(%r9), %r10
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: movq %r8, 40(%rdi)
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
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CHECK-LABEL: @resume(
; CHECK: call { i64, ptr, i64, i64, ptr } asm {{.*}}(ptr %ctx, i64 %v, i64 %{{.*}}, ptr @stackswitch_resume_i64)
  %r = call i64 @stackswitch_resume_i64(ptr %ctx, i64 %v)
  ret i64 %r
}

define i32 @suspend(i32 %v) noinline {
; CODE22-LABEL: suspend:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_suspend_i32@GOTPCREL(%rip), %r11
; CODE22-NEXT: movl %edi, %esi
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
; CODE19-LABEL: suspend:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_suspend_i32@GOTPCREL(%rip), %r11
; CODE19-NEXT: movl %edi, %esi
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
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CHECK-LABEL: @suspend(
; CHECK: call { i32, i32, i64, ptr } asm {{.*}}(i32 %v, i64 %{{.*}}, ptr @stackswitch_suspend_i32)
  %r = call i32 @stackswitch_suspend_i32(i32 %v)
  ret i32 %r
}
