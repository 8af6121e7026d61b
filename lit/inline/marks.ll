; RUN: %opt -passes=stackswitch-inline,verify -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s --check-prefix=CODE
; The mark that a swapcontext in place knows its objects by is loaded once, and handed on from one to the
; next, unless a call between them may have changed it. So is the object that control came by, unless
; something is written between them: its mark has been looked at.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare i32 @stackswitch_swapcontext(ptr, ptr, ptr) returns_twice
declare void @elsewhere()
declare i64 @looks(ptr) nounwind memory(read)
declare void @llvm.lifetime.start.p0(i64, ptr)

define void @in_a_row(ptr %from, ptr %to) {
; CHECK-LABEL: @in_a_row(
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: [[FIRST:%.*]] = call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[MARK]],
; CHECK: [[NEXT:%.*]] = extractvalue { i32, ptr, ptr, i64, ptr, ptr } [[FIRST]], 3
; CHECK-NOT: addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[NEXT]], ptr null,
; CHECK: ret void
  %a = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %l = call i64 @looks(ptr %from)
  store i64 %l, ptr %from
  %b = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret void
}

define void @around_a_call(ptr %from, ptr %to) {
; CHECK-LABEL: @around_a_call(
; CHECK: load i64, ptr addrspace(257)
; CHECK: call {{.*}} asm
; CHECK-NOT: extractvalue {{.*}}, 3
; CHECK: call void @elsewhere()
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[MARK]],
  %a = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  call void @elsewhere()
  %b = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret void
}

define void @loop(ptr %from, ptr %to, i64 %n) {
; CHECK-LABEL: @loop(
; CHECK: entry:
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: br label %again
; CHECK: again:
; CHECK: [[LANDED:%.*]] = phi ptr [ null, %entry ], [ [[OBJECT:%.*]], %again ]
; CHECK: [[HANDED:%.*]] = phi i64 [ [[MARK]], %entry ], [ [[NEXT:%.*]], %again ]
; CHECK-NOT: addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[HANDED]], ptr [[LANDED]],
; CHECK-DAG: [[NEXT]] = extractvalue {{.*}}, 3
; CHECK-DAG: [[OBJECT]] = extractvalue {{.*}}, 2
; CODE-LABEL: loop:
; CODE: movq %fs:(
; CODE: [[AGAIN:\.LBB[0-9_]+]]: # %again
; CODE-NOT: %fs:
; CODE: cmpq %rcx, 8(%rdx)
; CODE: cmpq %rsi, %rdi
; CODE-NEXT: jne [[LOOK:.*]]
; CODE-NEXT: [[KNOWN:\.Ltmp[0-9]+]]:
; CODE: jmpq *(%rdx)
; CODE-NEXT: [[LOOK]]:
; CODE-NEXT: cmpq %rcx, 8(%rdi)
; CODE-NEXT: je [[KNOWN]]
; CODE: jb{{.*}} [[AGAIN]]
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %j, %again ]
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %again, label %done
done:
  ret void
}

; Only the way with the call loads it once more.
define void @sometimes(ptr %from, ptr %to, i64 %n) {
; CHECK-LABEL: @sometimes(
; CHECK: again:
; CHECK: [[HANDED:%.*]] = phi i64 [ %{{.*}}, %entry ], [ [[THERE:%.*]], %there ]
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[HANDED]],
; CHECK: [[NEXT:%.*]] = extractvalue {{.*}}, 3
; CHECK: calls:
; CHECK: call void @elsewhere()
; CHECK: [[LOADED:%.*]] = load i64, ptr addrspace(257)
; CHECK: there:
; CHECK: [[THERE]] = phi i64 [ [[NEXT]], %again ], [ [[LOADED]], %calls ]
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %j, %there ]
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %odd = trunc i64 %i to i1
  br i1 %odd, label %calls, label %there
calls:
  call void @elsewhere()
  br label %there
there:
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %again, label %done
done:
  ret void
}

; A way may end with what may change it: nothing is handed on there.
define void @jumps(ptr %from, ptr %to) {
; CHECK-LABEL: @jumps(
; CHECK: after:
; CHECK-NEXT: br label %again
; CHECK: again:
; CHECK-NOT: phi
; CHECK: [[MARK:%.*]] = load i64, ptr addrspace(257)
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[MARK]],
entry:
  %a = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  callbr void asm sideeffect "", "!i"() to label %after [label %after]
after:
  br label %again
again:
  %b = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  callbr void asm sideeffect "", "!i"() to label %again [label %done]
done:
  ret void
}

; What is written may be an object.
define void @writes(ptr %from, ptr %to, i64 %n) {
; CHECK-LABEL: @writes(
; CHECK: again:
; CHECK-NOT: phi ptr
; CHECK: [[HANDED:%.*]] = phi i64
; CHECK-NOT: phi ptr
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 [[HANDED]], ptr null,
; CHECK: [[OBJECT:%.*]] = extractvalue {{.*}}, 2
; CHECK: call {{.*}} asm {{.*}}(ptr %from, ptr %to, i64 %{{.*}}, ptr [[OBJECT]],
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %j, %again ]
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  %s = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  store i64 %i, ptr %from
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %again, label %done
done:
  ret void
}
