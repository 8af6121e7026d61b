; RUN: %opt -passes=stackswitch-opt -S %s -o %t -pass-remarks=stackswitch 2>&1 | FileCheck %s --check-prefix=TAKEN
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=MISSED
; RUN: FileCheck %s < %t
; In a module with semantic interposition another module may have the functions of this one, unless
; they are local to the library.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)

define i64 @ends(ptr %arg, i64 %first) {
  ret i64 %first
}
define i64 @counts(ptr %arg, i64 %first) {
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %s
}
define dso_local i64 @local.ends(ptr %arg, i64 %first) {
  ret i64 %first
}
define hidden i64 @hidden.counts(ptr %arg, i64 %first) {
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %s
}
@name = alias i64 (ptr, i64), ptr @local.ends
define void @closes(ptr %c) {
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}
define dso_local void @local.closes(ptr %c) {
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

; MISSED-DAG: the context is no direct call: 'ends' may be replaced
; CHECK-LABEL: define i64 @t.ends(
; CHECK: call i64 @llvm.stackswitch.resume.i64(
define i64 @t.ends() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @ends, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is not stackless: 'counts' may be replaced
; CHECK-LABEL: define i64 @t.counts(
; CHECK: call i64 @llvm.stackswitch.resume.i64(
define i64 @t.counts() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'local.ends' may be replaced
define i64 @t.alias() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @name, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; TAKEN: the context of 'local.ends' cannot suspend and is resumed once: it is a direct call
; CHECK-LABEL: define i64 @t.local(
; CHECK: call i64 @local.ends(
define i64 @t.local() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @local.ends, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; TAKEN: the context of 'hidden.counts' is stackless
define i64 @t.hidden() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @hidden.counts, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; A function that is given the handle becomes a part of the creator only if it is the one that runs.
; CHECK-LABEL: define i64 @t.given(
; CHECK: call void @closes(
define i64 @t.given() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @hidden.counts, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @closes(ptr %c)
  ret i64 %r
}
; CHECK-LABEL: define i64 @t.given.local(
; CHECK-NOT: call void @local.closes(
; CHECK: ret i64
define i64 @t.given.local() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @hidden.counts, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @local.closes(ptr %c)
  ret i64 %r
}

!llvm.module.flags = !{!0}
!0 = !{i32 1, !"SemanticInterposition", i32 1}
