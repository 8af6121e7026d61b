; Contexts that one function knows alone and that suspend in their own frames: whether they are
; stackless or not, values, states and mistakes are the same. Bodies of every kind of value, in loops
; and conditions, several of one body, nested ones, and in the end contexts that only look like it.

@line = private unnamed_addr constant [10 x i8] c"%s: %lld\0A\00"
@l0 = private unnamed_addr constant [7 x i8] c"status\00"
@l1 = private unnamed_addr constant [6 x i8] c"value\00"
@l2 = private unnamed_addr constant [6 x i8] c"slice\00"
@l3 = private unnamed_addr constant [13 x i8] c"abandoned at\00"
@l4 = private unnamed_addr constant [4 x i8] c"sum\00"
@l5 = private unnamed_addr constant [4 x i8] c"arm\00"
@l6 = private unnamed_addr constant [2 x i8] c"f\00"
@l7 = private unnamed_addr constant [2 x i8] c"g\00"
@l8 = private unnamed_addr constant [5 x i8] c"arms\00"
@l9 = private unnamed_addr constant [6 x i8] c"total\00"
@l10 = private unnamed_addr constant [5 x i8] c"last\00"
@l11 = private unnamed_addr constant [2 x i8] c"a\00"
@l12 = private unnamed_addr constant [2 x i8] c"b\00"
@l13 = private unnamed_addr constant [3 x i8] c"i1\00"
@l14 = private unnamed_addr constant [3 x i8] c"i8\00"
@l15 = private unnamed_addr constant [4 x i8] c"i24\00"
@l16 = private unnamed_addr constant [5 x i8] c"i128\00"
@l17 = private unnamed_addr constant [7 x i8] c"double\00"
@l18 = private unnamed_addr constant [6 x i8] c"float\00"
@l19 = private unnamed_addr constant [5 x i8] c"null\00"
@l20 = private unnamed_addr constant [15 x i8] c"{ i64, float }\00"
@l21 = private unnamed_addr constant [10 x i8] c"<4 x i32>\00"
@l22 = private unnamed_addr constant [13 x i8] c"[3 x double]\00"
@l23 = private unnamed_addr constant [8 x i8] c"escapes\00"
@l24 = private unnamed_addr constant [8 x i8] c"running\00"
@l25 = private unnamed_addr constant [6 x i8] c"large\00"
@l26 = private unnamed_addr constant [5 x i8] c"tree\00"
@l27 = private unnamed_addr constant [8 x i8] c"mistake\00"
@l28 = private unnamed_addr constant [10 x i8] c"of status\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare i64 @llvm.stackswitch.slice.size(ptr)
declare void @llvm.stackswitch.prefetch(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @stackswitch_status(ptr)
declare void @stackswitch_destroy(ptr)
declare ptr @stackswitch_set_error_handler(ptr)
declare i32 @__gcc_personality_v0(...)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i32 @printf(ptr, ...)
declare ptr @llvm.stackswitch.spawn.i1(ptr, ptr, ptr)
declare i1 @llvm.stackswitch.resume.i1(ptr, i1)
declare i1 @llvm.stackswitch.suspend.i1(i1)
declare ptr @llvm.stackswitch.spawn.i8(ptr, ptr, ptr)
declare i8 @llvm.stackswitch.resume.i8(ptr, i8)
declare i8 @llvm.stackswitch.suspend.i8(i8)
declare ptr @llvm.stackswitch.spawn.i24(ptr, ptr, ptr)
declare i24 @llvm.stackswitch.resume.i24(ptr, i24)
declare i24 @llvm.stackswitch.suspend.i24(i24)
declare ptr @llvm.stackswitch.spawn.i128(ptr, ptr, ptr)
declare i128 @llvm.stackswitch.resume.i128(ptr, i128)
declare i128 @llvm.stackswitch.suspend.i128(i128)
declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare double @llvm.stackswitch.resume.f64(ptr, double)
declare double @llvm.stackswitch.suspend.f64(double)
declare ptr @llvm.stackswitch.spawn.f32(ptr, ptr, ptr)
declare float @llvm.stackswitch.resume.f32(ptr, float)
declare float @llvm.stackswitch.suspend.f32(float)
declare ptr @llvm.stackswitch.spawn.p0(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume.p0(ptr, ptr)
declare ptr @llvm.stackswitch.suspend.p0(ptr)
declare ptr @llvm.stackswitch.spawn.sl_i64f32s(ptr, ptr, ptr)
declare { i64, float } @llvm.stackswitch.resume.sl_i64f32s(ptr, { i64, float })
declare { i64, float } @llvm.stackswitch.suspend.sl_i64f32s({ i64, float })
declare ptr @llvm.stackswitch.spawn.v4i32(ptr, ptr, ptr)
declare <4 x i32> @llvm.stackswitch.resume.v4i32(ptr, <4 x i32>)
declare <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32>)
declare ptr @llvm.stackswitch.spawn.a3f64(ptr, ptr, ptr)
declare [3 x double] @llvm.stackswitch.resume.a3f64(ptr, [3 x double])
declare [3 x double] @llvm.stackswitch.suspend.a3f64([3 x double])

define void @say(ptr %what, i64 %value) noinline {
  %p = call i32 (ptr, ...) @printf(ptr @line, ptr %what, i64 %value)
  ret void
}

; Counts up from its first value, by what it is sent, to the limit at %arg.
define internal i64 @steps(ptr %arg, i64 %first) {
entry:
  %limit = load i64, ptr %arg
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %more ]
  %over = icmp sgt i64 %i, %limit
  br i1 %over, label %end, label %more
more:
  %step = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, %step
  br label %loop
end:
  %last = sub i64 0, %i
  ret i64 %last
}

