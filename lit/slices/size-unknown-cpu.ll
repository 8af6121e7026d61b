; RUN: %opt -passes=stackswitch-lower,stackswitch-slice-size -S %s | FileCheck %s
; RUN: sed 's/^target triple.*//' %s | %opt -passes=stackswitch-lower,stackswitch-slice-size -S | FileCheck %s
; On a CPU that the passes do not know, and without a triple, the bound on a frame is generous: it
; has room for the registers of any CPU, and no argument is taken to be in a register.

target triple = "sparc64-unknown-linux-gnu"

declare i64 @llvm.stackswitch.suspend.i64(i64)

define i64 @plain(i64 %x) {
; CHECK-LABEL: define i64 @plain(
; CHECK-SAME: !stackswitch.slice-size ![[BOUND:[0-9]+]]
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %x)
  ret i64 %r
}

; CHECK: ![[BOUND]] = !{i64 10{{[3-9][0-9]}}}
