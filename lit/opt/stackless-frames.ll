; RUN: %opt -passes=stackswitch-opt -S %s -o %t -pass-remarks=stackswitch -pass-remarks-missed=stackswitch 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: FileCheck %s < %t
; The frames of a function's contexts: those that are never there together share memory, the others
; have a bound, and a recursive function gets none.
target datalayout = "e-m:e-i64:64-n8:16:32:64-S128"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @__gcc_personality_v0(...)
declare void @unknown()

define internal i64 @large(ptr %arg, i64 %first) {
  %x = alloca [60 x i64]
  br label %loop
loop:
  %at = getelementptr i64, ptr %x, i64 %first
  store i64 %first, ptr %at
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  br label %loop
}
define internal i64 @other(ptr %arg, i64 %first) {
  %x = alloca [60 x i64]
  br label %loop
loop:
  %at = getelementptr i64, ptr %x, i64 %first
  store i64 1, ptr %at
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  br label %loop
}
define internal i64 @small(ptr %arg, i64 %first) {
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %s
}

; One frame for both, as they have one body; its lifetime starts anew.
; CHECK-LABEL: define i64 @in.turn(
; CHECK-COUNT-1: = alloca {{.*}}!stackswitch.frame
; CHECK-NOT: alloca
; CHECK: call void @llvm.lifetime.start
; CHECK: call void @llvm.lifetime.end
; CHECK: call void @llvm.lifetime.start
; CHECK: call void @llvm.lifetime.end
; CHECK: call void @llvm.lifetime.end
; CHECK-NEXT: ret i64
define i64 @in.turn() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  call void @llvm.stackswitch.destroy(ptr %a)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %r)
  call void @llvm.stackswitch.destroy(ptr %b)
  ret i64 %s
}
; They are never needed together, destroyed or not. Bodies have frames of their own, of which the
; lifetimes say that they may share memory.
; CHECK-LABEL: define i64 @left(
; CHECK-COUNT-2: = alloca {{.*}}!stackswitch.frame
; CHECK-NOT: alloca
; CHECK: ret i64
define i64 @left() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %r)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)
  %t = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %s)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)
  %u = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 %t)
  ret i64 %u
}
; REMARK: the context of 'large' is stackless
; REMARK: the context is not stackless: with it 'together' would need about {{1[0-9]+}} bytes of stack for such contexts; at most 1024 at once and 4096 in all may move there
; CHECK-LABEL: define i64 @together(
; CHECK-COUNT-1: = alloca {{.*}}!stackswitch.frame
; CHECK-NOT: alloca
; CHECK: call i64 @llvm.stackswitch.resume.i64(ptr %b,
define i64 @together() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %r)
  %t = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 %s)
  ret i64 %t
}
; Those of two turns of a loop are one.
; CHECK-LABEL: define i64 @turns(
; CHECK-COUNT-1: = alloca {{.*}}!stackswitch.frame
; CHECK-NOT: alloca
; CHECK: loop:
; CHECK: call void @llvm.lifetime.start
define i64 @turns(i1 %more) {
  br label %loop
loop:
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  br i1 %more, label %loop, label %done
done:
  ret i64 %r
}
; The lifetime ends before each end of the function.
; CHECK-LABEL: define void @ends(
; CHECK: call void @llvm.lifetime.end
; CHECK-NEXT: musttail call void @ends.other
; CHECK-NEXT: ret void
; CHECK: call void @llvm.lifetime.end
; CHECK-NEXT: resume
; CHECK: call void @llvm.lifetime.end
; CHECK-NEXT: ret void
define void @ends(i1 %one, i1 %two) personality ptr @__gcc_personality_v0 {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @small, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  br i1 %one, label %jump, label %call
jump:
  musttail call void @ends.other(i1 %two, i1 %one)
  ret void
call:
  invoke void @unknown() to label %done unwind label %lost
lost:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
done:
  ret void
}
define void @ends.other(i1 %one, i1 %two) {
  ret void
}

; Unknown code may call the function again, so it has small frames only.
; REMARK: the context is not stackless: unknown code that 'reentered' calls may call it again, so at most 256 bytes of frames may move there
define i64 @reentered(ptr %f) {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  call void %f()
  ret i64 %r
}

; REMARK: the context is not stackless: 'deep' is recursive, and each call would have a frame for it
define i64 @deep(i64 %n) {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  %s = call i64 @deeper(i64 %r)
  ret i64 %s
}
define i64 @deeper(i64 %n) {
  %s = call i64 @deep(i64 %n)
  ret i64 %s
}
; By way of a context.
; REMARK: the context is not stackless: 'starts' is recursive, and each call would have a frame for it
define i64 @starts(ptr %arg, i64 %n) {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @starts, ptr null)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 1)
  ret i64 %s
}