; Never ends. Its state is in memory that a function works on.
define internal i64 @fibonacci(ptr %arg, i64 %first) {
entry:
  %pair = alloca [2 x i64], align 32
  store i64 0, ptr %pair
  %second = getelementptr i64, ptr %pair, i64 1
  store i64 1, ptr %second
  br label %loop
loop:
  %a = load i64, ptr %pair
  call void @yield(i64 %a)
  call void @advance(ptr %pair)
  br label %loop
}
define internal void @yield(i64 %v) {
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret void
}
define internal void @advance(ptr %pair) noinline {
  %second = getelementptr i64, ptr %pair, i64 1
  %a = load i64, ptr %pair
  %b = load i64, ptr %second
  %c = add i64 %a, %b
  store i64 %b, ptr %pair
  store i64 %c, ptr %second
  ret void
}

; Suspends in both arms, and at the end with what musttail leaves to it.
define internal i64 @arms(ptr %arg, i64 %first) {
  %odd = trunc i64 %first to i1
  br i1 %odd, label %one, label %two
one:
  %a = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  br label %join
two:
  %b = call i64 @llvm.stackswitch.suspend.i64(i64 2)
  %b2 = mul i64 %b, 100
  br label %join
join:
  %c = phi i64 [ %a, %one ], [ %b2, %two ]
  %r = musttail call i64 @last(ptr %arg, i64 %c)
  ret i64 %r
}
define internal i64 @last(ptr %arg, i64 %c) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %c)
  ret i64 %r
}

; Sums what another one counts.
define internal i64 @sums(ptr %arg, i64 %first) {
entry:
  %g = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @fibonacci, ptr null)
  br label %loop
loop:
  %s = phi i64 [ 0, %entry ], [ %s2, %loop ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %g, i64 0)
  %s2 = add i64 %s, %v
  %x = call i64 @llvm.stackswitch.suspend.i64(i64 %s2)
  br label %loop
}

