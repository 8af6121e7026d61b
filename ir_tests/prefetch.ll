; prefetch is a hint: it never changes behaviour, whatever the context's state.
; Contexts that are new, suspended, displaced, running and finished are
; prefetched, at many moments, and everything goes as without it.

@handles = global [16 x ptr] zeroinitializer

@round = private unnamed_addr constant [21 x i8] c"round %lld sum %lld\0A\00"
@end = private unnamed_addr constant [18 x i8] c"wrong bytes %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.prefetch(ptr)
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

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [800 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %buffer, i64 800, i64 %id)
  %self = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.prefetch(ptr %self)
  %a = add i64 %first, %id
  %v0 = call i64 @llvm.stackswitch.suspend.i64(i64 %a)
  %b = add i64 %v0, %a
  %v1 = call i64 @llvm.stackswitch.suspend.i64(i64 %b)
  %bad = call i64 @wrong(ptr %buffer, i64 800, i64 %id)
  ret i64 %bad
}

; Resumes all in order, each after a hint for another one.
define i64 @round.of(i64 %round) noinline {
entry:
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %sum.next, %loop ]
  %ahead = mul i64 %i, 7
  %more.ahead = add i64 %ahead, 3
  %other = and i64 %more.ahead, 15
  %other.at = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %other
  %hint = load ptr, ptr %other.at
  call void @llvm.stackswitch.prefetch(ptr %hint)
  %at = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %i
  %c = load ptr, ptr %at
  call void @llvm.stackswitch.prefetch(ptr %c)
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %round)
  %sum.next = add i64 %sum, %got
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 16
  br i1 %more, label %loop, label %done

done:
  %p = call i32 (ptr, ...) @printf(ptr @round, i64 %round, i64 %sum.next)
  ret i64 %sum.next
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %next, %start ]
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  call void @llvm.stackswitch.prefetch(ptr %c)
  %at = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 16
  br i1 %more, label %start, label %rounds

rounds:
  %r0 = call i64 @round.of(i64 10)
  %r1 = call i64 @round.of(i64 20)
  %bad = call i64 @round.of(i64 30)
  %p = call i32 (ptr, ...) @printf(ptr @end, i64 %bad)
  br label %clean

clean:
  %j = phi i64 [ 0, %rounds ], [ %j.next, %clean ]
  %at.j = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  call void @llvm.stackswitch.prefetch(ptr %c.j)
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 16
  br i1 %more.j, label %clean, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i32 0
}
