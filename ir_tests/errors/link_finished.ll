; A function that returns to a link that has finished is the error ENOLINK.

@in = private unnamed_addr constant [24 x i8] c"the link has status %d\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare i32 @llvm.stackswitch.status(ptr)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @idle(ptr %unused, i64 %first) {
  ret i64 %first
}

define i64 @body(ptr %other, i64 %first) {
  %state = call i32 @llvm.stackswitch.status(ptr %other)
  %p0 = call i32 (ptr, ...) @printf(ptr @in, i32 %state)
  %f = call i32 @fflush(ptr null)
  ret i64 0
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @idle, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %a)
  call void @llvm.stackswitch.setlink(ptr %b, ptr %a)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 0)
  %w = call i64 @llvm.stackswitch.swap.i64(ptr %b, i64 0)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
