; RUN: %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s --allow-empty
; A type may change in the course of a context's life, and a handle may be known to others: nothing
; is said where a mistake is not certain.
; CHECK-NOT: error

declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare double @llvm.stackswitch.resume.f64(ptr, double)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare double @llvm.stackswitch.suspend.f64(double)
declare void @llvm.stackswitch.destroy(ptr)
declare void @use(ptr)

; Not the first switch.
define void @later(ptr %body) {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr %body, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret void
}

; Others may have switched to it.
define void @known.elsewhere(ptr %body) {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr %body, ptr null)
  call void @use(ptr %c)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret void
}

; The variable may hold another context.
define void @two(ptr %body, ptr %other) {
  %v = alloca ptr
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr %body, ptr null)
  store ptr %c, ptr %v
  store ptr %other, ptr %v
  %h = load ptr, ptr %v
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 1)
  ret void
}

; What is called before may have let another context wait for it.
define double @body(ptr %arg, double %first) {
  call void @use(ptr %arg)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  ret double %first
}
define void @creator() {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @body, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

; Not all that resume it are seen.
define double @shared.body(ptr %arg, double %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  ret double %first
}
define ptr @hands.out() {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @shared.body, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  ret ptr %c
}

; The body suspends as it is told, and has another context too.
define internal double @told(ptr %arg, double %first) {
  %other = icmp eq ptr %arg, null
  br i1 %other, label %one, label %two
one:
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  ret double %first
two:
  %s = call double @llvm.stackswitch.suspend.f64(double %first)
  ret double %s
}
define void @tells(ptr %arg) {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @told, ptr %arg)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  ret void
}
define void @tells.another() {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @told, ptr null)
  call void @use(ptr %c)
  ret void
}

; It goes on with another type in another module.
define double @goes.on(ptr %arg, double %first) {
  %s = call double @llvm.stackswitch.suspend.f64(double %first)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  ret double %s
}
define void @starts() {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @goes.on, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  ret void
}

; Control comes back to before the first switch.
declare i32 @setjmp(ptr) returns_twice
define void @comes.back(ptr %body, ptr %buffer, i1 %first) {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr %body, ptr null)
  %t = call i32 @setjmp(ptr %buffer)
  %again = icmp ne i32 %t, 0
  br i1 %again, label %later, label %now
now:
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  call void @use(ptr null)
  unreachable
later:
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret void
}
