; A function that is a null constant is refused before anything runs.

@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i32 @printf(ptr, ...)

define i32 @main() {
  %p = call i32 (ptr, ...) @printf(ptr @after)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr null, ptr null)
  ret i32 0
}
