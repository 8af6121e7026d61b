; RUN: %opt -passes=stackswitch-opt -S %s -o %t -pass-remarks=stackswitch 2>&1 | FileCheck %s --check-prefix=TAKEN --implicit-check-not='is stackless:'
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=MISSED
; RUN: FileCheck %s < %t
; A body that makes the address of a variable known. The frame may only be a variable of a creator
; that certainly destroys the context before it ends, and calls of the creator may use it.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.stackswitch.cancel(ptr)
declare void @unknown()
declare void @returns() nounwind willreturn
declare i32 @__gxx_personality_v0(...)
@known = internal global ptr null

define internal i64 @publishes(ptr %arg, i64 %first) {
  %x = alloca [4 x i64]
  store ptr %x, ptr @known
  br label %loop
loop:
  store i64 %first, ptr %x
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  br label %loop
}
; The address goes nowhere.
define internal i64 @keeps(ptr %arg, i64 %first) {
  %x = alloca [4 x i64]
  store i64 %first, ptr %x
  br label %loop
loop:
  %at = getelementptr i64, ptr %x, i64 %first
  store i64 %first, ptr %at
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  br label %loop
}
define internal void @pokes() noinline {
  %x = load ptr, ptr @known
  store i64 7, ptr %x
  ret void
}

; TAKEN: the context of 'publishes' is stackless
; CHECK-LABEL: define i64 @tail(
; CHECK: tail call void @returns()
; CHECK: call void @llvm.lifetime.start
; CHECK-NOT: tail call
; CHECK: {{^ *}}call void @pokes()
; CHECK-NOT: tail call
; CHECK: {{^ *}}notail call void @pokes()
; CHECK-NOT: tail call
; CHECK: {{^ *}}call void @returns()
; CHECK-NOT: tail call
; CHECK: call void @llvm.lifetime.end
; CHECK: tail call void @returns()
; CHECK: ret i64
define i64 @tail() {
  tail call void @returns()
  %c = tail call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = tail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  tail call void @pokes()
  notail call void @pokes()
  tail call void @returns()
  %s = tail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  tail call void @llvm.stackswitch.destroy(ptr %c)
  tail call void @returns()
  ret i64 %s
}

; Nobody knows the frame, so what the marks say is true.
; TAKEN: the context of 'keeps' is stackless
; CHECK-LABEL: define i64 @kept(
; CHECK: tail call void @unknown()
; CHECK: tail call void @unknown()
define i64 @kept() {
  %c = tail call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @keeps, ptr null)
  %r = tail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  tail call void @unknown()
  %s = tail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  tail call void @unknown()
  ret i64 %s
}

; MISSED: the context is not stackless: 'publishes' makes the address of a variable known, and 't.returns' ends where it may still be suspended
define i64 @t.returns() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED: the context is not stackless: 'publishes' makes the address of a variable known, and 't.one.way' ends where it may still be suspended
define i64 @t.one.way(i1 %leave) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  br i1 %leave, label %left, label %done
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  br label %left
left:
  ret i64 %r
}
; MISSED: 't.call' may be left by a call where it may still be suspended
define i64 @t.call() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @unknown()
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %r
}
; Unwinding destroys it, but a jump would not.
; MISSED: 't.invoke' may be left by a call where it may still be suspended
define i64 @t.invoke() personality ptr @__gxx_personality_v0 {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  invoke void @unknown() to label %done unwind label %lost
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %r
lost:
  %pad = landingpad { ptr, i32 } cleanup
  call void @llvm.stackswitch.destroy(ptr %c)
  resume { ptr, i32 } %pad
}
; MISSED: 't.suspends' may be left by a call where it may still be suspended
define i64 @t.suspends() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %r
}
; MISSED: 't.musttail' may be left by a call where it may still be suspended
define void @t.musttail() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  musttail call void @pokes()
  ret void
}
; MISSED: 't.turns' spawns another one where it may still be suspended
define void @t.turns(i1 %more) {
  br label %loop
loop:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  br i1 %more, label %loop, label %done
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

; A context that has been cancelled has finished, and its variables are no more.
; TAKEN: the context of 'publishes' is stackless
define i64 @cancelled() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @llvm.stackswitch.cancel(ptr %c)
  call void @unknown()
  ret i64 %r
}
; In each turn it is destroyed.
; TAKEN: the context of 'publishes' is stackless
define void @turns(i1 %more) {
  br label %loop
loop:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @publishes, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @pokes()
  call void @llvm.stackswitch.destroy(ptr %c)
  br i1 %more, label %loop, label %done
done:
  ret void
}
