; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt,verify -disable-output %s
; What LLVM knew of a body and of the operations on its context holds for one run of a function, or for
; a call that nobody sees through. It goes where the context goes.

declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i64 @stackswitch_suspend_i64(i64)
declare void @stackswitch_destroy(ptr)
declare void @llvm.experimental.noalias.scope.decl(metadata)

define internal i64 @scoped(ptr noalias nonnull readonly %arg, i64 %first) willreturn norecurse nosync nofree memory(argmem: read, inaccessiblemem: readwrite) mustprogress {
entry:
  br label %loop
loop:
  call void @llvm.experimental.noalias.scope.decl(metadata !1)
  %x = load i64, ptr %arg, !alias.scope !1, !llvm.access.group !4
  %p = load ptr, ptr %arg, !invariant.group !5
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  store i64 %s, ptr %p, !noalias !1
  %end = icmp eq i64 %s, 0
  br i1 %end, label %done, label %loop
done:
  ret i64 %s
}

; CHECK-LABEL: define i64 @creator(
; CHECK-NOT: {{alias.scope|!noalias|llvm.access.group|nonnull|load ptr, ptr %variable|store ptr null}}
; CHECK: ret i64
define i64 @creator(ptr %to) {
  %variable = alloca ptr
  %c = tail call noundef nonnull ptr @stackswitch_spawn_i64(ptr null, ptr @scoped, ptr %to), !noalias !1
  store ptr %c, ptr %variable
  %h = load ptr, ptr %variable, !nonnull !5, !noundef !5
  %r = tail call range(i64 0, 5) i64 @stackswitch_resume_i64(ptr noundef nonnull %h, i64 1), !alias.scope !1, !llvm.access.group !4
  %i = load ptr, ptr %variable, !nonnull !5, !noundef !5
  call void @stackswitch_destroy(ptr nonnull %i)
  ret i64 %r
}

define internal i64 @once(ptr %arg, i64 %first) {
  ret i64 %first
}
; CHECK-LABEL: define i64 @direct(
; CHECK-NOT: {{nonnull|load ptr|store ptr}}
; CHECK: call i64 @once(ptr null, i64 1)
; CHECK-NOT: {{nonnull|load ptr|store ptr}}
; CHECK: ret i64
define i64 @direct() {
  %variable = alloca ptr
  %c = call noundef nonnull ptr @stackswitch_spawn_i64(ptr null, ptr @once, ptr null)
  store ptr %c, ptr %variable
  %h = load ptr, ptr %variable, !nonnull !5, !noundef !5
  %r = call i64 @stackswitch_resume_i64(ptr noundef nonnull %h, i64 1)
  ret i64 %r
}

; CHECK: define internal fastcc void @scoped.stackless.resume(ptr noundef nonnull align 8 dereferenceable({{[0-9]+}}) %0) [[ATTRIBUTES:#[0-9]+]]
; CHECK-NOT: {{alias.scope|!noalias|invariant.group|llvm.access.group|scope.decl}}
; CHECK: }
; CHECK: attributes [[ATTRIBUTES]] = { nounwind "stackswitch-nosuspend" }

!1 = !{!2}
!2 = distinct !{!2, !3}
!3 = distinct !{!3}
!4 = distinct !{}
!5 = !{}
