; RUN: %opt -passes='default<O1>' -S %s | FileCheck %s --check-prefix=WHOLE
; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; What is given a handle becomes a part of the creator, unless it is invoked and has intrinsics in it: these
; would be invoked then, and LLVM knows no such thing.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @__gxx_personality_v0(...)
declare void @cleanup()

; WHOLE-LABEL: define {{.*}}@called
; CHECK-LABEL: define i64 @called
; CHECK-NOT: @ask
; CHECK: }
define i64 @called() {
  %ctx = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @ask(ptr %ctx)
  call void @llvm.stackswitch.destroy(ptr %ctx)
  ret i64 %r
}

; WHOLE-LABEL: define {{.*}}@invoked
; CHECK-LABEL: define i64 @invoked
; CHECK: invoke i64 @ask(ptr %ctx)
define i64 @invoked() personality ptr @__gxx_personality_v0 {
  %ctx = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = invoke i64 @ask(ptr %ctx) to label %done unwind label %lost
done:
  call void @llvm.stackswitch.destroy(ptr %ctx)
  ret i64 %r
lost:
  %pad = landingpad { ptr, i32 } cleanup
  call void @cleanup()
  resume { ptr, i32 } %pad
}

define internal i64 @ask(ptr %ctx) {
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 1)
  ret i64 %r
}

define internal i64 @body(ptr %arg, i64 %first) {
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %next
}
