; Control comes back a second time to a place between a spawn and a resume, by a jump that no block shows.
; The context has gone on meanwhile.

@line = private unnamed_addr constant [17 x i8] c"status %d: %lld\0A\00"
@buffer = internal global [64 x i64] zeroinitializer, align 16
@turn = internal global i32 0

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @_setjmp(ptr) returns_twice
declare void @longjmp(ptr, i32) noreturn
declare i32 @printf(ptr, ...)

define internal i64 @once(ptr %arg, i64 %first) {
  %r = mul i64 %first, 3
  ret i64 %r
}
define internal i64 @counts(ptr %arg, i64 %first) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, 1
  br label %loop
}

define internal void @jump() noinline {
  call void @longjmp(ptr @buffer, i32 1)
  unreachable
}

; By its blocks this context is a call, made once. It has finished the second time.
define internal void @finished() noinline {
  store volatile i32 0, ptr @turn
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr null)
  %again = call i32 @_setjmp(ptr @buffer) returns_twice
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  %new = icmp eq i32 %s, 0
  br i1 %new, label %resume, label %done
resume:
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 4)
  %p = call i32 (ptr, ...) @printf(ptr @line, i32 %s, i64 %r)
  call void @jump()
  unreachable
done:
  %q = call i32 (ptr, ...) @printf(ptr @line, i32 %s, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

; This one is suspended each time.
define internal void @suspended() noinline {
  store volatile i32 0, ptr @turn
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %again = call i32 @_setjmp(ptr @buffer) returns_twice
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 20)
  %p = call i32 (ptr, ...) @printf(ptr @line, i32 %s, i64 %r)
  %t = load volatile i32, ptr @turn
  %next = add i32 %t, 1
  store volatile i32 %next, ptr @turn
  %more = icmp ult i32 %next, 3
  br i1 %more, label %jump, label %done
jump:
  call void @jump()
  unreachable
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define i32 @main() {
  call void @finished()
  call void @suspended()
  ret i32 0
}
