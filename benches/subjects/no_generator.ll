; What `generator.ll` computes, by a plain call: the peer in the bench `first-result`.
@format = private constant [6 x i8] c"%lld\0A\00"
define i64 @square(i64 %n) noinline {
  %square = mul i64 %n, %n
  ret i64 %square
}
define i32 @main() {
  %value = call i64 @square(i64 5)
  %printed = call i32 (ptr, ...) @printf(ptr @format, i64 %value)
  ret i32 0
}
declare i32 @printf(ptr, ...)
