; RUN: %opt -passes=stackswitch-opt,verify -S %s | FileCheck %s
; A handle that is a member of the object which the body is given is the handle itself wherever it is
; loaded, if nothing that has the object looks at the member. A function that does becomes a part of
; the creator first. So these contexts are stackless.

%gen = type { ptr, i64, i1 }

declare ptr @stackswitch_spawn(ptr, ptr, ptr)
declare ptr @stackswitch_resume(ptr, ptr)
declare ptr @stackswitch_suspend(ptr)
declare void @stackswitch_destroy(ptr)
declare void @elsewhere(ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; Gives 0 to 9 in the second member, and says in the third that it has ended.
define linkonce_odr ptr @body(ptr %gen, ptr %first) {
entry:
  %value = getelementptr %gen, ptr %gen, i64 0, i32 1
  %done = getelementptr %gen, ptr %gen, i64 0, i32 2
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  store i64 %i, ptr %value
  %s = call ptr @stackswitch_suspend(ptr null)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 10
  br i1 %more, label %loop, label %end
end:
  store i1 true, ptr %done
  ret ptr null
}

; CHECK-LABEL: define i64 @sum(
; CHECK-NOT: call ptr @stackswitch_spawn(
; CHECK: ret i64
define i64 @sum() {
entry:
  %g = alloca %gen
  call void @llvm.memset.p0.i64(ptr %g, i8 0, i64 24, i1 false)
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %value = getelementptr %gen, ptr %g, i64 0, i32 1
  %done = getelementptr %gen, ptr %g, i64 0, i32 2
  br label %loop
loop:
  %h = phi ptr [ %c, %entry ], [ %again, %use ]
  %sum = phi i64 [ 0, %entry ], [ %new, %use ]
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  %ended = load i1, ptr %done
  br i1 %ended, label %end, label %use
use:
  %v = load i64, ptr %value
  %new = add i64 %sum, %v
  %again = load ptr, ptr %g
  br label %loop
end:
  %last = load ptr, ptr %g
  %is_null = icmp eq ptr %last, null
  br i1 %is_null, label %out, label %destroy
destroy:
  call void @stackswitch_destroy(ptr %last)
  br label %out
out:
  ret i64 %sum
}

define linkonce_odr void @close(ptr %gen) {
  %c = load ptr, ptr %gen
  call void @stackswitch_destroy(ptr %c)
  ret void
}

define linkonce_odr i64 @value(ptr %gen) noinline {
  %value = getelementptr %gen, ptr %gen, i64 0, i32 1
  %v = load i64, ptr %value
  ret i64 %v
}

; CHECK-LABEL: define i64 @closed_by_a_function(
; CHECK-NOT: call ptr @stackswitch_spawn(
; CHECK: call i64 @value(
; CHECK-NOT: call ptr @stackswitch_spawn(
; CHECK-NOT: call void @close(
; CHECK: ret i64
define i64 @closed_by_a_function() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  %v = call i64 @value(ptr %g)
  call void @close(ptr %g)
  ret i64 %v
}

; In a loop each turn has an object of its own.
; CHECK-LABEL: define i64 @one_after_another(
; CHECK-NOT: call ptr @stackswitch_spawn(
; CHECK: ret i64
define i64 @one_after_another(i64 %n) {
entry:
  %g = alloca %gen
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %j, %loop ]
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  %h2 = load ptr, ptr %g
  call void @stackswitch_destroy(ptr %h2)
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %loop, label %end
end:
  ret i64 %j
}

; Here the handle of the turn before is used.
; CHECK-LABEL: define i64 @one_behind(
; CHECK: call ptr @stackswitch_spawn(
; CHECK: [[LATE:%.*]] = load ptr, ptr %g
; CHECK: call ptr @stackswitch_spawn(
; CHECK: call ptr @stackswitch_resume(ptr [[LATE]],
define i64 @one_behind(i64 %n) {
entry:
  %g = alloca %gen
  %first = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %first, ptr %g
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %j, %loop ]
  %h = load ptr, ptr %g
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %loop, label %end
end:
  ret i64 %j
}

; CHECK-LABEL: define ptr @changed(
; CHECK: load ptr, ptr %g
define ptr @changed(ptr %other) {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  store ptr %other, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

; CHECK-LABEL: define ptr @changed_in_part(
; CHECK: load ptr, ptr %g
define ptr @changed_in_part() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %part = getelementptr i8, ptr %g, i64 7
  store i8 1, ptr %part
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

; CHECK-LABEL: define ptr @copied(
; CHECK: store ptr %c, ptr %g
; CHECK: load ptr, ptr %g
define ptr @copied(ptr %to) {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %g, i64 24, i1 false)
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

; CHECK-LABEL: define ptr @known_elsewhere(
; CHECK: load ptr, ptr %g
define ptr @known_elsewhere() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  call void @elsewhere(ptr %g)
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

; CHECK-LABEL: define ptr @not_yet(
; CHECK: load ptr, ptr %g
define ptr @not_yet(i1 %early) {
entry:
  %g = alloca %gen
  br i1 %early, label %use, label %make
make:
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  br label %use
use:
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

define internal ptr @looks_at_itself(ptr %gen, ptr %first) {
  %me = load ptr, ptr %gen
  %s = call ptr @stackswitch_suspend(ptr %me)
  ret ptr %s
}
; CHECK-LABEL: define ptr @body_looks(
; CHECK: store ptr %c, ptr %g
; CHECK: load ptr, ptr %g
define ptr @body_looks() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @looks_at_itself, ptr %g)
  store ptr %c, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

define internal ptr @hands_on(ptr %gen, ptr %first) {
  %s = call ptr @stackswitch_suspend(ptr %gen)
  ret ptr %s
}
; CHECK-LABEL: define ptr @body_hands_on(
; CHECK: store ptr %c, ptr %g
; CHECK: load ptr, ptr %g
define ptr @body_hands_on() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @hands_on, ptr %g)
  store ptr %c, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

define linkonce_odr void @close_kept(ptr %gen) noinline {
  %c = load ptr, ptr %gen
  call void @stackswitch_destroy(ptr %c)
  ret void
}
; CHECK-LABEL: define void @closed_by_what_stays(
; CHECK: load ptr, ptr %g
; CHECK: call void @close_kept(
define void @closed_by_what_stays() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  call void @close_kept(ptr %g)
  ret void
}

; CHECK-LABEL: define ptr @volatile(
; CHECK: load volatile ptr, ptr %g
define ptr @volatile() {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %h = load volatile ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

; CHECK-LABEL: define ptr @not_optimised(
; CHECK: load ptr, ptr %g
define ptr @not_optimised() noinline optnone {
  %g = alloca %gen
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %g)
  store ptr %c, ptr %g
  %h = load ptr, ptr %g
  %r = call ptr @stackswitch_resume(ptr %h, ptr null)
  ret ptr %r
}

; A comparison with null is decided only where the context goes.
; CHECK-LABEL: define i1 @made(
; CHECK: call ptr @stackswitch_spawn(
; CHECK: icmp ne ptr
define i1 @made(ptr %arg) {
  %c = call ptr @stackswitch_spawn(ptr null, ptr @hands_on, ptr %arg)
  %there = icmp ne ptr %c, null
  %r = call ptr @stackswitch_resume(ptr %c, ptr null)
  call void @elsewhere(ptr %c)
  ret i1 %there
}

define internal fastcc void @close_handle(ptr %c) {
  %is_null = icmp eq ptr %c, null
  br i1 %is_null, label %out, label %destroy
destroy:
  call void @stackswitch_destroy(ptr %c)
  br label %out
out:
  ret void
}
; CHECK-LABEL: define void @closed_by_its_handle(
; CHECK-NOT: call ptr @stackswitch_spawn(
; CHECK-NOT: @close_handle(
; CHECK: ret void
define void @closed_by_its_handle(ptr %arg) {
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %arg)
  %r = call ptr @stackswitch_resume(ptr %c, ptr null)
  call fastcc void @close_handle(ptr %c)
  ret void
}

; Where something else has the handle too, nothing would be won.
; CHECK-LABEL: define void @handle_known_elsewhere(
; CHECK: call ptr @stackswitch_spawn(
; CHECK: call fastcc void @close_handle(
define void @handle_known_elsewhere(ptr %arg) {
  %c = call ptr @stackswitch_spawn(ptr null, ptr @body, ptr %arg)
  %r = call ptr @stackswitch_resume(ptr %c, ptr null)
  call void @elsewhere(ptr %c)
  call fastcc void @close_handle(ptr %c)
  ret void
}
