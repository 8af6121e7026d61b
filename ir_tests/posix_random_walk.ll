; The walk of random_walk in the POSIX layer: twenty contexts without stacks of
; their own, sliced from two anchors at different depths, swap at random with
; one another and with the hub that made them. The walk runs twice: on main's
; stack, and inside a coroutine that suspends now and then while another one
; runs over its region, so that the anchors' frames are displaced as well.

@state = global i64 88172645463325252
@hash = global i64 0
@steps = global i64 0
@deepest = global i64 0
@draining = global i64 0
@replaced = global i64 0
@bad = global i64 0
@suspends = global i64 0
@home = global ptr null
@anchors = global [2 x ptr] zeroinitializer
@objects = global [20 x ptr] zeroinitializer
@ended = global [20 x i64] zeroinitializer

@walk = private unnamed_addr constant [52 x i8] c"steps %lld, hash %llu, deepest %lld, replaced %lld\0A\00"
@end = private unnamed_addr constant [56 x i8] c"ended %lld, wrong bytes %lld, in the hub's frames %lld\0A\00"
@error = private unnamed_addr constant [24 x i8] c"swapcontext failed: %d\0A\00"
@other.text = private unnamed_addr constant [35 x i8] c"other coroutine: wrong bytes %lld\0A\00"

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

define i64 @random() noinline {
  %s = load i64, ptr @state
  %product = mul i64 %s, 6364136223846793005
  %next = add i64 %product, 1442695040888963407
  store i64 %next, ptr @state
  %r = lshr i64 %next, 33
  ret i64 %r
}

define void @note(i64 %v) noinline {
  %h = load i64, ptr @hash
  %product = mul i64 %h, 1099511628211
  %new = add i64 %product, %v
  store i64 %new, ptr @hash
  ret void
}

; Captures into from, up to the anchor of context i, and goes to another one.
define void @swap.to(ptr %from, ptr %to, i64 %i) noinline {
entry:
  %which = and i64 %i, 1
  %at = getelementptr [2 x ptr], ptr @anchors, i64 0, i64 %which
  %anchor = load ptr, ptr %at
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %from, ptr %to, ptr %anchor)
  %failed = icmp ne i32 %r, 0
  br i1 %failed, label %fail, label %done

fail:
  %p = call i32 (ptr, ...) @printf(ptr @error, i32 %r)
  call void @exit(i32 1)
  unreachable

done:
  ret void
}

; One frame of a walk; gives the number of wrong bytes in it and below.
define i64 @level(i64 %id, i64 %depth) noinline {
entry:
  %r.size = call i64 @random()
  %low = and i64 %r.size, 511
  %size = add i64 %low, 32
  %seed = call i64 @random()
  %buffer = alloca i8, i64 %size, align 16
  call void @fill(ptr %buffer, i64 %size, i64 %seed)
  %known = load i64, ptr @deepest
  %deeper = icmp ugt i64 %depth, %known
  %most = select i1 %deeper, i64 %depth, i64 %known
  store i64 %most, ptr @deepest
  br label %loop

loop:
  %bad = phi i64 [ 0, %entry ], [ %bad, %act ], [ %bad.check, %check ], [ %bad, %down ], [ %bad, %up ]
  %draining = load i64, ptr @draining
  %drain = icmp ne i64 %draining, 0
  br i1 %drain, label %out, label %step

step:
  %steps = load i64, ptr @steps
  %steps.next = add i64 %steps, 1
  store i64 %steps.next, ptr @steps
  %enough = icmp uge i64 %steps.next, 100000
  br i1 %enough, label %stop, label %act

stop:
  store i64 1, ptr @draining
  br label %out

; Eight kinds of step: 0 to 2 down, 3 and 4 up, 5 to main, 6 and 7 anywhere.
act:
  %r = call i64 @random()
  %kind = and i64 %r, 7
  %id.part = mul i64 %id, 1000
  %depth.part = mul i64 %depth, 10
  %both = add i64 %id.part, %depth.part
  %event = add i64 %both, %kind
  call void @note(i64 %event)
  switch i64 %kind, label %loop [
    i64 0, label %down
    i64 1, label %down
    i64 2, label %down
    i64 3, label %up
    i64 4, label %up
    i64 5, label %main
    i64 6, label %other
    i64 7, label %other
  ]

down:
  %room = icmp ult i64 %depth, 30
  br i1 %room, label %call, label %loop

call:
  %next = add i64 %depth, 1
  %below = call i64 @level(i64 %id, i64 %next)
  %bad.call = add i64 %bad, %below
  br label %check

up:
  %can = icmp ne i64 %depth, 0
  br i1 %can, label %out, label %loop

main:
  %own.at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %id
  %own = load ptr, ptr %own.at
  %home = load ptr, ptr @home
  call void @swap.to(ptr %own, ptr %home, i64 %id)
  br label %check

other:
  %t = call i64 @random()
  %which = urem i64 %t, 20
  %at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %which
  %to = load ptr, ptr %at
  %self.at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %id
  %self = load ptr, ptr %self.at
  call void @swap.to(ptr %self, ptr %to, i64 %id)
  br label %check

check:
  %bad.before = phi i64 [ %bad.call, %call ], [ %bad, %main ], [ %bad, %other ]
  %wrong = call i64 @wrong(ptr %buffer, i64 %size, i64 %seed)
  %bad.check = add i64 %bad.before, %wrong
  br label %loop

out:
  %wrong.out = call i64 @wrong(ptr %buffer, i64 %size, i64 %seed)
  %bad.out = add i64 %bad, %wrong.out
  ret i64 %bad.out
}

