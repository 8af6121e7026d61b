; RUN: %opt -O2 -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s --check-prefix=FIRST
; RUN: %opt -O2 -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; What only inlining shows: the handle is in an object, and functions of its own work on it; a body
; consumes another context, which it can be seen never to resume once too often.

declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @stackswitch_status(ptr)
declare void @stackswitch_destroy(ptr)

; REMARK: the context of 'upto' is stackless
; REMARK: the context of 'doubled' is stackless

define linkonce_odr void @open(ptr %object, ptr %body, ptr %arg) {
  %c = call ptr @stackswitch_spawn_i64(ptr null, ptr %body, ptr %arg)
  store ptr %c, ptr %object
  ret void
}
define linkonce_odr i1 @next(ptr %object, ptr %to) {
  %c = load ptr, ptr %object
  %v = call i64 @stackswitch_resume_i64(ptr %c, i64 0)
  store i64 %v, ptr %to
  %c2 = load ptr, ptr %object
  %s = call i32 @stackswitch_status(ptr %c2)
  %more = icmp ne i32 %s, 3
  ret i1 %more
}
define linkonce_odr void @close(ptr %object) {
  %c = load ptr, ptr %object
  call void @stackswitch_destroy(ptr %c)
  ret void
}

define linkonce_odr i64 @upto(ptr %arg, i64 %first) {
entry:
  %n = load i64, ptr %arg
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %more ]
  %end = icmp uge i64 %i, %n
  br i1 %end, label %done, label %more
more:
  %sent = call i64 @stackswitch_suspend_i64(i64 %i)
  %next = add i64 %i, 1
  br label %head
done:
  ret i64 0
}

define linkonce_odr i64 @doubled(ptr %arg, i64 %first) {
entry:
  %object = alloca { ptr }
  %v = alloca i64
  call void @open(ptr %object, ptr @upto, ptr %arg)
  br label %head
head:
  %more = call i1 @next(ptr %object, ptr %v)
  br i1 %more, label %one, label %done
one:
  %x = load i64, ptr %v
  %twice = mul i64 %x, 2
  %sent = call i64 @stackswitch_suspend_i64(i64 %twice)
  br label %head
done:
  call void @close(ptr %object)
  ret i64 0
}

; FIRST: define i64 @sum(
; FIRST-NOT: alloca [
; FIRST: }
define i64 @sum(i64 %n) {
; CHECK-LABEL: define i64 @sum(
; CHECK-NOT: {{ (call|switch|alloca|load|store) }}
; CHECK: }
entry:
  %limit = alloca i64
  %object = alloca { ptr }
  %v = alloca i64
  store i64 %n, ptr %limit
  call void @open(ptr %object, ptr @doubled, ptr %limit)
  br label %head
head:
  %sum = phi i64 [ 0, %entry ], [ %plus, %one ]
  %more = call i1 @next(ptr %object, ptr %v)
  br i1 %more, label %one, label %done
one:
  %x = load i64, ptr %v
  %plus = add i64 %sum, %x
  br label %head
done:
  call void @close(ptr %object)
  ret i64 %sum
}
