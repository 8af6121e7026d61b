; Contexts on several regions at once: three bases made by base.create, the
; thread's default regions (base null), and a POSIX context on memory from
; malloc. Twelve coroutines and the POSIX context take turns; each has its own
; bytes on its stack. Proves that regions do not disturb one another and that
; both layers can run side by side.

@handles = global [12 x ptr] zeroinitializer
@bases = global [3 x ptr] zeroinitializer
@given = global ptr null
@home = global ptr null
@posix.turns = global i64 0
@posix.wrong = global i64 0

@step = private unnamed_addr constant [35 x i8] c"round %lld context %lld gave %lld\0A\00"
@posix = private unnamed_addr constant [35 x i8] c"round %lld given stack, turn %lld\0A\00"
@ends = private unnamed_addr constant [37 x i8] c"context %lld ends, wrong bytes %lld\0A\00"
@result = private unnamed_addr constant [43 x i8] c"given stack: turns %lld, wrong bytes %lld\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare ptr @llvm.stackswitch.base.create(i64)
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

define i64 @nested(i64 %id, i64 %value) noinline {
  %buffer = alloca [900 x i8], align 16
  %seed = mul i64 %id, 3
  call void @fill(ptr %buffer, i64 900, i64 %seed)
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %value)
  %bad = call i64 @wrong(ptr %buffer, i64 900, i64 %seed)
  ret i64 %bad
}

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [600 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %buffer, i64 600, i64 %id)
  %i0 = call i64 @llvm.stackswitch.suspend.i64(i64 %id)
  %hundred = add i64 %id, 100
  %bad.0 = call i64 @nested(i64 %id, i64 %hundred)
  %two.hundred = add i64 %id, 200
  %i1 = call i64 @llvm.stackswitch.suspend.i64(i64 %two.hundred)
  %bad.1 = call i64 @wrong(ptr %buffer, i64 600, i64 %id)
  %bad = add i64 %bad.0, %bad.1
  ret i64 %bad
}

; The POSIX context: three turns, each a swap to main and back.
define void @posix.body(ptr %arg) {
entry:
  %buffer = alloca [2000 x i8], align 16
  call void @fill(ptr %buffer, i64 2000, i64 99)
  br label %loop

loop:
  %turns = load volatile i64, ptr @posix.turns
  %next = add i64 %turns, 1
  store volatile i64 %next, ptr @posix.turns
  %given = load volatile ptr, ptr @given
  %home = load volatile ptr, ptr @home
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %given, ptr %home, ptr null)
  %bad = call i64 @wrong(ptr %buffer, i64 2000, i64 99)
  %sum = load volatile i64, ptr @posix.wrong
  %all = add i64 %sum, %bad
  store volatile i64 %all, ptr @posix.wrong
  %more = icmp ult i64 %next, 3
  br i1 %more, label %loop, label %done

done:
  ret void
}

; Makes the POSIX context on a stack of 64 KiB; its link is main's context.
define ptr @make.posix() noinline {
  %stack = call ptr @malloc(i64 65536)
  %size = call i64 @llvm.stackswitch.context.size()
  %given = call ptr @calloc(i64 1, i64 %size)
  %home = call ptr @calloc(i64 1, i64 %size)
  store ptr %given, ptr @given
  store ptr %home, ptr @home
  %r = call i32 @llvm.stackswitch.getcontext(ptr %given, ptr null)
  %m = call i32 @llvm.stackswitch.makecontext(ptr %given, ptr %stack, i64 65536, ptr %home, ptr @posix.body, ptr null)
  ret ptr %stack
}

; Goes to the POSIX context until that comes back.
define void @posix.turn() noinline {
  %given = load ptr, ptr @given
  %home = load ptr, ptr @home
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %home, ptr %given, ptr null)
  ret void
}

