; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A musttail call that has to pass the address of a local becomes a plain call, and one whose
; value is converted a tail call.

declare { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr, { i64, i64 })
declare i1 @llvm.stackswitch.swap.i1(ptr, i1)

define { i64, i64 } @memory(ptr %to, { i64, i64 } %value) {
; CHECK-LABEL: define { i64, i64 } @memory(
; CHECK: {{^ *}}call void @stackswitch_swap_wide(ptr %to, ptr [[AT:%.*]], i64 16)
; CHECK-NEXT: %r = load { i64, i64 }, ptr [[AT]]
; CHECK-NEXT: ret { i64, i64 } %r
  %r = musttail call { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr %to, { i64, i64 } %value)
  ret { i64, i64 } %r
}

define i1 @converted(ptr %to, i1 %value) {
; CHECK-LABEL: define i1 @converted(
; CHECK: [[WIDE:%.*]] = tail call i8 @stackswitch_swap_i8(ptr %to, i8 %{{.*}})
; CHECK-NEXT: %r = trunc i8 [[WIDE]] to i1
; CHECK-NEXT: ret i1 %r
  %r = musttail call i1 @llvm.stackswitch.swap.i1(ptr %to, i1 %value)
  ret i1 %r
}
