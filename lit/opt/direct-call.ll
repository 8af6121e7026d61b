; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt,stackswitch-opt,stackswitch-lower,stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; A context that is resumed once and cannot suspend is a call. What is asked of it is known.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare ptr @llvm.stackswitch.spawn.i8(ptr, ptr, ptr)
declare i8 @llvm.stackswitch.resume.i8(ptr, i8)
declare i32 @llvm.stackswitch.status(ptr)
declare i64 @llvm.stackswitch.slice.size(ptr)
declare void @llvm.stackswitch.prefetch(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.sl_i64i64s(ptr, ptr, ptr)
declare { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr, { i64, i64 })
declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare void @stackswitch_destroy(ptr)

define internal i64 @helper(i64 %n) {
  %twice = mul i64 %n, 2
  ret i64 %twice
}

define i64 @body(ptr %arg, i64 %first) {
  %more = load i64, ptr %arg
  %sum = add i64 %more, %first
  %r = call i64 @helper(i64 %sum)
  ret i64 %r
}

define fastcc signext i8 @special(ptr %arg, i8 signext %first) {
  ret i8 %first
}

; REMARK: the context of 'body' cannot suspend and is resumed once: it is a direct call

define i64 @all(ptr %arg) {
; CHECK-LABEL: define i64 @all(
; CHECK-NEXT: %r = call i64 @body(ptr %arg, i64 5)
; CHECK-NEXT: %sum = add i32 0, 3
; CHECK-NEXT: %wide = zext i32 %sum to i64
; CHECK-NEXT: %a = add i64 %r, %wide
; CHECK-NEXT: %b = add i64 %a, 0
; CHECK-NEXT: ret i64 %b
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %arg)
  %new = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.prefetch(ptr %c)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 5)
  %finished = call i32 @llvm.stackswitch.status(ptr %c)
  %size = call i64 @llvm.stackswitch.slice.size(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  %sum = add i32 %new, %finished
  %wide = zext i32 %sum to i64
  %a = add i64 %r, %wide
  %b = add i64 %a, %size
  ret i64 %b
}

; As a C compiler writes it before optimisation: the handle is in a variable, in a loop.
define i64 @in.loop(ptr %arg, i64 %n) {
; CHECK-LABEL: define i64 @in.loop(
; CHECK-NOT: stackswitch
; CHECK: call i64 @body(ptr %arg, i64 %i)
; CHECK-NOT: stackswitch
; CHECK: }
entry:
  %v = alloca ptr
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %c = call ptr @stackswitch_spawn_i64(ptr null, ptr @body, ptr %arg)
  store ptr %c, ptr %v
  %h = load ptr, ptr %v
  %r = call i64 @stackswitch_resume_i64(ptr %h, i64 %i)
  %h2 = load ptr, ptr %v
  call void @stackswitch_destroy(ptr %h2)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i64 %r
}

; The body is called as it is declared.
define i8 @another.convention() {
; CHECK-LABEL: define i8 @another.convention(
; CHECK-NEXT: call fastcc signext i8 @special(ptr null, i8 signext 7)
  %c = call ptr @llvm.stackswitch.spawn.i8(ptr null, ptr @special, ptr null)
  %r = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 7)
  ret i8 %r
}

; A value of any type is a plain argument now.
define { i64, i64 } @pair(ptr %arg, { i64, i64 } %first) {
  ret { i64, i64 } %first
}
define { i64, i64 } @of.structures({ i64, i64 } %v) {
; CHECK-LABEL: define { i64, i64 } @of.structures(
; CHECK-NEXT: call { i64, i64 } @pair(ptr null, { i64, i64 } %v)
  %c = call ptr @llvm.stackswitch.spawn.sl_i64i64s(ptr null, ptr @pair, ptr null)
  %r = call { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr %c, { i64, i64 } %v)
  ret { i64, i64 } %r
}

; A body that itself only makes such calls.
define i64 @outer(ptr %arg, i64 %first) {
; CHECK-LABEL: define i64 @outer(
; CHECK-NEXT: call i64 @body(
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %arg)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %first)
  ret i64 %r
}
define i64 @nested(ptr %arg) {
; CHECK-LABEL: define i64 @nested(
; CHECK-NEXT: call i64 @outer(
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @outer, ptr %arg)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %r
}
