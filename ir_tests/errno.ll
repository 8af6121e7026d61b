; errno belongs to the thread, and a successful switch leaves it alone, also
; where the switch has to allocate a slice, map a region or start a context.

@changed = global i64 0
@handles = global [8 x ptr] zeroinitializer

@result = private unnamed_addr constant [59 x i8] c"switches %lld, errno changed %lld times, wrong bytes %lld\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare void @free(ptr)
declare ptr @__errno_location()

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

define void @set(i32 %v) noinline {
  %at = call ptr @__errno_location()
  store volatile i32 %v, ptr %at
  ret void
}

define void @expect(i32 %v) noinline {
  %at = call ptr @__errno_location()
  %is = load volatile i32, ptr %at
  %differs = icmp ne i32 %is, %v
  %one = zext i1 %differs to i64
  %n = load i64, ptr @changed
  %sum = add i64 %n, %one
  store i64 %sum, ptr @changed
  ret void
}

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [3000 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @expect(i32 17)
  call void @fill(ptr %buffer, i64 3000, i64 %id)
  call void @set(i32 18)
  %v0 = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  call void @expect(i32 19)
  %bad = call i64 @wrong(ptr %buffer, i64 3000, i64 %id)
  call void @set(i32 20)
  ret i64 %bad
}

define i64 @visit(i64 %i, i32 %before, i32 %after) noinline {
  %at = getelementptr [8 x ptr], ptr @handles, i64 0, i64 %i
  %c = load ptr, ptr %at
  call void @set(i32 %before)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  call void @expect(i32 %after)
  ret i64 %v
}

; The POSIX layer: a capture with a slice.
define void @capture(ptr %base) noinline {
  %size = call i64 @llvm.stackswitch.context.size()
  %c = call ptr @calloc(i64 1, i64 %size)
  call void @set(i32 21)
  %r = call i32 @llvm.stackswitch.getcontext(ptr %c, ptr %base)
  call void @expect(i32 21)
  call void @llvm.stackswitch.freecontext(ptr %c)
  call void @free(ptr %c)
  ret void
}

define void @posix.captures() noinline {
  %size = call i64 @llvm.stackswitch.context.size()
  %c = call ptr @calloc(i64 1, i64 %size)
  call void @set(i32 22)
  %r = call i32 @llvm.stackswitch.getcontext(ptr %c, ptr null)
  call void @expect(i32 22)
  call void @capture(ptr %c)
  call void @free(ptr %c)
  ret void
}

define i32 @main() {
entry:
  %own = call ptr @llvm.stackswitch.base.create(i64 1048576)
  br label %start

; Even contexts share the region of base.create, odd ones the default one.
start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %odd = and i64 %i, 1
  %is.odd = icmp eq i64 %odd, 1
  %base = select i1 %is.odd, ptr null, ptr %own
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %at = getelementptr [8 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 8
  br i1 %more, label %start, label %first

first:
  %j = phi i64 [ 0, %start ], [ %j.next, %first ]
  %v = call i64 @visit(i64 %j, i32 17, i32 18)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 8
  br i1 %more.j, label %first, label %second

second:
  %k = phi i64 [ 0, %first ], [ %k.next, %second ]
  %bad = phi i64 [ 0, %first ], [ %bad.next, %second ]
  %w = call i64 @visit(i64 %k, i32 19, i32 20)
  %bad.next = add i64 %bad, %w
  %at.k = getelementptr [8 x ptr], ptr @handles, i64 0, i64 %k
  %c.k = load ptr, ptr %at.k
  call void @llvm.stackswitch.destroy(ptr %c.k)
  %k.next = add i64 %k, 1
  %more.k = icmp ult i64 %k.next, 8
  br i1 %more.k, label %second, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %own)
  call void @posix.captures()
  %n = load i64, ptr @changed
  %p = call i32 (ptr, ...) @printf(ptr @result, i64 16, i64 %n, i64 %bad.next)
  ret i32 0
}
