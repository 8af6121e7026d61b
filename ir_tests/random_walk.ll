; Forty contexts on five bases (two regions of their own, the default one, and
; two depths of main's stack) wander at random: each step goes deeper with a
; frame of random size, returns, swaps to main or straight to any context.
; Main now and then destroys a context in whatever state and puts a new one in
; its place. The generator of random numbers is part of the program, so a model
; gives the same walk: its hash tells every step, switch and value.

@state = global i64 88172645463325252
@hash = global i64 0
@steps = global i64 0
@deepest = global i64 0
@draining = global i64 0
@replaced = global i64 0
@home = global ptr null
@handles = global [40 x ptr] zeroinitializer
@bases = global [5 x ptr] zeroinitializer

@walk = private unnamed_addr constant [52 x i8] c"steps %lld, hash %llu, deepest %lld, replaced %lld\0A\00"
@end = private unnamed_addr constant [56 x i8] c"finished %lld, wrong bytes %lld, in main's frames %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare i32 @llvm.stackswitch.status(ptr)
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

; Swaps and notes the value that the next switch back brings.
define void @swap.to(ptr %to, i64 %value) noinline {
  %got = call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %value)
  call void @note(i64 %got)
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
  %enough = icmp uge i64 %steps.next, 60000
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
  %home = load ptr, ptr @home
  call void @swap.to(ptr %home, i64 %id)
  br label %check

other:
  %t = call i64 @random()
  %which = urem i64 %t, 40
  %at = getelementptr [40 x ptr], ptr @handles, i64 0, i64 %which
  %to = load ptr, ptr %at
  call void @swap.to(ptr %to, i64 %id)
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

define i64 @body(ptr %arg, i64 %first) {
entry:
  %id = ptrtoint ptr %arg to i64
  call void @note(i64 %first)
  %draining = load i64, ptr @draining
  %drain = icmp ne i64 %draining, 0
  br i1 %drain, label %end, label %walk

walk:
  %bad = call i64 @level(i64 %id, i64 0)
  br label %end

end:
  %all = phi i64 [ 0, %entry ], [ %bad, %walk ]
  ret i64 %all
}

; Puts a new context, linked to main, in place i.
define void @place(i64 %i) noinline {
  %b = urem i64 %i, 5
  %base.at = getelementptr [5 x ptr], ptr @bases, i64 0, i64 %b
  %base = load ptr, ptr %base.at
  %arg = inttoptr i64 %i to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %home = load ptr, ptr @home
  call void @llvm.stackswitch.setlink(ptr %c, ptr %home)
  %at = getelementptr [40 x ptr], ptr @handles, i64 0, i64 %i
  store ptr %c, ptr %at
  ret void
}

; Main's part of the walk; gives what the context that ended it returned.
define i64 @wander() noinline {
entry:
  br label %loop

loop:
  %t = call i64 @random()
  %which = urem i64 %t, 40
  %at = getelementptr [40 x ptr], ptr @handles, i64 0, i64 %which
  %chance = call i64 @random()
  %low = and i64 %chance, 63
  %unlucky = icmp eq i64 %low, 0
  br i1 %unlucky, label %replace, label %go

replace:
  %old = load ptr, ptr %at
  call void @llvm.stackswitch.destroy(ptr %old)
  call void @place(i64 %which)
  %n = load i64, ptr @replaced
  %n.next = add i64 %n, 1
  store i64 %n.next, ptr @replaced
  br label %go

go:
  %c = load ptr, ptr %at
  %got = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 100)
  %draining = load i64, ptr @draining
  %drain = icmp ne i64 %draining, 0
  br i1 %drain, label %done, label %more

more:
  call void @note(i64 %got)
  br label %loop

done:
  ret i64 %got
}

; Lets all contexts end; gives the sum of what they return.
define i64 @drain() noinline {
entry:
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %end ]
  %sum = phi i64 [ 0, %entry ], [ %sum.next, %end ]
  %at = getelementptr [40 x ptr], ptr @handles, i64 0, i64 %i
  %c = load ptr, ptr %at
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %over = icmp eq i32 %state, 3
  br i1 %over, label %end, label %go

go:
  %got = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 100)
  br label %end

end:
  %add = phi i64 [ 0, %loop ], [ %got, %go ]
  %sum.next = add i64 %sum, %add
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 40
  br i1 %more, label %loop, label %done

done:
  ret i64 %sum.next
}

; Destroys all contexts; gives the number of those that had finished.
define i64 @clean() noinline {
entry:
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %n = phi i64 [ 0, %entry ], [ %n.next, %loop ]
  %at = getelementptr [40 x ptr], ptr @handles, i64 0, i64 %i
  %c = load ptr, ptr %at
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %over = icmp eq i32 %state, 3
  %one = zext i1 %over to i64
  %n.next = add i64 %n, %one
  call void @llvm.stackswitch.destroy(ptr %c)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 40
  br i1 %more, label %loop, label %done

done:
  ret i64 %n.next
}

; The deeper of the two bases on main's stack is here.
define i64 @inner() noinline {
entry:
  %own = alloca [1500 x i8], align 16
  call void @fill(ptr %own, i64 1500, i64 61)
  %here = call ptr @llvm.stackswitch.base.here()
  store ptr %here, ptr getelementptr ([5 x ptr], ptr @bases, i64 0, i64 4)
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %next, %start ]
  call void @place(i64 %i)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 40
  br i1 %more, label %start, label %walk

walk:
  %bad.0 = call i64 @wander()
  %steps = load i64, ptr @steps
  %hash = load i64, ptr @hash
  %deepest = load i64, ptr @deepest
  %replaced = load i64, ptr @replaced
  %p0 = call i32 (ptr, ...) @printf(ptr @walk, i64 %steps, i64 %hash, i64 %deepest, i64 %replaced)
  %bad.1 = call i64 @drain()
  %bad = add i64 %bad.0, %bad.1
  %finished = call i64 @clean()
  call void @llvm.stackswitch.base.destroy(ptr %here)
  %wrong = call i64 @wrong(ptr %own, i64 1500, i64 61)
  %p1 = call i32 (ptr, ...) @printf(ptr @end, i64 %finished, i64 %bad, i64 %wrong)
  ret i64 %wrong
}

define i32 @main() {
  %own = alloca [900 x i8], align 16
  call void @fill(ptr %own, i64 900, i64 62)
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @home
  %a = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %b = call ptr @llvm.stackswitch.base.create(i64 262144)
  %here = call ptr @llvm.stackswitch.base.here()
  store ptr %a, ptr @bases
  store ptr %b, ptr getelementptr ([5 x ptr], ptr @bases, i64 0, i64 1)
  store ptr %here, ptr getelementptr ([5 x ptr], ptr @bases, i64 0, i64 3)
  %wrong.inner = call i64 @inner()
  call void @llvm.stackswitch.base.destroy(ptr %here)
  call void @llvm.stackswitch.base.destroy(ptr %a)
  call void @llvm.stackswitch.base.destroy(ptr %b)
  %wrong = call i64 @wrong(ptr %own, i64 900, i64 62)
  %all = add i64 %wrong, %wrong.inner
  %code = trunc i64 %all to i32
  ret i32 %code
}
