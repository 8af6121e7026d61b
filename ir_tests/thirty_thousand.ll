; 30,000 contexts in one process, as the letter's servers had connections. Each
; is parked in the middle of a recursion of its own depth, with its own bytes
; in every frame. Four rounds resume all of them in shuffled orders; every
; frame is checked when a context returns. Proves that nothing is mixed up and
; that no stack is needed per context.

@handles = global [30000 x ptr] zeroinitializer

@round = private unnamed_addr constant [38 x i8] c"round %lld: resumed %lld, check %lld\0A\00"
@result = private unnamed_addr constant [46 x i8] c"finished %lld, frames %lld, wrong bytes %lld\0A\00"

@frames = global i64 0

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

; Parks at the bottom and answers three requests there.
define i64 @recurse(i64 %id, i64 %level) noinline {
entry:
  %buffer = alloca [64 x i8], align 16
  %high = mul i64 %id, 17
  %seed = add i64 %high, %level
  call void @fill(ptr %buffer, i64 64, i64 %seed)
  %bottom = icmp eq i64 %level, 0
  br i1 %bottom, label %park, label %down

down:
  %less = sub i64 %level, 1
  %below = call i64 @recurse(i64 %id, i64 %less)
  br label %check

park:
  %v0 = call i64 @llvm.stackswitch.suspend.i64(i64 %id)
  %a1 = add i64 %id, %v0
  %v1 = call i64 @llvm.stackswitch.suspend.i64(i64 %a1)
  %a2 = add i64 %a1, %v1
  %v2 = call i64 @llvm.stackswitch.suspend.i64(i64 %a2)
  br label %check

check:
  %sum = phi i64 [ %below, %down ], [ 0, %park ]
  %bad = call i64 @wrong(ptr %buffer, i64 64, i64 %seed)
  %frames = load i64, ptr @frames
  %frames.next = add i64 %frames, 1
  store i64 %frames.next, ptr @frames
  %all = add i64 %sum, %bad
  ret i64 %all
}

; Context id recurses id mod 13 levels.
define i64 @body(ptr %arg, i64 %first) {
  %id = ptrtoint ptr %arg to i64
  %levels = urem i64 %id, 13
  %bad = call i64 @recurse(i64 %id, i64 %levels)
  ret i64 %bad
}

; Resumes all in the order (k * 7919 + round * 4241) mod 30000, each with the
; value round; gives a sum in which each answer has a weight of its own.
define i64 @round.of(i64 %round) noinline {
entry:
  %offset = mul i64 %round, 4241
  br label %loop

loop:
  %k = phi i64 [ 0, %entry ], [ %k.next, %loop ]
  %check = phi i64 [ 0, %entry ], [ %check.next, %loop ]
  %product = mul i64 %k, 7919
  %order = add i64 %product, %offset
  %which = urem i64 %order, 30000
  %at = getelementptr [30000 x ptr], ptr @handles, i64 0, i64 %which
  %c = load ptr, ptr %at
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %round)
  %weight = add i64 %which, 1
  %part = mul i64 %got, %weight
  %check.next = add i64 %check, %part
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, 30000
  br i1 %more, label %loop, label %done

done:
  %p = call i32 (ptr, ...) @printf(ptr @round, i64 %round, i64 %k.next, i64 %check.next)
  ret i64 %check.next
}

define i32 @main() {
entry:
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr %arg)
  %at = getelementptr [30000 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 30000
  br i1 %more, label %start, label %rounds

rounds:
  %r0 = call i64 @round.of(i64 0)
  %r1 = call i64 @round.of(i64 1)
  %r2 = call i64 @round.of(i64 2)
  %bad = call i64 @round.of(i64 3)
  br label %clean

clean:
  %j = phi i64 [ 0, %rounds ], [ %j.next, %clean ]
  %finished = phi i64 [ 0, %rounds ], [ %finished.next, %clean ]
  %at.j = getelementptr [30000 x ptr], ptr @handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  %state = call i32 @llvm.stackswitch.status(ptr %c.j)
  %over = icmp eq i32 %state, 3
  %one = zext i1 %over to i64
  %finished.next = add i64 %finished, %one
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 30000
  br i1 %more.j, label %clean, label %done

done:
  %frames = load i64, ptr @frames
  %p = call i32 (ptr, ...) @printf(ptr @result, i64 %finished.next, i64 %frames, i64 %bad)
  ret i32 0
}
