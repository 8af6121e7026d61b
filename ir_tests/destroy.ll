; Contexts can be destroyed when new, suspended or finished; what a destroyed
; one would have done never happens. A base can be destroyed once its contexts
; are. Churn: a thousand rounds of make, suspend and destroy on one base.

@ran = global i64 0

@new = private unnamed_addr constant [25 x i8] c"new destroyed, ran %lld\0A\00"
@suspended = private unnamed_addr constant [31 x i8] c"suspended destroyed, ran %lld\0A\00"
@finished = private unnamed_addr constant [41 x i8] c"finished gave %lld, destroyed, ran %lld\0A\00"
@churn = private unnamed_addr constant [45 x i8] c"churn: sum %lld, ran %lld, wrong bytes %lld\0A\00"
@end = private unnamed_addr constant [17 x i8] c"bases destroyed\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
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

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [512 x i8], align 16
  call void @fill(ptr %buffer, i64 512, i64 %first)
  %r0 = load i64, ptr @ran
  %r1 = add i64 %r0, 1
  store i64 %r1, ptr @ran
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %bad = call i64 @wrong(ptr %buffer, i64 512, i64 %first)
  %r2 = load i64, ptr @ran
  %r3 = add i64 %r2, 100
  store i64 %r3, ptr @ran
  ret i64 %bad
}

; Destroys one context of each kind.
define void @kinds(ptr %base) noinline {
  store i64 0, ptr @ran
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  call void @llvm.stackswitch.destroy(ptr %a)
  %n0 = load i64, ptr @ran
  %p0 = call i32 (ptr, ...) @printf(ptr @new, i64 %n0)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %vb = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 1)
  call void @llvm.stackswitch.destroy(ptr %b)
  %n1 = load i64, ptr @ran
  %p1 = call i32 (ptr, ...) @printf(ptr @suspended, i64 %n1)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %vc = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 2)
  %ec = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  call void @llvm.stackswitch.destroy(ptr %c)
  %n2 = load i64, ptr @ran
  %p2 = call i32 (ptr, ...) @printf(ptr @finished, i64 %ec, i64 %n2)
  ret void
}

; Round i leaves a suspended context behind that round i + 1 destroys while its
; own is suspended over the same stack.
define void @churn.on(ptr %base) noinline {
entry:
  store i64 0, ptr @ran
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %go.on ]
  %before = phi ptr [ null, %entry ], [ %c, %go.on ]
  %sum = phi i64 [ 0, %entry ], [ %sum.next, %go.on ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %go.on ]
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %i)
  %sum.next = add i64 %sum, %v
  %none = icmp eq ptr %before, null
  br i1 %none, label %go.on, label %end.before

end.before:
  %odd = and i64 %i, 1
  %finish = icmp eq i64 %odd, 1
  br i1 %finish, label %run.before, label %drop.before

run.before:
  %wrong = call i64 @llvm.stackswitch.resume.i64(ptr %before, i64 0)
  br label %drop.before

drop.before:
  %more.bad = phi i64 [ 0, %end.before ], [ %wrong, %run.before ]
  call void @llvm.stackswitch.destroy(ptr %before)
  br label %go.on

go.on:
  %add.bad = phi i64 [ 0, %loop ], [ %more.bad, %drop.before ]
  %bad.next = add i64 %bad, %add.bad
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 1000
  br i1 %more, label %loop, label %done

done:
  call void @llvm.stackswitch.destroy(ptr %c)
  %n = load i64, ptr @ran
  %p = call i32 (ptr, ...) @printf(ptr @churn, i64 %sum.next, i64 %n, i64 %bad.next)
  ret void
}

define i32 @main() {
  %own = call ptr @llvm.stackswitch.base.create(i64 1048576)
  call void @kinds(ptr %own)
  %here = call ptr @llvm.stackswitch.base.here()
  call void @kinds(ptr %here)
  call void @kinds(ptr null)
  call void @churn.on(ptr %own)
  call void @churn.on(ptr %here)
  call void @churn.on(ptr null)
  call void @llvm.stackswitch.base.destroy(ptr %own)
  call void @llvm.stackswitch.base.destroy(ptr %here)
  %p = call i32 (ptr, ...) @printf(ptr @end)
  ret i32 0
}
