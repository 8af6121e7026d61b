; slice.size: bytes that a context now holds on the heap. A context that was
; never displaced holds none; one whose neighbour of the same region ran over
; it holds some, but not more than its stack had; one on another region keeps
; its stack in place and holds none.

@alone = private unnamed_addr constant [47 x i8] c"alone on its region: new %lld, suspended %lld\0A\00"
@displaced = private unnamed_addr constant [47 x i8] c"displaced: some %d, no more than its stack %d\0A\00"
@far = private unnamed_addr constant [25 x i8] c"on another region: %lld\0A\00"
@end = private unnamed_addr constant [18 x i8] c"wrong bytes %lld\0A\00"

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @llvm.stackswitch.slice.size(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Writes n bytes that depend on seed.
define void @fill(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %step = mul i64 %i, 11
  %page = lshr i64 %i, 8
  %low = add i64 %start, %step
  %value = add i64 %low, %page
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  store volatile i8 %byte, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret void
}

; Counts the bytes that are not as fill wrote them.
define i64 @wrong(ptr %p, i64 %n, i64 %seed) noinline {
entry:
  %start = mul i64 %seed, 37
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %bad = phi i64 [ 0, %entry ], [ %bad.next, %loop ]
  %step = mul i64 %i, 11
  %page = lshr i64 %i, 8
  %low = add i64 %start, %step
  %value = add i64 %low, %page
  %byte = trunc i64 %value to i8
  %at = getelementptr i8, ptr %p, i64 %i
  %is = load volatile i8, ptr %at
  %differs = icmp ne i8 %is, %byte
  %one = zext i1 %differs to i64
  %bad.next = add i64 %bad, %one
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done

done:
  ret i64 %bad.next
}

define i64 @body(ptr %arg, i64 %first) {
  %buffer = alloca [4096 x i8], align 16
  call void @fill(ptr %buffer, i64 4096, i64 %first)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %bad = call i64 @wrong(ptr %buffer, i64 4096, i64 %first)
  ret i64 %bad
}

define i32 @main() {
  %near = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %far = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %near, ptr @body, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %near, ptr @body, ptr null)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %far, ptr @body, ptr null)
  %new = call i64 @llvm.stackswitch.slice.size(ptr %a)
  %a0 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1)
  %c0 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 3)
  %suspended = call i64 @llvm.stackswitch.slice.size(ptr %a)
  %p0 = call i32 (ptr, ...) @printf(ptr @alone, i64 %new, i64 %suspended)
  ; b starts where a's frames lie.
  %b0 = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 2)
  %size = call i64 @llvm.stackswitch.slice.size(ptr %a)
  %some = icmp ugt i64 %size, 0
  %tight = icmp ule i64 %size, 5120
  %n0 = zext i1 %some to i32
  %n1 = zext i1 %tight to i32
  %p1 = call i32 (ptr, ...) @printf(ptr @displaced, i32 %n0, i32 %n1)
  %other = call i64 @llvm.stackswitch.slice.size(ptr %c)
  %p2 = call i32 (ptr, ...) @printf(ptr @far, i64 %other)
  %a1 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 0)
  %b1 = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 0)
  %c1 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %s0 = add i64 %a1, %b1
  %s1 = add i64 %s0, %c1
  %p3 = call i32 (ptr, ...) @printf(ptr @end, i64 %s1)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %c)
  call void @llvm.stackswitch.base.destroy(ptr %near)
  call void @llvm.stackswitch.base.destroy(ptr %far)
  ret i32 0
}
