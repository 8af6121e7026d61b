; makecontext with a null stack: the contexts run on the stack below the base
; that they were captured with, which here is a point in main, so they run over
; one another's frames and over those of the scheduler. swapcontext with that
; base saves each of them to the heap; no stack is allocated.
; not on the heap: it captures its frames with a base, which is refused then.

@anchor = global ptr null
@home = global ptr null
@contexts = global [3 x ptr] zeroinitializer
@bad = global i64 0
@finished = global i64 0

@turn = private unnamed_addr constant [24 x i8] c"context %lld turn %lld\0A\00"
@ends = private unnamed_addr constant [19 x i8] c"context %lld ends\0A\00"
@back = private unnamed_addr constant [48 x i8] c"scheduler: %lld finished, own wrong bytes %lld\0A\00"
@result = private unnamed_addr constant [18 x i8] c"wrong bytes %lld\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
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

define void @count(i64 %n) noinline {
  %bad = load volatile i64, ptr @bad
  %sum = add i64 %bad, %n
  store volatile i64 %sum, ptr @bad
  ret void
}

; Two turns; the buffers' sizes differ, so that the slices do.
define void @deeper(i64 %id, i64 %level) noinline {
entry:
  %buffer = alloca [1200 x i8], align 16
  %high = mul i64 %id, 10
  %seed = add i64 %high, %level
  call void @fill(ptr %buffer, i64 1200, i64 %seed)
  %bottom = icmp eq i64 %level, 0
  br i1 %bottom, label %turns, label %down

down:
  %less = sub i64 %level, 1
  call void @deeper(i64 %id, i64 %less)
  br label %check

turns:
  call void @turn.home(i64 %id, i64 1)
  %bad.1 = call i64 @wrong(ptr %buffer, i64 1200, i64 %seed)
  call void @count(i64 %bad.1)
  call void @turn.home(i64 %id, i64 2)
  br label %check

check:
  %bad = call i64 @wrong(ptr %buffer, i64 1200, i64 %seed)
  call void @count(i64 %bad)
  ret void
}

define void @turn.home(i64 %id, i64 %n) noinline {
  %p = call i32 (ptr, ...) @printf(ptr @turn, i64 %id, i64 %n)
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %id
  %self = load ptr, ptr %at
  %home = load ptr, ptr @home
  %anchor = load ptr, ptr @anchor
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %self, ptr %home, ptr %anchor)
  ret void
}

define void @body(ptr %arg) {
  %id = ptrtoint ptr %arg to i64
  call void @deeper(i64 %id, i64 %id)
  %p = call i32 (ptr, ...) @printf(ptr @ends, i64 %id)
  %n = load volatile i64, ptr @finished
  %more = add i64 %n, 1
  store volatile i64 %more, ptr @finished
  ret void
}

define void @make(i64 %id) noinline {
  %size = call i64 @llvm.stackswitch.context.size()
  %ctx = call ptr @calloc(i64 1, i64 %size)
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %id
  store volatile ptr %ctx, ptr %at
  %anchor = load ptr, ptr @anchor
  %home = load ptr, ptr @home
  %arg = inttoptr i64 %id to ptr
  %g = call i32 @llvm.stackswitch.getcontext(ptr %ctx, ptr %anchor)
  %m = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr null, i64 0, ptr %home, ptr @body, ptr %arg)
  %failed = sext i32 %m to i64
  call void @count(i64 %failed)
  ret void
}

; Goes to a context; what comes back is the end of this or a later turn.
define void @visit(i64 %id) noinline {
  %home = load ptr, ptr @home
  %anchor = load ptr, ptr @anchor
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %id
  %ctx = load ptr, ptr %at
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %home, ptr %ctx, ptr %anchor)
  ret void
}

; Visits 0 1 2 2 1 0 1 0 2. Its own frame is below the base as well.
define void @schedule() noinline {
  %buffer = alloca [2500 x i8], align 16
  call void @fill(ptr %buffer, i64 2500, i64 88)
  call void @visit(i64 0)
  call void @visit(i64 1)
  call void @visit(i64 2)
  call void @visit(i64 2)
  call void @visit(i64 1)
  call void @visit(i64 0)
  call void @visit(i64 1)
  call void @visit(i64 0)
  call void @visit(i64 2)
  %bad = call i64 @wrong(ptr %buffer, i64 2500, i64 88)
  %n = load volatile i64, ptr @finished
  %p = call i32 (ptr, ...) @printf(ptr @back, i64 %n, i64 %bad)
  ret void
}

define void @release() noinline {
entry:
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %i
  %ctx = load ptr, ptr %at
  call void @llvm.stackswitch.freecontext(ptr %ctx)
  call void @free(ptr %ctx)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 3
  br i1 %more, label %loop, label %done

done:
  %home = load ptr, ptr @home
  call void @llvm.stackswitch.freecontext(ptr %home)
  call void @free(ptr %home)
  %anchor = load ptr, ptr @anchor
  call void @llvm.stackswitch.freecontext(ptr %anchor)
  call void @free(ptr %anchor)
  ret void
}

define i32 @main() {
  %size = call i64 @llvm.stackswitch.context.size()
  %a = call ptr @calloc(i64 1, i64 %size)
  %h = call ptr @calloc(i64 1, i64 %size)
  store ptr %a, ptr @anchor
  store ptr %h, ptr @home
  %r = call i32 @llvm.stackswitch.getcontext(ptr %a, ptr null)
  call void @make(i64 0)
  call void @make(i64 1)
  call void @make(i64 2)
  call void @schedule()
  %bad = load volatile i64, ptr @bad
  %p = call i32 (ptr, ...) @printf(ptr @result, i64 %bad)
  call void @release()
  ret i32 0
}

; It captures frames with a base, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
