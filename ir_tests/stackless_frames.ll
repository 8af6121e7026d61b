; What a stackless body keeps while it is suspended: addresses that are only known when it runs,
; variables whose lifetimes end before a suspension, go on across one, or follow one another, one
; whose address others know, and values that two ways lead to.

@line = private unnamed_addr constant [6 x i8] c"%lld\0A\00"
@known = internal global ptr null

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare i32 @printf(ptr, ...)

; The second number of the pair that the first value chooses grows by what is sent.
define internal i64 @chosen(ptr %arg, i64 %first) {
entry:
  %a = alloca [2 x i64]
  %b = alloca [2 x i64]
  %a1 = getelementptr i64, ptr %a, i64 1
  %b1 = getelementptr i64, ptr %b, i64 1
  store i64 1, ptr %a
  store i64 2, ptr %a1
  store i64 10, ptr %b
  store i64 20, ptr %b1
  %odd = trunc i64 %first to i1
  %pair = select i1 %odd, ptr %a, ptr %b
  %n = load i64, ptr %arg
  %second = getelementptr i64, ptr %pair, i64 1
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %old = load i64, ptr %second
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %old)
  %new = add i64 %old, %sent
  store i64 %new, ptr %second
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  %w = load i64, ptr %a
  %x = load i64, ptr %a1
  %y = load i64, ptr %b
  %z = load i64, ptr %b1
  %wx = add i64 %w, %x
  %yz = add i64 %y, %z
  %all = add i64 %wx, %yz
  ret i64 %all
}

; Four numbers from a first one on, and their sum.
define internal void @fill(ptr %p, i64 %v) noinline {
  %p1 = getelementptr i64, ptr %p, i64 1
  %p2 = getelementptr i64, ptr %p, i64 2
  %p3 = getelementptr i64, ptr %p, i64 3
  %v1 = add i64 %v, 1
  %v2 = add i64 %v, 2
  %v3 = add i64 %v, 3
  store volatile i64 %v, ptr %p
  store volatile i64 %v1, ptr %p1
  store volatile i64 %v2, ptr %p2
  store volatile i64 %v3, ptr %p3
  ret void
}
define internal i64 @sum(ptr %p) noinline {
  %p1 = getelementptr i64, ptr %p, i64 1
  %p2 = getelementptr i64, ptr %p, i64 2
  %p3 = getelementptr i64, ptr %p, i64 3
  %v = load volatile i64, ptr %p
  %v1 = load volatile i64, ptr %p1
  %v2 = load volatile i64, ptr %p2
  %v3 = load volatile i64, ptr %p3
  %s1 = add i64 %v, %v1
  %s2 = add i64 %s1, %v2
  %s3 = add i64 %s2, %v3
  ret i64 %s3
}

; The first buffer is dead where this suspends. The other two are not, and follow one another.
define internal i64 @buffers(ptr %arg, i64 %first) {
entry:
  %x = alloca [4 x i64]
  %y = alloca [4 x i64]
  %z = alloca [4 x i64]
  br label %loop
loop:
  %i = phi i64 [ 1, %entry ], [ %next, %loop ]
  call void @llvm.lifetime.start.p0(i64 32, ptr %x)
  call void @fill(ptr %x, i64 %i)
  %sx = call i64 @sum(ptr %x)
  call void @llvm.lifetime.end.p0(i64 32, ptr %x)
  %u1 = call i64 @llvm.stackswitch.suspend.i64(i64 %sx)
  call void @llvm.lifetime.start.p0(i64 32, ptr %y)
  %twice = mul i64 %i, 2
  call void @fill(ptr %y, i64 %twice)
  %u2 = call i64 @llvm.stackswitch.suspend.i64(i64 7)
  %sy = call i64 @sum(ptr %y)
  call void @llvm.lifetime.end.p0(i64 32, ptr %y)
  %u3 = call i64 @llvm.stackswitch.suspend.i64(i64 %sy)
  call void @llvm.lifetime.start.p0(i64 32, ptr %z)
  %thrice = mul i64 %i, 3
  call void @fill(ptr %z, i64 %thrice)
  %u4 = call i64 @llvm.stackswitch.suspend.i64(i64 8)
  %sz = call i64 @sum(ptr %z)
  call void @llvm.lifetime.end.p0(i64 32, ptr %z)
  %u5 = call i64 @llvm.stackswitch.suspend.i64(i64 %sz)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 3
  br i1 %more, label %loop, label %end
end:
  ret i64 -1
}

define internal void @remember(ptr %p) noinline {
  store ptr %p, ptr @known
  ret void
}
define internal void @grow(i64 %by) noinline {
  %p = load ptr, ptr @known
  %old = load volatile i64, ptr %p
  %new = add i64 %old, %by
  store volatile i64 %new, ptr %p
  ret void
}

; Another function works on its variable.
define internal i64 @shared(ptr %arg, i64 %first) {
  %v = alloca i64
  store i64 %first, ptr %v
  call void @remember(ptr %v)
  %s1 = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  call void @grow(i64 %s1)
  %now = load i64, ptr %v
  %s2 = call i64 @llvm.stackswitch.suspend.i64(i64 %now)
  %then = load i64, ptr %v
  %last = add i64 %then, 100
  ret i64 %last
}

; One way suspends and the other does not; both need what was before, and one what came.
define internal i64 @ways(ptr %arg, i64 %first) {
entry:
  %square = mul i64 %first, %first
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %join ]
  %acc = phi i64 [ %square, %entry ], [ %acc2, %join ]
  %bit = and i64 %i, 1
  %even = icmp eq i64 %bit, 0
  br i1 %even, label %suspends, label %plain
suspends:
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %acc)
  br label %join
plain:
  %ten = mul i64 %i, 10
  br label %join
join:
  %term = phi i64 [ %got, %suspends ], [ %ten, %plain ]
  %acc1 = add i64 %acc, %term
  %acc2 = add i64 %acc1, %square
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 4
  br i1 %more, label %head, label %end
end:
  ret i64 %acc2
}

define internal void @all(ptr %c, i64 %first) alwaysinline {
entry:
  br label %loop
loop:
  %sent = phi i64 [ %first, %entry ], [ 5, %loop ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %sent)
  %p = call i32 (ptr, ...) @printf(ptr @line, i64 %v)
  %status = call i32 @llvm.stackswitch.status(ptr %c)
  %over = icmp eq i32 %status, 3
  br i1 %over, label %end, label %loop
end:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define i32 @main() {
  %n = alloca i64
  store i64 3, ptr %n
  %c1 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @chosen, ptr %n)
  call void @all(ptr %c1, i64 1)
  %c2 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @chosen, ptr %n)
  call void @all(ptr %c2, i64 2)
  %c3 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @buffers, ptr null)
  call void @all(ptr %c3, i64 0)
  %c4 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @shared, ptr null)
  call void @all(ptr %c4, i64 3)
  %c5 = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @ways, ptr null)
  call void @all(ptr %c5, i64 3)
  ret i32 0
}
