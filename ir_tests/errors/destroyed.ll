; A resume of a context that was destroyed is the error EDESTROYED.

@got = private unnamed_addr constant [10 x i8] c"got %lld\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @body(ptr %unused, i64 %first) {
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %v
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 7)
  %p0 = call i32 (ptr, ...) @printf(ptr @got, i64 %v)
  call void @llvm.stackswitch.destroy(ptr %c)
  %f = call i32 @fflush(ptr null)
  %w = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 8)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
