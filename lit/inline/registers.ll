; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s --implicit-check-not=warning
; What is live across a switch is saved, whatever register it is in; what is not live is not.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i64 @stackswitch_suspend_i64(i64)

define i64 @nothing(i64 %v) {
; CHECK-LABEL: nothing:
; CHECK-NOT: Spill
; CHECK: retq
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret i64 %r
}

define void @wide(i64 %v, ptr %at) "target-features"="+avx512f,+avx512vl,+avx512bw" {
; CHECK-LABEL: wide:
; CHECK: vmovu{{.*}} %zmm{{.*}} 64-byte Spill
; CHECK: #APP
; CHECK: #NO_APP
; CHECK: vmovu{{.*}} %zmm{{.*}} 64-byte Reload
  %x = load volatile <16 x float>, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  store volatile <16 x float> %x, ptr %at
  ret void
}

define void @mask(i64 %v, ptr %at) "target-features"="+avx512f,+avx512vl,+avx512bw" {
; CHECK-LABEL: mask:
; CHECK: Spill
; CHECK: #APP
  %a = load volatile <16 x i32>, ptr %at
  %m = icmp eq <16 x i32> %a, zeroinitializer
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  %b = load volatile <16 x i32>, ptr %at
  %s = select <16 x i1> %m, <16 x i32> %a, <16 x i32> %b
  store volatile <16 x i32> %s, ptr %at
  ret void
}

define x86_fp80 @extended(i64 %v, x86_fp80 %x) {
; CHECK-LABEL: extended:
; CHECK: fstpt
; CHECK: #APP
; CHECK: #NO_APP
; CHECK: fldt
  %y = fmul x86_fp80 %x, %x
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  ret x86_fp80 %y
}

define i64 @dynamic(i64 %v, ptr %at) {
; CHECK-LABEL: dynamic:
; An aligned frame that grows has rbx for a base pointer, which the switch keeps.
; CHECK: movq %rsp, %rbx
; CHECK: movq %rbp, -16(%rsp)
; CHECK-NEXT: movq %rbx, -24(%rsp)
; CHECK: movq 40(%rdx), %rbx
; CHECK-NEXT: movq 48(%rdx), %rbp
; CHECK-NEXT: leaq 64(%rdx), %rsp
  %aligned = alloca i64, align 64
  %grown = alloca i8, i64 %v
  store volatile i64 %v, ptr %aligned
  store volatile ptr %grown, ptr %at
  %r = call i64 @stackswitch_suspend_i64(i64 %v)
  %l = load volatile i64, ptr %aligned
  ret i64 %l
}

define i64 @later(i64 %v, ptr %at) {
; CHECK-LABEL: later:
; So does one that grows later, by an alloca of a constant size.
; CHECK: movq %rbx, -24(%rsp)
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
