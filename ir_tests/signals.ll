; Signals that come at any moment, in the middle of a switch too: a timer
; interrupts every 200 microseconds, and the handler overwrites four kilobytes
; below wherever the stack pointer is. The contexts share one region, so that
; nearly every switch copies. At every instant the stack pointer must be one
; that the handler can use. Runs until 100 signals have come.

%timeval = type { i64, i64 }
%itimerval = type { %timeval, %timeval }

@signals = global i64 0
@handles = global [6 x ptr] zeroinitializer
@on = constant %itimerval { %timeval { i64 0, i64 200 }, %timeval { i64 0, i64 200 } }
@off = constant %itimerval zeroinitializer

@end = private unnamed_addr constant [58 x i8] c"signals came: %d, contexts ended: %lld, wrong bytes %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare ptr @signal(i32, ptr)
declare i32 @setitimer(i32, ptr, ptr)

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

define void @handler(i32 %signal) {
  %buffer = alloca [4096 x i8], align 16
  call void @fill(ptr %buffer, i64 4096, i64 123)
  %n = load volatile i64, ptr @signals
  %more = add i64 %n, 1
  store volatile i64 %more, ptr @signals
  ret void
}

define i64 @turn(i64 %seed, i64 %size) noinline {
  %buffer = alloca i8, i64 %size, align 16
  call void @fill(ptr %buffer, i64 %size, i64 %seed)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %bad = call i64 @wrong(ptr %buffer, i64 %size, i64 %seed)
  ret i64 %bad
}

; Works until the hundredth signal; the frames' sizes change all the time.
define i64 @body(ptr %arg, i64 %first) {
entry:
  %id = ptrtoint ptr %arg to i64
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %loop ]
  %seed = add i64 %i, %id
  %product = mul i64 %seed, 211
  %low = and i64 %product, 2047
  %size = add i64 %low, 32
  %wrong = call i64 @turn(i64 %seed, i64 %size)
  %bad.next = add i64 %bad, %wrong
  %i.next = add i64 %i, 1
  %n = load volatile i64, ptr @signals
  %more = icmp ult i64 %n, 100
  br i1 %more, label %loop, label %done

done:
  ret i64 %bad.next
}

define i32 @main() {
entry:
  %own = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %here = call ptr @llvm.stackswitch.base.here()
  br label %start

; Three contexts on a region of their own, three below this frame.
start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %first = icmp ult i64 %i, 3
  %base = select i1 %first, ptr %own, ptr %here
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %at = getelementptr [6 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 6
  br i1 %more, label %start, label %go

go:
  %old = call ptr @signal(i32 14, ptr @handler)
  %t0 = call i32 @setitimer(i32 0, ptr @on, ptr null)
  br label %round

round:
  %r = phi i64 [ 0, %go ], [ %r.next, %next ]
  %ended = phi i64 [ 0, %go ], [ %ended.next, %next ]
  %bad = phi i64 [ 0, %go ], [ %bad.next, %next ]
  %which = urem i64 %r, 6
  %at.r = getelementptr [6 x ptr], ptr @handles, i64 0, i64 %which
  %ctx = load ptr, ptr %at.r
  %gone = icmp eq ptr %ctx, null
  br i1 %gone, label %next, label %run

run:
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 0)
  %state = call i32 @llvm.stackswitch.status(ptr %ctx)
  %over = icmp eq i32 %state, 3
  br i1 %over, label %end, label %next

end:
  call void @llvm.stackswitch.destroy(ptr %ctx)
  store ptr null, ptr %at.r
  %ended.more = add i64 %ended, 1
  %bad.more = add i64 %bad, %got
  br label %next

next:
  %ended.next = phi i64 [ %ended, %round ], [ %ended, %run ], [ %ended.more, %end ]
  %bad.next = phi i64 [ %bad, %round ], [ %bad, %run ], [ %bad.more, %end ]
  %r.next = add i64 %r, 1
  %some = icmp ult i64 %ended.next, 6
  br i1 %some, label %round, label %done

done:
  %t1 = call i32 @setitimer(i32 0, ptr @off, ptr null)
  %older = call ptr @signal(i32 14, ptr %old)
  call void @llvm.stackswitch.base.destroy(ptr %own)
  call void @llvm.stackswitch.base.destroy(ptr %here)
  %n = load volatile i64, ptr @signals
  %enough = icmp uge i64 %n, 100
  %yes = zext i1 %enough to i32
  %p = call i32 (ptr, ...) @printf(ptr @end, i32 %yes, i64 %ended.next, i64 %bad.next)
  ret i32 0
}
