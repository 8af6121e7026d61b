; A function that returns in a context without a link is the error ENOLINK.

@in = private unnamed_addr constant [26 x i8] c"in the context with %lld\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @body(ptr %unused, i64 %first) {
  %p0 = call i32 (ptr, ...) @printf(ptr @in, i64 %first)
  %f = call i32 @fflush(ptr null)
  ret i64 %first
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 7)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
