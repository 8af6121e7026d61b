; RUN: %opt -passes=stackswitch-inline,verify -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; RUN: %opt -passes=stackswitch-inline -pass-remarks=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; REMARK-COUNT-8: remark: {{.*}}: the switch is in place
; Where handlers of exceptions may be around a switch nothing in the assembly throws: it ends with the
; function that is to be called, if one is. The call is outside, with the handlers that the switch had.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i32 @stackswitch_suspend_i32(i32)
declare signext i8 @stackswitch_swap_i8(ptr, i8 signext)
declare i32 @__gxx_personality_v0(...)
declare void @use(ptr)
declare void @cleanup()

define ptr @invoked(ptr %to, ptr %v) personality ptr @__gxx_personality_v0 {
; CODE22-LABEL: invoked:
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
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L2]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L3]]-[[L1]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: [[L4:\.Ltmp[0-9]+]]:
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE22-NEXT: jmp [[BB1]]
; CODE22-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE22-NEXT: [[L6:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq %rax, %rdi
; CODE22-NEXT: callq _Unwind_Resume@PLT
; CODE19-LABEL: invoked:
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
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
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
; CODE19-NEXT: [[L4:\.Ltmp[0-9]+]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE19-NEXT: jmp [[BB1]]
; CODE19-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE19-NEXT: [[L6:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq %rax, %rdi
; CODE19-NEXT: callq _Unwind_Resume@PLT
; CHECK-LABEL: define ptr @invoked(
; CHECK: [[OUT:%.*]] = call { ptr, ptr, ptr, i64, ptr } asm sideeffect alignstack "{{.*}}"(ptr %to, ptr %v, i64 %{{.*}}, ptr @stackswitch_swap)
; CHECK: [[DONE:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 0
; CHECK: [[A:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 1
; CHECK: [[B:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 2
; CHECK: [[F:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 4
; CHECK: [[IF:%.*]] = icmp ne ptr [[F]], null
; CHECK: br i1 [[IF]], label %[[SLOW:.*]], label %[[AFTER:.*]], !prof
; CHECK: [[SLOW]]:
; CHECK-NEXT: [[CAME:%.*]] = invoke ptr [[F]](ptr [[A]], ptr [[B]])
; CHECK-NEXT: to label %[[AFTER]] unwind label %pad
; CHECK: [[AFTER]]:
; CHECK-NEXT: %r = phi ptr [ [[CAME]], %[[SLOW]] ], [ [[DONE]], %{{.*}} ]
; CHECK-NEXT: br label %done
; CHECK: ret ptr %r
; The runtime's function is called where the assembly has ended, and before the place where the
; context goes on are the mark and the place where it runs a function first.
  %r = invoke ptr @stackswitch_swap(ptr %to, ptr %v) to label %done unwind label %pad
done:
  ret ptr %r
pad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}

; A call in such a function. Variables of the frame stay in the first block.
define i64 @called(ptr %ctx, i64 %v) personality ptr @__gxx_personality_v0 {
; CODE22-LABEL: called:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $32, %rsp
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
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L2]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L3]]-[[L1]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: movq %rax, %rbx
; CODE22-NEXT: movq %rsp, %rdi
; CODE22-NEXT: callq use@PLT
; CODE22-NEXT: movq %rbx, %rax
; CODE22-NEXT: addq $32, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: jmp [[BB1]]
; CODE19-LABEL: called:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $32, %rsp
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
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: xorl %r11d, %r11d
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: testq %r11, %r11
; CODE19-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE19-NEXT: movq %rax, %rbx
; CODE19-NEXT: movq %rsp, %rdi
; CODE19-NEXT: callq use@PLT
; CODE19-NEXT: movq %rbx, %rax
; CODE19-NEXT: addq $32, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[BB1]]
; CHECK-LABEL: define i64 @called(
; CHECK-NEXT: %later = alloca [4 x i64]
; CHECK: call { i64, ptr, i64, i64, ptr } asm sideeffect alignstack "
; CHECK: br i1 %{{.*}}, label %[[SLOW:.*]], label %[[AFTER:.*]], !prof
; CHECK: [[SLOW]]:
; CHECK-NEXT: [[CAME:%.*]] = call i64 %{{.*}}(ptr %{{.*}}, i64 %{{.*}})
; CHECK-NEXT: br label %[[AFTER]]
; CHECK: [[AFTER]]:
; CHECK-NEXT: %r = phi i64 [ [[CAME]], %[[SLOW]] ],
; CHECK-NEXT: call void @use(ptr %later)
  %r = call i64 @stackswitch_resume_i64(ptr %ctx, i64 %v)
  %later = alloca [4 x i64]
  call void @use(ptr %later)
  ret i64 %r
}

; All that the function is given is as wide as a pointer; one that throws nothing says so.
define i32 @suspends(i32 %v) personality ptr @__gxx_personality_v0 {
; CODE22-LABEL: suspends:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movl %edi, %esi
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_suspend_i32@GOTPCREL(%rip), %r11
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
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L2]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L3]]-[[L1]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: jmp [[BB1]]
; CODE19-LABEL: suspends:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movl %edi, %esi
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_suspend_i32@GOTPCREL(%rip), %r11
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
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
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
; CHECK-LABEL: define i32 @suspends(
; CHECK: [[WIDE:%.*]] = zext i32 %v to i64
; CHECK: call { i32, i64, i64, i64, ptr } asm sideeffect alignstack "{{.*}}"(i64 [[WIDE]], i64 %{{.*}}, ptr @stackswitch_suspend_i32)
; CHECK: call i32 %{{.*}}(i64 %{{.*}}, i64 %{{.*}}) [[NOUNWIND:#[0-9]+]]
  %r = call i32 @stackswitch_suspend_i32(i32 %v) nounwind
  ret i32 %r
}

define i8 @small(ptr %to, i8 %v) personality ptr @__gxx_personality_v0 {
; CODE22-LABEL: small:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movsbl %sil, %esi
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_swap_i8@GOTPCREL(%rip), %r11
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
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L2]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L3]]-[[L1]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: jmp [[BB1]]
; CODE19-LABEL: small:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movsbl %sil, %esi
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_swap_i8@GOTPCREL(%rip), %r11
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
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
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
; CHECK-LABEL: define i8 @small(
; CHECK: [[INT:%.*]] = sext i8 %v to i32
; CHECK: [[WIDE:%.*]] = zext i32 [[INT]] to i64
; CHECK: call { i8, ptr, i64, i64, ptr } asm {{.*}}(ptr %to, i64 [[WIDE]],
; CHECK: call i8 %{{.*}}(ptr %{{.*}}, i64 %{{.*}})
  %r = call i8 @stackswitch_swap_i8(ptr %to, i8 signext %v)
  ret i8 %r
}

; The edge of an invoke may lead to where others come too.
define ptr @joined(ptr %to, i1 %c) personality ptr @__gxx_personality_v0 {
; CODE22-LABEL: joined:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: testb $1, %sil
; CODE22-NEXT: je [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmp [[BB1:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_swap@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %esi, %esi
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
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L2]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L3]]-[[L1]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: jne [[BB2:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1]]:
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE22-NEXT: [[BB2]]:
; CODE22-NEXT: [[L4:\.Ltmp[0-9]+]]:
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE22-NEXT: jmp [[BB1]]
; CODE22-NEXT: [[BB3:\.LBB[0-9_]+]]:
; CODE22-NEXT: [[L6:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movl $2, %eax
; CODE22-NEXT: jmp [[BB1]]
; CODE19-LABEL: joined:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: testb $1, %sil
; CODE19-NEXT: je [[BB0:\.LBB[0-9_]+]]
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmp [[BB1:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_swap@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %esi, %esi
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
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: xorl %r11d, %r11d
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: testq %r11, %r11
; CODE19-NEXT: jne [[BB2:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB1]]:
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB2]]:
; CODE19-NEXT: [[L4:\.Ltmp[0-9]+]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE19-NEXT: jmp [[BB1]]
; CODE19-NEXT: [[BB3:\.LBB[0-9_]+]]:
; CODE19-NEXT: [[L6:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movl $2, %eax
; CODE19-NEXT: jmp [[BB1]]
; CHECK-LABEL: define ptr @joined(
; CHECK: other:
; CHECK: br i1 %{{.*}}, label %[[SLOW:.*]], label %[[AFTER:.*]], !prof
; CHECK: [[SLOW]]:
; CHECK-NEXT: [[CAME:%.*]] = invoke
; CHECK-NEXT: to label %[[AFTER]] unwind label %pad
; CHECK: [[AFTER]]:
; CHECK-NEXT: %r = phi ptr [ [[CAME]], %[[SLOW]] ], [ %{{.*}}, %other ]
; CHECK-NEXT: br label %join
; CHECK: join:
; CHECK-NEXT: phi ptr [ null, %entry ], [ %r, %[[AFTER]] ]
; CHECK: pad:
; CHECK-NEXT: phi i32 [ 2, %[[SLOW]] ]
entry:
  br i1 %c, label %join, label %other
other:
  %r = invoke ptr @stackswitch_swap(ptr %to, ptr null) to label %join unwind label %pad
join:
  %p = phi ptr [ null, %entry ], [ %r, %other ]
  ret ptr %p
pad:
  %n = phi i32 [ 2, %other ]
  %e = landingpad { ptr, i32 } catch ptr null
  %q = inttoptr i32 %n to ptr
  ret ptr %q
}

; Two in a row, the second in a handler.
define i64 @again(ptr %to) personality ptr @__gxx_personality_v0 {
; CODE22-LABEL: again:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: pushq %rax
; CODE22-NEXT: movq %rdi, %rbp
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq stackswitch_resume_i64@GOTPCREL(%rip), %r11
; CODE22-NEXT: movl $1, %esi
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
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L2]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L3]]-[[L1]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: jne [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: addq $8, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: retq
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: [[L4:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %r14
; CODE22-NEXT: movq stackswitch_resume_i64@GOTPCREL(%rip), %rbx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE22-NEXT: jmp [[BB1]]
; CODE22-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE22-NEXT: [[L6:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq (%r14), %rcx
; CODE22-NEXT: movl $2, %esi
; CODE22-NEXT: movq %rbp, %rdi
; CODE22-NEXT: movq %rbx, %r11
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rcx, %rcx
; CODE22-NEXT: je [[L7:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L7]]
; CODE22-NEXT: movl %fs:8(%rcx), %eax
; CODE22-NEXT: cmpl %eax, 8(%rdi)
; CODE22-NEXT: jne [[L7]]
; CODE22-NEXT: movq %fs:(%rcx), %r8
; CODE22-NEXT: cmpq %r8, %rdi
; CODE22-NEXT: je [[L7]]
; CODE22-NEXT: movq %fs:32(%rcx), %r9
; CODE22-NEXT: movq (%r9), %r10
; CODE22-NEXT: orq 8(%r9), %r10
; CODE22-NEXT: jne [[L7]]
; CODE22-NEXT: movq %r8, 40(%rdi)
; CODE22-NEXT: movq %rbp, -16(%rsp)
; CODE22-NEXT: leaq [[L8:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, -64(%rsp)
; CODE22-NEXT: leaq -64(%rsp), %r10
; CODE22-NEXT: movq %r10, (%r8)
; CODE22-NEXT: movq %rdi, %fs:(%rcx)
; CODE22-NEXT: incq %fs:16(%rcx)
; CODE22-NEXT: movq (%rdi), %rdx
; CODE22-NEXT: movq %rsi, %rax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L7]]:
; CODE22-NEXT: jmp [[L9:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L10:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: jmp [[L9]]
; CODE22-NEXT: .long 1886352494
; CODE22-NEXT: .long [[L10]]-[[L8]]
; CODE22-NEXT: [[L8]]:
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: xorl %r11d, %r11d
; CODE22-NEXT: [[L9]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %r11, %r11
; CODE22-NEXT: je [[BB1]]
; CODE22-NEXT: [[L11:\.Ltmp[0-9]+]]:
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: [[L12:\.Ltmp[0-9]+]]:
; CODE22-NEXT: jmp [[BB1]]
; CODE22-NEXT: [[BB3:\.LBB[0-9_]+]]:
; CODE22-NEXT: [[L13:\.Ltmp[0-9]+]]:
; CODE22-NEXT: movq %rax, %rbx
; CODE22-NEXT: callq cleanup@PLT
; CODE22-NEXT: movq %rbx, %rdi
; CODE22-NEXT: callq _Unwind_Resume@PLT
; CODE19-LABEL: again:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq %rdi, %rbx
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq stackswitch_resume_i64@GOTPCREL(%rip), %rbp
; CODE19-NEXT: movl $1, %esi
; CODE19-NEXT: movq %rbp, %r11
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
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L2]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L3]]-[[L1]]
; CODE19-NEXT: [[L1]]:
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
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: [[L4:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %r14
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE19-NEXT: jmp [[BB1]]
; CODE19-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE19-NEXT: [[L6:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq (%r14), %rcx
; CODE19-NEXT: movl $2, %esi
; CODE19-NEXT: movq %rbx, %rdi
; CODE19-NEXT: movq %rbp, %r11
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rcx, %rcx
; CODE19-NEXT: je [[L7:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L7]]
; CODE19-NEXT: movl %fs:8(%rcx), %eax
; CODE19-NEXT: cmpl %eax, 8(%rdi)
; CODE19-NEXT: jne [[L7]]
; CODE19-NEXT: movq %fs:(%rcx), %r8
; CODE19-NEXT: cmpq %r8, %rdi
; CODE19-NEXT: je [[L7]]
; CODE19-NEXT: movq %fs:32(%rcx), %r9
; CODE19-NEXT: movq (%r9), %r10
; CODE19-NEXT: orq 8(%r9), %r10
; CODE19-NEXT: jne [[L7]]
; CODE19-NEXT: movq %r8, 40(%rdi)
; CODE19-NEXT: movq %rbp, -16(%rsp)
; CODE19-NEXT: movq %rbx, -24(%rsp)
; CODE19-NEXT: leaq [[L8:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, -64(%rsp)
; CODE19-NEXT: leaq -64(%rsp), %r10
; CODE19-NEXT: movq %r10, (%r8)
; CODE19-NEXT: movq %rdi, %fs:(%rcx)
; CODE19-NEXT: incq %fs:16(%rcx)
; CODE19-NEXT: movq (%rdi), %rdx
; CODE19-NEXT: movq %rsi, %rax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L7]]:
; CODE19-NEXT: jmp [[L9:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L10:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: jmp [[L9]]
; CODE19-NEXT: .long 1886352494
; CODE19-NEXT: .long [[L10]]-[[L8]]
; CODE19-NEXT: [[L8]]:
; CODE19-NEXT: movq 40(%rdx), %rbx
; CODE19-NEXT: movq 48(%rdx), %rbp
; CODE19-NEXT: leaq 64(%rdx), %rsp
; CODE19-NEXT: xorl %r11d, %r11d
; CODE19-NEXT: [[L9]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: testq %r11, %r11
; CODE19-NEXT: je [[BB1]]
; CODE19-NEXT: [[L11:\.Ltmp[0-9]+]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: [[L12:\.Ltmp[0-9]+]]:
; CODE19-NEXT: jmp [[BB1]]
; CODE19-NEXT: [[BB3:\.LBB[0-9_]+]]:
; CODE19-NEXT: [[L13:\.Ltmp[0-9]+]]:
; CODE19-NEXT: movq %rax, %rbx
; CODE19-NEXT: callq cleanup@PLT
; CODE19-NEXT: movq %rbx, %rdi
; CODE19-NEXT: callq _Unwind_Resume@PLT
; CHECK-LABEL: define i64 @again(
; CHECK-COUNT-2: asm sideeffect alignstack "

entry:
  %r = invoke i64 @stackswitch_resume_i64(ptr %to, i64 1) to label %done unwind label %pad
done:
  ret i64 %r
pad:
  %e = landingpad { ptr, i32 } catch ptr null
  %s = invoke i64 @stackswitch_resume_i64(ptr %to, i64 2) to label %caught unwind label %out
caught:
  ret i64 %s
out:
  %f = landingpad { ptr, i32 } cleanup
  call void @cleanup()
  resume { ptr, i32 } %f
}

; Without handlers all is in the assembly.
define ptr @plain(ptr %to, ptr %v) noinline {
; CODE22-LABEL: plain:
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
; CODE19-LABEL: plain:
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
; CHECK-LABEL: define ptr @plain(
; CHECK-NOT: br
; CHECK: asm sideeffect alignstack unwind "
; CHECK-NOT: br
; CHECK: ret ptr
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}
