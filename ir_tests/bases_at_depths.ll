; Bases at eight depths of one stack. Every level of a recursion makes a base
; where it stands and starts two contexts there; the deepest level then
; resumes all sixteen in mixed order. A context of an outer level runs over
; the inner levels' frames, the recursion's own among them. Proves that these
; frames, the main context's, come back whole, and the contexts' too.

@handles = global [16 x ptr] zeroinitializer
@bad.inside = global i64 0

@step = private unnamed_addr constant [23 x i8] c"resume %lld gave %lld\0A\00"
@level = private unnamed_addr constant [64 x i8] c"level %lld ends, wrong bytes %lld, contexts gave %lld and %lld\0A\00"
@result = private unnamed_addr constant [30 x i8] c"wrong bytes in contexts %lld\0A\00"

declare ptr @llvm.stackswitch.base.here()
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

; Suspends in a frame of 700 bytes and, deeper, in one of 400.
define i64 @inner(i64 %id) noinline {
  %buffer = alloca [400 x i8], align 16
  %seed = add i64 %id, 77
  call void @fill(ptr %buffer, i64 400, i64 %seed)
  %tag = add i64 %id, 1000
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %tag)
  %bad = call i64 @wrong(ptr %buffer, i64 400, i64 %seed)
  ret i64 %bad
}

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [700 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %buffer, i64 700, i64 %id)
  %i0 = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %bad.0 = call i64 @inner(i64 %id)
  %more = add i64 %id, 2000
  %i1 = call i64 @llvm.stackswitch.suspend.i64(i64 %more)
  %bad.1 = call i64 @wrong(ptr %buffer, i64 700, i64 %id)
  %sum = load i64, ptr @bad.inside
  %s0 = add i64 %sum, %bad.0
  %s1 = add i64 %s0, %bad.1
  store i64 %s1, ptr @bad.inside
  %end = add i64 %id, 3000
  ret i64 %end
}

; Resumes all contexts twice, in the orders (k * 5 + 3) and (k * 11 + 6) mod 16.
define void @mixed() noinline {
entry:
  br label %loop

loop:
  %k = phi i64 [ 0, %entry ], [ %k.next, %loop ]
  %second = lshr i64 %k, 4
  %jump = mul i64 %second, 6
  %by = add i64 %jump, 5
  %product = mul i64 %k, %by
  %offset = mul i64 %second, 3
  %shift = add i64 %offset, 3
  %order = add i64 %product, %shift
  %which = and i64 %order, 15
  %at = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %which
  %ctx = load ptr, ptr %at
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 0)
  %p = call i32 (ptr, ...) @printf(ptr @step, i64 %which, i64 %got)
  %k.next = add i64 %k, 1
  %more = icmp ult i64 %k.next, 32
  br i1 %more, label %loop, label %done

done:
  ret void
}

define void @level.down(i64 %n) noinline {
entry:
  %buffer = alloca [500 x i8], align 16
  %seed = add i64 %n, 40
  call void @fill(ptr %buffer, i64 500, i64 %seed)
  %base = call ptr @llvm.stackswitch.base.here()
  %id.0 = mul i64 %n, 2
  %id.1 = add i64 %id.0, 1
  %arg.0 = inttoptr i64 %id.0 to ptr
  %arg.1 = inttoptr i64 %id.1 to ptr
  %c0 = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg.0)
  %c1 = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg.1)
  %at.0 = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %id.0
  store ptr %c0, ptr %at.0
  %at.1 = getelementptr [16 x ptr], ptr @handles, i64 0, i64 %id.1
  store ptr %c1, ptr %at.1
  %r0 = call i64 @llvm.stackswitch.resume.i64(ptr %c0, i64 %id.0)
  %r1 = call i64 @llvm.stackswitch.resume.i64(ptr %c1, i64 %id.1)
  %last = icmp eq i64 %n, 7
  br i1 %last, label %bottom, label %deeper

bottom:
  call void @mixed()
  br label %up

deeper:
  %next = add i64 %n, 1
  call void @level.down(i64 %next)
  br label %up

up:
  %e1 = call i64 @llvm.stackswitch.resume.i64(ptr %c1, i64 0)
  %e0 = call i64 @llvm.stackswitch.resume.i64(ptr %c0, i64 0)
  %bad = call i64 @wrong(ptr %buffer, i64 500, i64 %seed)
  %p = call i32 (ptr, ...) @printf(ptr @level, i64 %n, i64 %bad, i64 %e0, i64 %e1)
  call void @llvm.stackswitch.destroy(ptr %c0)
  call void @llvm.stackswitch.destroy(ptr %c1)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret void
}

define i32 @main() {
  call void @level.down(i64 0)
  %bad = load i64, ptr @bad.inside
  %p = call i32 (ptr, ...) @printf(ptr @result, i64 %bad)
  ret i32 0
}
