; The POSIX layer reports errors as negative codes and changes nothing: a
; zeroed object and a freed one cannot be resumed, a stack that is too small is
; refused with EINVAL (-1), and swapcontext to a bad target captures nothing.

@sign = private unnamed_addr constant [8 x i8] c"%s: %s\0A\00"
@refused = private unnamed_addr constant [8 x i8] c"refused\00"
@accepted = private unnamed_addr constant [9 x i8] c"accepted\00"
@zeroed = private unnamed_addr constant [30 x i8] c"setcontext of a zeroed object\00"
@swap.zeroed = private unnamed_addr constant [31 x i8] c"swapcontext to a zeroed object\00"
@still.zeroed = private unnamed_addr constant [56 x i8] c"setcontext of what that swapcontext would have captured\00"
@freed = private unnamed_addr constant [29 x i8] c"setcontext of a freed object\00"
@swap.freed = private unnamed_addr constant [30 x i8] c"swapcontext to a freed object\00"
@tiny = private unnamed_addr constant [34 x i8] c"makecontext on 64 bytes gives %d\0A\00"
@end = private unnamed_addr constant [6 x i8] c"done\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.setcontext(ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare ptr @malloc(i64)
declare void @free(ptr)

@phase = global i32 0

define void @report(ptr %what, i32 %code) noinline {
  %negative = icmp slt i32 %code, 0
  %text = select i1 %negative, ptr @refused, ptr @accepted
  %p = call i32 (ptr, ...) @printf(ptr @sign, ptr %what, ptr %text)
  ret void
}

define void @body(ptr %arg) {
  ret void
}

define i32 @main() {
entry:
  %size = call i64 @llvm.stackswitch.context.size()
  %a = call ptr @calloc(i64 1, i64 %size)
  %b = call ptr @calloc(i64 1, i64 %size)
  %stack = call ptr @malloc(i64 64)
  %r0 = call i32 @llvm.stackswitch.setcontext(ptr %a)
  call void @report(ptr @zeroed, i32 %r0)
  %r1 = call i32 @llvm.stackswitch.swapcontext(ptr %b, ptr %a, ptr null)
  call void @report(ptr @swap.zeroed, i32 %r1)
  %r2 = call i32 @llvm.stackswitch.setcontext(ptr %b)
  call void @report(ptr @still.zeroed, i32 %r2)
  %g = call i32 @llvm.stackswitch.getcontext(ptr %a, ptr null)
  %seen = load volatile i32, ptr @phase
  store volatile i32 1, ptr @phase
  %again = icmp ne i32 %seen, 0
  br i1 %again, label %wrong, label %go

go:
  %m = call i32 @llvm.stackswitch.makecontext(ptr %a, ptr %stack, i64 64, ptr null, ptr @body, ptr null)
  %p0 = call i32 (ptr, ...) @printf(ptr @tiny, i32 %m)
  call void @llvm.stackswitch.freecontext(ptr %a)
  %r3 = call i32 @llvm.stackswitch.setcontext(ptr %a)
  call void @report(ptr @freed, i32 %r3)
  %r4 = call i32 @llvm.stackswitch.swapcontext(ptr %b, ptr %a, ptr null)
  call void @report(ptr @swap.freed, i32 %r4)
  %r5 = call i32 @llvm.stackswitch.setcontext(ptr %b)
  call void @report(ptr @still.zeroed, i32 %r5)
  call void @free(ptr %a)
  call void @free(ptr %b)
  call void @free(ptr %stack)
  %p1 = call i32 (ptr, ...) @printf(ptr @end)
  ret i32 0

wrong:
  ret i32 1
}
