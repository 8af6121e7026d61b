; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-lower,stackswitch-lower,verify -S %s | FileCheck %s
; A function that is strictfp has its floating-point control state back after a switch. The second
; time there is nothing left to do.

target triple = "aarch64-unknown-linux-gnu"

declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i1 @llvm.stackswitch.suspend.i1(i1)
declare { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr, { i64, i64 })
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare ptr @llvm.stackswitch.current()
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i32 @__gxx_personality_v0(...)

define i64 @strict(ptr %to, i64 %value) strictfp {
; CHECK-LABEL: define i64 @strict(
; CHECK: [[STATE:%.*]] = alloca [8 x i8]
; CHECK: call void asm {{.*}}"mrs x9, fpcr\0Astr x9, [$0]"{{.*}}(ptr [[STATE]])
; CHECK-NEXT: %r = call i64 @stackswitch_swap_i64(ptr %to, i64 %value)
; CHECK-NEXT: call void asm {{.*}}"ldr x9, [$0]\0Amsr fpcr, x9"{{.*}}(ptr [[STATE]])
; CHECK-NEXT: ret i64 %r
  %r = musttail call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %value)
  ret i64 %r
}

define i1 @converted(i1 %value) strictfp {
; CHECK-LABEL: define i1 @converted(
; CHECK: {{.*}}mrs x9, fpcr
; CHECK-NEXT: call i8 @stackswitch_suspend_i8(
; CHECK-NEXT: {{.*}}msr fpcr, x9
  %r = call i1 @llvm.stackswitch.suspend.i1(i1 %value)
  ret i1 %r
}

define { i64, i64 } @memory(ptr %to, { i64, i64 } %value) strictfp {
; CHECK-LABEL: define { i64, i64 } @memory(
; CHECK: {{.*}}mrs x9, fpcr
; CHECK-NEXT: call void @stackswitch_resume_wide(
; CHECK-NEXT: {{.*}}msr fpcr, x9
  %r = call { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr %to, { i64, i64 } %value)
  ret { i64, i64 } %r
}

define i32 @captured(ptr %context) strictfp {
; CHECK-LABEL: define i32 @captured(
; CHECK: {{.*}}mrs x9, fpcr
; CHECK-NEXT: call i32 @stackswitch_getcontext(
; CHECK-NEXT: {{.*}}msr fpcr, x9
  %r = call i32 @llvm.stackswitch.getcontext(ptr %context, ptr null)
  ret i32 %r
}

; An invoke goes on at a place of its own.
define i64 @invoked(ptr %to, i1 %which) strictfp personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i64 @invoked(
; CHECK: {{.*}}mrs x9, fpcr
; CHECK-NEXT: %r = invoke i64 @stackswitch_resume_i64(ptr %to, i64 1)
; CHECK-NEXT: to label %[[EDGE:.*]] unwind label %caught
; CHECK: [[EDGE]]:
; CHECK-NEXT: {{.*}}msr fpcr, x9
; CHECK-NEXT: br label %done
; CHECK: done:
; CHECK-NEXT: [[SUM:%.*]] = phi i64 [ 0, %entry ], [ %r, %[[EDGE]] ]
; CHECK-NEXT: ret i64 [[SUM]]
entry:
  br i1 %which, label %switch, label %done

switch:
  %r = invoke i64 @stackswitch_resume_i64(ptr %to, i64 1) to label %done unwind label %caught

done:
  %sum = phi i64 [ 0, %entry ], [ %r, %switch ]
  ret i64 %sum

caught:
  %pad = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pad
}

; What does not switch changes nothing.
define ptr @look() strictfp {
; CHECK-LABEL: define ptr @look(
; CHECK-NEXT: %r = call ptr @stackswitch_current()
; CHECK-NEXT: ret ptr %r
  %r = call ptr @llvm.stackswitch.current()
  ret ptr %r
}

; Other functions take the state that they find.
define i64 @plain(ptr %to, i64 %value) {
; CHECK-LABEL: define i64 @plain(
; CHECK-NEXT: %r = call i64 @stackswitch_swap_i64(ptr %to, i64 %value)
; CHECK-NEXT: ret i64 %r
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %value)
  ret i64 %r
}
