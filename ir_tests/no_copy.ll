; Contexts whose stacks do not overlap never copy: the runtime's statistics tell.
; Two contexts on regions of their own: nothing is saved. One below a base in a
; frame of 100 kB: that frame is never saved, only what lies below the base, the
; context and its caller's small frame. Two contexts that do share a region: they are saved.
; not on the heap: it counts the bytes of its frames that are saved.

%stats = type { i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64 }

@apart = private unnamed_addr constant [34 x i8] c"regions of their own: saved %lld\0A\00"
@below = private unnamed_addr constant [53 x i8] c"below a large frame: less than 4096 bytes a turn %d\0A\00"
@shared = private unnamed_addr constant [64 x i8] c"one region: saved at least 2000 bytes in each of 1000 turns %d\0A\00"
@sum = private unnamed_addr constant [28 x i8] c"sum %lld, wrong bytes %lld\0A\00"

@total = global i64 0
@bad = global i64 0

declare void @stackswitch_get_stats(ptr)
declare ptr @llvm.stackswitch.base.create(i64)
declare ptr @llvm.stackswitch.base.here()
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
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

; Bytes saved so far.
define i64 @saved() noinline {
  %stats = alloca %stats
  call void @stackswitch_get_stats(ptr %stats)
  %at = getelementptr %stats, ptr %stats, i32 0, i32 6
  %n = load i64, ptr %at
  ret i64 %n
}

; Sends back all it gets, 500 times; then gives its number of wrong bytes.
define i64 @body(ptr %unused, i64 %first) {
entry:
  %buffer = alloca [2000 x i8], align 16
  call void @fill(ptr %buffer, i64 2000, i64 1)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %v = phi i64 [ %first, %entry ], [ %got, %loop ]
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 500
  br i1 %more, label %loop, label %done

done:
  %bad = call i64 @wrong(ptr %buffer, i64 2000, i64 1)
  ret i64 %bad
}

; Resumes a, and b if there is one, in turn, 500 times and to their end; gives
; the bytes that this saved.
define i64 @run(ptr %base.a, ptr %base.b, i1 %both) noinline {
entry:
  %before = call i64 @saved()
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base.a, ptr @body, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base.b, ptr @body, ptr null)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop.end ]
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 %i)
  br i1 %both, label %second, label %loop.end

second:
  %y = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 %i)
  br label %loop.end

loop.end:
  %z = phi i64 [ 0, %loop ], [ %y, %second ]
  %end = icmp eq i64 %i, 500
  %xz = add i64 %x, %z
  %counts = select i1 %end, i64 0, i64 %xz
  %wrongs = select i1 %end, i64 %xz, i64 0
  %t0 = load i64, ptr @total
  %t1 = add i64 %t0, %counts
  store i64 %t1, ptr @total
  %b0 = load i64, ptr @bad
  %b1 = add i64 %b0, %wrongs
  store i64 %b1, ptr @bad
  %next = add i64 %i, 1
  %more = icmp ule i64 %next, 500
  br i1 %more, label %loop, label %done

done:
  %after = call i64 @saved()
  %bytes = sub i64 %after, %before
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  ret i64 %bytes
}

; Run's frame is below this base too, but it is small. There are 501 turns.
define i64 @below.here() noinline {
  %large = alloca [100000 x i8], align 16
  call void @fill(ptr %large, i64 100000, i64 2)
  %here = call ptr @llvm.stackswitch.base.here()
  %n = call i64 @run(ptr %here, ptr %here, i1 false)
  call void @llvm.stackswitch.base.destroy(ptr %here)
  %wrong = call i64 @wrong(ptr %large, i64 100000, i64 2)
  %b0 = load i64, ptr @bad
  %b1 = add i64 %b0, %wrong
  store i64 %b1, ptr @bad
  ret i64 %n
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %b = call ptr @llvm.stackswitch.base.create(i64 1048576)
  %n0 = call i64 @run(ptr %a, ptr %b, i1 true)
  %p0 = call i32 (ptr, ...) @printf(ptr @apart, i64 %n0)
  %n1 = call i64 @below.here()
  %few = icmp ult i64 %n1, 2052096
  %yes.1 = zext i1 %few to i32
  %p1 = call i32 (ptr, ...) @printf(ptr @below, i32 %yes.1)
  %n2 = call i64 @run(ptr %a, ptr %a, i1 true)
  %many = icmp uge i64 %n2, 2000000
  %yes.2 = zext i1 %many to i32
  %p2 = call i32 (ptr, ...) @printf(ptr @shared, i32 %yes.2)
  %total = load i64, ptr @total
  %bad = load i64, ptr @bad
  %p3 = call i32 (ptr, ...) @printf(ptr @sum, i64 %total, i64 %bad)
  call void @llvm.stackswitch.base.destroy(ptr %a)
  call void @llvm.stackswitch.base.destroy(ptr %b)
  ret i32 0
}

; It counts the bytes of its frames, so its variables stay in their frames.
!llvm.module.flags = !{!0}
!0 = !{i32 4, !"stackswitch-pointers", i32 0}
