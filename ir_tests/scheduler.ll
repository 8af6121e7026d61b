; A scheduler in the shape that slicing likes: a loop at shallow depth makes a
; base where it stands and runs a thousand contexts below it, round robin,
; until all have ended. Each works for its own number of turns, suspending at
; changing depths of a call chain. The scheduler's frame, above the base, is
; never in the way, and is checked too.

@queue = global [1000 x ptr] zeroinitializer

@ends = private unnamed_addr constant [31 x i8] c"turn %lld: %lld contexts left\0A\00"
@result = private unnamed_addr constant [61 x i8] c"switches %lld, sum %lld, wrong bytes %lld, scheduler's %lld\0A\00"

declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
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

; Suspends depth calls down with the given value.
define i64 @work(i64 %value, i64 %depth) noinline {
entry:
  %buffer = alloca [96 x i8], align 16
  %seed = add i64 %value, %depth
  call void @fill(ptr %buffer, i64 96, i64 %seed)
  %bottom = icmp eq i64 %depth, 0
  br i1 %bottom, label %turn, label %down

turn:
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %value)
  br label %check

down:
  %less = sub i64 %depth, 1
  %below = call i64 @work(i64 %value, i64 %less)
  br label %check

check:
  %sum = phi i64 [ 0, %turn ], [ %below, %down ]
  %bad = call i64 @wrong(ptr %buffer, i64 96, i64 %seed)
  %all = add i64 %sum, %bad
  ret i64 %all
}

; Context id takes id mod 10 + 1 turns, turn t at depth (id + t * 3) mod 7, and
; yields id * 10 + t. Its result is its number of wrong bytes.
define i64 @body(ptr %arg, i64 %first) {
entry:
  %id = ptrtoint ptr %arg to i64
  %rest = urem i64 %id, 10
  %turns = add i64 %rest, 1
  br label %loop

loop:
  %t = phi i64 [ 0, %entry ], [ %t.next, %loop ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %loop ]
  %ten = mul i64 %id, 10
  %value = add i64 %ten, %t
  %three = mul i64 %t, 3
  %spread = add i64 %id, %three
  %depth = urem i64 %spread, 7
  %wrong = call i64 @work(i64 %value, i64 %depth)
  %bad.next = add i64 %bad, %wrong
  %t.next = add i64 %t, 1
  %more = icmp ult i64 %t.next, %turns
  br i1 %more, label %loop, label %done

done:
  ret i64 %bad.next
}

define void @schedule() noinline {
entry:
  %own = alloca [2048 x i8], align 16
  call void @fill(ptr %own, i64 2048, i64 3)
  %base = call ptr @llvm.stackswitch.base.here()
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %arg = inttoptr i64 %i to ptr
  %new = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %at = getelementptr [1000 x ptr], ptr @queue, i64 0, i64 %i
  store ptr %new, ptr %at
  %i.next = add i64 %i, 1
  %more.i = icmp ult i64 %i.next, 1000
  br i1 %more.i, label %start, label %round

; One pass over the queue; what has not ended moves up.
round:
  %turn = phi i64 [ 1, %start ], [ %turn.next, %round.end ]
  %n = phi i64 [ 1000, %start ], [ %left.next, %round.end ]
  %switches = phi i64 [ 0, %start ], [ %switches.next, %round.end ]
  %sum = phi i64 [ 0, %start ], [ %sum.next, %round.end ]
  %bad = phi i64 [ 0, %start ], [ %bad.next, %round.end ]
  br label %step

step:
  %k = phi i64 [ 0, %round ], [ %k.next, %step.end ]
  %left = phi i64 [ 0, %round ], [ %left.next, %step.end ]
  %switches.k = phi i64 [ %switches, %round ], [ %switches.next, %step.end ]
  %sum.k = phi i64 [ %sum, %round ], [ %sum.next, %step.end ]
  %bad.k = phi i64 [ %bad, %round ], [ %bad.next, %step.end ]
  %from = getelementptr [1000 x ptr], ptr @queue, i64 0, i64 %k
  %c = load ptr, ptr %from
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %switches.next = add i64 %switches.k, 1
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %over = icmp eq i32 %state, 3
  br i1 %over, label %finished, label %keep

finished:
  call void @llvm.stackswitch.destroy(ptr %c)
  %bad.more = add i64 %bad.k, %got
  br label %step.end

keep:
  %to = getelementptr [1000 x ptr], ptr @queue, i64 0, i64 %left
  store ptr %c, ptr %to
  %left.more = add i64 %left, 1
  %sum.more = add i64 %sum.k, %got
  br label %step.end

step.end:
  %left.next = phi i64 [ %left, %finished ], [ %left.more, %keep ]
  %sum.next = phi i64 [ %sum.k, %finished ], [ %sum.more, %keep ]
  %bad.next = phi i64 [ %bad.more, %finished ], [ %bad.k, %keep ]
  %k.next = add i64 %k, 1
  %more.k = icmp ult i64 %k.next, %n
  br i1 %more.k, label %step, label %round.end

round.end:
  %p0 = call i32 (ptr, ...) @printf(ptr @ends, i64 %turn, i64 %left.next)
  %turn.next = add i64 %turn, 1
  %none = icmp eq i64 %left.next, 0
  br i1 %none, label %done, label %round

done:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  %own.bad = call i64 @wrong(ptr %own, i64 2048, i64 3)
  %p1 = call i32 (ptr, ...) @printf(ptr @result, i64 %switches.next, i64 %sum.next, i64 %bad.next, i64 %own.bad)
  ret void
}

define i32 @main() {
  call void @schedule()
  ret i32 0
}
