; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt,stackswitch-opt,stackswitch-lower,stackswitch-opt -S %s | FileCheck %s --check-prefix=TWICE
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: %opt -passes=debugify,stackswitch-opt,verify -disable-output %s
; A context that one function knows alone, and that suspends in its own frame: its frame is a
; variable of that function.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare i64 @llvm.stackswitch.slice.size(ptr)
declare void @llvm.stackswitch.prefetch(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare void @stackswitch_destroy(ptr)
declare i32 @__gxx_personality_v0(...)

; REMARK: the context of 'counts' is stackless: its frame of 24 bytes is a variable here
; REMARK: the context of 'helped' is stackless

; TWICE-NOT: @llvm.stackswitch
; TWICE: define i64 @all(
; TWICE: call fastcc void @counts.stackless.resume(ptr %stackswitch.frame)
; TWICE-NOT: @llvm.stackswitch

define i64 @counts(ptr %arg, i64 %first) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %step = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, %step
  %more = icmp ult i64 %next, 100
  br i1 %more, label %loop, label %done
done:
  ret i64 %next
}

define i64 @all() {
; CHECK-LABEL: define i64 @all(
; CHECK: %stackswitch.frame = alloca [24 x i8], align 8
; CHECK-NOT: stackswitch.{{spawn|prefetch|slice|destroy|status}}
; CHECK: store i32 0, ptr
; CHECK: icmp eq i32 %{{.*}}, 3
; CHECK: br i1 %{{.*}}, label %[[MISTAKE:.*]], label %[[GO:.*]], !prof
; CHECK: [[GO]]:
; CHECK: store i64 5, ptr
; CHECK-NEXT: call fastcc void @counts.stackless.resume(ptr %stackswitch.frame)
; CHECK-NEXT: load i64, ptr
; CHECK: [[MISTAKE]]:
; CHECK-NEXT: [[CTX:%.*]] = call ptr @stackswitch.stackless.finished()
; CHECK-NEXT: call i64 @llvm.stackswitch.resume.i64(ptr [[CTX]], i64 5)
; CHECK-NEXT: call void @stackswitch_destroy(ptr [[CTX]])
; CHECK-NOT: stackswitch.{{spawn|prefetch|slice|destroy}}
; CHECK: }
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  call void @llvm.stackswitch.prefetch(ptr %c)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 5)
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %size = call i64 @llvm.stackswitch.slice.size(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  %wide = zext i32 %state to i64
  %sum = add i64 %r, %wide
  %all = add i64 %sum, %size
  ret i64 %all
}

; A small function that suspends for the body becomes a part of it.
define i64 @helped(ptr %arg, i64 %first) {
  call void @yield(i64 %first)
  call void @yield(i64 7)
  ret i64 8
}
define void @yield(i64 %v) {
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret void
}

; What is invoked stays invoked where it may throw: an error handler may.
define i64 @invokes() personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i64 @invokes(
; CHECK: store i32 0, ptr
; CHECK: call fastcc void @helped.stackless.resume(
; CHECK: invoke i64 @stackswitch_resume_i64(
; CHECK-NEXT: to label %{{.*}} unwind label %lost
entry:
  %v = alloca ptr
  %c = invoke ptr @stackswitch_spawn_i64(ptr null, ptr @helped, ptr null)
          to label %go unwind label %lost
go:
  store ptr %c, ptr %v
  %h = load ptr, ptr %v
  %r = invoke i64 @stackswitch_resume_i64(ptr %h, i64 1)
          to label %end unwind label %lost
end:
  %h2 = load ptr, ptr %v
  call void @stackswitch_destroy(ptr %h2)
  ret i64 %r
lost:
  %pad = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pad
}

; Where the body suspended it returns, and goes on from there: `i` is kept in the frame.
; CHECK: define internal fastcc void @counts.stackless.resume(ptr noundef nonnull align 8 dereferenceable(24) [[FRAME:%.*]])
; CHECK: [[KEPT_I:%.*]] = getelementptr inbounds i8, ptr [[FRAME]], i64 12
; CHECK: [[STATE:%.*]] = load i32, ptr
; CHECK-NEXT: switch i32 [[STATE]], label %{{.*}} [
; CHECK-NEXT: i32 0, label %start
; CHECK-NEXT: i32 1, label %[[AGAIN:.*]]
; CHECK-NEXT: ]
; CHECK: loop:
; CHECK-NEXT: [[I:%.*]] = phi i64 [ [[FIRST:%.*]], %start ], [ [[NEXT:%.*]], %[[AGAIN]] ]
; CHECK-NEXT: store i64 [[I]], ptr [[KEPT_I]]
; CHECK-NEXT: store i64 [[I]], ptr [[FRAME]]
; CHECK: store i32 1, ptr
; CHECK-NEXT: ret void
; CHECK: [[AGAIN]]:
; CHECK-NEXT: [[OLD:%.*]] = load i64, ptr [[KEPT_I]]
; CHECK-NEXT: [[STEP:%.*]] = load i64, ptr [[FRAME]]
; CHECK-NEXT: [[NEXT]] = add i64 [[OLD]], [[STEP]]
; CHECK: store i32 3, ptr
; CHECK-NEXT: ret void
; CHECK: define internal ptr @stackswitch.stackless.finished() [[KEPT:#[0-9]+]]
; CHECK-NEXT: :
; CHECK-NEXT: [[C:%.*]] = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @stackswitch.stackless.end, ptr null)
; CHECK-NEXT: call i64 @llvm.stackswitch.resume.i64(ptr [[C]], i64 0)
; CHECK-NEXT: ret ptr [[C]]
; CHECK-NOT: @stackswitch.stackless.suspension
; CHECK: attributes [[KEPT]] = { cold noinline optnone{{.*}} }
