; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A body suspends with another type than the one that waits for it: all of its contexts answer their
; creators.

declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare double @llvm.stackswitch.resume.f64(ptr, double)
declare double @llvm.stackswitch.suspend.f64(double)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)

define internal double @body(ptr %arg, double %first) {
  %good = call double @llvm.stackswitch.suspend.f64(double %first)
; CHECK: error: {{.*}}in function 'body', instruction '%bad = call i64 @llvm.stackswitch.suspend.i64(i64 1)': this switch carries 'i64' to a context that waits for 'double'; expected 'double'
; CHECK-SAME: note: in function 'test', instruction '%c = {{.*}}': its context is spawned here
  %bad = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  ret double %good
}

define void @test() {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @body, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  %s = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}
