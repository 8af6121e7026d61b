; Contexts that spawn one another, six generations deep: each starts two
; children, resumes them in turns (first child, second child, second again,
; first again), suspends itself in between, and destroys them. All 127 share
; the bases that they make on their own stacks or the default region, by turns.
; The order of all events is told by a running hash, and counted.

@hash = global i64 0
@events = global i64 0
@alive = global i64 0
@peak = global i64 0

@root = private unnamed_addr constant [16 x i8] c"root gave %lld\0A\00"
@result = private unnamed_addr constant [46 x i8] c"events %lld, hash %llu, peak %lld, left %lld\0A\00"

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

define void @event(i64 %id, i64 %what) noinline {
  %h = load i64, ptr @hash
  %h31 = mul i64 %h, 31
  %eight = mul i64 %id, 8
  %code = add i64 %eight, %what
  %new = add i64 %h31, %code
  store i64 %new, ptr @hash
  %n = load i64, ptr @events
  %n.next = add i64 %n, 1
  store i64 %n.next, ptr @events
  ret void
}

define ptr @start(ptr %base, i64 %id) noinline {
  %arg = inttoptr i64 %id to ptr
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr %arg)
  %n = load i64, ptr @alive
  %n.next = add i64 %n, 1
  store i64 %n.next, ptr @alive
  %p = load i64, ptr @peak
  %higher = icmp ugt i64 %n.next, %p
  %top = select i1 %higher, i64 %n.next, i64 %p
  store i64 %top, ptr @peak
  ret ptr %c
}

define void @end(ptr %c) noinline {
  call void @llvm.stackswitch.destroy(ptr %c)
  %n = load i64, ptr @alive
  %n.next = sub i64 %n, 1
  store i64 %n.next, ptr @alive
  ret void
}

; Ids are those of a heap: the children of id are 2 * id and 2 * id + 1. A
; context suspends once, with its own share, and returns the sum of its tree,
; plus a million for every wrong byte.
define i64 @body(ptr %arg, i64 %first) {
entry:
  %id = ptrtoint ptr %arg to i64
  %buffer = alloca [160 x i8], align 16
  call void @fill(ptr %buffer, i64 160, i64 %id)
  call void @event(i64 %id, i64 1)
  %leaf = icmp uge i64 %id, 64
  br i1 %leaf, label %rest, label %family

family:
  ; Odd contexts make a base of their own, even ones use the default region.
  %odd = and i64 %id, 1
  %own = icmp eq i64 %odd, 1
  br i1 %own, label %make, label %children

make:
  %here = call ptr @llvm.stackswitch.base.here()
  br label %children

children:
  %base = phi ptr [ null, %family ], [ %here, %make ]
  %left.id = mul i64 %id, 2
  %right.id = add i64 %left.id, 1
  %left = call ptr @start(ptr %base, i64 %left.id)
  %l0 = call i64 @llvm.stackswitch.resume.i64(ptr %left, i64 0)
  call void @event(i64 %id, i64 2)
  %right = call ptr @start(ptr %base, i64 %right.id)
  %r0 = call i64 @llvm.stackswitch.resume.i64(ptr %right, i64 0)
  call void @event(i64 %id, i64 3)
  %half = add i64 %l0, %r0
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 %half)
  call void @event(i64 %id, i64 4)
  %r1 = call i64 @llvm.stackswitch.resume.i64(ptr %right, i64 0)
  call void @event(i64 %id, i64 5)
  call void @end(ptr %right)
  %l1 = call i64 @llvm.stackswitch.resume.i64(ptr %left, i64 0)
  call void @event(i64 %id, i64 6)
  call void @end(ptr %left)
  br i1 %own, label %unmake, label %family.end

unmake:
  call void @llvm.stackswitch.base.destroy(ptr %base)
  br label %family.end

family.end:
  %sum.1 = add i64 %r1, %l1
  br label %done

rest:
  %w = call i64 @llvm.stackswitch.suspend.i64(i64 %id)
  br label %done

done:
  %sum = phi i64 [ 0, %rest ], [ %sum.1, %family.end ]
  call void @event(i64 %id, i64 7)
  %bad = call i64 @wrong(ptr %buffer, i64 160, i64 %id)
  %penalty = mul i64 %bad, 1000000
  %total = add i64 %sum, %id
  %result = add i64 %total, %penalty
  ret i64 %result
}

define i32 @main() {
  %root = call ptr @start(ptr null, i64 1)
  %v0 = call i64 @llvm.stackswitch.resume.i64(ptr %root, i64 0)
  %p0 = call i32 (ptr, ...) @printf(ptr @root, i64 %v0)
  %v1 = call i64 @llvm.stackswitch.resume.i64(ptr %root, i64 0)
  %p1 = call i32 (ptr, ...) @printf(ptr @root, i64 %v1)
  call void @end(ptr %root)
  %n = load i64, ptr @events
  %h = load i64, ptr @hash
  %peak = load i64, ptr @peak
  %left = load i64, ptr @alive
  %p2 = call i32 (ptr, ...) @printf(ptr @result, i64 %n, i64 %h, i64 %peak, i64 %left)
  ret i32 0
}
