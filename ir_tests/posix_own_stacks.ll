; The POSIX operations as POSIX has them: three contexts, each on a stack from
; malloc, pass control round a ring with swapcontext and a null base. When a
; function returns, its context's link goes on, as uc_link does: 0 to 1,
; 1 to 2, 2 to main, which was waiting in its first swapcontext.

@contexts = global [3 x ptr] zeroinitializer
@stacks = global [3 x ptr] zeroinitializer
@home = global ptr null

@turn = private unnamed_addr constant [24 x i8] c"context %lld turn %lld\0A\00"
@ends = private unnamed_addr constant [37 x i8] c"context %lld ends, wrong bytes %lld\0A\00"
@codes = private unnamed_addr constant [30 x i8] c"getcontext %d makecontext %d\0A\00"
@back = private unnamed_addr constant [35 x i8] c"main goes on, swapcontext gave %d\0A\00"

declare i64 @llvm.stackswitch.context.size()
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare i32 @llvm.stackswitch.makecontext(ptr, ptr, i64, ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)
declare void @llvm.stackswitch.freecontext(ptr)
declare i32 @printf(ptr, ...)
declare ptr @calloc(i64, i64)
declare ptr @malloc(i64)
declare void @free(ptr)

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

; Three turns, each handing over to the next context of the ring.
define void @body(ptr %arg) {
entry:
  %buffer = alloca [4000 x i8], align 16
  %id = ptrtoint ptr %arg to i64
  %next.id = add i64 %id, 1
  %next.which = urem i64 %next.id, 3
  %self.at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %id
  %next.at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %next.which
  call void @fill(ptr %buffer, i64 4000, i64 %id)
  %t = alloca i64
  store volatile i64 1, ptr %t
  br label %loop

loop:
  %turn = load volatile i64, ptr %t
  %p0 = call i32 (ptr, ...) @printf(ptr @turn, i64 %id, i64 %turn)
  %self = load ptr, ptr %self.at
  %next = load ptr, ptr %next.at
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %self, ptr %next, ptr null)
  %old = load volatile i64, ptr %t
  %new = add i64 %old, 1
  store volatile i64 %new, ptr %t
  %more = icmp ule i64 %new, 3
  br i1 %more, label %loop, label %done

done:
  %wrong = call i64 @wrong(ptr %buffer, i64 4000, i64 %id)
  %p1 = call i32 (ptr, ...) @printf(ptr @ends, i64 %id, i64 %wrong)
  ret void
}

; Captures the context, then gives it a stack, a link and the body.
define void @make(i64 %id, ptr %link) noinline {
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %id
  %ctx = load ptr, ptr %at
  %stack = call ptr @malloc(i64 65536)
  %stack.at = getelementptr [3 x ptr], ptr @stacks, i64 0, i64 %id
  store ptr %stack, ptr %stack.at
  %arg = inttoptr i64 %id to ptr
  %g = call i32 @llvm.stackswitch.getcontext(ptr %ctx, ptr null)
  %m = call i32 @llvm.stackswitch.makecontext(ptr %ctx, ptr %stack, i64 65536, ptr %link, ptr @body, ptr %arg)
  %p = call i32 (ptr, ...) @printf(ptr @codes, i32 %g, i32 %m)
  ret void
}

define void @allocate() noinline {
entry:
  %size = call i64 @llvm.stackswitch.context.size()
  %home = call ptr @calloc(i64 1, i64 %size)
  store ptr %home, ptr @home
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %ctx = call ptr @calloc(i64 1, i64 %size)
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %i
  store ptr %ctx, ptr %at
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 3
  br i1 %more, label %loop, label %done

done:
  ret void
}

define void @release() noinline {
entry:
  %home = load ptr, ptr @home
  call void @llvm.stackswitch.freecontext(ptr %home)
  call void @free(ptr %home)
  br label %loop

loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr [3 x ptr], ptr @contexts, i64 0, i64 %i
  %ctx = load ptr, ptr %at
  call void @llvm.stackswitch.freecontext(ptr %ctx)
  call void @free(ptr %ctx)
  %stack.at = getelementptr [3 x ptr], ptr @stacks, i64 0, i64 %i
  %stack = load ptr, ptr %stack.at
  call void @free(ptr %stack)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 3
  br i1 %more, label %loop, label %done

done:
  ret void
}

define i32 @main() {
  call void @allocate()
  %c0 = load ptr, ptr @contexts
  %c1 = load ptr, ptr getelementptr ([3 x ptr], ptr @contexts, i64 0, i64 1)
  %c2 = load ptr, ptr getelementptr ([3 x ptr], ptr @contexts, i64 0, i64 2)
  %home = load ptr, ptr @home
  call void @make(i64 0, ptr %c1)
  call void @make(i64 1, ptr %c2)
  call void @make(i64 2, ptr %home)
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %home, ptr %c0, ptr null)
  %p = call i32 (ptr, ...) @printf(ptr @back, i32 %r)
  call void @release()
  ret i32 0
}
