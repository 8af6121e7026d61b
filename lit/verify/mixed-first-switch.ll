; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The first switch to a new context carries another type than its spawn, also where the handle is
; kept in a variable.

declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare void @llvm.stackswitch.destroy(ptr)

define void @test(ptr %body) {
; CHECK: error: {{.*}}in function 'test', instruction '%r = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 1)': the first switch to this context carries 'i64'; expected 'double', with which it is spawned; hint: use one type in the spawn and in the switches; note: in function 'test', instruction '%c = call ptr @llvm.stackswitch.spawn.f64({{.*}})': it is spawned here
  %v = alloca ptr
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr %body, ptr null)
  store ptr %c, ptr %v
  %h = load ptr, ptr %v
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 1)
  %i = load ptr, ptr %v
  call void @llvm.stackswitch.destroy(ptr %i)
  ret void
}
