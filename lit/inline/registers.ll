; RUN: %opt -passes=stackswitch-inline -S %s | %code %s --check-prefixes=CODE,CODE%llvm --implicit-check-not=warning
; What is live across a switch is saved, whatever register it is in; what is not live is not.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @nothing(i64 %v) {
; CODE22-LABEL: nothing:
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
; CODE19-LABEL: nothing:
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
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}

define void @wide(i64 %v, ptr %at) "target-features"="+avx512f,+avx512vl,+avx512bw" {
; CODE22-LABEL: wide:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $72, %rsp
; CODE22-NEXT: movq %rsi, %rbp
; CODE22-NEXT: vmovaps (%rsi), %zmm0
; CODE22-NEXT: vmovups %zmm0, (%rsp)
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
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: vmovups (%rsp), %zmm0
; CODE22-NEXT: vmovaps %zmm0, (%rbp)
; CODE22-NEXT: addq $72, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: vzeroupper
; CODE22-NEXT: retq
; CODE19-LABEL: wide:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $64, %rsp
; CODE19-NEXT: movq %rsi, %rbx
; CODE19-NEXT: vmovaps (%rsi), %zmm0
; CODE19-NEXT: vmovups %zmm0, (%rsp)
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
; CODE19-NEXT: vmovups (%rsp), %zmm0
; CODE19-NEXT: vmovaps %zmm0, (%rbx)
; CODE19-NEXT: addq $64, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: vzeroupper
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: vzeroupper
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[BB1]]
  %x = load volatile <16 x float>, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  store volatile <16 x float> %x, ptr %at
  ret void
}

define void @mask(i64 %v, ptr %at) "target-features"="+avx512f,+avx512vl,+avx512bw" {
; CODE22-LABEL: mask:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $72, %rsp
; CODE22-NEXT: movq %rsi, %rbp
; CODE22-NEXT: vmovaps (%rsi), %zmm0
; CODE22-NEXT: vmovups %zmm0, (%rsp)
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
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: vmovdqu64 (%rsp), %zmm1
; CODE22-NEXT: vptestnmd %zmm1, %zmm1, %k1
; CODE22-NEXT: vmovdqa64 (%rbp), %zmm0
; CODE22-NEXT: vmovdqa32 %zmm1, %zmm0 {%k1}
; CODE22-NEXT: vmovdqa64 %zmm0, (%rbp)
; CODE22-NEXT: addq $72, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: vzeroupper
; CODE22-NEXT: retq
; CODE19-LABEL: mask:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: subq $64, %rsp
; CODE19-NEXT: movq %rsi, %rbx
; CODE19-NEXT: vmovaps (%rsi), %zmm0
; CODE19-NEXT: vmovups %zmm0, (%rsp)
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
; CODE19-NEXT: vmovdqu64 (%rsp), %zmm1
; CODE19-NEXT: vptestnmd %zmm1, %zmm1, %k1
; CODE19-NEXT: vmovdqa64 (%rbx), %zmm0
; CODE19-NEXT: vmovdqa32 %zmm1, %zmm0 {%k1}
; CODE19-NEXT: vmovdqa64 %zmm0, (%rbx)
; CODE19-NEXT: addq $64, %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: vzeroupper
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: vzeroupper
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[BB1]]
  %a = load volatile <16 x i32>, ptr %at
  %m = icmp eq <16 x i32> %a, zeroinitializer
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  %b = load volatile <16 x i32>, ptr %at
  %s = select <16 x i1> %m, <16 x i32> %a, <16 x i32> %b
  store volatile <16 x i32> %s, ptr %at
  ret void
}

define x86_fp80 @extended(i64 %v, x86_fp80 %x) {
; CODE22-LABEL: extended:
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: subq $16, %rsp
; CODE22-NEXT: fldt 64(%rsp)
; CODE22-NEXT: fmul %st, %st(0)
; CODE22-NEXT: fstpt 4(%rsp)
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
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: fldt 4(%rsp)
; CODE22-NEXT: addq $16, %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: retq
; CODE19-LABEL: extended:
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: subq $24, %rsp
; CODE19-NEXT: fldt 64(%rsp)
; CODE19-NEXT: fmul %st, %st(0)
; CODE19-NEXT: fstpt 12(%rsp)
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
; CODE19-NEXT: fldt 12(%rsp)
; CODE19-NEXT: addq $24, %rsp
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[BB1]]
  %y = fmul x86_fp80 %x, %x
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret x86_fp80 %y
}

