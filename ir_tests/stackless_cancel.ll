; A context that is cancelled has finished, whether it is stackless or not, new or suspended; to cancel
; or resume it once more is an error. Where the body has a cleanup that runs.

@status = private unnamed_addr constant [25 x i8] c"%s: status %d, got %lld\0A\00"
@mistake = private unnamed_addr constant [12 x i8] c"mistake %d\0A\00"
@cleanup = private unnamed_addr constant [13 x i8] c"cleanup: %d\0A\00"
@new = private unnamed_addr constant [4 x i8] c"new\00"
@suspended = private unnamed_addr constant [10 x i8] c"suspended\00"
@loop = private unnamed_addr constant [5 x i8] c"loop\00"
@again = private unnamed_addr constant [6 x i8] c"again\00"
@cleaned = private unnamed_addr constant [8 x i8] c"cleaned\00"

declare ptr @stackswitch_set_error_handler(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.cancel(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @__gcc_personality_v0(...)
declare i32 @printf(ptr, ...)

define void @handler(i32 %code, ptr %ctx, ptr %message) {
  %status = call i32 @llvm.stackswitch.status(ptr %ctx)
  %p = call i32 (ptr, ...) @printf(ptr @mistake, i32 %status)
  ret void
}

define void @tell(ptr %what, i32 %status, i64 %got) noinline {
  %p = call i32 (ptr, ...) @printf(ptr @status, ptr %what, i32 %status, i64 %got)
  ret void
}

define internal i64 @counts(ptr %unused, i64 %first) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, %s
  br label %loop
}

define internal i64 @cleans_up(ptr %unused, i64 %first) personality ptr @__gcc_personality_v0 {
  %s = invoke i64 @stackswitch_suspend_i64(i64 %first) to label %done unwind label %cleanup
done:
  ret i64 %s
cleanup:
  %e = landingpad { ptr, i32 } cleanup
  %p = call i32 (ptr, ...) @printf(ptr @cleanup, i32 7)
  resume { ptr, i32 } %e
}

; Whether it has been resumed depends on %n.
define void @new_or_not(ptr %what, i64 %n) noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %any = icmp ne i64 %n, 0
  br i1 %any, label %more, label %end
more:
  %i = phi i64 [ %n, %0 ], [ %j, %more ]
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %i)
  %j = sub i64 %i, 1
  %yet = icmp ne i64 %j, 0
  br i1 %yet, label %more, label %end
end:
  %got = phi i64 [ -1, %0 ], [ %r, %more ]
  %before = call i32 @llvm.stackswitch.status(ptr %c)
  call void @tell(ptr %what, i32 %before, i64 %got)
  call void @llvm.stackswitch.cancel(ptr %c)
  %after = call i32 @llvm.stackswitch.status(ptr %c)
  call void @tell(ptr %what, i32 %after, i64 %got)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

; As often as %n says; all but the first time it is a mistake.
define void @cancelled_again(i64 %n) noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 4)
  br label %more
more:
  %i = phi i64 [ 0, %0 ], [ %j, %more ]
  call void @llvm.stackswitch.cancel(ptr %c)
  %j = add i64 %i, 1
  %yet = icmp ult i64 %j, %n
  br i1 %yet, label %more, label %end
end:
  %late = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 9)
  %after = call i32 @llvm.stackswitch.status(ptr %c)
  call void @tell(ptr @again, i32 %after, i64 %late)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @cleaned_up() noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @cleans_up, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 6)
  call void @llvm.stackswitch.cancel(ptr %c)
  %after = call i32 @llvm.stackswitch.status(ptr %c)
  call void @tell(ptr @cleaned, i32 %after, i64 %r)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define i32 @main() {
  %old = call ptr @stackswitch_set_error_handler(ptr @handler)
  call void @new_or_not(ptr @new, i64 0)
  call void @new_or_not(ptr @suspended, i64 1)
  call void @new_or_not(ptr @loop, i64 4)
  call void @cancelled_again(i64 1)
  call void @cancelled_again(i64 3)
  call void @cleaned_up()
  ret i32 0
}
