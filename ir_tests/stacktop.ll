; stacktop tells the stack position at which a suspended context was captured.
; Proves, for coroutines, that it is below the frame that suspended and moves
; down with the depth; that two contexts' positions bound the stack between
; them; and for the POSIX layer that a deeper capture has the lower position.
; not on the heap: it measures from the address of a local variable to the stack position.

@addresses = global [3 x i64] zeroinitializer

@depth = private unnamed_addr constant [54 x i8] c"depth %lld: below the frame %d, within 4096 bytes %d\0A\00"
@order = private unnamed_addr constant [24 x i8] c"deeper is lower: %d %d\0A\00"
@same = private unnamed_addr constant [28 x i8] c"no lower on the way up: %d\0A\00"
@posix = private unnamed_addr constant [54 x i8] c"posix: deeper is lower %d, by at least 1000 bytes %d\0A\00"

@outer = global ptr null
@deeper = global ptr null

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare ptr @llvm.stackswitch.stacktop(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
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

; Notes the address of its own buffer and suspends at each level.
define void @recurse(i64 %level) noinline {
entry:
  %buffer = alloca [512 x i8], align 16
  call void @fill(ptr %buffer, i64 512, i64 %level)
  %address = ptrtoint ptr %buffer to i64
  %at = getelementptr [3 x i64], ptr @addresses, i64 0, i64 %level
  store i64 %address, ptr %at
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %level)
  %last = icmp eq i64 %level, 2
  br i1 %last, label %done, label %down

down:
  %next = add i64 %level, 1
  call void @recurse(i64 %next)
  br label %done

done:
  %bad = call i64 @wrong(ptr %buffer, i64 512, i64 %level)
  %again = call i64 @llvm.stackswitch.suspend.i64(i64 %bad)
  ret void
}

define i64 @body(ptr %unused, i64 %first) {
  call void @recurse(i64 0)
  ret i64 0
}

; Goes one level down and says where that is.
define i64 @go(ptr %c, i64 %level) noinline {
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %top = call ptr @llvm.stackswitch.stacktop(ptr %c)
  %position = ptrtoint ptr %top to i64
  %at = getelementptr [3 x i64], ptr @addresses, i64 0, i64 %level
  %address = load i64, ptr %at
  %below = icmp ule i64 %position, %address
  %distance = sub i64 %address, %position
  %near = icmp ult i64 %distance, 4096
  %n0 = zext i1 %below to i32
  %n1 = zext i1 %near to i32
  %p = call i32 (ptr, ...) @printf(ptr @depth, i64 %level, i32 %n0, i32 %n1)
  ret i64 %position
}

; Captures two POSIX contexts, the second a kilobyte further down.
define void @capture.deeper() noinline {
  %buffer = alloca [1024 x i8], align 16
  call void @fill(ptr %buffer, i64 1024, i64 1)
  %c = load ptr, ptr @deeper
  %r = call i32 @llvm.stackswitch.getcontext(ptr %c, ptr null)
  %bad = call i64 @wrong(ptr %buffer, i64 1024, i64 1)
  ret void
}

define void @posix.tops() noinline {
  %size = call i64 @llvm.stackswitch.context.size()
  %a = call ptr @calloc(i64 1, i64 %size)
  %b = call ptr @calloc(i64 1, i64 %size)
  store ptr %a, ptr @outer
  store ptr %b, ptr @deeper
  %r = call i32 @llvm.stackswitch.getcontext(ptr %a, ptr null)
  call void @capture.deeper()
  %ctx.a = load volatile ptr, ptr @outer
  %ctx.b = load volatile ptr, ptr @deeper
  %top.a = call ptr @llvm.stackswitch.stacktop(ptr %ctx.a)
  %top.b = call ptr @llvm.stackswitch.stacktop(ptr %ctx.b)
  %at.a = ptrtoint ptr %top.a to i64
  %at.b = ptrtoint ptr %top.b to i64
  %lower = icmp ult i64 %at.b, %at.a
  %distance = sub i64 %at.a, %at.b
  %far = icmp uge i64 %distance, 1000
  %n0 = zext i1 %lower to i32
  %n1 = zext i1 %far to i32
  %p = call i32 (ptr, ...) @printf(ptr @posix, i32 %n0, i32 %n1)
  call void @llvm.stackswitch.freecontext(ptr %ctx.a)
  call void @llvm.stackswitch.freecontext(ptr %ctx.b)
  call void @free(ptr %ctx.a)
  call void @free(ptr %ctx.b)
  ret void
}

define i32 @main() {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %t0 = call i64 @go(ptr %c, i64 0)
  %t1 = call i64 @go(ptr %c, i64 1)
  %t2 = call i64 @go(ptr %c, i64 2)
  %lower.1 = icmp ult i64 %t1, %t0
  %lower.2 = icmp ult i64 %t2, %t1
  %n1 = zext i1 %lower.1 to i32
  %n2 = zext i1 %lower.2 to i32
  %p0 = call i32 (ptr, ...) @printf(ptr @order, i32 %n1, i32 %n2)
  ; The same frame suspends once more on the way up.
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %top = call ptr @llvm.stackswitch.stacktop(ptr %c)
  %position = ptrtoint ptr %top to i64
  %not.lower = icmp uge i64 %position, %t2
  %n3 = zext i1 %not.lower to i32
  %p1 = call i32 (ptr, ...) @printf(ptr @same, i32 %n3)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @posix.tops()
  ret i32 0
}

; It compares addresses of local variables with the stack pointer, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
