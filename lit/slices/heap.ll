; RUN: %opt -passes=stackswitch-slices,verify -stackswitch-heap-threshold=4096 -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slices,stackswitch-slices,verify -stackswitch-heap-threshold=4096 -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slices -stackswitch-heap-threshold=4096 -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: sed 's/^; IR: //' %s | %opt -passes=stackswitch-slices,verify -S | FileCheck %s
; RUN: %opt -passes=stackswitch-slices -S %s | FileCheck %s --check-prefix=OFF
; RUN: %opt -passes=stackswitch-slices,stackswitch-slice-size -stackswitch-heap-threshold=4096 -S %s | FileCheck %s --check-prefix=SIZE
; Large local variables that a switch needs go to the heap, where a threshold is given: by the
; option, or by the module itself.

target triple = "x86_64-unknown-linux-gnu"

; IR: !llvm.module.flags = !{!0}
; IR: !0 = !{i32 4, !"stackswitch-heap-threshold", i32 4096}

; OFF-NOT: frame_alloc

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i64 @stackswitch_suspend_i64(i64)
declare i64 @read(i32, ptr, i64)
declare i32 @__gxx_personality_v0(...)
declare i32 @llvm.eh.typeid.for.p0(ptr)

; REMARK: a local variable of 8192 bytes is on the heap: no switch copies it
define i64 @across(i64 %n) {
; CHECK-LABEL: define i64 @across(
; CHECK-SAME: #[[NOINLINE:[0-9]+]]
; CHECK-NEXT: [[HOLDER:%.*]] = alloca ptr
; CHECK-NEXT: %small = alloca i64
; CHECK-NEXT: %buffer = call ptr @stackswitch_frame_alloc(i64 8192, i64 16, ptr [[HOLDER]])
; CHECK-NEXT: store ptr %buffer, ptr [[HOLDER]]
; CHECK-NOT: lifetime
; CHECK: call i64 @read(i32 0, ptr %buffer, i64 8192)
; CHECK: call void @stackswitch_frame_free(ptr %buffer)
; CHECK-NEXT: ret i64 0
; CHECK: call void @stackswitch_frame_free(ptr %buffer)
; CHECK-NEXT: ret i64 %s
; SIZE-LABEL: define i64 @across(
; SIZE-SAME: !stackswitch.slice-size ![[LITTLE:[0-9]+]]
  %buffer = alloca [8192 x i8], align 16
  %small = alloca i64
  call void @llvm.lifetime.start.p0(i64 8192, ptr %buffer)
  %got = call i64 @read(i32 0, ptr %buffer, i64 8192)
  %none = icmp eq i64 %got, 0
  br i1 %none, label %out, label %more
out:
  ret i64 0
more:
  %s = call i64 @stackswitch_suspend_i64(i64 %got)
  %again = call i64 @read(i32 0, ptr %buffer, i64 8192)
  store i64 %again, ptr %small
  call void @llvm.lifetime.end.p0(i64 8192, ptr %buffer)
  ret i64 %s
}

; Several share one block, each at its own alignment.
; REMARK: 2 local variables of 10048 bytes are on the heap: no switch copies them
define i64 @several(i64 %n) {
; CHECK-LABEL: define i64 @several(
; CHECK: %a = call ptr @stackswitch_frame_alloc(i64 10048, i64 64, ptr
; CHECK: %b = getelementptr inbounds i8, ptr %a, i64 5952
; CHECK: call void @llvm.memset.p0.i64(ptr %b,
; CHECK: call void @stackswitch_frame_free(
; CHECK-NEXT: ret
  %a = alloca [5896 x i8], align 8
  %b = alloca [4096 x i8], align 64
  call void @llvm.memset.p0.i64(ptr %a, i8 1, i64 5896, i1 false)
  call void @llvm.memset.p0.i64(ptr %b, i8 1, i64 4096, i1 false)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  %r = call i64 @read(i32 0, ptr %a, i64 100)
  %t = call i64 @read(i32 0, ptr %b, i64 100)
  ret i64 %s
}

; A switch further down counts.
define i64 @caller(i64 %n) {
; CHECK-LABEL: define i64 @caller(
; CHECK: call ptr @stackswitch_frame_alloc(i64 4096,
  %buffer = alloca [4096 x i8], align 16
  %got = call i64 @read(i32 0, ptr %buffer, i64 4096)
  %s = call i64 @across(i64 %got)
  %again = call i64 @read(i32 0, ptr %buffer, i64 4096)
  ret i64 %s
}

; What a cleanup unwinds on from gives its block back too.
define i64 @cleanup() personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i64 @cleanup(
; CHECK: call void @stackswitch_frame_free(
; CHECK-NEXT: ret
; CHECK: landingpad
; CHECK: call i32 @llvm.eh.typeid.for
; CHECK: call void @stackswitch_frame_free(
; CHECK-NEXT: resume
  %buffer = alloca [4096 x i8], align 16
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  %got = invoke i64 @read(i32 0, ptr %buffer, i64 4096) to label %ok unwind label %bad
ok:
  ret i64 %s
bad:
  %p = landingpad { ptr, i32 } cleanup
  %kind = call i32 @llvm.eh.typeid.for.p0(ptr null)
  resume { ptr, i32 } %p
}

; CHECK: declare noalias ptr @stackswitch_frame_alloc(i64, i64, ptr)
; CHECK: declare void @stackswitch_frame_free(ptr) #[[NOUNWIND:[0-9]+]]
; CHECK: attributes #[[NOINLINE]] = { noinline }
; CHECK: attributes #[[NOUNWIND]] = { nounwind }
; SIZE: ![[LITTLE]] = !{i64 {{[0-9][0-9][0-9]}}}
