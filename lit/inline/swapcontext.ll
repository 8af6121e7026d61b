; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; RUN: %opt -passes=stackswitch-inline -pass-remarks=stackswitch -pass-remarks-missed=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S %s | FileCheck %s
; A swapcontext without a base becomes a capture in place, which may return more than once, on the
; program's own objects and on those in the system's structures.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i32 @stackswitch_swapcontext(ptr, ptr, ptr) returns_twice
declare i32 @stackswitch_ucontext_swapcontext(ptr, ptr) returns_twice
declare i32 @stackswitch_getcontext(ptr, ptr) returns_twice
declare i64 @stackswitch_suspend_i64(i64)

; CHECK: @stackswitch_plain_v3 = external global i64

; REMARK: the switch is in place
define i32 @own(ptr %from, ptr %to) {
; CODE22-LABEL: own:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movq %rsi, %rdx
; CODE22-NEXT: movq %rax, %rsi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L0]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: own:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movq %rsi, %rdx
; CODE19-NEXT: movq %rax, %rsi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L0]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @own(
; CHECK: [[WHERE:%.*]] = load atomic i64, ptr @stackswitch_plain_v3 monotonic, align 8
; CHECK: [[WORD:%.*]] = inttoptr i64 [[WHERE]] to ptr addrspace(257)
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257) [[WORD]], align 8
; CHECK: call { i32, ptr, ptr, i64, ptr, ptr } asm sideeffect alignstack unwind "{{.*}}"(ptr %from, ptr %to, i64 [[MARK]], ptr null, ptr @stackswitch_swapcontext) [[TWICE:#[0-9]+]]
; CHECK: extractvalue
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

; REMARK: the switch is a call: it has a base, so a slice is made
define i32 @based(ptr %from, ptr %to, ptr %base) {
; CODE-LABEL: based:
; CODE-NEXT: pushq %rax
; CODE-NEXT: callq stackswitch_swapcontext@PLT
; CODE-NEXT: popq %rcx
; CODE-NEXT: retq
; CHECK-LABEL: @based(
; CHECK: call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr %base)
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr %base)
  ret i32 %r
}

; REMARK: the switch is a call: the function calls what returns twice
define i32 @captures(ptr %from, ptr %to) {
; CODE-LABEL: captures:
; CODE-NEXT: pushq %r15
; CODE-NEXT: pushq %r14
; CODE-NEXT: pushq %rbx
; CODE-NEXT: movq %rsi, %rbx
; CODE-NEXT: movq %rdi, %r14
; CODE-NEXT: xorl %eax, %eax
; CODE-NEXT: movl %eax, %r15d
; CODE-NEXT: movq %r15, %rsi
; CODE-NEXT: callq stackswitch_getcontext@PLT
; CODE-NEXT: movq %r14, %rdi
; CODE-NEXT: movq %rbx, %rsi
; CODE-NEXT: movq %r15, %rdx
; CODE-NEXT: callq stackswitch_swapcontext@PLT
; CODE-NEXT: popq %rbx
; CODE-NEXT: popq %r14
; CODE-NEXT: popq %r15
; CODE-NEXT: retq
; CHECK-LABEL: @captures(
; CHECK: call i32 @stackswitch_swapcontext(
  %g = call i32 @stackswitch_getcontext(ptr %from, ptr null)
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

define i64 @both(ptr %from, ptr %to, i64 %v) {
; CODE22-LABEL: both:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: pushq %rax
; CODE22-NEXT: movq %rsi, %rbx
; CODE22-NEXT: movq %rdi, %r14
; CODE22-NEXT: movq %rdx, %rdi
; CODE22-NEXT: callq stackswitch_suspend_i64@PLT
; CODE22-NEXT: movq %rax, %rbp
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movl %eax, %esi
; CODE22-NEXT: movq %rbx, %rdx
; CODE22-NEXT: movq %r14, %rdi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L0]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: movq %rbp, %rax
; CODE22-NEXT: addq $8, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: both:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq %rsi, %rbx
; CODE19-NEXT: movq %rdi, %r14
; CODE19-NEXT: movq %rdx, %rdi
; CODE19-NEXT: callq stackswitch_suspend_i64@PLT
; CODE19-NEXT: movq %rax, %rbp
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movl %eax, %esi
; CODE19-NEXT: movq %rbx, %rdx
; CODE19-NEXT: movq %r14, %rdi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L0]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: movq %rbp, %rax
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @both(
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK: asm
  %s = call i64 @stackswitch_suspend_i64(i64 %v)
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i64 %s
}

define i32 @system(ptr %from, ptr %to) {
; CODE22-LABEL: system:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: addq $160, %rdi
; CODE22-NEXT: leaq 160(%rsi), %rdx
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_ucontext_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movl %eax, %esi
; CODE22-NEXT: #APP
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L0]]:
; CODE22-NEXT: leaq -160(%rdi), %rdi
; CODE22-NEXT: leaq -160(%rdx), %rsi
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: system:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: addq $160, %rdi
; CODE19-NEXT: leaq 160(%rsi), %rdx
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_ucontext_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movl %eax, %esi
; CODE19-NEXT: #APP
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: leaq [[L1:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L0]]:
; CODE19-NEXT: leaq -160(%rdi), %rdi
; CODE19-NEXT: leaq -160(%rdx), %rsi
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L2:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L2]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @system(
; CHECK: [[FROM:%.*]] = getelementptr inbounds i8, ptr %from, i64 160
; CHECK: [[TO:%.*]] = getelementptr inbounds i8, ptr %to, i64 160
; CHECK: asm {{.*}}(ptr [[FROM]], ptr [[TO]], i64 %{{.*}}, ptr null, ptr @stackswitch_ucontext_swapcontext)
  %r = call i32 @stackswitch_ucontext_swapcontext(ptr %from, ptr %to)
  ret i32 %r
}

; CHECK: attributes [[TWICE]] = { returns_twice }
