; getcontext without a base, as in POSIX: it returns again on each setcontext
; while its frame lives. A loop made of one getcontext and one setcontext,
; also from a function further down, which leaves that function's frame behind.

@ctx = global ptr null
@count = global i32 0

@time = private unnamed_addr constant [29 x i8] c"time %d, getcontext gave %d\0A\00"
@deep = private unnamed_addr constant [21 x i8] c"from below, time %d\0A\00"
@end = private unnamed_addr constant [15 x i8] c"done after %d\0A\00"
@failed = private unnamed_addr constant [19 x i8] c"setcontext failed\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.setcontext(ptr)
declare void @llvm.stackswitch.freecontext(ptr)
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

define void @below(i32 %n) noinline {
  %buffer = alloca [500 x i8], align 16
  call void @fill(ptr %buffer, i64 500, i64 2)
  %p0 = call i32 (ptr, ...) @printf(ptr @deep, i32 %n)
  %c = load volatile ptr, ptr @ctx
  %r = call i32 @llvm.stackswitch.setcontext(ptr %c)
  %p1 = call i32 (ptr, ...) @printf(ptr @failed)
  ret void
}

define i32 @main() {
entry:
  %size = call i64 @llvm.stackswitch.context.size()
  %new = call ptr @calloc(i64 1, i64 %size)
  store volatile ptr %new, ptr @ctx
  %got = call i32 @llvm.stackswitch.getcontext(ptr %new, ptr null)
  %old = load volatile i32, ptr @count
  %n = add i32 %old, 1
  store volatile i32 %n, ptr @count
  %p0 = call i32 (ptr, ...) @printf(ptr @time, i32 %n, i32 %got)
  %few = icmp slt i32 %n, 3
  br i1 %few, label %here, label %maybe

here:
  %c = load volatile ptr, ptr @ctx
  %r = call i32 @llvm.stackswitch.setcontext(ptr %c)
  ret i32 1

maybe:
  %some = icmp slt i32 %n, 5
  br i1 %some, label %down, label %done

down:
  call void @below(i32 %n)
  ret i32 2

done:
  %p1 = call i32 (ptr, ...) @printf(ptr @end, i32 %n)
  %last = load volatile ptr, ptr @ctx
  call void @llvm.stackswitch.freecontext(ptr %last)
  call void @free(ptr %last)
  ret i32 0
}
