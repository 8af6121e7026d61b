; A resume of a context whose function has returned is the error EFINISHED.

@got = private unnamed_addr constant [21 x i8] c"got %lld, status %d\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i32 @llvm.stackswitch.status(ptr)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @body(ptr %unused, i64 %first) {
  ret i64 %first
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 7)
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %p0 = call i32 (ptr, ...) @printf(ptr @got, i64 %v, i32 %state)
  %f = call i32 @fflush(ptr null)
  %w = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 8)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
