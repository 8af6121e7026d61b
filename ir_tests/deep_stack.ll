; A stack that grows deep without a size given beforehand: one context on the
; default region recurses through 100 MB of frames, while eight others stay
; parked in the middle of their own frames. At the bottom it suspends, the
; others run on, and it climbs up again. Every frame checks its own words.

@handles = global [8 x ptr] zeroinitializer

@parked = private unnamed_addr constant [23 x i8] c"parked %lld gave %lld\0A\00"
@bottom = private unnamed_addr constant [32 x i8] c"at the bottom, 100 MB down: %d\0A\00"
@other = private unnamed_addr constant [29 x i8] c"other %lld wrong bytes %lld\0A\00"
@top = private unnamed_addr constant [35 x i8] c"back at the top, wrong words %lld\0A\00"

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

; Marks both ends and the middle of a frame's words. Not inlined, so that the
; optimiser cannot drop the words in between.
define void @mark(ptr %words, i64 %level) noinline {
  %middle = getelementptr i64, ptr %words, i64 64
  %high = getelementptr i64, ptr %words, i64 127
  %value = mul i64 %level, 7919
  store volatile i64 %value, ptr %words
  store volatile i64 %level, ptr %middle
  store volatile i64 %value, ptr %high
  ret void
}

; Counts the marks that are not as they were set.
define i64 @unmarked(ptr %words, i64 %level) noinline {
  %middle = getelementptr i64, ptr %words, i64 64
  %high = getelementptr i64, ptr %words, i64 127
  %value = mul i64 %level, 7919
  %is.low = load volatile i64, ptr %words
  %is.middle = load volatile i64, ptr %middle
  %is.high = load volatile i64, ptr %high
  %bad.low = icmp ne i64 %is.low, %value
  %bad.middle = icmp ne i64 %is.middle, %level
  %bad.high = icmp ne i64 %is.high, %value
  %n.low = zext i1 %bad.low to i64
  %n.middle = zext i1 %bad.middle to i64
  %n.high = zext i1 %bad.high to i64
  %s0 = add i64 %n.low, %n.middle
  %s1 = add i64 %s0, %n.high
  ret i64 %s1
}

; One frame has 1,024 bytes of locals. The bottom yields its distance from top.
define i64 @recurse(i64 %level, i64 %deepest, ptr %top) noinline {
entry:
  %words = alloca [128 x i64], align 16
  call void @mark(ptr %words, i64 %level)
  %end = icmp eq i64 %level, %deepest
  br i1 %end, label %bottom, label %down

bottom:
  %high = ptrtoint ptr %top to i64
  %low = ptrtoint ptr %words to i64
  %distance = sub i64 %high, %low
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %distance)
  br label %check

down:
  %next = add i64 %level, 1
  %below = call i64 @recurse(i64 %next, i64 %deepest, ptr %top)
  br label %check

check:
  %sum = phi i64 [ 0, %bottom ], [ %below, %down ]
  %bad = call i64 @unmarked(ptr %words, i64 %level)
  %all = add i64 %sum, %bad
  ret i64 %all
}

; 102,400 levels of at least 1,024 bytes.
define i64 @deep(ptr %unused, i64 %first) {
  %top = alloca i64
  %bad = call i64 @recurse(i64 1, i64 102400, ptr %top)
  ret i64 %bad
}

define i64 @other.body(ptr %arg, i64 %first) {
  %buffer = alloca [1500 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %buffer, i64 1500, i64 %id)
  %i0 = call i64 @llvm.stackswitch.suspend.i64(i64 %id)
  %bad.0 = call i64 @wrong(ptr %buffer, i64 1500, i64 %id)
  %seed = add i64 %id, 50
  call void @fill(ptr %buffer, i64 1500, i64 %seed)
  %i1 = call i64 @llvm.stackswitch.suspend.i64(i64 %bad.0)
  %bad.1 = call i64 @wrong(ptr %buffer, i64 1500, i64 %seed)
  ret i64 %bad.1
}

define void @resume.others(ptr %text) noinline {
entry:
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr [8 x ptr], ptr @handles, i64 0, i64 %i
  %c = load ptr, ptr %at
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %p = call i32 (ptr, ...) @printf(ptr %text, i64 %i, i64 %got)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 8
  br i1 %more, label %loop, label %done

done:
  ret void
}

define i32 @main() {
entry:
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other.body, ptr %arg)
  %at = getelementptr [8 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 8
  br i1 %more, label %start, label %go

go:
  call void @resume.others(ptr @parked)
  %deep = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @deep, ptr null)
  %depth = call i64 @llvm.stackswitch.resume.i64(ptr %deep, i64 0)
  %enough = icmp uge i64 %depth, 104857600
  %yes = zext i1 %enough to i32
  %p0 = call i32 (ptr, ...) @printf(ptr @bottom, i32 %yes)
  call void @resume.others(ptr @other)
  %bad = call i64 @llvm.stackswitch.resume.i64(ptr %deep, i64 0)
  %p1 = call i32 (ptr, ...) @printf(ptr @top, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %deep)
  call void @resume.others(ptr @other)
  br label %clean

clean:
  %j = phi i64 [ 0, %go ], [ %j.next, %clean ]
  %at.j = getelementptr [8 x ptr], ptr @handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 8
  br i1 %more.j, label %clean, label %done

done:
  ret i32 0
}
