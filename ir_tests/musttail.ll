; musttail calls of the intrinsics are legal and work. Proves that a wrapper
; that ends in a musttail swap, suspend or resume behaves as the intrinsic does,
; also a hundred thousand times in a row.

@home = global ptr null

@step = private unnamed_addr constant [15 x i8] c"main got %lld\0A\00"
@sum = private unnamed_addr constant [10 x i8] c"sum %lld\0A\00"
@end = private unnamed_addr constant [31 x i8] c"result %lld, wrong bytes %lld\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.setlink(ptr, ptr)
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

define i64 @hand.over(ptr %to, i64 %v) noinline {
  %r = musttail call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %v)
  ret i64 %r
}

define i64 @give(i64 %v) noinline {
  %r = musttail call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}

define i64 @ask(ptr %c, i64 %v) noinline {
  %r = musttail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
  ret i64 %r
}

; Hands over to main three times, suspends three times, then a hundred
; thousand times; its own frame stays whole.
define i64 @body(ptr %out, i64 %first) {
entry:
  %buffer = alloca [300 x i8], align 16
  call void @fill(ptr %buffer, i64 300, i64 9)
  %home = load ptr, ptr @home
  %a = call i64 @hand.over(ptr %home, i64 %first)
  %b = call i64 @hand.over(ptr %home, i64 %a)
  %c = call i64 @hand.over(ptr %home, i64 %b)
  %d = call i64 @give(i64 %c)
  %e = call i64 @give(i64 %d)
  %f = call i64 @give(i64 %e)
  br label %loop

loop:
  %i = phi i64 [ 1, %entry ], [ %next, %loop ]
  %v = call i64 @give(i64 %i)
  %next = add i64 %i, 1
  %more = icmp ule i64 %next, 100000
  br i1 %more, label %loop, label %done

done:
  %bad = call i64 @wrong(ptr %buffer, i64 300, i64 9)
  store i64 %bad, ptr %out
  ret i64 %f
}

define i32 @main() {
entry:
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @home
  %bad.at = alloca i64
  store i64 -1, ptr %bad.at
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %bad.at)
  call void @llvm.stackswitch.setlink(ptr %c, ptr %self)
  br label %few

few:
  %i = phi i64 [ 1, %entry ], [ %i.next, %few ]
  %got = call i64 @hand.over(ptr %c, i64 %i)
  %p0 = call i32 (ptr, ...) @printf(ptr @step, i64 %got)
  %i.next = add i64 %i, 1
  %more = icmp ule i64 %i.next, 6
  br i1 %more, label %few, label %many

many:
  %j = phi i64 [ 1, %few ], [ %j.next, %many ]
  %sum = phi i64 [ 0, %few ], [ %sum.next, %many ]
  %x = call i64 @ask(ptr %c, i64 7)
  %sum.next = add i64 %sum, %x
  %j.next = add i64 %j, 1
  %more.j = icmp ule i64 %j.next, 100000
  br i1 %more.j, label %many, label %last

last:
  %p1 = call i32 (ptr, ...) @printf(ptr @sum, i64 %sum.next)
  %end = call i64 @ask(ptr %c, i64 8)
  %bad = load i64, ptr %bad.at
  %p2 = call i32 (ptr, ...) @printf(ptr @end, i64 %end, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i32 0
}
