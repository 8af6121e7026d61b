; A context that destroys itself makes the error ERUNNING.

@in = private unnamed_addr constant [16 x i8] c"in the context\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @body(ptr %unused, i64 %first) {
  %self = call ptr @llvm.stackswitch.current()
  %p0 = call i32 (ptr, ...) @printf(ptr @in)
  %f = call i32 @fflush(ptr null)
  call void @llvm.stackswitch.destroy(ptr %self)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i64 0
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 7)
  ret i32 0
}