define void @life() noinline {
  %limit = alloca i64
  store i64 10, ptr %limit
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @steps, ptr %limit)
  %s1 = call i32 @llvm.stackswitch.status(ptr %c)
  %w1 = zext i32 %s1 to i64
  call void @say(ptr @l0, i64 %w1)
  %r2 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 4)
  call void @say(ptr @l1, i64 %r2)
  %s3 = call i32 @llvm.stackswitch.status(ptr %c)
  %w3 = zext i32 %s3 to i64
  call void @say(ptr @l0, i64 %w3)
  %r4 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 5)
  call void @say(ptr @l1, i64 %r4)
  call void @llvm.stackswitch.prefetch(ptr %c)
  %r5 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 5)
  call void @say(ptr @l1, i64 %r5)
  %s6 = call i32 @llvm.stackswitch.status(ptr %c)
  %w6 = zext i32 %s6 to i64
  call void @say(ptr @l0, i64 %w6)
  %size = call i64 @llvm.stackswitch.slice.size(ptr %c)
  call void @say(ptr @l2, i64 %size)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @abandoned(i64 %turns) noinline {
entry:
  %limit = alloca i64
  store i64 130, ptr %limit
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %end ]
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @steps, ptr %limit)
  br label %inner
inner:
  %j = phi i64 [ 0, %loop ], [ %j2, %again ]
  %s = phi i64 [ 0, %loop ], [ %s2, %again ]
  %enough = icmp uge i64 %j, %i
  br i1 %enough, label %end, label %again
again:
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 40)
  %s2 = add i64 %s, %v
  %j2 = add i64 %j, 1
  br label %inner
end:
  %status = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  %w8 = zext i32 %status to i64
  call void @say(ptr @l3, i64 %w8)
  call void @say(ptr @l4, i64 %s)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %turns
  br i1 %more, label %loop, label %done
done:
  ret void
}

define void @conditional(i1 %do) noinline {
  br i1 %do, label %yes, label %no
yes:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @arms, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 7)
  call void @say(ptr @l5, i64 %a)
  br label %no
no:
  ret void
}

define void @several() noinline {
  %f = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @fibonacci, ptr null)
  %g = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @fibonacci, ptr null)
  %h = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @arms, ptr null)
  %i = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @sums, ptr null)
  br label %loop
loop:
  %n = phi i64 [ 0, %0 ], [ %n2, %loop ]
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %f, i64 0)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %f, i64 0)
  %c = call i64 @llvm.stackswitch.resume.i64(ptr %g, i64 0)
  %d = call i64 @llvm.stackswitch.resume.i64(ptr %i, i64 0)
  call void @say(ptr @l6, i64 %a)
  call void @say(ptr @l6, i64 %b)
  call void @say(ptr @l7, i64 %c)
  call void @say(ptr @l4, i64 %d)
  %n2 = add i64 %n, 1
  %more = icmp ult i64 %n2, 6
  br i1 %more, label %loop, label %done
done:
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 6)
  %y = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 5)
  %z = call i64 @llvm.stackswitch.resume.i64(ptr %h, i64 3)
  %end = call i32 @llvm.stackswitch.status(ptr %h)
  call void @llvm.stackswitch.destroy(ptr %f)
  call void @llvm.stackswitch.destroy(ptr %h)
  call void @say(ptr @l8, i64 %x)
  call void @say(ptr @l8, i64 %y)
  call void @say(ptr @l8, i64 %z)
  %w18 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w18)
  ret void
}

; As a C compiler writes it before anything is optimised.
define void @in.variables(i64 %to) noinline {
entry:
  %limit = alloca i64
  %handle = alloca ptr
  %total = alloca i64
  store i64 %to, ptr %limit
  store i64 0, ptr %total
  %c = call ptr @stackswitch_spawn_i64(ptr null, ptr @steps, ptr %limit)
  store ptr %c, ptr %handle
  br label %loop
loop:
  %h = load ptr, ptr %handle
  %v = call i64 @stackswitch_resume_i64(ptr %h, i64 1)
  %h2 = load ptr, ptr %handle
  %s = call i32 @stackswitch_status(ptr %h2)
  %finished = icmp eq i32 %s, 3
  br i1 %finished, label %done, label %more
more:
  %t = load i64, ptr %total
  %t2 = add i64 %t, %v
  store i64 %t2, ptr %total
  br label %loop
done:
  %h3 = load ptr, ptr %handle
  call void @stackswitch_destroy(ptr %h3)
  %t3 = load i64, ptr %total
  call void @say(ptr @l9, i64 %t3)
  call void @say(ptr @l10, i64 %v)
  ret void
}

