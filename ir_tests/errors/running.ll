; A resume of oneself is the error ERUNNING (a swap to oneself is allowed).

@in = private unnamed_addr constant [42 x i8] c"in the context, swap to itself gave %lld\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @body(ptr %unused, i64 %first) {
  %self = call ptr @llvm.stackswitch.current()
  %v = call i64 @llvm.stackswitch.swap.i64(ptr %self, i64 %first)
  %p0 = call i32 (ptr, ...) @printf(ptr @in, i64 %v)
  %f = call i32 @fflush(ptr null)
  %w = call i64 @llvm.stackswitch.resume.i64(ptr %self, i64 8)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i64 %w
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 7)
  ret i32 0
}
