; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; What is in the frame of a stackless context: what may be needed after a suspension. That are 16
; bytes for the value and the state, 32 for a buffer and 8 for the argument. Variables that others may
; know have places of their own: what is said of the types of accesses elsewhere holds.
target datalayout = "e-m:e-i64:64-n8:16:32:64-S128"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
@known = internal global ptr null

; REMARK: the context of 'dead' is stackless: its frame of 16 bytes
; REMARK: the context of 'live' is stackless: its frame of 48 bytes
; REMARK: the context of 'apart' is stackless: its frame of 80 bytes
; REMARK: the context of 'together' is stackless: its frame of 80 bytes
; REMARK: the context of 'unmarked' is stackless: its frame of 48 bytes
; REMARK: the context of 'argument' is stackless: its frame of 24 bytes
; REMARK: the context of 'own' is stackless: its frame of 48 bytes

define internal void @use(ptr %p) noinline {
  store volatile i64 1, ptr %p
  store ptr %p, ptr @known
  ret void
}

; CHECK: define internal fastcc void @dead.stackless.resume(
; CHECK-NEXT: entry:
; CHECK-NEXT: %buffer = alloca [4 x i64]
; CHECK: define internal fastcc void @live.stackless.resume(
; CHECK-NOT: {{alloca|lifetime}}
; CHECK: %buffer = getelementptr inbounds i8, ptr %0, i64 16
; CHECK: define internal fastcc void @apart.stackless.resume(
; CHECK-NOT: {{alloca|lifetime}}
; CHECK-DAG: %{{one|two}} = getelementptr inbounds i8, ptr %0, i64 16
; CHECK-DAG: %{{one|two}} = getelementptr inbounds i8, ptr %0, i64 48
; CHECK: define internal fastcc void @together.stackless.resume(
; CHECK-NOT: {{alloca|lifetime}}
; CHECK-DAG: %{{one|two}} = getelementptr inbounds i8, ptr %0, i64 16
; CHECK-DAG: %{{one|two}} = getelementptr inbounds i8, ptr %0, i64 48
; CHECK: define internal fastcc void @own.stackless.resume(
; CHECK-NOT: {{alloca|lifetime|tbaa}}
; CHECK-DAG: %one = getelementptr inbounds i8, ptr %0, i64 16
; CHECK-DAG: %two = getelementptr inbounds i8, ptr %0, i64 16
; CHECK-NOT: {{alloca|lifetime|tbaa}}

define i64 @dead(ptr %arg, i64 %first) {
  %buffer = alloca [4 x i64]
  call void @llvm.lifetime.start.p0(i64 32, ptr %buffer)
  call void @use(ptr %buffer)
  call void @llvm.lifetime.end.p0(i64 32, ptr %buffer)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  ret i64 0
}
define i64 @live(ptr %arg, i64 %first) {
  %buffer = alloca [4 x i64]
  call void @llvm.lifetime.start.p0(i64 32, ptr %buffer)
  call void @use(ptr %buffer)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @llvm.lifetime.end.p0(i64 32, ptr %buffer)
  ret i64 0
}
define i64 @apart(ptr %arg, i64 %first) {
  %one = alloca [4 x i64]
  %two = alloca [4 x i64]
  call void @llvm.lifetime.start.p0(i64 32, ptr %one)
  call void @use(ptr %one)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @llvm.lifetime.end.p0(i64 32, ptr %one)
  call void @llvm.lifetime.start.p0(i64 32, ptr %two)
  call void @use(ptr %two)
  %t = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @llvm.lifetime.end.p0(i64 32, ptr %two)
  ret i64 0
}
; They share their place, as what may be said of their types can be taken back.
define i64 @own(ptr %arg, i64 %first) {
  %one = alloca [4 x i64]
  %two = alloca [4 x double]
  call void @llvm.lifetime.start.p0(i64 32, ptr %one)
  %one.at = getelementptr i64, ptr %one, i64 %first
  store i64 %first, ptr %one.at, !tbaa !1
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %one.later = getelementptr i64, ptr %one, i64 %s
  %x = load i64, ptr %one.later, !tbaa !1
  call void @llvm.lifetime.end.p0(i64 32, ptr %one)
  call void @llvm.lifetime.start.p0(i64 32, ptr %two)
  %two.at = getelementptr double, ptr %two, i64 %x
  store double 1.0, ptr %two.at, !tbaa !3
  %t = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %two.later = getelementptr double, ptr %two, i64 %t
  %y = load double, ptr %two.later, !tbaa !3
  call void @llvm.lifetime.end.p0(i64 32, ptr %two)
  %z = fptosi double %y to i64
  ret i64 %z
}
define i64 @together(ptr %arg, i64 %first) {
  %one = alloca [4 x i64]
  %two = alloca [4 x i64]
  call void @llvm.lifetime.start.p0(i64 32, ptr %one)
  call void @use(ptr %one)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @llvm.lifetime.start.p0(i64 32, ptr %two)
  call void @use(ptr %two)
  call void @llvm.lifetime.end.p0(i64 32, ptr %one)
  %t = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @llvm.lifetime.end.p0(i64 32, ptr %two)
  ret i64 0
}
; Others know its address, and nothing says that it is not needed.
define i64 @unmarked(ptr %arg, i64 %first) {
  %buffer = alloca [4 x i64]
  call void @use(ptr %buffer)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  ret i64 0
}
define i64 @argument(ptr %arg, i64 %first) {
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %r = load i64, ptr %arg
  ret i64 %r
}

define void @all(ptr %arg) {
  %c1 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @dead, ptr %arg)
  %r1 = call i64 @llvm.stackswitch.resume.i64(ptr %c1, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c1)
  %c2 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @live, ptr %arg)
  %r2 = call i64 @llvm.stackswitch.resume.i64(ptr %c2, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c2)
  %c3 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @apart, ptr %arg)
  %r3 = call i64 @llvm.stackswitch.resume.i64(ptr %c3, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c3)
  %c4 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @together, ptr %arg)
  %r4 = call i64 @llvm.stackswitch.resume.i64(ptr %c4, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c4)
  %c5 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @unmarked, ptr %arg)
  %r5 = call i64 @llvm.stackswitch.resume.i64(ptr %c5, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c5)
  %c6 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @argument, ptr %arg)
  %r6 = call i64 @llvm.stackswitch.resume.i64(ptr %c6, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c6)
  %c7 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @own, ptr %arg)
  %r7 = call i64 @llvm.stackswitch.resume.i64(ptr %c7, i64 0)
  ret void
}

!1 = !{!2, !2, i64 0}
!2 = !{!"long", !5, i64 0}
!3 = !{!4, !4, i64 0}
!4 = !{!"double", !5, i64 0}
!5 = !{!"root"}
