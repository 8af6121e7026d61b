; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -O2 -disable-output -verify-each %s
; In a stackless body nothing throws: what is invoked is called, and handlers go.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.prefetch(ptr)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @__gxx_personality_v0(...)

define void @yield(i64 %v) {
  call void @llvm.stackswitch.prefetch(ptr null)
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret void
}
define internal i64 @plain(i64 %v) {
  ret i64 %v
}

define i64 @body(ptr %arg, i64 %first) personality ptr @__gxx_personality_v0 {
  %a = invoke i64 @stackswitch_suspend_i64(i64 %first)
          to label %one unwind label %lost
one:
  invoke void @yield(i64 %a)
          to label %two unwind label %lost
two:
  %b = invoke i64 @plain(i64 %a)
          to label %three unwind label %lost
three:
  ret i64 %b
lost:
  %state = phi i64 [ 0, %0 ], [ 1, %one ], [ 2, %two ]
  %pad = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pad
}

; CHECK: define internal fastcc void @body.stackless.resume(
; CHECK-NOT: {{invoke|landingpad}}
; CHECK: call void @llvm.stackswitch.prefetch(
; CHECK-NOT: {{invoke|landingpad}}
; CHECK: call i64 @plain(
; CHECK-NOT: {{invoke|landingpad}}
; CHECK: }
define i64 @test() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 2)
  ret i64 %s
}
