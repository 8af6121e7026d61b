; Functions whose only call is a switch: inlined, such a function would be a
; leaf, and leaves may keep data below the stack pointer (the red zone). Their
; locals must come back after others ran over the same stack.

@count = global i64 0

@end = private unnamed_addr constant [28 x i8] c"sums %lld %lld, wrong %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Ten words on the stack across one switch.
define i64 @leaf(i64 %v) noinline {
  %w = alloca [10 x i64]
  %p1 = getelementptr [10 x i64], ptr %w, i64 0, i64 1
  %p4 = getelementptr [10 x i64], ptr %w, i64 0, i64 4
  %p9 = getelementptr [10 x i64], ptr %w, i64 0, i64 9
  %a = mul i64 %v, 3
  %b = mul i64 %v, 5
  %c = mul i64 %v, 7
  store volatile i64 %v, ptr %w
  store volatile i64 %a, ptr %p1
  store volatile i64 %b, ptr %p4
  store volatile i64 %c, ptr %p9
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  %v.is = load volatile i64, ptr %w
  %a.is = load volatile i64, ptr %p1
  %b.is = load volatile i64, ptr %p4
  %c.is = load volatile i64, ptr %p9
  %s0 = add i64 %v.is, %a.is
  %s1 = add i64 %s0, %b.is
  %s2 = add i64 %s1, %c.is
  ret i64 %s2
}

; The words sum to 16 times the value.
define i64 @body(ptr %wrong, i64 %first) {
entry:
  br label %loop

loop:
  %i = phi i64 [ 1, %entry ], [ %i.next, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %sum.next, %loop ]
  %v = mul i64 %i, %first
  %s = call i64 @leaf(i64 %v)
  %expected = mul i64 %v, 16
  %differs = icmp ne i64 %s, %expected
  %one = zext i1 %differs to i64
  %old = load i64, ptr %wrong
  %new = add i64 %old, %one
  store i64 %new, ptr %wrong
  %sum.next = add i64 %sum, %s
  %i.next = add i64 %i, 1
  %more = icmp ule i64 %i.next, 1000
  br i1 %more, label %loop, label %done

done:
  ret i64 %sum.next
}

define i32 @main() {
entry:
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr @count)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr @count)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 3)
  %y = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 4)
  %i.next = add i64 %i, 1
  %more = icmp ule i64 %i.next, 1000
  br i1 %more, label %loop, label %done

done:
  %bad = load i64, ptr @count
  %p = call i32 (ptr, ...) @printf(ptr @end, i64 %x, i64 %y, i64 %bad)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret i32 0
}
