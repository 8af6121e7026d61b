; A generator: resume.i64 asks for the next value, suspend.i64 hands it over.
; Proves that values go both ways (each request carries a factor), that the
; generator's locals live on from one request to the next, that a recursive
; generator suspends from any depth, and that the result of the function is
; the value of the last resume.

@fib = private unnamed_addr constant [10 x i8] c"fib %lld\0A\00"
@node = private unnamed_addr constant [12 x i8] c"hanoi %lld\0A\00"
@end = private unnamed_addr constant [20 x i8] c"end %lld status %d\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Yields n Fibonacci numbers, each times the factor that came with the request.
define i64 @fibonacci(ptr %count, i64 %first) {
entry:
  %n = load i64, ptr %count
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %a = phi i64 [ 0, %entry ], [ %b, %loop ]
  %b = phi i64 [ 1, %entry ], [ %sum, %loop ]
  %factor = phi i64 [ %first, %entry ], [ %factor.next, %loop ]
  %sum = add i64 %a, %b
  %out = mul i64 %a, %factor
  %factor.next = call i64 @llvm.stackswitch.suspend.i64(i64 %out)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %n
  br i1 %more, label %loop, label %done

done:
  %last = add i64 %factor.next, 1000
  ret i64 %last
}

; The moves of the towers of Hanoi, as disc * 100 + from * 10 + to.
define void @move(i64 %disc, i64 %from, i64 %to, i64 %spare) noinline {
entry:
  %none = icmp eq i64 %disc, 0
  br i1 %none, label %done, label %work

work:
  %smaller = sub i64 %disc, 1
  call void @move(i64 %smaller, i64 %from, i64 %spare, i64 %to)
  %hundreds = mul i64 %disc, 100
  %tens = mul i64 %from, 10
  %high = add i64 %hundreds, %tens
  %out = add i64 %high, %to
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %out)
  call void @move(i64 %smaller, i64 %spare, i64 %to, i64 %from)
  br label %done

done:
  ret void
}

define i64 @hanoi(ptr %discs, i64 %first) {
  %n = load i64, ptr %discs
  call void @move(i64 %n, i64 1, i64 3, i64 2)
  ret i64 -1
}

define i32 @main() {
entry:
  %count = alloca i64
  store i64 12, ptr %count
  %fibs = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @fibonacci, ptr %count)
  br label %ask

ask:
  %i = phi i64 [ 1, %entry ], [ %i.next, %ask ]
  %got = call i64 @llvm.stackswitch.resume.i64(ptr %fibs, i64 %i)
  %i.next = add i64 %i, 1
  %state = call i32 @llvm.stackswitch.status(ptr %fibs)
  %finished = icmp eq i32 %state, 3
  %fmt = select i1 %finished, ptr @end, ptr @fib
  %p0 = call i32 (ptr, ...) @printf(ptr %fmt, i64 %got, i32 %state)
  br i1 %finished, label %towers, label %ask

towers:
  call void @llvm.stackswitch.destroy(ptr %fibs)
  %discs = alloca i64
  store i64 4, ptr %discs
  %moves = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @hanoi, ptr %discs)
  br label %next

next:
  %m = call i64 @llvm.stackswitch.resume.i64(ptr %moves, i64 0)
  %state.m = call i32 @llvm.stackswitch.status(ptr %moves)
  %over = icmp eq i32 %state.m, 3
  %fmt.m = select i1 %over, ptr @end, ptr @node
  %p1 = call i32 (ptr, ...) @printf(ptr %fmt.m, i64 %m, i32 %state.m)
  br i1 %over, label %done, label %next

done:
  call void @llvm.stackswitch.destroy(ptr %moves)
  ret i32 0
}
