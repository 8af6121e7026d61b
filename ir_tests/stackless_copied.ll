; A context whose creator is cloned while it waits: both go on with the same context. So it cannot
; be a part of its creator's frame, of which there are two then.

@line = private unnamed_addr constant [21 x i8] c"%lld, %lld and %lld\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.clone(ptr)
declare i32 @printf(ptr, ...)

define internal i64 @counts(ptr %arg, i64 %first) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %step = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, %step
  br label %loop
}

define internal i64 @shared(ptr %arg, i64 %first) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %x = call i64 @llvm.stackswitch.suspend.i64(i64 %a)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %b
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @shared, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %d = call ptr @llvm.stackswitch.clone(ptr %c)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %e = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 0)
  %p = call i32 (ptr, ...) @printf(ptr @line, i64 %a, i64 %b, i64 %e)
  ret i32 0
}
