; The program of the bench `first-result`: a generator that squares what it is sent.
@format = private constant [6 x i8] c"%lld\0A\00"
define i64 @squares(ptr %arg, i64 %n) {
  %square = mul i64 %n, %n
  %next = call i64 @llvm.stackswitch.suspend.i64(i64 %square)
  ret i64 %next
}
define i32 @main() {
  %generator = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @squares, ptr null)
  %value = call i64 @llvm.stackswitch.resume.i64(ptr %generator, i64 5)
  %printed = call i32 (ptr, ...) @printf(ptr @format, i64 %value)
  ret i32 0
}
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @printf(ptr, ...)
