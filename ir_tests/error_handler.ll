; A handler set with stackswitch_set_error_handler is called before anything
; changes; when it returns, the operation is refused and gives 0 or null, and
; every context is as it was. Setting it gives the handler before, so it can be
; put back.

@code = global i32 0
@calls = global i32 0

@refused = private unnamed_addr constant [34 x i8] c"%s: gave %lld, code %d, calls %d\0A\00"
@finished = private unnamed_addr constant [29 x i8] c"resume of a finished context\00"
@nolink = private unnamed_addr constant [23 x i8] c"suspend without a link\00"
@self = private unnamed_addr constant [18 x i8] c"resume of oneself\00"
@busy = private unnamed_addr constant [32 x i8] c"destroy of a base with contexts\00"
@after = private unnamed_addr constant [38 x i8] c"the context goes on: %lld, status %d\0A\00"
@restored = private unnamed_addr constant [22 x i8] c"handler put back: %d\0A\00"

declare ptr @stackswitch_set_error_handler(ptr)

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

define void @handler(i32 %code, ptr %ctx, ptr %message) {
  store i32 %code, ptr @code
  %n = load i32, ptr @calls
  %more = add i32 %n, 1
  store i32 %more, ptr @calls
  ret void
}

define void @report(ptr %what, i64 %gave) noinline {
  %code = load i32, ptr @code
  %calls = load i32, ptr @calls
  %p = call i32 (ptr, ...) @printf(ptr @refused, ptr %what, i64 %gave, i32 %code, i32 %calls)
  store i32 0, ptr @code
  ret void
}

define i64 @body(ptr %unused, i64 %first) {
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %self = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %self, i64 5)
  call void @report(ptr @self, i64 %r)
  ret i64 %v
}

define i32 @main() {
  %old = call ptr @stackswitch_set_error_handler(ptr @handler)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 3)
  call void @report(ptr @nolink, i64 %s)
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null)
  %v0 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  call void @report(ptr @busy, i64 0)
  %v1 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 2)
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %p0 = call i32 (ptr, ...) @printf(ptr @after, i64 %v1, i32 %state)
  %v2 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 9)
  call void @report(ptr @finished, i64 %v2)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  %mine = call ptr @stackswitch_set_error_handler(ptr %old)
  %same = icmp eq ptr %mine, @handler
  %n = zext i1 %same to i32
  %p1 = call i32 (ptr, ...) @printf(ptr @restored, i32 %n)
  ret i32 0
}
