; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; The running context is asked for once, up to the next call that may switch.

declare ptr @llvm.stackswitch.current()
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @use(ptr, ptr)

define i64 @leaf(i64 %v) {
  ret i64 %v
}

; REMARK: the running context is known here already
define i1 @once(i1 %which) {
; CHECK-LABEL: define i1 @once(
; CHECK: %a = call ptr @llvm.stackswitch.current()
; CHECK-NOT: current
; CHECK: icmp eq ptr %a, %a
; CHECK: icmp eq ptr %a, %a
; CHECK: }
  %a = call ptr @llvm.stackswitch.current()
  %l = call i64 @leaf(i64 1)
  %b = call ptr @llvm.stackswitch.current()
  %same = icmp eq ptr %a, %b
  br i1 %which, label %yes, label %no
yes:
  %c = call ptr @llvm.stackswitch.current()
  %again = icmp eq ptr %a, %c
  ret i1 %again
no:
  ret i1 %same
}

; The context may have been cloned while it was suspended.
define void @switch.between() {
; CHECK-LABEL: define void @switch.between(
; CHECK: %a = call ptr @llvm.stackswitch.current()
; CHECK: %b = call ptr @llvm.stackswitch.current()
; CHECK: call void @use(ptr %a, ptr %b)
; CHECK: %c = call ptr @llvm.stackswitch.current()
  %a = call ptr @llvm.stackswitch.current()
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %b = call ptr @llvm.stackswitch.current()
  call void @use(ptr %a, ptr %b)
  %c = call ptr @llvm.stackswitch.current()
  call void @use(ptr %a, ptr %c)
  ret void
}

; Only one of the ways leads past the first.
define ptr @two.ways(i1 %which) {
; CHECK-LABEL: define ptr @two.ways(
; CHECK: %b = call ptr @llvm.stackswitch.current()
  br i1 %which, label %yes, label %no
yes:
  %a = call ptr @llvm.stackswitch.current()
  br label %no
no:
  %b = call ptr @llvm.stackswitch.current()
  ret ptr %b
}

define void @left.alone() noinline optnone {
; CHECK-LABEL: define void @left.alone(
; CHECK: %b = call ptr @llvm.stackswitch.current()
  %a = call ptr @llvm.stackswitch.current()
  %b = call ptr @llvm.stackswitch.current()
  call void @use(ptr %a, ptr %b)
  ret void
}