; Consumes one context while it is another itself, under an exception handler.
define internal i64 @between(ptr %arg, i64 %first) personality ptr @__gcc_personality_v0 {
entry:
  %limit = alloca i64
  store i64 1000, ptr %limit
  %c = invoke ptr @stackswitch_spawn_i64(ptr null, ptr @steps, ptr %limit)
          to label %loop unwind label %lost
loop:
  %send = phi i64 [ %first, %entry ], [ %got, %went ]
  %v = invoke i64 @stackswitch_resume_i64(ptr %c, i64 %send)
          to label %send.on unwind label %lost
send.on:
  %got = invoke i64 @stackswitch_suspend_i64(i64 %v)
          to label %went unwind label %lost
went:
  %stop = icmp eq i64 %got, 0
  br i1 %stop, label %end, label %loop
end:
  invoke void @stackswitch_destroy(ptr %c)
          to label %done unwind label %lost
done:
  ret i64 -5
lost:
  %pad = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pad
}
define void @neighbours() noinline {
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @between, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @between, ptr null)
  br label %loop
loop:
  %n = phi i64 [ 1, %0 ], [ %n2, %loop ]
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 %n)
  %m = mul i64 %n, 10
  %y = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %m)
  call void @say(ptr @l11, i64 %x)
  call void @say(ptr @l12, i64 %y)
  %n2 = add i64 %n, 1
  %more = icmp ult i64 %n2, 5
  br i1 %more, label %loop, label %done
