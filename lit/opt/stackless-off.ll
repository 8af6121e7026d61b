; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -O2 -S %s | FileCheck %s --check-prefix=PIPELINE
; RUN: sed 's/i32 0}/i32 1}/' %s | %opt -passes=stackswitch-opt -S | FileCheck %s --check-prefix=ON
; A module can say that its contexts are to keep their stacks. It says nothing of direct calls.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)

define i64 @body(ptr %arg, i64 %first) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %r
}
define i64 @plain(ptr %arg, i64 %first) {
  ret i64 %first
}
define i64 @test() {
; CHECK-LABEL: define i64 @test(
; CHECK: call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
; CHECK: call i64 @llvm.stackswitch.resume.i64(
; CHECK: call i64 @plain(
; PIPELINE-LABEL: define i64 @test(
; PIPELINE: call ptr @stackswitch_spawn_i64(
; ON-LABEL: define i64 @test(
; ON-NOT: @llvm.stackswitch.spawn
; ON: call fastcc void @body.stackless.resume(
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 %r)
  ret i64 %s
}

!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-stackless", i32 0}
