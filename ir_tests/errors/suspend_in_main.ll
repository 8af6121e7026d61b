; A suspend on the thread's own stack, which has no link, is the error ENOLINK.

@before = private unnamed_addr constant [15 x i8] c"main suspends\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i32 @main() {
  %p0 = call i32 (ptr, ...) @printf(ptr @before)
  %f = call i32 @fflush(ptr null)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 7)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
