; What `stackswitch bench` measures. Bodies and handles go through variables that other modules
; could change, so nothing is known of them and every context is one.

declare ptr @llvm.stackswitch.base.create(i64)
declare void @llvm.stackswitch.base.destroy(ptr)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare void @llvm.stackswitch.destroy(ptr)

@endless = global ptr @wait
@short = global ptr @once
@context = global ptr null
@neighbour = global ptr null

define ptr @wait(ptr %bytes, ptr %first) "stackswitch-pointers"="sliced" {
  %count = ptrtoint ptr %bytes to i64
  %locals = alloca i8, i64 %count, align 16
  store volatile i8 1, ptr %locals
  br label %again
again:
  %sent = call ptr @llvm.stackswitch.suspend(ptr %locals)
  br label %again
}

define ptr @once(ptr %argument, ptr %first) {
  ret ptr %first
}

; A context with so many bytes of locals, which waits.
define internal ptr @waiting(ptr %base, i64 %bytes) {
  %size = inttoptr i64 %bytes to ptr
  %body = load ptr, ptr @endless
  %new = call ptr @llvm.stackswitch.spawn(ptr %base, ptr %body, ptr %size)
  %started = call ptr @llvm.stackswitch.resume(ptr %new, ptr null)
  ret ptr %new
}

; Resumes a context that suspends, %count times: two switches each.
define void @ping_pong(i64 %count, i64 %bytes) {
  %new = call ptr @waiting(ptr null, i64 16)
  store ptr %new, ptr @context
  br label %again
again:
  %done = phi i64 [ 0, %0 ], [ %next, %again ]
  %context = load ptr, ptr @context
  %got = call ptr @llvm.stackswitch.resume(ptr %context, ptr null)
  %next = add i64 %done, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %again, label %end
end:
  %last = load ptr, ptr @context
  call void @llvm.stackswitch.destroy(ptr %last)
  ret void
}

; Spawns, runs to the end and destroys %count contexts, one after another.
define void @lifecycle(i64 %count, i64 %bytes) {
  br label %again
again:
  %done = phi i64 [ 0, %0 ], [ %next, %again ]
  %body = load ptr, ptr @short
  %new = call ptr @llvm.stackswitch.spawn(ptr null, ptr %body, ptr null)
  %got = call ptr @llvm.stackswitch.resume(ptr %new, ptr null)
  call void @llvm.stackswitch.destroy(ptr %new)
  %next = add i64 %done, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %again, label %end
end:
  ret void
}

; Resumes two contexts of one base in turn, %count times altogether: each resume saves the one and
; restores the other.
define void @sliced(i64 %count, i64 %bytes) {
  %base = call ptr @llvm.stackswitch.base.create(i64 16777216)
  %one = call ptr @waiting(ptr %base, i64 %bytes)
  %two = call ptr @waiting(ptr %base, i64 %bytes)
  store ptr %one, ptr @context
  store ptr %two, ptr @neighbour
  br label %again
again:
  %done = phi i64 [ 0, %0 ], [ %next, %again ]
  %first = load ptr, ptr @context
  %got = call ptr @llvm.stackswitch.resume(ptr %first, ptr null)
  %second = load ptr, ptr @neighbour
  %also = call ptr @llvm.stackswitch.resume(ptr %second, ptr null)
  %next = add i64 %done, 2
  %more = icmp ult i64 %next, %count
  br i1 %more, label %again, label %end
end:
  %context = load ptr, ptr @context
  call void @llvm.stackswitch.destroy(ptr %context)
  %neighbour = load ptr, ptr @neighbour
  call void @llvm.stackswitch.destroy(ptr %neighbour)
  call void @llvm.stackswitch.base.destroy(ptr %base)
  ret void
}

; Leaves %count contexts behind, all but one of them parked.
define void @park(i64 %count, i64 %bytes) {
  %base = call ptr @llvm.stackswitch.base.create(i64 16777216)
  br label %again
again:
  %done = phi i64 [ 0, %0 ], [ %next, %again ]
  %new = call ptr @waiting(ptr %base, i64 %bytes)
  %next = add i64 %done, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %again, label %end
end:
  ret void
}