; A context's function: when it returns, the hub goes on.
define void @body(ptr %arg) {
entry:
  %id = ptrtoint ptr %arg to i64
  call void @note(i64 %id)
  %draining = load i64, ptr @draining
  %drain = icmp ne i64 %draining, 0
  br i1 %drain, label %end, label %walk

walk:
  %bad = call i64 @level(i64 %id, i64 0)
  %sum = load i64, ptr @bad
  %sum.next = add i64 %sum, %bad
  store i64 %sum.next, ptr @bad
  br label %end

end:
  %ended.at = getelementptr [20 x i64], ptr @ended, i64 0, i64 %id
  store i64 1, ptr %ended.at
  ret void
}

; Makes object i a new context; even ones use the outer anchor.
define void @place(i64 %i) noinline {
  %at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %i
  %object = load ptr, ptr %at
  %ended.at = getelementptr [20 x i64], ptr @ended, i64 0, i64 %i
  store i64 0, ptr %ended.at
  %which = and i64 %i, 1
  %anchor.at = getelementptr [2 x ptr], ptr @anchors, i64 0, i64 %which
  %anchor = load ptr, ptr %anchor.at
  %home = load ptr, ptr @home
  %arg = inttoptr i64 %i to ptr
  %g = call i32 @llvm.stackswitch.getcontext(ptr %object, ptr %anchor)
  %m = call i32 @llvm.stackswitch.makecontext(ptr %object, ptr null, i64 0, ptr %home, ptr @body, ptr %arg)
  ret void
}

; The hub goes to context i. Its own slice reaches up to the outer anchor.
define void @visit(i64 %i) noinline {
  %home = load ptr, ptr @home
  %at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %i
  %to = load ptr, ptr %at
  call void @swap.to(ptr %home, ptr %to, i64 0)
  ret void
}

; The hub's part of the walk.
define void @wander() noinline {
entry:
  br label %loop

loop:
  %t = call i64 @random()
  %which = urem i64 %t, 20
  %chance = call i64 @random()
  %low = and i64 %chance, 63
  %unlucky = icmp eq i64 %low, 0
  br i1 %unlucky, label %replace, label %go

replace:
  call void @place(i64 %which)
  %n = load i64, ptr @replaced
  %n.next = add i64 %n, 1
  store i64 %n.next, ptr @replaced
  %suspends = load i64, ptr @suspends
  %inside = icmp ne i64 %suspends, 0
  br i1 %inside, label %rest, label %go

rest:
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  br label %go

go:
  call void @visit(i64 %which)
  %draining = load i64, ptr @draining
  %drain = icmp ne i64 %draining, 0
  br i1 %drain, label %done, label %loop

done:
  ret void
}

; Lets all contexts end; gives their number.
define i64 @drain() noinline {
entry:
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %end ]
  %n = phi i64 [ 0, %entry ], [ %n.next, %end ]
  %at = getelementptr [20 x i64], ptr @ended, i64 0, i64 %i
  %over = load i64, ptr %at
  %ended = icmp ne i64 %over, 0
  br i1 %ended, label %end, label %go

go:
  call void @visit(i64 %i)
  br label %end

end:
  %is = load i64, ptr %at
  %n.next = add i64 %n, %is
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20
  br i1 %more, label %loop, label %done

done:
  ret i64 %n.next
}

