; RUN: %opt -passes=stackswitch-lower,stackswitch-check,verify -S %s | FileCheck %s
; Declarations that nothing uses are removed.
; CHECK-NOT: llvm.stackswitch

declare ptr @llvm.stackswitch.current()
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
