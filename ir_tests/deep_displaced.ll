; Two contexts share one region: the first suspends 100 MB deep, the second
; runs 20 MB deep over the same addresses, then they take turns. Proves that a
; deep context that was displaced, in part or whole, is restored whole. A
; third, shallow one displaces both a little.

@at = private unnamed_addr constant [28 x i8] c"context %lld at level %lld\0A\00"
@end = private unnamed_addr constant [31 x i8] c"context %lld wrong words %lld\0A\00"
@small = private unnamed_addr constant [28 x i8] c"small one wrong bytes %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

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

; Marks both ends of a frame's words. Not inlined, so that the optimiser cannot
; drop the words in between.
define void @mark(ptr %words, i64 %value) noinline {
  %high = getelementptr i64, ptr %words, i64 127
  store volatile i64 %value, ptr %words
  store volatile i64 %value, ptr %high
  ret void
}

; Counts the marks that are not as they were set.
define i64 @unmarked(ptr %words, i64 %value) noinline {
  %high = getelementptr i64, ptr %words, i64 127
  %is.low = load volatile i64, ptr %words
  %is.high = load volatile i64, ptr %high
  %bad.low = icmp ne i64 %is.low, %value
  %bad.high = icmp ne i64 %is.high, %value
  %n.low = zext i1 %bad.low to i64
  %n.high = zext i1 %bad.high to i64
  %s = add i64 %n.low, %n.high
  ret i64 %s
}

; Suspends at the bottom and again half way up.
define i64 @recurse(i64 %id, i64 %level, i64 %deepest) noinline {
entry:
  %words = alloca [128 x i64], align 16
  %product = mul i64 %level, 104729
  %value = add i64 %product, %id
  call void @mark(ptr %words, i64 %value)
  %end = icmp eq i64 %level, %deepest
  br i1 %end, label %rest, label %down

down:
  %next = add i64 %level, 1
  %below = call i64 @recurse(i64 %id, i64 %next, i64 %deepest)
  %half = lshr i64 %deepest, 1
  %at.half = icmp eq i64 %level, %half
  br i1 %at.half, label %rest, label %check

rest:
  %sum.rest = phi i64 [ 0, %entry ], [ %below, %down ]
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %level)
  br label %check

check:
  %sum = phi i64 [ %below, %down ], [ %sum.rest, %rest ]
  %bad = call i64 @unmarked(ptr %words, i64 %value)
  %all = add i64 %sum, %bad
  ret i64 %all
}

; The argument is the depth; the first value the number to mark frames with.
define i64 @body(ptr %arg, i64 %id) {
  %deepest = ptrtoint ptr %arg to i64
  %bad = call i64 @recurse(i64 %id, i64 1, i64 %deepest)
  ret i64 %bad
}

define i64 @small.body(ptr %arg, i64 %first) {
  %buffer = alloca [300 x i8], align 16
  call void @fill(ptr %buffer, i64 300, i64 7)
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %bad = call i64 @wrong(ptr %buffer, i64 300, i64 7)
  ret i64 %bad
}

define i32 @main() {
  %base = call ptr @llvm.stackswitch.base.create(i64 268435456)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 102400 to ptr))
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 20480 to ptr))
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @small.body, ptr null)
  %a0 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  %p0 = call i32 (ptr, ...) @printf(ptr @at, i64 1, i64 %a0)
  %b0 = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 2)
  %p1 = call i32 (ptr, ...) @printf(ptr @at, i64 2, i64 %b0)
  %c0 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %a1 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 0)
  %p2 = call i32 (ptr, ...) @printf(ptr @at, i64 1, i64 %a1)
  %b1 = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 0)
  %p3 = call i32 (ptr, ...) @printf(ptr @at, i64 2, i64 %b1)
  %a2 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 0)
  %p4 = call i32 (ptr, ...) @printf(ptr @end, i64 1, i64 %a2)
  %c1 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %p5 = call i32 (ptr, ...) @printf(ptr @small, i64 %c1)
  %b2 = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 0)
  %p6 = call i32 (ptr, ...) @printf(ptr @end, i64 2, i64 %b2)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i32 0
}
