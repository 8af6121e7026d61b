; The reserve given to base.create bounds the region: endless recursion there
; is the error EOVERFLOW as well, here after another context was displaced.

@before = private unnamed_addr constant [37 x i8] c"parked %lld, going down without end\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)

; Not inlined, so that the optimiser keeps the whole buffer of each frame.
define i64 @next(ptr %words, i64 %level) noinline {
  store volatile i64 %level, ptr %words
  %value = load volatile i64, ptr %words
  %more = add i64 %value, 1
  ret i64 %more
}

define i64 @recurse(i64 %level) noinline {
  %words = alloca [128 x i64], align 16
  %more = call i64 @next(ptr %words, i64 %level)
  %below = call i64 @recurse(i64 %more)
  %again = call i64 @next(ptr %words, i64 %below)
  ret i64 %again
}

define i64 @body(ptr %unused, i64 %first) {
  %v = call i64 @recurse(i64 %first)
  ret i64 %v
}

define i64 @parked(ptr %unused, i64 %first) {
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %v
}

define i32 @main() {
  %base = call ptr @llvm.stackswitch.base.create(i64 262144)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @parked, ptr null)
  %u = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 5)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %p0 = call i32 (ptr, ...) @printf(ptr @before, i64 %u)
  %f = call i32 @fflush(ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
