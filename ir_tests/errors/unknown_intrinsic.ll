; A name that is not in the table is refused before anything runs.

@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare i64 @llvm.stackswitch.teleport.i64(ptr, i64)
declare i32 @printf(ptr, ...)

define i32 @main() {
  %p = call i32 (ptr, ...) @printf(ptr @after)
  %v = call i64 @llvm.stackswitch.teleport.i64(ptr null, i64 1)
  ret i32 0
}
