; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A body suspends with another type than the one that waits for it. Other modules may have contexts of
; it too, but control always comes to that suspension first.

declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare double @llvm.stackswitch.resume.f64(ptr, double)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)

define double @first(ptr %arg, double %first) {
  br label %next
next:
; CHECK: error: {{.*}}in function 'first', instruction '%bad = call i64 @llvm.stackswitch.suspend.i64(i64 2)': this switch carries 'i64' to a context that waits for 'double'
  %bad = call i64 @llvm.stackswitch.suspend.i64(i64 2)
  ret double %first
}

define void @test.first() {
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @first, ptr null)
  %r = call double @llvm.stackswitch.resume.f64(ptr %c, double 1.0)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}
