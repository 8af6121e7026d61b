; A suspend to a link that was destroyed meanwhile is the error ENOLINK.

@in = private unnamed_addr constant [23 x i8] c"the link is destroyed\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

define i64 @idle(ptr %unused, i64 %first) {
  ret i64 %first
}

define i64 @body(ptr %other, i64 %first) {
  call void @llvm.stackswitch.destroy(ptr %other)
  %p0 = call i32 (ptr, ...) @printf(ptr @in)
  %f = call i32 @fflush(ptr null)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i64 %v
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @idle, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %a)
  call void @llvm.stackswitch.setlink(ptr %b, ptr %a)
  %v = call i64 @llvm.stackswitch.swap.i64(ptr %b, i64 0)
  ret i32 0
}
