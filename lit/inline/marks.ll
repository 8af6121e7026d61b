; RUN: %opt -passes=stackswitch-inline,verify -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; The mark that a swapcontext in place knows its objects by is loaded once, and handed on from one to the
; next, unless a call between them may have changed it. So is the object that control came by, unless
; something is written between them: its mark has been looked at.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i32 @stackswitch_swapcontext(ptr, ptr, ptr) returns_twice
declare void @elsewhere()
declare i64 @looks(ptr) nounwind memory(read)
declare void @llvm.lifetime.start.p0(i64, ptr)

define void @in_a_row(ptr %from, ptr %to) {
; CODE22-LABEL: in_a_row:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $24, %rsp
; CODE22-NEXT: movq %rdi, %rbp
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movq %rax, 16(%rsp)
; CODE22-NEXT: movq %rdi, (%rsp)
; CODE22-NEXT: movq %rsi, %rdx
; CODE22-NEXT: movq %rsi, 8(%rsp)
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
; CODE22-NEXT: movq %rcx, %rbx
; CODE22-NEXT: movq %rbp, %rdi
; CODE22-NEXT: callq looks@PLT
; CODE22-NEXT: movq %rax, (%rbp)
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: movq (%rsp), %rdi
; CODE22-NEXT: movq %rbx, %rcx
; CODE22-NEXT: movq 8(%rsp), %rdx
; CODE22-NEXT: movq 16(%rsp), %rsi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: leaq [[L4:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L3]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L5:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L4]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L5]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: addq $24, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: in_a_row:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $24, %rsp
; CODE19-NEXT: movq %rdi, %rbx
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movq %rax, 16(%rsp)
; CODE19-NEXT: movq %rdi, %rbp
; CODE19-NEXT: movq %rsi, %rdx
; CODE19-NEXT: movq %rsi, 8(%rsp)
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
; CODE19-NEXT: movq %rcx, %r14
; CODE19-NEXT: movq %rbx, %rdi
; CODE19-NEXT: callq looks@PLT
; CODE19-NEXT: movq %rax, (%rbx)
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: movq %rbp, %rdi
; CODE19-NEXT: movq %r14, %rcx
; CODE19-NEXT: movq 8(%rsp), %rdx
; CODE19-NEXT: movq 16(%rsp), %rsi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: leaq [[L4:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L3]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L5:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L4]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L5]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $24, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @in_a_row(
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: [[FIRST:%.*]] = call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[MARK]],
; CHECK: [[NEXT:%.*]] = extractvalue { i32, ptr, ptr, i64, ptr, ptr } [[FIRST]], 3
; CHECK-NOT: addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[NEXT]], ptr null,
; CHECK: ret void
  %a = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %l = call i64 @looks(ptr %from)
  store i64 %l, ptr %from
  %b = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret void
}

define void @around_a_call(ptr %from, ptr %to) {
; CODE22-LABEL: around_a_call:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $24, %rsp
; CODE22-NEXT: movq %rdi, %rbp
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movq %rax, 16(%rsp)
; CODE22-NEXT: movq %rsi, %rdx
; CODE22-NEXT: movq %rsi, 8(%rsp)
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
; CODE22-NEXT: callq elsewhere@PLT
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: movq %rbp, %rdi
; CODE22-NEXT: movq 8(%rsp), %rdx
; CODE22-NEXT: movq 16(%rsp), %rsi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: leaq [[L4:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L3]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L5:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L4]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L5]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: addq $24, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: around_a_call:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq %rsi, %rbp
; CODE19-NEXT: movq %rdi, %rbx
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movq %rax, (%rsp)
; CODE19-NEXT: movq %rax, %rsi
; CODE19-NEXT: movq %rbp, %rdx
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
; CODE19-NEXT: callq elsewhere@PLT
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: movq %rbx, %rdi
; CODE19-NEXT: movq %rbp, %rdx
; CODE19-NEXT: movq (%rsp), %rsi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: leaq [[L4:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L3]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L5:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L4]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L5]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @around_a_call(
; CHECK: load i64, ptr addrspace(257)
; CHECK: call {{.*}} asm
; CHECK-NOT: extractvalue {{.*}}, 3
; CHECK: call void @elsewhere()
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[MARK]],
  %a = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  call void @elsewhere()
  %b = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret void
}

