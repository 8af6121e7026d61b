; Links decide who goes on when a function returns. Proves that setlink makes a
; chain that results travel along, that a link that is still new gets the
; result as its first value, that resume sets the link to the caller, and that
; suspend follows a link that was changed while its context was suspended.

@new = private unnamed_addr constant [21 x i8] c"%s starts with %lld\0A\00"
@on = private unnamed_addr constant [22 x i8] c"%s goes on with %lld\0A\00"
@got = private unnamed_addr constant [15 x i8] c"main got %lld\0A\00"
@links = private unnamed_addr constant [17 x i8] c"links: %d %d %d\0A\00"
@a.name = private unnamed_addr constant [2 x i8] c"a\00"
@b.name = private unnamed_addr constant [2 x i8] c"b\00"
@c.name = private unnamed_addr constant [2 x i8] c"c\00"
@d.name = private unnamed_addr constant [2 x i8] c"d\00"
@e.name = private unnamed_addr constant [2 x i8] c"e\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.link(ptr)
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Returns its first value times ten plus one.
define i64 @once(ptr %name, i64 %first) {
  %p = call i32 (ptr, ...) @printf(ptr @new, ptr %name, i64 %first)
  %ten = mul i64 %first, 10
  %one = add i64 %ten, 1
  ret i64 %one
}

; Suspends once, with its first value plus one hundred, and returns what came
; back plus one thousand.
define i64 @twice(ptr %name, i64 %first) {
  %p0 = call i32 (ptr, ...) @printf(ptr @new, ptr %name, i64 %first)
  %hundred = add i64 %first, 100
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %hundred)
  %p1 = call i32 (ptr, ...) @printf(ptr @on, ptr %name, i64 %v)
  %thousand = add i64 %v, 1000
  ret i64 %thousand
}

define i32 @main() {
  %self = call ptr @llvm.stackswitch.current()
  ; A chain of new contexts: a -> b -> c -> main.
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr @a.name)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr @b.name)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr @c.name)
  call void @llvm.stackswitch.setlink(ptr %a, ptr %b)
  call void @llvm.stackswitch.setlink(ptr %b, ptr %c)
  call void @llvm.stackswitch.setlink(ptr %c, ptr %self)
  %link.a = call ptr @llvm.stackswitch.link(ptr %a)
  %link.b = call ptr @llvm.stackswitch.link(ptr %b)
  %link.c = call ptr @llvm.stackswitch.link(ptr %c)
  %is.a = icmp eq ptr %link.a, %b
  %is.b = icmp eq ptr %link.b, %c
  %is.c = icmp eq ptr %link.c, %self
  %n.a = zext i1 %is.a to i32
  %n.b = zext i1 %is.b to i32
  %n.c = zext i1 %is.c to i32
  %p0 = call i32 (ptr, ...) @printf(ptr @links, i32 %n.a, i32 %n.b, i32 %n.c)
  %v0 = call i64 @llvm.stackswitch.swap.i64(ptr %a, i64 7)
  %p1 = call i32 (ptr, ...) @printf(ptr @got, i64 %v0)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %c)

  ; d suspends to main, is linked to e, and ends there: e was suspended by then.
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @twice, ptr @d.name)
  %e = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @twice, ptr @e.name)
  %v1 = call i64 @llvm.stackswitch.resume.i64(ptr %e, i64 1)
  %p2 = call i32 (ptr, ...) @printf(ptr @got, i64 %v1)
  %v2 = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 2)
  %p3 = call i32 (ptr, ...) @printf(ptr @got, i64 %v2)
  call void @llvm.stackswitch.setlink(ptr %d, ptr %e)
  ; swap leaves the link alone, so d's result goes to e, and e's to main.
  %v3 = call i64 @llvm.stackswitch.swap.i64(ptr %d, i64 5)
  %p4 = call i32 (ptr, ...) @printf(ptr @got, i64 %v3)
  call void @llvm.stackswitch.destroy(ptr %d)
  call void @llvm.stackswitch.destroy(ptr %e)

  ; suspend follows a link set by setlink, here to g, which is still new and ends
  ; in main; then resume links f to main itself.
  %f = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @twice, ptr @a.name)
  %g = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @once, ptr @b.name)
  call void @llvm.stackswitch.setlink(ptr %f, ptr %g)
  call void @llvm.stackswitch.setlink(ptr %g, ptr %self)
  %v4 = call i64 @llvm.stackswitch.swap.i64(ptr %f, i64 3)
  %p5 = call i32 (ptr, ...) @printf(ptr @got, i64 %v4)
  %v5 = call i64 @llvm.stackswitch.resume.i64(ptr %f, i64 9)
  %p6 = call i32 (ptr, ...) @printf(ptr @got, i64 %v5)
  call void @llvm.stackswitch.destroy(ptr %f)
  call void @llvm.stackswitch.destroy(ptr %g)
  ret i32 0
}
