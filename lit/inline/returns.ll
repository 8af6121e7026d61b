; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm
; A function that always makes a swapcontext returns by a jump, and so do functions that always call it.
; Others return as ever.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; CHECK: module asm "popq %r11"
; CHECK-NOT: module asm "popq %r11"

declare i32 @stackswitch_ucontext_swapcontext(ptr, ptr) returns_twice
declare void @other()

; CHECK: define void @helper(ptr %from, ptr %to) [[JUMPS:#[0-9]+]]
define void @helper(ptr %from, ptr %to) noinline {
; CODE22-LABEL: helper:
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
; CODE19-LABEL: helper:
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
  %1 = call i32 @stackswitch_ucontext_swapcontext(ptr %from, ptr %to) returns_twice
  ret void
}

; CHECK: define void @helper_of_helper(ptr %from, ptr %to) [[JUMPS2:#[0-9]+]]
define void @helper_of_helper(ptr %from, ptr %to) {
; CODE-LABEL: helper_of_helper:
; CODE-NEXT: pushq %rax
; CODE-NEXT: callq helper@PLT
; CODE-NEXT: callq other@PLT
; CODE-NEXT: popq %rax
; CODE-NEXT: jmp __x86_return_thunk
  call void @helper(ptr %from, ptr %to)
  call void @other()
  ret void
}

; CHECK: define void @both_ways(i1 %which, ptr %from, ptr %to) [[JUMPS2]]
define void @both_ways(i1 %which, ptr %from, ptr %to) {
; CODE-LABEL: both_ways:
; CODE-NEXT: pushq %rax
; CODE-NEXT: testb $1, %dil
; CODE-NEXT: je [[BB0:\.LBB[0-9_]+]]
; CODE-NEXT: movq %rsi, %rdi
; CODE-NEXT: movq %rdx, %rsi
; CODE-NEXT: jmp [[BB1:\.LBB[0-9_]+]]
; CODE-NEXT: [[BB0]]:
; CODE-NEXT: movq %rdx, %rdi
; CODE-NEXT: [[BB1]]:
; CODE-NEXT: callq helper@PLT
; CODE-NEXT: popq %rax
; CODE-NEXT: jmp __x86_return_thunk
  br i1 %which, label %a, label %b
a:
  call void @helper(ptr %from, ptr %to)
  br label %end
b:
  call void @helper(ptr %to, ptr %from)
  ret void
end:
  ret void
}

; CHECK-LABEL: define void @sometimes(i1 %whether, ptr %from, ptr %to) {
define void @sometimes(i1 %whether, ptr %from, ptr %to) {
; CODE-LABEL: sometimes:
; CODE-NEXT: testb $1, %dil
; CODE-NEXT: je [[BB0:\.LBB[0-9_]+]]
; CODE-NEXT: pushq %rax
; CODE-NEXT: movq %rsi, %rdi
; CODE-NEXT: movq %rdx, %rsi
; CODE-NEXT: callq helper@PLT
; CODE-NEXT: addq $8, %rsp
; CODE-NEXT: [[BB0]]:
; CODE-NEXT: retq
  br i1 %whether, label %a, label %end
a:
  call void @helper(ptr %from, ptr %to)
  br label %end
end:
  ret void
}

; CHECK-LABEL: define void @never_leaves(ptr %from, ptr %to) {
define void @never_leaves(ptr %from, ptr %to) {
; CODE-LABEL: never_leaves:
; CODE-NEXT: pushq %r14
; CODE-NEXT: pushq %rbx
; CODE-NEXT: pushq %rax
; CODE-NEXT: movq %rsi, %rbx
; CODE-NEXT: movq %rdi, %r14
; CODE-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE-NEXT: movq %r14, %rdi
; CODE-NEXT: movq %rbx, %rsi
; CODE-NEXT: callq helper@PLT
; CODE-NEXT: jmp [[BB0]]
  br label %loop
loop:
  call void @helper(ptr %from, ptr %to)
  br label %loop
}

; CHECK-LABEL: define void @by_pointer(ptr %helper, ptr %from, ptr %to) {
define void @by_pointer(ptr %helper, ptr %from, ptr %to) {
; CODE-LABEL: by_pointer:
; CODE-NEXT: pushq %rax
; CODE-NEXT: movq %rdi, %rax
; CODE-NEXT: movq %rsi, %rdi
; CODE-NEXT: movq %rdx, %rsi
; CODE-NEXT: callq *%rax
; CODE-NEXT: popq %rax
; CODE-NEXT: retq
  call void %helper(ptr %from, ptr %to)
  ret void
}

; CHECK-LABEL: define void @recursive(i1 %again, ptr %from, ptr %to) {
define void @recursive(i1 %again, ptr %from, ptr %to) {
; CODE-LABEL: recursive:
; CODE-NEXT: pushq %rbp
; CODE-NEXT: pushq %r14
; CODE-NEXT: pushq %rbx
; CODE-NEXT: movq %rdx, %r14
; CODE-NEXT: movq %rsi, %rbx
; CODE-NEXT: movl %edi, %ebp
; CODE-NEXT: movq %rsi, %rdi
; CODE-NEXT: movq %rdx, %rsi
; CODE-NEXT: callq helper@PLT
; CODE-NEXT: testb $1, %bpl
; CODE-NEXT: je [[BB0:\.LBB[0-9_]+]]
; CODE-NEXT: movzbl %bpl, %edi
; CODE-NEXT: movq %r14, %rsi
; CODE-NEXT: movq %rbx, %rdx
; CODE-NEXT: callq recursive@PLT
; CODE-NEXT: [[BB0]]:
; CODE-NEXT: popq %rbx
; CODE-NEXT: popq %r14
; CODE-NEXT: popq %rbp
; CODE-NEXT: retq
  call void @helper(ptr %from, ptr %to)
  br i1 %again, label %more, label %end
more:
  call void @recursive(i1 %again, ptr %to, ptr %from)
  br label %end
end:
  ret void
}

; The convention has a value in each register.
; CHECK-LABEL: define preserve_nonecc void @other_convention(ptr %from, ptr %to) {
define preserve_nonecc void @other_convention(ptr %from, ptr %to) {
; CODE-LABEL: other_convention:
; CODE-NEXT: pushq %rax
; CODE-NEXT: movq %r13, %rsi
; CODE-NEXT: movq %r12, %rdi
; CODE-NEXT: callq helper@PLT
; CODE-NEXT: popq %rax
; CODE-NEXT: retq
  call void @helper(ptr %from, ptr %to)
  ret void
}

; CHECK: attributes [[JUMPS]] = { {{.*}}fn_ret_thunk_extern{{.*}}noinline
; CHECK: attributes [[JUMPS2]] = { fn_ret_thunk_extern }
