; 64 contexts of one base, all inside the same recursive function, each at
; another depth. They suspend at every level on the way down and on the way up
; and are resumed in an order that changes from round to round. Proves that
; slices of very different sizes overlap and displace one another without
; harm: every frame checks its own bytes on the way up.

@handles = global [64 x ptr] zeroinitializer

@round = private unnamed_addr constant [43 x i8] c"round %lld resumed %lld, depth total %lld\0A\00"
@result = private unnamed_addr constant [52 x i8] c"levels checked %lld, wrong bytes %lld, rounds %lld\0A\00"

@levels = global i64 0

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

; Goes down to level deepest; gives the number of wrong bytes.
define i64 @recurse(i64 %id, i64 %level, i64 %deepest) noinline {
entry:
  %buffer = alloca [200 x i8], align 16
  %high = mul i64 %id, 131
  %seed = add i64 %high, %level
  call void @fill(ptr %buffer, i64 200, i64 %seed)
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %level)
  %bottom = icmp eq i64 %level, %deepest
  br i1 %bottom, label %up, label %down

down:
  %next = add i64 %level, 1
  %below = call i64 @recurse(i64 %id, i64 %next, i64 %deepest)
  br label %up

up:
  %sum = phi i64 [ 0, %entry ], [ %below, %down ]
  %bad = call i64 @wrong(ptr %buffer, i64 200, i64 %seed)
  %again = call i64 @llvm.stackswitch.suspend.i64(i64 %level)
  %bad.again = call i64 @wrong(ptr %buffer, i64 200, i64 %seed)
  %count = load i64, ptr @levels
  %count.next = add i64 %count, 1
  store i64 %count.next, ptr @levels
  %two = add i64 %bad, %bad.again
  %all = add i64 %sum, %two
  ret i64 %all
}

; Context id goes down (id * 37) mod 101 + 1 levels.
define i64 @body(ptr %arg, i64 %first) {
  %id = ptrtoint ptr %arg to i64
  %spread = mul i64 %id, 37
  %rest = urem i64 %spread, 101
  %deepest = add i64 %rest, 1
  %bad = call i64 @recurse(i64 %id, i64 1, i64 %deepest)
  ret i64 %bad
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.here()
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %at = getelementptr [64 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 64
  br i1 %more, label %start, label %round.start

; One round resumes each unfinished context once, in the order
; (k * 23 + round * 17) mod 64.
round.start:
  %round = phi i64 [ 0, %start ], [ %round.next, %round.more ]
  %bad = phi i64 [ 0, %start ], [ %bad.now, %round.more ]
  br label %step

step:
  %k = phi i64 [ 0, %round.start ], [ %k.next, %step.end ]
  %resumed = phi i64 [ 0, %round.start ], [ %resumed.next, %step.end ]
  %depths = phi i64 [ 0, %round.start ], [ %depths.next, %step.end ]
  %bad.step = phi i64 [ %bad, %round.start ], [ %bad.now, %step.end ]
  %k.part = mul i64 %k, 23
  %r.part = mul i64 %round, 17
  %order = add i64 %k.part, %r.part
  %which = and i64 %order, 63
  %at.k = getelementptr [64 x ptr], ptr @handles, i64 0, i64 %which
  %ctx = load ptr, ptr %at.k
  %before = call i32 @llvm.stackswitch.status(ptr %ctx)
  %over = icmp eq i32 %before, 3
  br i1 %over, label %step.end, label %go

go:
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 0)
  %resumed.go = add i64 %resumed, 1
  %after = call i32 @llvm.stackswitch.status(ptr %ctx)
  %finished = icmp eq i32 %after, 3
  %depth = select i1 %finished, i64 0, i64 %got
  %wrong = select i1 %finished, i64 %got, i64 0
  %depths.go = add i64 %depths, %depth
  %bad.go = add i64 %bad.step, %wrong
  br label %step.end

step.end:
  %resumed.next = phi i64 [ %resumed, %step ], [ %resumed.go, %go ]
  %depths.next = phi i64 [ %depths, %step ], [ %depths.go, %go ]
  %bad.now = phi i64 [ %bad.step, %step ], [ %bad.go, %go ]
  %k.next = add i64 %k, 1
  %k.more = icmp ult i64 %k.next, 64
  br i1 %k.more, label %step, label %round.end

round.end:
  %tenth = urem i64 %round, 10
  %speak = icmp eq i64 %tenth, 0
  br i1 %speak, label %say, label %round.more

say:
  %p = call i32 (ptr, ...) @printf(ptr @round, i64 %round, i64 %resumed.next, i64 %depths.next)
  br label %round.more

round.more:
  %round.next = add i64 %round, 1
  %none = icmp eq i64 %resumed.next, 0
  br i1 %none, label %clean, label %round.start

clean:
  %j = phi i64 [ 0, %round.more ], [ %j.next, %clean ]
  %at.j = getelementptr [64 x ptr], ptr @handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 64
  br i1 %more.j, label %clean, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  %checked = load i64, ptr @levels
  %q = call i32 (ptr, ...) @printf(ptr @result, i64 %checked, i64 %bad.now, i64 %round)
  ret i32 0
}