define void @loop(ptr %from, ptr %to, i64 %n) {
; CODE22-LABEL: loop:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $24, %rsp
; CODE22-NEXT: movq %rdx, 16(%rsp)
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movq %rax, %rbp
; CODE22-NEXT: movq %rdi, 8(%rsp)
; CODE22-NEXT: movq %rsi, (%rsp)
; CODE22-NEXT: movq %rax, %rsi
; CODE22-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE22-NEXT: movq (%rsp), %rdx
; CODE22-NEXT: movq 8(%rsp), %rdi
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: cmpq %rsi, %rdi
; CODE22-NEXT: jne [[L1:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L2:\.Ltmp[0-9]+]]:
; CODE22-NEXT: leaq [[L3:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: je [[L2]]
; CODE22-NEXT: [[L0]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L4:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L4]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: incq %rbp
; CODE22-NEXT: cmpq 16(%rsp), %rbp
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: jb [[BB0]]
; CODE22-NEXT: addq $24, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: loop:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $24, %rsp
; CODE19-NEXT: movq %rdx, 16(%rsp)
; CODE19-NEXT: movq %rsi, %rbx
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movq %rax, %rbp
; CODE19-NEXT: movq %rdi, 8(%rsp)
; CODE19-NEXT: movq %rax, %rsi
; CODE19-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE19-NEXT: movq %rbx, %rdx
; CODE19-NEXT: movq 8(%rsp), %rdi
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: cmpq %rsi, %rdi
; CODE19-NEXT: jne [[L1:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L2:\.Ltmp[0-9]+]]:
; CODE19-NEXT: leaq [[L3:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: je [[L2]]
; CODE19-NEXT: [[L0]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L4:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L4]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: incq %rbp
; CODE19-NEXT: cmpq 16(%rsp), %rbp
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: jb [[BB0]]
; CODE19-NEXT: addq $24, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @loop(
; CHECK: entry:
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: br label %again
; CHECK: again:
; CHECK: [[LANDED:%.*]] = phi ptr [ null, %entry ], [ [[OBJECT:%.*]], %again ]
; CHECK: [[HANDED:%.*]] = phi i64 [ [[MARK]], %entry ], [ [[NEXT:%.*]], %again ]
; CHECK-NOT: addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[HANDED]], ptr [[LANDED]],
; CHECK-DAG: [[NEXT]] = extractvalue {{.*}}, 3
; CHECK-DAG: [[OBJECT]] = extractvalue {{.*}}, 2
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %j, %again ]
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %again, label %done
done:
  ret void
}

; Only the way with the call loads it once more.
define void @sometimes(ptr %from, ptr %to, i64 %n) {
; CODE22-LABEL: sometimes:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $24, %rsp
; CODE22-NEXT: movq %rdx, 16(%rsp)
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movq %rax, %rbp
; CODE22-NEXT: movq %rdi, 8(%rsp)
; CODE22-NEXT: movq %rsi, (%rsp)
; CODE22-NEXT: movq %rax, %rsi
; CODE22-NEXT: jmp [[BB0:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: callq elsewhere@PLT
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE22-NEXT: movq %rax, %rsi
; CODE22-NEXT: incq %rbp
; CODE22-NEXT: cmpq 16(%rsp), %rbp
; CODE22-NEXT: jae [[BB3:\.LBB[0-9_]+]]
; CODE22-NEXT: [[BB0]]:
; CODE22-NEXT: movq 8(%rsp), %rdi
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: movq (%rsp), %rdx
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L0]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L0]]
; CODE22-NEXT: cmpq %rsi, %rdi
; CODE22-NEXT: jne [[L1:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L2:\.Ltmp[0-9]+]]:
; CODE22-NEXT: leaq [[L3:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L1]]:
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: je [[L2]]
; CODE22-NEXT: [[L0]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L4:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L3]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L4]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testb $1, %bpl
; CODE22-NEXT: jne [[BB1]]
; CODE22-NEXT: movq %rdx, %rax
; CODE22-NEXT: jmp [[BB2]]
; CODE22-NEXT: [[BB3]]:
; CODE22-NEXT: addq $24, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: sometimes:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $24, %rsp
; CODE19-NEXT: movq %rdx, 16(%rsp)
; CODE19-NEXT: movq %rsi, %rbx
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movq %rax, %rbp
; CODE19-NEXT: movq %rdi, 8(%rsp)
; CODE19-NEXT: movq %rax, %rsi
; CODE19-NEXT: jmp [[BB0:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE19-NEXT: callq elsewhere@PLT
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE19-NEXT: movq %rax, %rsi
; CODE19-NEXT: incq %rbp
; CODE19-NEXT: cmpq 16(%rsp), %rbp
; CODE19-NEXT: jae [[BB3:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: movq 8(%rsp), %rdi
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: movq %rbx, %rdx
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L0:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L0]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L0]]
; CODE19-NEXT: cmpq %rsi, %rdi
; CODE19-NEXT: jne [[L1:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L2:\.Ltmp[0-9]+]]:
; CODE19-NEXT: leaq [[L3:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L1]]:
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: je [[L2]]
; CODE19-NEXT: [[L0]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L4:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L3]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L4]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: testb $1, %bpl
; CODE19-NEXT: jne [[BB1]]
; CODE19-NEXT: movq %rdx, %rax
; CODE19-NEXT: jmp [[BB2]]
; CODE19-NEXT: [[BB3]]:
; CODE19-NEXT: addq $24, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @sometimes(
; CHECK: again:
; CHECK: [[HANDED:%.*]] = phi i64 [ %{{.*}}, %entry ], [ [[THERE:%.*]], %there ]
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[HANDED]],
; CHECK: [[NEXT:%.*]] = extractvalue {{.*}}, 3
; CHECK: calls:
; CHECK: call void @elsewhere()
; CHECK: [[LOADED:%.*]] = load i64, ptr addrspace(257)
; CHECK: there:
; CHECK: [[THERE]] = phi i64 [ [[NEXT]], %again ], [ [[LOADED]], %calls ]
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %j, %there ]
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %odd = trunc i64 %i to i1
  br i1 %odd, label %calls, label %there
calls:
  call void @elsewhere()
  br label %there
there:
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %again, label %done
done:
  ret void
}

