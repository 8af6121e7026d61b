; RUN: %opt -passes=stackswitch-verify -stackswitch-pointers=sliced -disable-output %s 2>&1 | FileCheck %s --allow-empty
; RUN: %opt -passes=stackswitch-verify -stackswitch-pointers=stable -disable-output %S/ways.ll 2>&1 | FileCheck %s --allow-empty
; What is right, or not known to be wrong, gives no warning. Nor do variables that never move.
; CHECK-NOT: warning

@base = global ptr null

declare ptr @llvm.stackswitch.base.here()
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @malloc(i64)

define ptr @inner(ptr %p, ptr %first) {
  store i64 0, ptr %p
  ret ptr %first
}

define ptr @unread(ptr %p, ptr %first) {
  ret ptr %first
}

; A base below the frame, and one on another region.
define ptr @own.bases(ptr %arg, ptr %first) {
  %local = alloca i64
  %here = call ptr @llvm.stackswitch.base.here()
  %c = call ptr @llvm.stackswitch.spawn(ptr %here, ptr @inner, ptr %local)
  %other = call ptr @llvm.stackswitch.base.create(i64 65536)
  %d = call ptr @llvm.stackswitch.spawn(ptr %other, ptr @inner, ptr %local)
  ret ptr %c
}

; A variable that other modules may write.
define ptr @not.known(ptr %arg, ptr %first) {
  %local = alloca i64
  %b = load ptr, ptr @base
  %c = call ptr @llvm.stackswitch.spawn(ptr %b, ptr @inner, ptr %local)
  ret ptr %c
}

; Memory of the heap, and an argument that the other never looks at.
define ptr @heap(ptr %arg, ptr %first) {
  %local = alloca i64
  %box = call ptr @malloc(i64 8)
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @inner, ptr %box)
  %d = call ptr @llvm.stackswitch.spawn(ptr null, ptr @unread, ptr %local)
  ret ptr %c
}

; To a thread's own context, whose frames stay where they are.
define ptr @to.thread(ptr %arg, ptr %first) {
  %local = alloca i64
  %r = call ptr @llvm.stackswitch.suspend(ptr %local)
  ret ptr %r
}

define i32 @main() {
  %local = alloca i64
  %b = load ptr, ptr @base
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @inner, ptr %local)
  %d = call ptr @llvm.stackswitch.spawn(ptr null, ptr @own.bases, ptr null)
  %e = call ptr @llvm.stackswitch.spawn(ptr %b, ptr @not.known, ptr null)
  %f = call ptr @llvm.stackswitch.spawn(ptr null, ptr @heap, ptr null)
  %g = call ptr @llvm.stackswitch.spawn(ptr null, ptr @to.thread, ptr null)
  %r = call ptr @llvm.stackswitch.resume(ptr %g, ptr null)
  ret i32 0
}
