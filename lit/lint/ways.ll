; RUN: %opt -passes=stackswitch-verify -stackswitch-pointers=sliced -disable-output %s 2>&1 | FileCheck %s
; The ways by which an address gets to another context: through a variable, a phi, memory, values.

@base = internal global ptr null

declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @llvm.stackswitch.swap.ontop(ptr, ptr, ptr)
declare ptr @malloc(i64)

define ptr @inner(ptr %p, ptr %first) {
  store i64 0, ptr %p
  ret ptr %first
}

; The base is the body's own argument.
define ptr @by.argument(ptr %base, ptr %first) {
; CHECK: warning: {{.*}}in function 'by.argument', instruction '%c = call
; CHECK-NEXT: note: in function 'start'
  %local = alloca i64
  %v = alloca ptr
  store ptr %local, ptr %v
  %p = load ptr, ptr %v
  %c = call ptr @llvm.stackswitch.spawn(ptr %base, ptr @inner, ptr %p)
  ret ptr %c
}

; The base is in a variable that is written once, the address in memory.
define ptr @by.memory(ptr %arg, ptr %first) {
; CHECK: warning: {{.*}}in function 'by.memory', instruction 'store ptr %one, ptr %field, align 8'
; CHECK-NEXT: note: in function 'start'
; CHECK-NEXT: note: in function 'by.memory', instruction '%c = call {{.*}}': the other context is given that memory here
  %local = alloca i64
  %b = load ptr, ptr @base
  %box = call ptr @malloc(i64 16)
  %field = getelementptr i8, ptr %box, i64 8
  %is = icmp eq ptr %first, null
  %one = select i1 %is, ptr %local, ptr null
  store ptr %one, ptr %field
  %c = call ptr @llvm.stackswitch.spawn(ptr %b, ptr @inner, ptr %box)
  ret ptr %c
}

; As the value of a switch down, and of one back.
define ptr @by.value(ptr %arg, ptr %first) {
; CHECK: warning: {{.*}}in function 'by.value', instruction '%r = call ptr @llvm.stackswitch.resume
  %local = alloca i64
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @back, ptr null)
  %r = call ptr @llvm.stackswitch.resume(ptr %c, ptr %local)
  ret ptr %r
}

; As the value that a function gets on top of the other context.
define ptr @use(ptr %p) {
  store i64 0, ptr %p
  ret ptr %p
}
define ptr @by.ontop(ptr %arg, ptr %first) {
; CHECK: warning: {{.*}}in function 'by.ontop', instruction '%r = call ptr @llvm.stackswitch.swap.ontop
; CHECK-NEXT: note: in function 'start'
  %local = alloca i64
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @inner, ptr null)
  %r = call ptr @llvm.stackswitch.swap.ontop(ptr %c, ptr @use, ptr %local)
  ret ptr %r
}

define ptr @back(ptr %arg, ptr %first) {
; CHECK: warning: {{.*}}in function 'back', instruction '%r = call ptr @llvm.stackswitch.suspend
; CHECK-NEXT: note: in function 'by.value'
  %local = alloca i64
  %r = call ptr @llvm.stackswitch.suspend(ptr %local)
  ret ptr %r
}

define void @start() {
  %b = call ptr @llvm.stackswitch.base.create(i64 65536)
  store ptr %b, ptr @base
  %c = call ptr @llvm.stackswitch.spawn(ptr %b, ptr @by.argument, ptr %b)
  %d = call ptr @llvm.stackswitch.spawn(ptr %b, ptr @by.memory, ptr null)
  %e = call ptr @llvm.stackswitch.spawn(ptr null, ptr @by.value, ptr null)
  %f = call ptr @llvm.stackswitch.spawn(ptr null, ptr @by.ontop, ptr null)
  ret void
}