done:
  %z = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 0)
  %end = call i32 @llvm.stackswitch.status(ptr %a)
  call void @say(ptr @l11, i64 %z)
  %w24 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w24)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal i1 @delay.i1(ptr %arg, i1 %first) {
  %second = call i1 @llvm.stackswitch.suspend.i1(i1 %first)
  %third = call i1 @llvm.stackswitch.suspend.i1(i1 %second)
  ret i1 %third
}
define void @type.i1(i1 %a, i1 %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.i1(ptr null, ptr @delay.i1, ptr null)
  %x = call i1 @llvm.stackswitch.resume.i1(ptr %c, i1 %a)
  %y = call i1 @llvm.stackswitch.resume.i1(ptr %c, i1 %b)
  %z = call i1 @llvm.stackswitch.resume.i1(ptr %c, i1 %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i1 %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l13, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i1 %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l13, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i1 %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l13, i64 %sum.z)
  %w28 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w28)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal i8 @delay.i8(ptr %arg, i8 %first) {
  %second = call i8 @llvm.stackswitch.suspend.i8(i8 %first)
  %third = call i8 @llvm.stackswitch.suspend.i8(i8 %second)
  ret i8 %third
}
define void @type.i8(i8 %a, i8 %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.i8(ptr null, ptr @delay.i8, ptr null)
  %x = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 %a)
  %y = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 %b)
  %z = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i8 %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l14, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i8 %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l14, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i8 %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l14, i64 %sum.z)
  %w32 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w32)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal i24 @delay.i24(ptr %arg, i24 %first) {
  %second = call i24 @llvm.stackswitch.suspend.i24(i24 %first)
  %third = call i24 @llvm.stackswitch.suspend.i24(i24 %second)
  ret i24 %third
}
define void @type.i24(i24 %a, i24 %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.i24(ptr null, ptr @delay.i24, ptr null)
  %x = call i24 @llvm.stackswitch.resume.i24(ptr %c, i24 %a)
  %y = call i24 @llvm.stackswitch.resume.i24(ptr %c, i24 %b)
  %z = call i24 @llvm.stackswitch.resume.i24(ptr %c, i24 %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i24 %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l15, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i24 %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l15, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i24 %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l15, i64 %sum.z)
  %w36 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w36)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal i128 @delay.i128(ptr %arg, i128 %first) {
  %second = call i128 @llvm.stackswitch.suspend.i128(i128 %first)
  %third = call i128 @llvm.stackswitch.suspend.i128(i128 %second)
  ret i128 %third
}
define void @type.i128(i128 %a, i128 %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.i128(ptr null, ptr @delay.i128, ptr null)
  %x = call i128 @llvm.stackswitch.resume.i128(ptr %c, i128 %a)
  %y = call i128 @llvm.stackswitch.resume.i128(ptr %c, i128 %b)
  %z = call i128 @llvm.stackswitch.resume.i128(ptr %c, i128 %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i128 %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l16, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i128 %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l16, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store i128 %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l16, i64 %sum.z)
  %w40 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w40)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal double @delay.f64(ptr %arg, double %first) {
  %second = call double @llvm.stackswitch.suspend.f64(double %first)
  %third = call double @llvm.stackswitch.suspend.f64(double %second)
  ret double %third
}
define void @type.f64(double %a, double %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @delay.f64, ptr null)
  %x = call double @llvm.stackswitch.resume.f64(ptr %c, double %a)
  %y = call double @llvm.stackswitch.resume.f64(ptr %c, double %b)
  %z = call double @llvm.stackswitch.resume.f64(ptr %c, double %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store double %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l17, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store double %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l17, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store double %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l17, i64 %sum.z)
  %w44 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w44)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal float @delay.f32(ptr %arg, float %first) {
  %second = call float @llvm.stackswitch.suspend.f32(float %first)
  %third = call float @llvm.stackswitch.suspend.f32(float %second)
  ret float %third
}
define void @type.f32(float %a, float %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.f32(ptr null, ptr @delay.f32, ptr null)
  %x = call float @llvm.stackswitch.resume.f32(ptr %c, float %a)
  %y = call float @llvm.stackswitch.resume.f32(ptr %c, float %b)
  %z = call float @llvm.stackswitch.resume.f32(ptr %c, float %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store float %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l18, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store float %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l18, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store float %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l18, i64 %sum.z)
  %w48 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w48)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal ptr @delay.p0(ptr %arg, ptr %first) {
  %second = call ptr @llvm.stackswitch.suspend.p0(ptr %first)
  %third = call ptr @llvm.stackswitch.suspend.p0(ptr %second)
  ret ptr %third
}
define void @type.p0(ptr %a, ptr %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.p0(ptr null, ptr @delay.p0, ptr null)
  %x = call ptr @llvm.stackswitch.resume.p0(ptr %c, ptr %a)
  %y = call ptr @llvm.stackswitch.resume.p0(ptr %c, ptr %b)
  %z = call ptr @llvm.stackswitch.resume.p0(ptr %c, ptr %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store ptr %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  %null.x = icmp eq ptr %x, null
  %is.x = zext i1 %null.x to i64
  call void @say(ptr @l19, i64 %is.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store ptr %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  %null.y = icmp eq ptr %y, null
  %is.y = zext i1 %null.y to i64
  call void @say(ptr @l19, i64 %is.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store ptr %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  %null.z = icmp eq ptr %z, null
  %is.z = zext i1 %null.z to i64
  call void @say(ptr @l19, i64 %is.z)
  %w49 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w49)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal { i64, float } @delay.sl_i64f32s(ptr %arg, { i64, float } %first) {
  %second = call { i64, float } @llvm.stackswitch.suspend.sl_i64f32s({ i64, float } %first)
  %third = call { i64, float } @llvm.stackswitch.suspend.sl_i64f32s({ i64, float } %second)
  ret { i64, float } %third
}
define void @type.sl_i64f32s({ i64, float } %a, { i64, float } %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.sl_i64f32s(ptr null, ptr @delay.sl_i64f32s, ptr null)
  %x = call { i64, float } @llvm.stackswitch.resume.sl_i64f32s(ptr %c, { i64, float } %a)
  %y = call { i64, float } @llvm.stackswitch.resume.sl_i64f32s(ptr %c, { i64, float } %b)
  %z = call { i64, float } @llvm.stackswitch.resume.sl_i64f32s(ptr %c, { i64, float } %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store { i64, float } %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l20, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store { i64, float } %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l20, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store { i64, float } %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l20, i64 %sum.z)
  %w53 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w53)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal <4 x i32> @delay.v4i32(ptr %arg, <4 x i32> %first) {
  %second = call <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32> %first)
  %third = call <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32> %second)
  ret <4 x i32> %third
}
define void @type.v4i32(<4 x i32> %a, <4 x i32> %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.v4i32(ptr null, ptr @delay.v4i32, ptr null)
  %x = call <4 x i32> @llvm.stackswitch.resume.v4i32(ptr %c, <4 x i32> %a)
  %y = call <4 x i32> @llvm.stackswitch.resume.v4i32(ptr %c, <4 x i32> %b)
  %z = call <4 x i32> @llvm.stackswitch.resume.v4i32(ptr %c, <4 x i32> %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store <4 x i32> %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l21, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store <4 x i32> %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l21, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store <4 x i32> %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l21, i64 %sum.z)
  %w57 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w57)
  ret void
}

