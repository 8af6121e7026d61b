; A switch to a context of another thread is the error EFOREIGN. A second
; thread starts a context, suspends it and waits; the main thread resumes it.

@shared = global ptr null

@found = private unnamed_addr constant [37 x i8] c"the other thread's context is there\0A\00"
@after = private unnamed_addr constant [13 x i8] c"not reached\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @printf(ptr, ...)
declare i32 @fflush(ptr)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @sched_yield()
declare i32 @pause()

define i64 @body(ptr %unused, i64 %first) {
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  ret i64 %v
}

define ptr @thread(ptr %unused) {
entry:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 7)
  store atomic ptr %c, ptr @shared release, align 8
  br label %wait

wait:
  %p = call i32 @pause()
  br label %wait
}

define i32 @main() {
entry:
  %thread = alloca i64
  %r = call i32 @pthread_create(ptr %thread, ptr null, ptr @thread, ptr null)
  br label %wait

wait:
  %y = call i32 @sched_yield()
  %c = load atomic ptr, ptr @shared acquire, align 8
  %none = icmp eq ptr %c, null
  br i1 %none, label %wait, label %go

go:
  %p0 = call i32 (ptr, ...) @printf(ptr @found)
  %f = call i32 @fflush(ptr null)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 8)
  %p1 = call i32 (ptr, ...) @printf(ptr @after)
  ret i32 0
}
