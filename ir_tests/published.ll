; A body makes the address of a variable known. Others use the variable while the context is suspended:
; functions that LLVM knows to use no variable of the creator's, and code that runs when the creator
; has long returned.

@line = private unnamed_addr constant [10 x i8] c"%s: %lld\0A\00"
@poked = private unnamed_addr constant [6 x i8] c"poked\00"
@left = private unnamed_addr constant [5 x i8] c"left\00"
@turns = private unnamed_addr constant [6 x i8] c"turns\00"
@known = internal global ptr null

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

define internal i64 @counts(ptr %arg, i64 %first) {
entry:
  %x = alloca [4 x i64]
  store i64 %first, ptr %x
  store ptr %x, ptr @known
  br label %loop
loop:
  %old = load i64, ptr %x
  %new = add i64 %old, 1
  store i64 %new, ptr %x
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %new)
  br label %loop
}

define internal void @poke(i64 %by) noinline {
  %x = load ptr, ptr @known
  %old = load i64, ptr %x
  %new = add i64 %old, %by
  store i64 %new, ptr %x
  ret void
}
define internal i64 @look() noinline {
  %x = load ptr, ptr @known
  %v = load i64, ptr %x
  ret i64 %v
}

; 6, then 6 + 100 + 1, then 107 + 200: the digits are put together.
define internal i64 @uses(i64 %n) noinline {
  %c = tail call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %a = tail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  tail call void @poke(i64 100)
  %b = tail call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  tail call void @poke(i64 200)
  %d = tail call i64 @look()
  tail call void @llvm.stackswitch.destroy(ptr %c)
  %a1 = mul i64 %a, 1000
  %ab = add i64 %a1, %b
  %ab1 = mul i64 %ab, 1000
  %abd = add i64 %ab1, %d
  ret i64 %abd
}

; The context stays suspended.
define internal ptr @leaves(i64 %n) noinline {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  %x = load ptr, ptr @known
  ret ptr %x
}

; In each turn another context is left, of which the first one's variable is changed in the end: 11 and
; 10 of the first, 12 and 13 of the others.
define internal i64 @leaves_more() noinline {
entry:
  %all = alloca [3 x ptr]
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %n = add i64 %i, 10
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  %x = load ptr, ptr @known
  %at = getelementptr ptr, ptr %all, i64 %i
  store ptr %x, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 3
  br i1 %more, label %loop, label %done
done:
  %first = load ptr, ptr %all
  store ptr %first, ptr @known
  call void @poke(i64 10)
  %u = load i64, ptr %first
  %at1 = getelementptr ptr, ptr %all, i64 1
  %second = load ptr, ptr %at1
  %v = load i64, ptr %second
  %at2 = getelementptr ptr, ptr %all, i64 2
  %third = load ptr, ptr %at2
  %w = load i64, ptr %third
  %u1 = mul i64 %u, 10000
  %v1 = mul i64 %v, 100
  %uv = add i64 %u1, %v1
  %uvw = add i64 %uv, %w
  ret i64 %uvw
}

; Takes the memory that frames have left.
define internal void @clobber() noinline {
entry:
  %z = alloca [64 x i64]
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i64, ptr %z, i64 %i
  store volatile i64 -1, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 64
  br i1 %more, label %loop, label %done
done:
  ret void
}

define i32 @main() {
  %u = call i64 @uses(i64 5)
  %p = call i32 (ptr, ...) @printf(ptr @line, ptr @poked, i64 %u)
  %x = call ptr @leaves(i64 7)
  call void @clobber()
  call void @poke(i64 30)
  call void @clobber()
  %v = load i64, ptr %x
  %q = call i32 (ptr, ...) @printf(ptr @line, ptr @left, i64 %v)
  %t = call i64 @leaves_more()
  %r = call i32 (ptr, ...) @printf(ptr @line, ptr @turns, i64 %t)
  ret i32 0
}