; Gives back what it is sent, one turn later; its result is what it was sent last.
define internal [3 x double] @delay.a3f64(ptr %arg, [3 x double] %first) {
  %second = call [3 x double] @llvm.stackswitch.suspend.a3f64([3 x double] %first)
  %third = call [3 x double] @llvm.stackswitch.suspend.a3f64([3 x double] %second)
  ret [3 x double] %third
}
define void @type.a3f64([3 x double] %a, [3 x double] %b) noinline {
  %memory = alloca [64 x i8], align 16
  %c = call ptr @llvm.stackswitch.spawn.a3f64(ptr null, ptr @delay.a3f64, ptr null)
  %x = call [3 x double] @llvm.stackswitch.resume.a3f64(ptr %c, [3 x double] %a)
  %y = call [3 x double] @llvm.stackswitch.resume.a3f64(ptr %c, [3 x double] %b)
  %z = call [3 x double] @llvm.stackswitch.resume.a3f64(ptr %c, [3 x double] %a)
  %end = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store [3 x double] %x, ptr %memory
  %sum.x = call i64 @digest(ptr %memory)
  call void @say(ptr @l22, i64 %sum.x)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store [3 x double] %y, ptr %memory
  %sum.y = call i64 @digest(ptr %memory)
  call void @say(ptr @l22, i64 %sum.y)
  call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 64, i1 false)
  store [3 x double] %z, ptr %memory
  %sum.z = call i64 @digest(ptr %memory)
  call void @say(ptr @l22, i64 %sum.z)
  %w61 = zext i32 %end to i64
  call void @say(ptr @l0, i64 %w61)
  ret void
}

; A number that depends on all bytes.
define i64 @digest(ptr %memory) noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %d = phi i64 [ 0, %entry ], [ %d2, %loop ]
  %p = getelementptr i8, ptr %memory, i64 %i
  %b = load i8, ptr %p
  %w = zext i8 %b to i64
  %times = mul i64 %d, 31
  %sum = add i64 %times, %w
  %d2 = and i64 %sum, 1073741823
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 64
  br i1 %more, label %loop, label %done
done:
  ret i64 %d2
}

