; The suffix must be LLVM's mangling of the type: double is f64.

@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare double @llvm.stackswitch.suspend.double(double)
declare i32 @printf(ptr, ...)

define i32 @main() {
  %p = call i32 (ptr, ...) @printf(ptr @after)
  %v = call double @llvm.stackswitch.suspend.double(double 1.0)
  ret i32 0
}
