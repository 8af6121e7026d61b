; Four threads, each with contexts of its own on the default region, on a
; region that it makes and below its own frames. Each thread resumes its 60
; contexts for twenty rounds and destroys them before it ends. Threads share
; nothing; every byte is checked.

@results = global [4 x i64] zeroinitializer
@sums = global [4 x i64] zeroinitializer

@report = private unnamed_addr constant [41 x i8] c"thread %lld: sum %lld, wrong bytes %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(i64, ptr)

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

; Yields its id twenty times, then its number of wrong bytes.
define i64 @body(ptr %arg, i64 %first) {
entry:
  %buffer = alloca [700 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  call void @fill(ptr %buffer, i64 700, i64 %id)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %id)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20
  br i1 %more, label %loop, label %done

done:
  %bad = call i64 @wrong(ptr %buffer, i64 700, i64 %id)
  ret i64 %bad
}

define ptr @thread(ptr %arg) {
entry:
  %handles = alloca [60 x ptr]
  %n = ptrtoint ptr %arg to i64
  %own = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %here = call ptr @llvm.stackswitch.base.here()
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %third = urem i64 %i, 3
  %is.own = icmp eq i64 %third, 0
  %is.here = icmp eq i64 %third, 1
  %b0 = select i1 %is.here, ptr %here, ptr null
  %base = select i1 %is.own, ptr %own, ptr %b0
  %thousand = mul i64 %n, 1000
  %id = add i64 %thousand, %i
  %id.arg = inttoptr i64 %id to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %id.arg)
  %at = getelementptr [60 x ptr], ptr %handles, i64 0, i64 %i
  store ptr %c, ptr %at
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 60
  br i1 %more, label %start, label %round

round:
  %r = phi i64 [ 0, %start ], [ %r.next, %round ]
  %sum = phi i64 [ 0, %start ], [ %sum.next, %round ]
  %which = urem i64 %r, 60
  %at.r = getelementptr [60 x ptr], ptr %handles, i64 0, i64 %which
  %c.r = load ptr, ptr %at.r
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c.r, i64 0)
  %sum.next = add i64 %sum, %v
  %r.next = add i64 %r, 1
  %more.r = icmp ult i64 %r.next, 1200
  br i1 %more.r, label %round, label %finish

finish:
  %j = phi i64 [ 0, %round ], [ %j.next, %finish ]
  %bad = phi i64 [ 0, %round ], [ %bad.next, %finish ]
  %at.j = getelementptr [60 x ptr], ptr %handles, i64 0, i64 %j
  %c.j = load ptr, ptr %at.j
  %w = call i64 @llvm.stackswitch.resume.i64(ptr %c.j, i64 0)
  %bad.next = add i64 %bad, %w
  call void @llvm.stackswitch.destroy(ptr %c.j)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 60
  br i1 %more.j, label %finish, label %done

done:
  call void @llvm.stackswitch.base.destroy(ptr %own)
  call void @llvm.stackswitch.base.destroy(ptr %here)
  %sum.at = getelementptr [4 x i64], ptr @sums, i64 0, i64 %n
  store i64 %sum.next, ptr %sum.at
  %bad.at = getelementptr [4 x i64], ptr @results, i64 0, i64 %n
  store i64 %bad.next, ptr %bad.at
  ret ptr null
}

define i32 @main() {
entry:
  %threads = alloca [4 x i64]
  br label %start

start:
  %i = phi i64 [ 0, %entry ], [ %i.next, %start ]
  %at = getelementptr [4 x i64], ptr %threads, i64 0, i64 %i
  %arg = inttoptr i64 %i to ptr
  %e = call i32 @pthread_create(ptr %at, ptr null, ptr @thread, ptr %arg)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, 4
  br i1 %more, label %start, label %join

join:
  %j = phi i64 [ 0, %start ], [ %j.next, %join ]
  %at.j = getelementptr [4 x i64], ptr %threads, i64 0, i64 %j
  %t = load i64, ptr %at.j
  %f = call i32 @pthread_join(i64 %t, ptr null)
  %sum.at = getelementptr [4 x i64], ptr @sums, i64 0, i64 %j
  %sum = load i64, ptr %sum.at
  %bad.at = getelementptr [4 x i64], ptr @results, i64 0, i64 %j
  %bad = load i64, ptr %bad.at
  %p = call i32 (ptr, ...) @printf(ptr @report, i64 %j, i64 %sum, i64 %bad)
  %j.next = add i64 %j, 1
  %more.j = icmp ult i64 %j.next, 4
  br i1 %more.j, label %join, label %done

done:
  ret i32 0
}
