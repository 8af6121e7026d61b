; What `stackswitch doctor` tries.

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)

; Gives what it was sent first, again and again, from its stack.
define internal i64 @echo(ptr %argument, i64 %first) {
  %kept = alloca [64 x i64]
  store volatile i64 %first, ptr %kept
  br label %again
again:
  %value = load volatile i64, ptr %kept
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %value)
  br label %again
}

; Two of them on one base, in turn: each switch saves one and restores the other.
define i64 @slices() {
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %one = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @echo, ptr null)
  %two = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @echo, ptr null)
  br label %again
again:
  %round = phi i64 [ 0, %0 ], [ %next, %again ]
  %sum = phi i64 [ 0, %0 ], [ %both, %again ]
  %first = call i64 @llvm.stackswitch.resume.i64(ptr %one, i64 1)
  %second = call i64 @llvm.stackswitch.resume.i64(ptr %two, i64 2)
  %with = add i64 %sum, %first
  %both = add i64 %with, %second
  %next = add i64 %round, 1
  %more = icmp ult i64 %next, 10
  br i1 %more, label %again, label %done
done:
  call void @llvm.stackswitch.destroy(ptr %one)
  call void @llvm.stackswitch.destroy(ptr %two)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i64 %both
}

define internal i64 @deeper(i64 %depth) noinline {
  %room = alloca [64 x i64]
  store volatile i64 %depth, ptr %room
  %next = add i64 %depth, 1
  %below = call i64 @deeper(i64 %next)
  %here = load volatile i64, ptr %room
  %sum = add i64 %below, %here
  ret i64 %sum
}

define internal i64 @endless(ptr %argument, i64 %first) {
  %sum = call i64 @deeper(i64 %first)
  ret i64 %sum
}

define void @overflow() {
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %context = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @endless, ptr null)
  %sum = call i64 @llvm.stackswitch.resume.i64(ptr %context, i64 0)
  ret void
}
