; A POSIX context with a null link ends the thread when its function returns,
; and the process with status 0 if it was the last: what comes after the
; swapcontext in main never runs.

@in = private unnamed_addr constant [16 x i8] c"in the context\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare ptr @malloc(i64)
declare i32 @fflush(ptr)

define void @body(ptr %arg) {
  %p = call i32 (ptr, ...) @printf(ptr @in)
  %f = call i32 @fflush(ptr null)
  ret void
}

define i32 @main() {
  %size = call i64 @llvm.stackswitch.context.size()
  %c = call ptr @calloc(i64 1, i64 %size)
  %home = call ptr @calloc(i64 1, i64 %size)
  %stack = call ptr @malloc(i64 65536)
  %g = call i32 @llvm.stackswitch.getcontext(ptr %c, ptr null)
  %m = call i32 @llvm.stackswitch.makecontext(ptr %c, ptr %stack, i64 65536, ptr null, ptr @body, ptr null)
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %home, ptr %c, ptr null)
  %p = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 1
}
