; A base on memory that the program gave: a POSIX context runs on a stack from
; malloc, makes a base there and runs three coroutines of that base, which
; share the given stack and displace one another. The stack a context gets
; from makecontext is a region like any other.
; not on the heap: it prints whether an address of a local variable is on its stack.

@given = global ptr null
@home = global ptr null

@step = private unnamed_addr constant [24 x i8] c"context %lld gave %lld\0A\00"
@inside = private unnamed_addr constant [24 x i8] c"on the given stack: %s\0A\00"
@yes = private unnamed_addr constant [4 x i8] c"yes\00"
@no = private unnamed_addr constant [3 x i8] c"no\00"
@wrong.text = private unnamed_addr constant [18 x i8] c"wrong bytes %lld\0A\00"
@back = private unnamed_addr constant [14 x i8] c"back in main\0A\00"

@stack = global ptr null

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare ptr @malloc(i64)
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

; Is the address inside the given stack?
define i1 @is.inside(ptr %p) noinline {
  %low = load ptr, ptr @stack
  %high = getelementptr i8, ptr %low, i64 262144
  %above = icmp uge ptr %p, %low
  %below = icmp ult ptr %p, %high
  %both = and i1 %above, %below
  ret i1 %both
}

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [5000 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %buffer, i64 5000, i64 %id)
  %in = call i1 @is.inside(ptr %buffer)
  %text = select i1 %in, ptr @yes, ptr @no
  %p = call i32 (ptr, ...) @printf(ptr @inside, ptr %text)
  %ten = mul i64 %id, 10
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %ten)
  %bad = call i64 @wrong(ptr %buffer, i64 5000, i64 %id)
  ret i64 %bad
}

define void @posix.body(ptr %arg) {
entry:
  %buffer = alloca [3000 x i8], align 16
  call void @fill(ptr %buffer, i64 3000, i64 42)
  %base = call ptr @llvm.stackswitch.base.here()
  %c1 = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 1 to ptr))
  %c2 = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 2 to ptr))
  %c3 = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr inttoptr (i64 3 to ptr))
  %g1 = call i64 @llvm.stackswitch.resume.i64(ptr %c1, i64 0)
  %p1 = call i32 (ptr, ...) @printf(ptr @step, i64 1, i64 %g1)
  %g2 = call i64 @llvm.stackswitch.resume.i64(ptr %c2, i64 0)
  %p2 = call i32 (ptr, ...) @printf(ptr @step, i64 2, i64 %g2)
  %g3 = call i64 @llvm.stackswitch.resume.i64(ptr %c3, i64 0)
  %p3 = call i32 (ptr, ...) @printf(ptr @step, i64 3, i64 %g3)
  %b2 = call i64 @llvm.stackswitch.resume.i64(ptr %c2, i64 0)
  %b1 = call i64 @llvm.stackswitch.resume.i64(ptr %c1, i64 0)
  %b3 = call i64 @llvm.stackswitch.resume.i64(ptr %c3, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c1)
  call void @llvm.stackswitch.destroy(ptr %c2)
  call void @llvm.stackswitch.destroy(ptr %c3)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  %own = call i64 @wrong(ptr %buffer, i64 3000, i64 42)
  %s0 = add i64 %b1, %b2
  %s1 = add i64 %s0, %b3
  %s2 = add i64 %s1, %own
  %p4 = call i32 (ptr, ...) @printf(ptr @wrong.text, i64 %s2)
  ret void
}

; Sets the context up; getcontext returns once here, as makecontext replaces it.
define void @make() noinline {
  %size = call i64 @llvm.stackswitch.context.size()
  %given = call ptr @calloc(i64 1, i64 %size)
  %home = call ptr @calloc(i64 1, i64 %size)
  store ptr %given, ptr @given
  store ptr %home, ptr @home
  %stack = call ptr @malloc(i64 262144)
  store ptr %stack, ptr @stack
  %r = call i32 @llvm.stackswitch.getcontext(ptr %given, ptr null)
  %m = call i32 @llvm.stackswitch.makecontext(ptr %given, ptr %stack, i64 262144, ptr %home, ptr @posix.body, ptr null)
  ret void
}

define i32 @main() {
  call void @make()
  %given = load ptr, ptr @given
  %home = load ptr, ptr @home
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %home, ptr %given, ptr null)
  %p = call i32 (ptr, ...) @printf(ptr @back)
  %given.now = load volatile ptr, ptr @given
  %home.now = load volatile ptr, ptr @home
  call void @llvm.stackswitch.freecontext(ptr %given.now)
  call void @llvm.stackswitch.freecontext(ptr %home.now)
  %stack = load volatile ptr, ptr @stack
  call void @free(ptr %stack)
  ret i32 0
}

; It prints whether a local variable is on the stack, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
