; An intrinsic declared with the wrong type (the value is i32, the suffix says
; i64) is refused before anything runs.

@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare i64 @llvm.stackswitch.resume.i64(ptr, i32)
declare ptr @llvm.stackswitch.current()
declare i32 @printf(ptr, ...)

define i32 @main() {
  %p = call i32 (ptr, ...) @printf(ptr @after)
  %c = call ptr @llvm.stackswitch.current()
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i32 1)
  ret i32 0
}