; The inner anchor is here, and so is the hub.
define void @inner() noinline {
entry:
  %own = alloca [1500 x i8], align 16
  call void @fill(ptr %own, i64 1500, i64 61)
  %anchor = load ptr, ptr getelementptr ([2 x ptr], ptr @anchors, i64 0, i64 1)
  %g = call i32 @llvm.stackswitch.getcontext(ptr %anchor, ptr null)
  call void @start()
  call void @wander()
  call void @report()
  %ended = call i64 @drain()
  %wrong = call i64 @wrong(ptr %own, i64 1500, i64 61)
  %bad = load i64, ptr @bad
  %p = call i32 (ptr, ...) @printf(ptr @end, i64 %ended, i64 %bad, i64 %wrong)
  ret void
}

define void @start() noinline {
entry:
  store i64 0, ptr @steps
  store i64 0, ptr @draining
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  call void @place(i64 %i)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20
  br i1 %more, label %loop, label %done

done:
  ret void
}

define void @report() noinline {
  %steps = load i64, ptr @steps
  %hash = load i64, ptr @hash
  %deepest = load i64, ptr @deepest
  %replaced = load i64, ptr @replaced
  %p = call i32 (ptr, ...) @printf(ptr @walk, i64 %steps, i64 %hash, i64 %deepest, i64 %replaced)
  ret void
}

; One whole walk below a frame with the outer anchor.
define void @outer() noinline {
  %own = alloca [900 x i8], align 16
  call void @fill(ptr %own, i64 900, i64 62)
  %anchor = load ptr, ptr @anchors
  %g = call i32 @llvm.stackswitch.getcontext(ptr %anchor, ptr null)
  call void @inner()
  %wrong = call i64 @wrong(ptr %own, i64 900, i64 62)
  %sum = load i64, ptr @bad
  %sum.next = add i64 %sum, %wrong
  store i64 %sum.next, ptr @bad
  ret void
}

; The second walk runs in this coroutine; its result ends it.
define i64 @walker(ptr %unused, i64 %first) {
  call void @outer()
  ret i64 0
}

; Runs over the walker's region while that is suspended.
define i64 @neighbour(ptr %unused, i64 %first) {
entry:
  %own = alloca [6000 x i8], align 16
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %loop ]
  call void @fill(ptr %own, i64 6000, i64 %i)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %bad)
  %wrong = call i64 @wrong(ptr %own, i64 6000, i64 %i)
  %bad.next = add i64 %bad, %wrong
  %next = add i64 %i, 1
  br label %loop
}

; Resumes walker and neighbour in turn until the walk is over.
define void @inside() noinline {
entry:
  store i64 1, ptr @suspends
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %walker = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @walker, ptr null)
  %neighbour = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @neighbour, ptr null)
  br label %loop

loop:
  %more = call i64 @llvm.stackswitch.resume.i64(ptr %walker, i64 0)
  %bad = call i64 @llvm.stackswitch.resume.i64(ptr %neighbour, i64 0)
  %on = icmp ne i64 %more, 0
  br i1 %on, label %loop, label %done

done:
  %p = call i32 (ptr, ...) @printf(ptr @other.text, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %walker)
  call void @llvm.stackswitch.destroy(ptr %neighbour)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret void
}

define void @allocate() noinline {
entry:
  %size = call i64 @llvm.stackswitch.context.size()
  %home = call ptr @calloc(i64 1, i64 %size)
  store ptr %home, ptr @home
  %a = call ptr @calloc(i64 1, i64 %size)
  store ptr %a, ptr @anchors
  %b = call ptr @calloc(i64 1, i64 %size)
  store ptr %b, ptr getelementptr ([2 x ptr], ptr @anchors, i64 0, i64 1)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %object = call ptr @calloc(i64 1, i64 %size)
  %at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %i
  store ptr %object, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20
  br i1 %more, label %loop, label %done

done:
  ret void
}

define void @release(ptr %object) noinline {
  call void @llvm.stackswitch.freecontext(ptr %object)
  call void @free(ptr %object)
  ret void
}

define void @release.all() noinline {
entry:
  %home = load ptr, ptr @home
  call void @release(ptr %home)
  %a = load ptr, ptr @anchors
  call void @release(ptr %a)
  %b = load ptr, ptr getelementptr ([2 x ptr], ptr @anchors, i64 0, i64 1)
  call void @release(ptr %b)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr [20 x ptr], ptr @objects, i64 0, i64 %i
  %object = load ptr, ptr %at
  call void @release(ptr %object)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20
  br i1 %more, label %loop, label %done

done:
  ret void
}

define i32 @main() {
  call void @allocate()
  call void @outer()
  call void @inside()
  call void @release.all()
  ret i32 0
}

; It captures frames with a base, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
