; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; A module without the intrinsics is left as it is.
; CHECK-NOT: stackswitch-nosuspend

define i64 @leaf(i64 %v) {
  ret i64 %v
}
