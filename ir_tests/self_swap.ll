; A swap to oneself returns at once with the value, in a coroutine, in main,
; and in the POSIX layer; nothing else changes.

@turns = global i64 0
@object = global ptr null
@captures = global i32 0

@main.got = private unnamed_addr constant [34 x i8] c"main sent itself %lld, status %d\0A\00"
@ctx.got = private unnamed_addr constant [40 x i8] c"a context sent itself %lld, turns %lld\0A\00"
@posix = private unnamed_addr constant [60 x i8] c"swapcontext to itself gave %d, getcontext returned %d time\0A\00"
@end = private unnamed_addr constant [31 x i8] c"result %lld, wrong bytes %lld\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare void @free(ptr)

; Writes n bytes that depend on seed.
define void @fill(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %step = mul i64 %i, 11
  %page = lshr i64 %i, 8
  %low = add i64 %start, %step
  %value = add i64 %low, %page
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  store volatile i8 %byte, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}

; Counts the bytes that are not as fill wrote them.
define i64 @wrong(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %loop ]
  %step = mul i64 %i, 11
  %page = lshr i64 %i, 8
  %low = add i64 %start, %step
  %value = add i64 %low, %page
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  %is = load volatile i8, ptr %at
  %differs = icmp ne i8 %is, %byte
  %one = zext i1 %differs to i64
  %bad.next = add i64 %bad, %one
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret i64 %bad.next
}

define i64 @body(ptr %out, i64 %first) {
entry:
  %buffer = alloca [256 x i8], align 16
  call void @fill(ptr %buffer, i64 256, i64 5)
  br label %loop

loop:
  %v = phi i64 [ %first, %entry ], [ %got, %loop ]
  %self = call ptr @llvm.stackswitch.current()
  %sent = add i64 %v, 1
  %got = call i64 @llvm.stackswitch.swap.i64(ptr %self, i64 %sent)
  %old = load i64, ptr @turns
  %new = add i64 %old, 1
  store i64 %new, ptr @turns
  %more = icmp ult i64 %got, 100
  br i1 %more, label %loop, label %done

done:
  %n = load i64, ptr @turns
  %p = call i32 (ptr, ...) @printf(ptr @ctx.got, i64 %got, i64 %n)
  %back = call i64 @llvm.stackswitch.suspend.i64(i64 %got)
  %bad = call i64 @wrong(ptr %buffer, i64 256, i64 5)
  store i64 %bad, ptr %out
  ret i64 %back
}

; Captures an object, then swaps it with itself: getcontext must not return again.
define void @posix.self() noinline {
  %size = call i64 @llvm.stackswitch.context.size()
  %new = call ptr @calloc(i64 1, i64 %size)
  store volatile ptr %new, ptr @object
  %g = call i32 @llvm.stackswitch.getcontext(ptr %new, ptr null)
  %old = load volatile i32, ptr @captures
  %n = add i32 %old, 1
  store volatile i32 %n, ptr @captures
  %c = load volatile ptr, ptr @object
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %c, ptr %c, ptr null)
  %count = load volatile i32, ptr @captures
  %p = call i32 (ptr, ...) @printf(ptr @posix, i32 %r, i32 %count)
  %last = load volatile ptr, ptr @object
  call void @llvm.stackswitch.freecontext(ptr %last)
  call void @free(ptr %last)
  ret void
}

define i32 @main() {
  %self = call ptr @llvm.stackswitch.current()
  %a = call i64 @llvm.stackswitch.swap.i64(ptr %self, i64 42)
  %state = call i32 @llvm.stackswitch.status(ptr %self)
  %p0 = call i32 (ptr, ...) @printf(ptr @main.got, i64 %a, i32 %state)
  %bad.at = alloca i64
  store i64 -1, ptr %bad.at
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %bad.at)
  %v0 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 90)
  %v1 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v0)
  %bad = load i64, ptr %bad.at
  %p1 = call i32 (ptr, ...) @printf(ptr @end, i64 %v1, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @posix.self()
  ret i32 0
}
