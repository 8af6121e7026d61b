; Same fringe: do two trees of different shape have the same leaves in the
; same order? Each tree is walked by a recursive function in a context of its
; own that suspends at every leaf. Proves that two recursions, suspended at
; changing depths, advance in step.

%node = type { ptr, ptr, i64 }

@pair = private unnamed_addr constant [11 x i8] c"%lld %lld\0A\00"
@same = private unnamed_addr constant [13 x i8] c"same fringe\0A\00"
@differ = private unnamed_addr constant [44 x i8] c"fringes differ at leaf %lld: %lld and %lld\0A\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)

; A tree whose leaves are low to high - 1. Each subtree of n leaves gives
; max(1, n * part / 8) of them to its left side.
define ptr @build(i64 %low, i64 %high, i64 %part, i64 %odd) noinline {
entry:
  %tree = call ptr @calloc(i64 1, i64 24)
  %n = sub i64 %high, %low
  %leaf = icmp eq i64 %n, 1
  br i1 %leaf, label %one, label %split

one:
  %is.odd = icmp eq i64 %low, %odd
  %changed = mul i64 %low, 100
  %value = select i1 %is.odd, i64 %changed, i64 %low
  %value.at = getelementptr %node, ptr %tree, i32 0, i32 2
  store i64 %value, ptr %value.at
  ret ptr %tree

split:
  %eighths = mul i64 %n, %part
  %share = lshr i64 %eighths, 3
  %zero = icmp eq i64 %share, 0
  %left.n = select i1 %zero, i64 1, i64 %share
  %middle = add i64 %low, %left.n
  %left = call ptr @build(i64 %low, i64 %middle, i64 %part, i64 %odd)
  %right = call ptr @build(i64 %middle, i64 %high, i64 %part, i64 %odd)
  store ptr %left, ptr %tree
  %right.at = getelementptr %node, ptr %tree, i32 0, i32 1
  store ptr %right, ptr %right.at
  ret ptr %tree
}

define void @walk(ptr %tree) noinline {
entry:
  %left = load ptr, ptr %tree
  %leaf = icmp eq ptr %left, null
  br i1 %leaf, label %visit, label %inner

visit:
  %value.at = getelementptr %node, ptr %tree, i32 0, i32 2
  %value = load i64, ptr %value.at
  %ignored = call i64 @llvm.stackswitch.suspend.i64(i64 %value)
  ret void

inner:
  call void @walk(ptr %left)
  %right.at = getelementptr %node, ptr %tree, i32 0, i32 1
  %right = load ptr, ptr %right.at
  call void @walk(ptr %right)
  ret void
}

define i64 @walker(ptr %tree, i64 %first) {
  call void @walk(ptr %tree)
  ret i64 -1
}

define void @compare(ptr %a, ptr %b) noinline {
entry:
  %one = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @walker, ptr %a)
  %two = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @walker, ptr %b)
  br label %loop

loop:
  %i = phi i64 [ 1, %entry ], [ %i.next, %step ]
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %one, i64 0)
  %y = call i64 @llvm.stackswitch.resume.i64(ptr %two, i64 0)
  %p0 = call i32 (ptr, ...) @printf(ptr @pair, i64 %x, i64 %y)
  %equal = icmp eq i64 %x, %y
  br i1 %equal, label %step, label %unequal

step:
  %end = icmp slt i64 %x, 0
  %i.next = add i64 %i, 1
  br i1 %end, label %equal.all, label %loop

equal.all:
  %p1 = call i32 (ptr, ...) @printf(ptr @same)
  br label %done

unequal:
  %p2 = call i32 (ptr, ...) @printf(ptr @differ, i64 %i, i64 %x, i64 %y)
  br label %done

done:
  call void @llvm.stackswitch.destroy(ptr %one)
  call void @llvm.stackswitch.destroy(ptr %two)
  ret void
}

define i32 @main() {
  %balanced = call ptr @build(i64 1, i64 18, i64 4, i64 0)
  %right.deep = call ptr @build(i64 1, i64 18, i64 1, i64 0)
  %left.deep = call ptr @build(i64 1, i64 18, i64 7, i64 0)
  %changed = call ptr @build(i64 1, i64 18, i64 6, i64 11)
  call void @compare(ptr %balanced, ptr %right.deep)
  call void @compare(ptr %left.deep, ptr %balanced)
  call void @compare(ptr %right.deep, ptr %changed)
  ret i32 0
}
