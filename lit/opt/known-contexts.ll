; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt,stackswitch-lower,stackswitch-opt -S %s | FileCheck %s --check-prefix=TWICE
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks=stackswitch -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; What is asked of a context is folded where it is known, and only there.

declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare ptr @llvm.stackswitch.link(ptr)
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare i64 @llvm.stackswitch.slice.size(ptr)
declare void @use(ptr, ptr)
declare void @show(i32)

define i64 @body(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}

; REMARK-DAG: the context's status is known
define i32 @status.of.current() {
; CHECK-LABEL: define i32 @status.of.current(
; CHECK-NOT: @llvm.stackswitch.status
; CHECK: ret i32 2
; TWICE-LABEL: define i32 @status.of.current(
; TWICE: ret i32 2
  %c = call ptr @llvm.stackswitch.current()
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  ret i32 %s
}

; It may be that of a clone's original, which is parked.
; REMARK-DAG: the status is not known: the context may have run, or have ended
define i32 @status.after.switch() {
; CHECK-LABEL: define i32 @status.after.switch(
; CHECK: call i32 @llvm.stackswitch.status
  %c = call ptr @llvm.stackswitch.current()
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  ret i32 %s
}

define i64 @of.new() {
; CHECK-LABEL: define i64 @of.new(
; CHECK-NEXT: %c = call ptr @llvm.stackswitch.spawn.i64(
; CHECK-NEXT: call void @use(ptr %c, ptr null)
; CHECK-NEXT: call void @show(i32 0)
; CHECK-NEXT: ret i64 0
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  %l = call ptr @llvm.stackswitch.link(ptr %c)
  %n = call i64 @llvm.stackswitch.slice.size(ptr %c)
  call void @use(ptr %c, ptr %l)
  call void @show(i32 %s)
  ret i64 %n
}

; 'use' may run it. A base that is not known may make the spawn fail.
define i32 @not.new(ptr %base) {
; CHECK-LABEL: define i32 @not.new(
; CHECK: %s = call i32 @llvm.stackswitch.status(ptr %c)
; CHECK: %t = call i32 @llvm.stackswitch.status(ptr %d)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  call void @use(ptr %c, ptr null)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  call void @use(ptr %d, ptr null)
  %t = call i32 @llvm.stackswitch.status(ptr %d)
  %sum = add i32 %s, %t
  ret i32 %sum
}

define i32 @unknown.base(ptr %base) {
; CHECK-LABEL: define i32 @unknown.base(
; CHECK: %t = call i32 @llvm.stackswitch.status(ptr %d)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %t = call i32 @llvm.stackswitch.status(ptr %d)
  call void @use(ptr %d, ptr null)
  ret i32 %t
}

; REMARK-DAG: the link is set again before anybody can see it
; REMARK-DAG: the context's link is known
; REMARK-DAG: the context has this link already
define ptr @links() {
; CHECK-LABEL: define ptr @links(
; CHECK-NEXT: %d = call ptr @llvm.stackswitch.spawn.i64(
; CHECK-NEXT: %c = call ptr @llvm.stackswitch.current()
; CHECK-NEXT: call void @use.nothing()
; CHECK-NEXT: call void @llvm.stackswitch.setlink(ptr %c, ptr null)
; CHECK-NEXT: call void @use(ptr %d, ptr %c)
; CHECK-NEXT: ret ptr null
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %c = call ptr @llvm.stackswitch.current()
  call void @use.nothing()
  call void @llvm.stackswitch.setlink(ptr %d, ptr null)
  call void @llvm.stackswitch.setlink(ptr %c, ptr %d)
  call void @llvm.stackswitch.setlink(ptr %c, ptr null)
  %l = call ptr @llvm.stackswitch.link(ptr %c)
  call void @llvm.stackswitch.setlink(ptr %c, ptr %l)
  call void @use(ptr %d, ptr %c)
  ret ptr %l
}

define internal void @use.nothing() {
  ret void
}

; Two questions without a switch between have one answer.
define i1 @link.twice() {
; CHECK-LABEL: define i1 @link.twice(
; CHECK: %a = call ptr @llvm.stackswitch.link(ptr %c)
; CHECK-NOT: @llvm.stackswitch.link
; CHECK: icmp eq ptr %a, %a
  %c = call ptr @llvm.stackswitch.current()
  %a = call ptr @llvm.stackswitch.link(ptr %c)
  %b = call ptr @llvm.stackswitch.link(ptr %c)
  %same = icmp eq ptr %a, %b
  ret i1 %same
}

; A link that may be no context is refused, and the error's handler may do anything.
define ptr @unknown.link(ptr %other) {
; CHECK-LABEL: define ptr @unknown.link(
; CHECK: call void @llvm.stackswitch.setlink(ptr %c, ptr null)
; CHECK: call void @llvm.stackswitch.setlink(ptr %c, ptr %other)
; CHECK: %l = call ptr @llvm.stackswitch.link(ptr %c)
  %c = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.setlink(ptr %c, ptr null)
  call void @llvm.stackswitch.setlink(ptr %c, ptr %other)
  %l = call ptr @llvm.stackswitch.link(ptr %c)
  ret ptr %l
}

; A link that is asked for between counts, and so does one that a switch uses.
define ptr @seen.link() {
; CHECK-LABEL: define ptr @seen.link(
; CHECK: call void @llvm.stackswitch.setlink(ptr %c, ptr null)
; CHECK: call i64 @llvm.stackswitch.suspend.i64(
; CHECK: call void @llvm.stackswitch.setlink(ptr %again, ptr %again)
  %c = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.setlink(ptr %c, ptr null)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %again = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.setlink(ptr %again, ptr %again)
  ret ptr %c
}

; What holds on both ways holds where they meet.
define i32 @meet(i1 %which) {
; CHECK-LABEL: define i32 @meet(
; CHECK: join:
; CHECK-NEXT: call void @use(ptr %c, ptr %c)
; CHECK-NEXT: ret i32 2
entry:
  %c = call ptr @llvm.stackswitch.current()
  br i1 %which, label %yes, label %no
yes:
  call void @use.nothing()
  br label %join
no:
  br label %join
join:
  %d = call ptr @llvm.stackswitch.current()
  %s = call i32 @llvm.stackswitch.status(ptr %d)
  call void @use(ptr %c, ptr %d)
  ret i32 %s
}

define i32 @no.meeting(i1 %which) {
; CHECK-LABEL: define i32 @no.meeting(
; CHECK: join:
; CHECK-NEXT: %d = call ptr @llvm.stackswitch.current()
entry:
  %c = call ptr @llvm.stackswitch.current()
  br i1 %which, label %yes, label %join
yes:
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  br label %join
join:
  %d = call ptr @llvm.stackswitch.current()
  call void @use(ptr %c, ptr %d)
  ret i32 0
}

; A loop without a switch knows it, one with a switch does not.
define void @loop(i1 %again) {
; CHECK-LABEL: define void @loop(
; CHECK: turn:
; CHECK-NEXT: call void @use.nothing()
; CHECK-NEXT: br
; CHECK: more:
; CHECK-NEXT: %e = call ptr @llvm.stackswitch.current()
entry:
  %c = call ptr @llvm.stackswitch.current()
  br label %turn
turn:
  %d = call ptr @llvm.stackswitch.current()
  call void @use.nothing()
  br i1 %again, label %turn, label %more
more:
  %e = call ptr @llvm.stackswitch.current()
  call void @use(ptr %c, ptr %e)
  br i1 %again, label %more, label %done
done:
  ret void
}

; In a loop a link may be the one of an earlier turn.
define ptr @earlier.turn(ptr %p, i64 %n) {
; CHECK-LABEL: define ptr @earlier.turn(
; CHECK: turn:
; CHECK: %x = phi ptr
; CHECK: %l = call ptr @llvm.stackswitch.link(ptr %c)
; CHECK: call void @llvm.stackswitch.setlink(ptr %c, ptr %l)
entry:
  %c = call ptr @llvm.stackswitch.current()
  br label %turn
turn:
  %i = phi i64 [ 0, %entry ], [ %next, %turn ]
  %x = phi ptr [ null, %entry ], [ %l, %turn ]
  %l = call ptr @llvm.stackswitch.link(ptr %c)
  store ptr %x, ptr %p
  call void @llvm.stackswitch.setlink(ptr %c, ptr %l)
  call void @llvm.stackswitch.setlink(ptr %c, ptr null)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %turn, label %done
done:
  ret ptr %x
}

define i32 @left.alone() noinline optnone {
; CHECK-LABEL: define i32 @left.alone(
; CHECK: call i32 @llvm.stackswitch.status
  %c = call ptr @llvm.stackswitch.current()
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  ret i32 %s
}
