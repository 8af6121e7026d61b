; An intrinsic declared with too few arguments is refused before anything runs.

@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.base.create()
declare i32 @printf(ptr, ...)

define i32 @main() {
  %p = call i32 (ptr, ...) @printf(ptr @after)
  %b = call ptr @llvm.stackswitch.base.create()
  ret i32 0
}