define i32 @main() {
entry:
  %stack = call ptr @make.posix()
  br label %base

base:
  %b = phi i64 [ 0, %entry ], [ %b.next, %base ]
  %new = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %at.b = getelementptr [3 x ptr], ptr @bases, i64 0, i64 %b
  store ptr %new, ptr %at.b
  %b.next = add i64 %b, 1
  %more.b = icmp ult i64 %b.next, 3
  br i1 %more.b, label %base, label %spawn

; Contexts 0, 1, 2 go on the three bases, 3 on the default region, and so on.
spawn:
  %s = phi i64 [ 0, %base ], [ %s.next, %spawn.on ]
  %place = and i64 %s, 3
  %default = icmp eq i64 %place, 3
  br i1 %default, label %spawn.on, label %own

own:
  %at.own = getelementptr [3 x ptr], ptr @bases, i64 0, i64 %place
  %base.own = load ptr, ptr %at.own
  br label %spawn.on

spawn.on:
  %on = phi ptr [ null, %spawn ], [ %base.own, %own ]
  %arg = inttoptr i64 %s to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %on, ptr @body, ptr %arg)
  %at.s = getelementptr [12 x ptr], ptr @handles, i64 0, i64 %s
  store ptr %c, ptr %at.s
  %s.next = add i64 %s, 1
  %more.s = icmp ult i64 %s.next, 12
  br i1 %more.s, label %spawn, label %round

; Rounds 0 to 2 in the order (k * 5 + round) mod 12, with the POSIX context
; after the fourth.
round:
  %r = phi i64 [ 0, %spawn.on ], [ %r.next, %round.end ]
  br label %step

step:
  %k = phi i64 [ 0, %round ], [ %k.next, %step.end ]
  %five = mul i64 %k, 5
  %order = add i64 %five, %r
  %which = urem i64 %order, 12
  %at.k = getelementptr [12 x ptr], ptr @handles, i64 0, i64 %which
  %ctx = load ptr, ptr %at.k
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %ctx, i64 0)
  %p0 = call i32 (ptr, ...) @printf(ptr @step, i64 %r, i64 %which, i64 %got)
  %fourth = icmp eq i64 %k, 3
  br i1 %fourth, label %switch, label %step.end

switch:
  call void @posix.turn()
  %turns = load volatile i64, ptr @posix.turns
  %p1 = call i32 (ptr, ...) @printf(ptr @posix, i64 %r, i64 %turns)
  br label %step.end

step.end:
  %k.next = add i64 %k, 1
  %more.k = icmp ult i64 %k.next, 12
  br i1 %more.k, label %step, label %round.end

round.end:
  %r.next = add i64 %r, 1
  %more.r = icmp ult i64 %r.next, 3
  br i1 %more.r, label %round, label %finish

finish:
  %j = phi i64 [ 0, %round.end ], [ %j.next, %finish ]
  %at.j = getelementptr [12 x ptr], ptr @handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  %bad = call i64 @llvm.stackswitch.resume.i64(ptr %c.j, i64 0)
  %p2 = call i32 (ptr, ...) @printf(ptr @ends, i64 %j, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 12
  br i1 %more.j, label %finish, label %last

last:
  call void @posix.turn()
  %turns.all = load volatile i64, ptr @posix.turns
  %wrong.all = load volatile i64, ptr @posix.wrong
  %p3 = call i32 (ptr, ...) @printf(ptr @result, i64 %turns.all, i64 %wrong.all)
  br label %unbase

unbase:
  %u = phi i64 [ 0, %last ], [ %u.next, %unbase ]
  %at.u = getelementptr [3 x ptr], ptr @bases, i64 0, i64 %u
  %base.u = load ptr, ptr %at.u
  call void @llvm.stackswitch.base.destroy(ptr %base.u)
  %u.next = add i64 %u, 1
  %more.u = icmp ult i64 %u.next, 3
  br i1 %more.u, label %unbase, label %done

done:
  %given = load ptr, ptr @given
  %home = load ptr, ptr @home
  call void @llvm.stackswitch.freecontext(ptr %given)
  call void @llvm.stackswitch.freecontext(ptr %home)
  call void @free(ptr %stack)
  ret i32 0
}
