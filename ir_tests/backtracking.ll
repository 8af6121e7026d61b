; Multi-shot contexts at work: a search with choice points. choose(n) captures
; the stack from a base in main and gives 1; a failure goes back to the latest
; choice point, which gives the next number, on frames as they were when it
; was captured. Finds all Pythagorean triples up to 20. What must outlive a
; failure, the choice points' counters, is in globals; what a failure must
; undo, the numbers chosen so far, is on the stack.

@base = global ptr null
@choices = global [4 x ptr] zeroinitializer
@next = global [4 x i64] zeroinitializer
@top = global i64 0
@found = global i64 0
@tries = global i64 0
@bad = global i64 0

@triple = private unnamed_addr constant [16 x i8] c"%lld %lld %lld\0A\00"
@result = private unnamed_addr constant [44 x i8] c"found %lld in %lld tries, wrong bytes %lld\0A\00"
@failed = private unnamed_addr constant [19 x i8] c"setcontext failed\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.setcontext(ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare void @free(ptr)
declare void @exit(i32)

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

; A number from 1 to 20. Returns once for each of them, in order.
define i64 @choose() noinline {
entry:
  %top = load volatile i64, ptr @top
  %counter = getelementptr [4 x i64], ptr @next, i64 0, i64 %top
  store volatile i64 0, ptr %counter
  %more = add i64 %top, 1
  store volatile i64 %more, ptr @top
  %at = getelementptr [4 x ptr], ptr @choices, i64 0, i64 %top
  %ctx = load volatile ptr, ptr %at
  %base = load volatile ptr, ptr @base
  %r = call i32 @llvm.stackswitch.getcontext(ptr %ctx, ptr %base)
  ; Every return comes here, and the latest choice point is this one.
  %now = load volatile i64, ptr @top
  %index = sub i64 %now, 1
  %counter.now = getelementptr [4 x i64], ptr @next, i64 0, i64 %index
  %old = load volatile i64, ptr %counter.now
  %value = add i64 %old, 1
  store volatile i64 %value, ptr %counter.now
  %last = icmp eq i64 %value, 20
  br i1 %last, label %used.up, label %done

; The last number: a failure from here on goes to the choice point before.
used.up:
  store volatile i64 %index, ptr @top
  br label %done

done:
  ret i64 %value
}

; Goes back to the latest choice point; returns if there is none.
define void @fail() noinline {
entry:
  %top = load volatile i64, ptr @top
  %none = icmp eq i64 %top, 0
  br i1 %none, label %end, label %back

back:
  %index = sub i64 %top, 1
  %at = getelementptr [4 x ptr], ptr @choices, i64 0, i64 %index
  %ctx = load volatile ptr, ptr %at
  %r = call i32 @llvm.stackswitch.setcontext(ptr %ctx)
  %p = call i32 (ptr, ...) @printf(ptr @failed)
  call void @exit(i32 1)
  unreachable

end:
  ret void
}

; Each number is chosen at another depth, with bytes of its own on the stack.
define void @third(i64 %a, i64 %b) noinline {
entry:
  %buffer = alloca [300 x i8], align 16
  %c.at = alloca i64
  %seed = add i64 %a, %b
  call void @fill(ptr %buffer, i64 300, i64 %seed)
  %c = call i64 @choose()
  store volatile i64 %c, ptr %c.at
  %tries = load volatile i64, ptr @tries
  %tries.next = add i64 %tries, 1
  store volatile i64 %tries.next, ptr @tries
  %wrong = call i64 @wrong(ptr %buffer, i64 300, i64 %seed)
  %bad = load volatile i64, ptr @bad
  %bad.next = add i64 %bad, %wrong
  store volatile i64 %bad.next, ptr @bad
  ; Spoil the frame: the next return from choose must not see it.
  %spoil = add i64 %seed, 99
  call void @fill(ptr %buffer, i64 300, i64 %spoil)
  %aa = mul i64 %a, %a
  %bb = mul i64 %b, %b
  %cc = mul i64 %c, %c
  %sum = add i64 %aa, %bb
  %right = icmp eq i64 %sum, %cc
  %ordered = icmp ule i64 %a, %b
  %yes = and i1 %right, %ordered
  br i1 %yes, label %say, label %done

say:
  %p = call i32 (ptr, ...) @printf(ptr @triple, i64 %a, i64 %b, i64 %c)
  %found = load volatile i64, ptr @found
  %found.next = add i64 %found, 1
  store volatile i64 %found.next, ptr @found
  br label %done

done:
  call void @fail()
  ret void
}

define void @second(i64 %a) noinline {
  %buffer = alloca [200 x i8], align 16
  call void @fill(ptr %buffer, i64 200, i64 %a)
  %b = call i64 @choose()
  call void @third(i64 %a, i64 %b)
  %wrong = call i64 @wrong(ptr %buffer, i64 200, i64 %a)
  %bad = load volatile i64, ptr @bad
  %bad.next = add i64 %bad, %wrong
  store volatile i64 %bad.next, ptr @bad
  ret void
}

define void @search() noinline {
  %a = call i64 @choose()
  call void @second(i64 %a)
  ret void
}

define void @allocate() noinline {
entry:
  %size = call i64 @llvm.stackswitch.context.size()
  %base = call ptr @calloc(i64 1, i64 %size)
  store ptr %base, ptr @base
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %c = call ptr @calloc(i64 1, i64 %size)
  %at = getelementptr [4 x ptr], ptr @choices, i64 0, i64 %i
  store ptr %c, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 4
  br i1 %more, label %loop, label %done

done:
  ret void
}

define void @release() noinline {
entry:
  %base = load volatile ptr, ptr @base
  call void @llvm.stackswitch.freecontext(ptr %base)
  call void @free(ptr %base)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr [4 x ptr], ptr @choices, i64 0, i64 %i
  %c = load volatile ptr, ptr %at
  call void @llvm.stackswitch.freecontext(ptr %c)
  call void @free(ptr %c)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 4
  br i1 %more, label %loop, label %done

done:
  ret void
}

define i32 @main() {
  call void @allocate()
  %base = load volatile ptr, ptr @base
  %r = call i32 @llvm.stackswitch.getcontext(ptr %base, ptr null)
  call void @search()
  %found = load volatile i64, ptr @found
  %tries = load volatile i64, ptr @tries
  %bad = load volatile i64, ptr @bad
  %p = call i32 (ptr, ...) @printf(ptr @result, i64 %found, i64 %tries, i64 %bad)
  call void @release()
  ret i32 0
}

; It captures frames with a base, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