; A way may end with what may change it: nothing is handed on there.
define void @jumps(ptr %from, ptr %to) {
; CODE22-LABEL: jumps:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $24, %rsp
; CODE22-NEXT: movq %rsi, %rbp
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movl %eax, %esi
; CODE22-NEXT: movq %rdi, 16(%rsp)
; CODE22-NEXT: movq %rbp, %rdx
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
; CODE22-NEXT: #APP
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movq %rax, 8(%rsp)
; CODE22-NEXT: movq 16(%rsp), %rax
; CODE22-NEXT: movq %rax, (%rsp)
; CODE22-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: movq (%rsp), %rdi
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: movq %rbp, %rdx
; CODE22-NEXT: movq 8(%rsp), %rsi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: leaq [[L4:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L3]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L5:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L4]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L5]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: #APP
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: jmp [[BB1]]
; CODE22-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE22-NEXT: addq $24, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: jumps:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: pushq %rax
; CODE19-NEXT: movq %rsi, %rbp
; CODE19-NEXT: movq %rdi, %rbx
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movl %eax, %esi
; CODE19-NEXT: movq %rbp, %rdx
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
; CODE19-NEXT: #APP
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movq %rax, (%rsp)
; CODE19-NEXT: [[BB1:\.LBB[0-9_]+]]:
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: movq %rbx, %rdi
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: movq %rbp, %rdx
; CODE19-NEXT: movq (%rsp), %rsi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: leaq [[L4:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L3]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L5:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L4]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L5]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: #APP
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: jmp [[BB1]]
; CODE19-NEXT: [[BB2:\.LBB[0-9_]+]]:
; CODE19-NEXT: addq $8, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @jumps(
; CHECK: after:
; CHECK-NEXT: br label %again
; CHECK: again:
; CHECK-NOT: phi
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[MARK]],
entry:
  %a = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  callbr void asm sideeffect "", "!i"() to label %after [label %after]
