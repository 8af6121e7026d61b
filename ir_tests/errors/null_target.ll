; A null handle that only turns up at run time cannot be a context: the
; error EINVAL. (A null constant is an error at compile time.)

@handle = global ptr null

@before = private unnamed_addr constant [15 x i8] c"resuming null\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i32 @main() {
  %p0 = call i32 (ptr, ...) @printf(ptr @before)
  %f = call i32 @fflush(ptr null)
  %c = load volatile ptr, ptr @handle
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 8)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