define i64 @dynamic(i64 %v, ptr %at) {
; CODE22-LABEL: dynamic:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: movq %rsp, %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: andq $-64, %rsp
; CODE22-NEXT: subq $64, %rsp
; CODE22-NEXT: movq %rsp, %rbx
; CODE22-NEXT: movq %rsp, %rax
; CODE22-NEXT: leaq 15(%rdi), %rcx
; CODE22-NEXT: andq $-16, %rcx
; CODE22-NEXT: subq %rcx, %rax
; CODE22-NEXT: movq %rax, %rsp
; CODE22-NEXT: movq %rdi, (%rbx)
; CODE22-NEXT: movq %rax, (%rsi)
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
; CODE22-NEXT: movq %rbx, -24(%rsp)
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
; CODE22-NEXT: movq 40(%rdx), %rbx
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: movq (%rbx), %rax
; CODE22-NEXT: leaq -40(%rbp), %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: retq
; CODE19-LABEL: dynamic:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: movq %rsp, %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: andq $-64, %rsp
; CODE19-NEXT: subq $64, %rsp
; CODE19-NEXT: movq %rsp, %rbx
; CODE19-NEXT: movq %rsp, %rax
; CODE19-NEXT: leaq 15(%rdi), %rcx
; CODE19-NEXT: andq $-16, %rcx
; CODE19-NEXT: subq %rcx, %rax
; CODE19-NEXT: movq %rax, %rsp
; CODE19-NEXT: movq %rdi, (%rbx)
; CODE19-NEXT: movq %rax, (%rsi)
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
; CODE19-NEXT: movq (%rbx), %rax
; CODE19-NEXT: leaq -40(%rbp), %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: retq
; CODE19-NEXT: [[BB0]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: jmp [[BB1]]
; An aligned frame that grows has rbx for a base pointer, which the switch keeps.
  %aligned = alloca i64, align 64
  %grown = alloca i8, i64 %v
  store volatile i64 %v, ptr %aligned
  store volatile ptr %grown, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  %l = load volatile i64, ptr %aligned
  ret i64 %l
}

define i64 @later(i64 %v, ptr %at) {
; CODE22-LABEL: later:
; CODE22-NEXT: pushq %rbp
; CODE22-NEXT: movq %rsp, %rbp
; CODE22-NEXT: pushq %r15
; CODE22-NEXT: pushq %r14
; CODE22-NEXT: pushq %r13
; CODE22-NEXT: pushq %r12
; CODE22-NEXT: pushq %rbx
; CODE22-NEXT: andq $-64, %rsp
; CODE22-NEXT: subq $128, %rsp
; CODE22-NEXT: movq %rsp, %rbx
; CODE22-NEXT: movq %rsi, 64(%rbx)
; CODE22-NEXT: movq %rdi, 56(%rbx)
; CODE22-NEXT: movq %rdi, (%rbx)
; CODE22-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE22-NEXT: movq %rsp, %rax
; CODE22-NEXT: addq $-16, %rax
; CODE22-NEXT: movq %rax, %rsp
; CODE22-NEXT: movq 64(%rbx), %rcx
; CODE22-NEXT: movq %rax, (%rcx)
; CODE22-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE22-NEXT: movq (%rax), %rcx
; CODE22-NEXT: movq 56(%rbx), %rsi
; CODE22-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
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
; CODE22-NEXT: movq %rbx, -24(%rsp)
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
; CODE22-NEXT: movq 40(%rdx), %rbx
; CODE22-NEXT: movq 48(%rdx), %rbp
; CODE22-NEXT: leaq 64(%rdx), %rsp
; CODE22-NEXT: [[L2]]:
; CODE22-NEXT: #NO_APP
; CODE22-NEXT: testq %rax, %rax
; CODE22-NEXT: je [[BB0]]
; CODE22-NEXT: movq (%rbx), %rax
; CODE22-NEXT: leaq -40(%rbp), %rsp
; CODE22-NEXT: popq %rbx
; CODE22-NEXT: popq %r12
; CODE22-NEXT: popq %r13
; CODE22-NEXT: popq %r14
; CODE22-NEXT: popq %r15
; CODE22-NEXT: popq %rbp
; CODE22-NEXT: retq
; CODE19-LABEL: later:
; CODE19-NEXT: pushq %rbp
; CODE19-NEXT: movq %rsp, %rbp
; CODE19-NEXT: pushq %r15
; CODE19-NEXT: pushq %r14
; CODE19-NEXT: pushq %r13
; CODE19-NEXT: pushq %r12
; CODE19-NEXT: pushq %rbx
; CODE19-NEXT: andq $-64, %rsp
; CODE19-NEXT: subq $128, %rsp
; CODE19-NEXT: movq %rsp, %rbx
; CODE19-NEXT: movq %rsi, 64(%rbx)
; CODE19-NEXT: movq %rdi, 56(%rbx)
; CODE19-NEXT: movq %rdi, (%rbx)
; CODE19-NEXT: [[BB0:\.LBB[0-9_]+]]:
; CODE19-NEXT: movq %rsp, %rax
; CODE19-NEXT: addq $-16, %rax
; CODE19-NEXT: movq %rax, %rsp
; CODE19-NEXT: movq 64(%rbx), %rcx
; CODE19-NEXT: movq %rax, (%rcx)
; CODE19-NEXT: movq stackswitch_resident_v3@GOTPCREL(%rip), %rax
; CODE19-NEXT: movq (%rax), %rcx
; CODE19-NEXT: movq 56(%rbx), %rsi
; CODE19-NEXT: movq stackswitch_suspend_i64@GOTPCREL(%rip), %r11
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
; CODE19-NEXT: jne [[BB1:\.LBB[0-9_]+]]
; CODE19-NEXT: testq %rax, %rax
; CODE19-NEXT: je [[BB0]]
; CODE19-NEXT: jmp [[BB2:\.LBB[0-9_]+]]
; CODE19-NEXT: [[BB1]]:
; CODE19-NEXT: callq *%r11
; CODE19-NEXT: testq %rax, %rax
; CODE19-NEXT: je [[BB0]]
; CODE19-NEXT: [[BB2]]:
; CODE19-NEXT: movq (%rbx), %rax
; CODE19-NEXT: leaq -40(%rbp), %rsp
; CODE19-NEXT: popq %rbx
; CODE19-NEXT: popq %r12
; CODE19-NEXT: popq %r13
; CODE19-NEXT: popq %r14
; CODE19-NEXT: popq %r15
; CODE19-NEXT: popq %rbp
; CODE19-NEXT: retq
; So does one that grows later, by an alloca of a constant size.
entry:
  %aligned = alloca i64, align 64
  store volatile i64 %v, ptr %aligned
  br label %loop
loop:
  %grown = alloca i64
  store volatile ptr %grown, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  %again = icmp eq i64 %r, 0
  br i1 %again, label %loop, label %done
done:
  %l = load volatile i64, ptr %aligned
  ret i64 %l
}
