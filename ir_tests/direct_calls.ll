; Contexts that cannot suspend and are resumed once: whether they become calls
; or not, results, states and the order of events are the same. Beside them
; stand contexts that only look like it: one is resumed in a loop that spawns it
; anew, one asks who it is, one is recursive.

@events = global i64 0
@seen = global ptr null

@line = private unnamed_addr constant [35 x i8] c"%s: result %lld, states %d and %d\0A\00"
@last = private unnamed_addr constant [30 x i8] c"events %lld, another self %d\0A\00"
@n.sum = private unnamed_addr constant [4 x i8] c"sum\00"
@n.loop = private unnamed_addr constant [5 x i8] c"loop\00"
@n.self = private unnamed_addr constant [5 x i8] c"self\00"
@n.deep = private unnamed_addr constant [5 x i8] c"deep\00"
@n.nested = private unnamed_addr constant [7 x i8] c"nested\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

define void @event(i64 %code) noinline {
  %old = load i64, ptr @events
  %times = mul i64 %old, 7
  %new = add i64 %times, %code
  store i64 %new, ptr @events
  ret void
}

; Adds the eight numbers at %arg to %first.
define i64 @sum(ptr %arg, i64 %first) {
entry:
  call void @event(i64 1)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %total = phi i64 [ %first, %entry ], [ %more, %loop ]
  %at = getelementptr i64, ptr %arg, i64 %i
  %n = load i64, ptr %at
  %more = add i64 %total, %n
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, 8
  br i1 %again, label %loop, label %done

done:
  ret i64 %more
}

define i64 @self(ptr %arg, i64 %first) {
  %c = call ptr @llvm.stackswitch.current()
  store ptr %c, ptr @seen
  %same = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %first)
  ret i64 %same
}

define i64 @deep(ptr %arg, i64 %first) {
entry:
  %end = icmp eq i64 %first, 0
  br i1 %end, label %done, label %down

down:
  %less = sub i64 %first, 1
  %rest = call i64 @deep(ptr %arg, i64 %less)
  %sum = add i64 %rest, %first
  ret i64 %sum

done:
  ret i64 0
}

; Spawns and resumes a sum of its own.
define i64 @nested(ptr %arg, i64 %first) {
  call void @event(i64 2)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @sum, ptr %arg)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %first)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @event(i64 3)
  ret i64 %r
}

define i32 @main() {
entry:
  %numbers = alloca [8 x i64]
  br label %fill

fill:
  %i = phi i64 [ 0, %entry ], [ %next, %fill ]
  %at = getelementptr i64, ptr %numbers, i64 %i
  %square = mul i64 %i, %i
  store i64 %square, ptr %at
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, 8
  br i1 %again, label %fill, label %start

start:
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @sum, ptr %numbers)
  %a0 = call i32 @llvm.stackswitch.status(ptr %a)
  %ar = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1000)
  %a1 = call i32 @llvm.stackswitch.status(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %a)
  %p0 = call i32 (ptr, ...) @printf(ptr @line, ptr @n.sum, i64 %ar, i32 %a0, i32 %a1)
  br label %loop

loop:
  %turn = phi i64 [ 0, %start ], [ %turn.next, %loop ]
  %carry = phi i64 [ 0, %start ], [ %br, %loop ]
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @sum, ptr %numbers)
  %b0 = call i32 @llvm.stackswitch.status(ptr %b)
  %br = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %carry)
  %b1 = call i32 @llvm.stackswitch.status(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %b)
  %turn.next = add i64 %turn, 1
  %more = icmp ult i64 %turn.next, 5
  br i1 %more, label %loop, label %after

after:
  %p1 = call i32 (ptr, ...) @printf(ptr @line, ptr @n.loop, i64 %br, i32 %b0, i32 %b1)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @self, ptr null)
  %c0 = call i32 @llvm.stackswitch.status(ptr %c)
  %cr = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 17)
  %c1 = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  %p2 = call i32 (ptr, ...) @printf(ptr @line, ptr @n.self, i64 %cr, i32 %c0, i32 %c1)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @deep, ptr null)
  %d0 = call i32 @llvm.stackswitch.status(ptr %d)
  %dr = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 1000)
  %d1 = call i32 @llvm.stackswitch.status(ptr %d)
  call void @llvm.stackswitch.destroy(ptr %d)
  %p3 = call i32 (ptr, ...) @printf(ptr @line, ptr @n.deep, i64 %dr, i32 %d0, i32 %d1)
  %e = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @nested, ptr %numbers)
  %e0 = call i32 @llvm.stackswitch.status(ptr %e)
  %er = call i64 @llvm.stackswitch.resume.i64(ptr %e, i64 0)
  %e1 = call i32 @llvm.stackswitch.status(ptr %e)
  call void @llvm.stackswitch.destroy(ptr %e)
  %p4 = call i32 (ptr, ...) @printf(ptr @line, ptr @n.nested, i64 %er, i32 %e0, i32 %e1)
  %events = load i64, ptr @events
  %me = call ptr @llvm.stackswitch.current()
  %them = load ptr, ptr @seen
  %other = icmp ne ptr %me, %them
  %flag = zext i1 %other to i32
  %p5 = call i32 (ptr, ...) @printf(ptr @last, i64 %events, i32 %flag)
  ret i32 0
}