after:
  br label %again
again:
  %b = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  callbr void asm sideeffect "", "!i"() to label %again [label %done]
done:
  ret void
}

; What is written may be an object.
define void @writes(ptr %from, ptr %to, i64 %n) {
; CODE22-LABEL: writes:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $56, %rsp
; CODE22-NEXT: movq %rdx, 48(%rsp)
; CODE22-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rax
; CODE22-NEXT: movq %fs:(%rax), %rcx
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movl %eax, %ebp
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq %rdi, 40(%rsp)
; CODE22-NEXT: movq %rdi, 32(%rsp)
; CODE22-NEXT: movq %rsi, 8(%rsp)
; CODE22-NEXT: movq %rax, 24(%rsp)
; CODE22-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE22-NEXT: movq %rbp, 16(%rsp)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: movl %eax, %esi
; CODE22-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE22-NEXT: movq 8(%rsp), %rdx
; CODE22-NEXT: movq 32(%rsp), %rbp
; CODE22-NEXT: movq %rbp, %rdi
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
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: movq 24(%rsp), %r11
; CODE22-NEXT: movq 8(%rsp), %rdx
; CODE22-NEXT: movq %rbp, %rdi
; CODE22-NEXT: #APP
; CODE22-NEXT: testq %rdi, %rdi
; CODE22-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE22-NEXT: testq %rdx, %rdx
; CODE22-NEXT: je [[L3]]
; CODE22-NEXT: cmpq %rcx, 8(%rdx)
; CODE22-NEXT: jne [[L3]]
; CODE22-NEXT: cmpq %rsi, %rdi
; CODE22-NEXT: jne [[L4:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE22-NEXT: leaq [[L6:\.Ltmp[0-9]+]](%rip), %r10
; CODE22-NEXT: movq %r10, (%rdi)
; CODE22-NEXT: movq %rsp, 16(%rdi)
; CODE22-NEXT: movq %rbp, 40(%rdi)
; CODE22-NEXT: xorl %eax, %eax
; CODE22-NEXT: jmpq *(%rdx)
; CODE22-NEXT: [[L4]]:
; CODE22-NEXT: cmpq %rcx, 8(%rdi)
; CODE22-NEXT: je [[L5]]
; CODE22-NEXT: [[L3]]:
; CODE22-NEXT: movq %rdx, %rsi
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: callq *%r11
; CODE22-NEXT: xorl %edx, %edx
; CODE22-NEXT: jmp [[L7:\.Ltmp[0-9]+]]
; CODE22-NEXT: [[L6]]:
; CODE22-NEXT: movq 40(%rdx), %rbp
; CODE22-NEXT: movq 16(%rdx), %rsp
; CODE22-NEXT: [[L7]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: movq 16(%rsp), %rbp
; CODE22-NEXT: movq 40(%rsp), %rax
; CODE22-NEXT: movq %rbp, (%rax)
; CODE22-NEXT: incq %rbp
; CODE22-NEXT: cmpq 48(%rsp), %rbp
; CODE22-NEXT: jb [[BB0]]
; CODE22-NEXT: addq $56, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: jmp __x86_return_thunk
; CODE19-LABEL: writes:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $56, %rsp
; CODE19-NEXT: movq %rdx, 48(%rsp)
; CODE19-NEXT: movq stackswitch_plain_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rax
; CODE19-NEXT: movq %fs:(%rax), %rcx
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movl %eax, %ebp
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq %rdi, 40(%rsp)
; CODE19-NEXT: movq %rdi, 32(%rsp)
; CODE19-NEXT: movq %rsi, 24(%rsp)
; CODE19-NEXT: movq %rax, 16(%rsp)
; CODE19-NEXT: movq 32(%rsp), %rbx
; CODE19-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE19-NEXT: movq %rbp, 8(%rsp)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: movl %eax, %esi
; CODE19-NEXT: movq stackswitch_swapcontext@GOTPCREL(%rip), %r11
; CODE19-NEXT: movq 24(%rsp), %rbp
; CODE19-NEXT: movq %rbp, %rdx
; CODE19-NEXT: movq %rbx, %rdi
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
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: movq 16(%rsp), %r11
; CODE19-NEXT: movq %rbp, %rdx
; CODE19-NEXT: movq %rbx, %rdi
; CODE19-NEXT: #APP
; CODE19-NEXT: testq %rdi, %rdi
; CODE19-NEXT: je [[L3:\.Ltmp[0-9]+]]
; CODE19-NEXT: testq %rdx, %rdx
; CODE19-NEXT: je [[L3]]
; CODE19-NEXT: cmpq %rcx, 8(%rdx)
; CODE19-NEXT: jne [[L3]]
; CODE19-NEXT: cmpq %rsi, %rdi
; CODE19-NEXT: jne [[L4:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L5:\.Ltmp[0-9]+]]:
; CODE19-NEXT: leaq [[L6:\.Ltmp[0-9]+]](%rip), %r10
; CODE19-NEXT: movq %r10, (%rdi)
; CODE19-NEXT: movq %rsp, 16(%rdi)
; CODE19-NEXT: movq %rbp, 40(%rdi)
; CODE19-NEXT: movq %rbx, 32(%rdi)
; CODE19-NEXT: xorl %eax, %eax
; CODE19-NEXT: jmpq *(%rdx)
; CODE19-NEXT: [[L4]]:
; CODE19-NEXT: cmpq %rcx, 8(%rdi)
; CODE19-NEXT: je [[L5]]
; CODE19-NEXT: [[L3]]:
; CODE19-NEXT: movq %rdx, %rsi
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: xorl %edx, %edx
; CODE19-NEXT: jmp [[L7:\.Ltmp[0-9]+]]
; CODE19-NEXT: [[L6]]:
; CODE19-NEXT: movq 32(%rdx), %rbx
; CODE19-NEXT: movq 40(%rdx), %rbp
; CODE19-NEXT: movq 16(%rdx), %rsp
; CODE19-NEXT: [[L7]]:
; CODE19-NEXT: #NO_APP
; CODE19-NEXT: movq 8(%rsp), %rbp
; CODE19-NEXT: movq 40(%rsp), %rax
; CODE19-NEXT: movq %rbp, (%rax)
; CODE19-NEXT: incq %rbp
; CODE19-NEXT: cmpq 48(%rsp), %rbp
; CODE19-NEXT: jb [[BB0]]
; CODE19-NEXT: addq $56, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: jmp __x86_return_thunk
; CHECK-LABEL: @writes(
; CHECK: again:
; CHECK-NOT: phi ptr
; CHECK: [[HANDED:%.*]] = phi i64
; CHECK-NOT: phi ptr
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[HANDED]], ptr null,
; CHECK: [[OBJECT:%.*]] = extractvalue {{.*}}, 2
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 %{{.*}}, ptr [[OBJECT]],
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %j, %again ]
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %s = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  store i64 %i, ptr %from
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %again, label %done
done:
  ret void
}
