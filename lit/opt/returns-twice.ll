; RUN: %opt -passes=stackswitch-opt -S %s -o %t -pass-remarks=stackswitch 2>&1 | FileCheck %s --check-prefix=TAKEN --implicit-check-not='is a direct call' --implicit-check-not='is stackless:' --implicit-check-not='status is known'
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=MISSED
; RUN: FileCheck %s < %t
; What may return twice, with and without LLVM's attribute. In a function that calls it nothing is
; concluded from the order of its blocks.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @stackswitch_swapcontext(ptr, ptr, ptr)
declare i32 @llvm.eh.sjlj.setjmp(ptr)
declare i32 @_setjmp(ptr)
declare i32 @__sigsetjmp(ptr, i32)
declare i32 @vfork()
declare i32 @own(ptr) returns_twice nounwind
@buffer = global [64 x i64] zeroinitializer, align 16

define internal i64 @once(ptr %arg, i64 %first) {
  ret i64 %first
}
define internal i64 @counts(ptr %arg, i64 %first) {
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %s
}

; MISSED-DAG: the context is no direct call: 'attribute' calls what returns twice
; MISSED-DAG: the context is not stackless: 'attribute' calls what returns twice
; CHECK-LABEL: define i64 @attribute(
; CHECK: call i64 @llvm.stackswitch.resume.i64(
define i64 @attribute() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 @own(ptr @buffer)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is not stackless: 'intrinsic' calls what returns twice
; CHECK-LABEL: define i64 @intrinsic(
; CHECK: call i64 @llvm.stackswitch.resume.i64(
define i64 @intrinsic() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %t = call i32 @llvm.eh.sjlj.setjmp(ptr @buffer)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'captures' calls what returns twice
define i64 @captures() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 @llvm.stackswitch.getcontext(ptr @buffer, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'swaps' calls what returns twice
define i64 @swaps() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 @stackswitch_swapcontext(ptr @buffer, ptr @buffer, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'name' calls what returns twice
define i64 @name() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 @_setjmp(ptr @buffer)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'other.name' calls what returns twice
define i64 @other.name() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 @__sigsetjmp(ptr @buffer, i32 0)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'forks' calls what returns twice
define i64 @forks() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 @vfork()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
; MISSED-DAG: the context is no direct call: 'pointer' calls what returns twice
define i64 @pointer(ptr %f) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %t = call i32 %f(ptr @buffer) returns_twice
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}

; The status is known before, but not where control may come back.
; TAKEN: the context's status is known
; CHECK-LABEL: define i32 @status(
; CHECK-NOT: call i32 @llvm.stackswitch.status
; CHECK: call i32 @llvm.eh.sjlj.setjmp
; CHECK: call i32 @llvm.stackswitch.status
define i32 @status() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %before = call i32 @llvm.stackswitch.status(ptr %c)
  %t = call i32 @llvm.eh.sjlj.setjmp(ptr @buffer)
  %after = call i32 @llvm.stackswitch.status(ptr %c)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %both = add i32 %before, %after
  ret i32 %both
}

; A body that calls it keeps its stack.
define internal i64 @body(ptr %arg, i64 %first) {
  %t = call i32 @own(ptr @buffer)
  ret i64 %first
}
; MISSED-DAG: 'body' may suspend: it calls 'own', which may return twice
; MISSED-DAG: 'body' needs its own stack: it calls what returns twice
define i64 @in.body() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