; Near misses. The handle gets away:
@away = global ptr null
define void @escapes() noinline {
  %limit = alloca i64
  store i64 3, ptr %limit
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @steps, ptr %limit)
  store ptr %c, ptr @away
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %b = call i64 @elsewhere()
  call void @say(ptr @l23, i64 %a)
  call void @say(ptr @l23, i64 %b)
  ret void
}
define i64 @elsewhere() noinline {
  %c = load ptr, ptr @away
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  ret i64 %v
}
; it is asked who it is:
define internal i64 @asks(ptr %arg, i64 %first) {
  %me = call ptr @llvm.stackswitch.current()
  %s = call i32 @llvm.stackswitch.status(ptr %me)
  %w = zext i32 %s to i64
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %w)
  ret i64 %r
}
define void @running() noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @asks, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 8)
  call void @say(ptr @l24, i64 %a)
  call void @say(ptr @l24, i64 %b)
  ret void
}
; it is large:
define internal i64 @large(ptr %arg, i64 %first) {
  %big = alloca [4096 x i8]
  call void @llvm.memset.p0.i64(ptr %big, i8 1, i64 4096, i1 false)
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %p = getelementptr i8, ptr %big, i64 %sent
  %b = load i8, ptr %p
  %w = zext i8 %b to i64
  ret i64 %w
}
define void @big() noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @large, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 4000)
  call void @say(ptr @l25, i64 %a)
  call void @say(ptr @l25, i64 %b)
  ret void
}
; it is recursive:
define internal i64 @walk(ptr %arg, i64 %depth) {
  %leaf = icmp eq i64 %depth, 0
  br i1 %leaf, label %end, label %deeper
deeper:
  %less = sub i64 %depth, 1
  %a = call i64 @walk(ptr %arg, i64 %less)
  %b = call i64 @llvm.stackswitch.suspend.i64(i64 %depth)
  %c = call i64 @walk(ptr %arg, i64 %less)
  ret i64 %c
end:
  ret i64 0
}
define void @tree() noinline {
entry:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @walk, ptr null)
  br label %loop
loop:
  %r = phi i64 [ 0, %entry ], [ %r2, %more ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 3)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  %finished = icmp eq i32 %s, 3
  br i1 %finished, label %done, label %more
more:
  %ten = mul i64 %r, 10
  %r2 = add i64 %ten, %v
  br label %loop
done:
  call void @say(ptr @l26, i64 %r)
  ret void
}


; A mistake is reported with a context that has finished, as if it had always been one.
define void @handler(i32 %code, ptr %ctx, ptr %message) {
  %wide = sext i32 %code to i64
  %s = call i32 @llvm.stackswitch.status(ptr %ctx)
  call void @say(ptr @l27, i64 %wide)
  %w70 = zext i32 %s to i64
  call void @say(ptr @l28, i64 %w70)
  ret void
}
define void @mistakes() noinline {
  %old = call ptr @stackswitch_set_error_handler(ptr @handler)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @arms, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 2)
  %d = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 3)
  %e = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 4)
  %f = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 5)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  %new = call ptr @stackswitch_set_error_handler(ptr %old)
  call void @say(ptr @l1, i64 %a)
  call void @say(ptr @l1, i64 %b)
  call void @say(ptr @l1, i64 %d)
  call void @say(ptr @l1, i64 %e)
  call void @say(ptr @l1, i64 %f)
  %w76 = zext i32 %s to i64
  call void @say(ptr @l0, i64 %w76)
  ret void
}

define i32 @main() {
  call void @life()
  call void @abandoned(i64 5)
  call void @conditional(i1 true)
  call void @conditional(i1 false)
  call void @several()
  call void @in.variables(i64 100)
  call void @neighbours()
  call void @type.i1(i1 1, i1 0)
  call void @type.i8(i8 -7, i8 9)
  call void @type.i24(i24 70000, i24 -3)
  call void @type.i128(i128 12345678901234567890123, i128 5)
  call void @type.f64(double 1.5, double 0.25)
  call void @type.f32(float 2.5, float 0.5)
  call void @type.p0(ptr null, ptr @l0)
  call void @type.sl_i64f32s({ i64, float } { i64 3, float 1.0 }, { i64, float } { i64 4, float 2.0 })
  call void @type.v4i32(<4 x i32> <i32 1, i32 2, i32 3, i32 4>, <4 x i32> <i32 5, i32 6, i32 7, i32 8>)
  call void @type.a3f64([3 x double] [double 1.0, double 2.0, double 3.0], [3 x double] [double 4.0, double 5.0, double 6.0])
  call void @escapes()
  call void @running()
  call void @big()
  call void @tree()
  call void @mistakes()
  ret i32 0
}
