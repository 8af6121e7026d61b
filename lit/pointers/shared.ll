; RUN: %opt -passes=stackswitch-pointers,verify -stackswitch-pointers=stable -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-pointers,stackswitch-pointers,verify -stackswitch-pointers=stable -S %s | FileCheck %s
; RUN: sed 's/^; IR: //' %s | %opt -passes=stackswitch-pointers,verify -stackswitch-pointers=sliced -S | FileCheck %s
; RUN: %opt -passes=stackswitch-pointers -stackswitch-pointers=sliced -S %s | FileCheck %s --check-prefix=OFF
; RUN: %opt -passes=stackswitch-pointers -stackswitch-pointers=stable -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; A variable that other code may access while its context is suspended goes to memory that never
; moves. All other variables stay in the frame.

target triple = "x86_64-unknown-linux-gnu"

; IR: !llvm.module.flags = !{!0}
; IR: !0 = !{i32 4, !"stackswitch-pointers", i32 1}

; OFF-NOT: call {{.*}}frame_alloc

%pair = type { i64, i64 }
@global = global ptr null

declare i64 @stackswitch_suspend_i64(i64)
declare void @stackswitch_suspend_wide(ptr, i64)
declare void @unknown()
declare void @given(ptr)
declare void @lent(ptr nocapture)
declare void @by_value(ptr byval(%pair) align 8)
declare i64 @only_reads(ptr nocapture) nounwind memory(argmem: read)
declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)

; The callee cannot suspend, and keeps nothing.
define internal void @writes(ptr nocapture %p) {
  store i64 1, ptr %p
  ret void
}

; The callee cannot suspend, but keeps the address.
define internal void @keeps(ptr %p) {
  store ptr %p, ptr @global
  ret void
}

; REMARK: 'x' (8 bytes) never moves: its address is given to a call during which other contexts may run
define void @to_unknown() {
; CHECK-LABEL: define void @to_unknown(
; CHECK-SAME: #[[NOINLINE:[0-9]+]]
; CHECK-NEXT: [[HOLDER:%.*]] = alloca ptr
; CHECK-NEXT: %x = call ptr @stackswitch_frame_alloc(i64 8, i64 16, ptr [[HOLDER]])
; CHECK-NEXT: store ptr %x, ptr [[HOLDER]]
; CHECK-NEXT: call void @given(ptr %x)
; CHECK-NEXT: call void @stackswitch_frame_free(ptr %x)
; CHECK-NEXT: ret void
  %x = alloca i64
  call void @given(ptr %x)
  ret void
}

; A callee that does not keep the address may lend it to other code until it returns.
define void @to_borrower() {
; CHECK-LABEL: define void @to_borrower(
; CHECK: %x = call ptr @stackswitch_frame_alloc(
  %x = alloca i64
  call void @lent(ptr %x)
  ret void
}

; REMARK: 'x' (8 bytes) never moves: other code may keep its address from here on, and other contexts may run later
define i64 @stored() {
; CHECK-LABEL: define i64 @stored(
; CHECK: %x = call ptr @stackswitch_frame_alloc(
  %x = alloca i64
  store ptr %x, ptr @global
  %got = call i64 @stackswitch_suspend_i64(i64 0)
  %value = load i64, ptr %x
  ret i64 %value
}

; In a loop the address is known at the suspension of the next turn.
define void @stored_behind(i1 %again) {
; CHECK-LABEL: define void @stored_behind(
; CHECK: %x = call ptr @stackswitch_frame_alloc(
entry:
  %x = alloca i64
  br label %loop
loop:
  %got = call i64 @stackswitch_suspend_i64(i64 0)
  store ptr %x, ptr @global
  br i1 %again, label %loop, label %end
end:
  ret void
}

define void @kept_by_callee() {
; CHECK-LABEL: define void @kept_by_callee(
; CHECK: %x = call ptr @stackswitch_frame_alloc(
  %x = alloca i64
  call void @keeps(ptr %x)
  call void @unknown()
  ret void
}

; The address travels as the value of a switch, and as a number.
define void @as_value() {
; CHECK-LABEL: define void @as_value(
; CHECK: %x = call ptr @stackswitch_frame_alloc(
  %x = alloca i64
  %number = ptrtoint ptr %x to i64
  %got = call i64 @stackswitch_suspend_i64(i64 %number)
  ret void
}

; One block for all, each at its alignment.
define void @several() {
; CHECK-LABEL: define void @several(
; CHECK: %a = call ptr @stackswitch_frame_alloc(i64 80, i64 64, ptr
; CHECK: %b = getelementptr inbounds i8, ptr %a, i64 64
; CHECK-NOT: alloca [4 x i32], align 64
  %a = alloca i8
  %b = alloca [4 x i32], align 64
  call void @given(ptr %a)
  call void @given(ptr %b)
  ret void
}

define void @argument(ptr byval(%pair) align 8 %p) {
; CHECK-LABEL: define void @argument(
; CHECK: [[COPY:%.*]] = call ptr @stackswitch_frame_alloc(i64 16, i64 16, ptr
; CHECK: call void @llvm.memcpy.p0.p0.i64(ptr align 8 [[COPY]], ptr align 8 %p, i64 16, i1 false)
; CHECK-NEXT: call void @given(ptr [[COPY]])
  call void @given(ptr %p)
  ret void
}

; The callee gets a copy of its own, but not this function's memory back.
define void @argument_of_last_act(ptr byval(%pair) align 8 %p) {
; CHECK-LABEL: define void @argument_of_last_act(
; CHECK: call void @given(ptr [[COPY:%.*]])
; CHECK-NEXT: call void @llvm.memcpy.p0.p0.i64(ptr align 8 %p, ptr align 8 [[COPY]], i64 16, i1 false)
; CHECK-NEXT: call void @stackswitch_frame_free(ptr [[COPY]])
; CHECK-NEXT: musttail call void @by_value(ptr byval(%pair) align 8 %p)
; CHECK-NEXT: ret void
  call void @given(ptr %p)
  musttail call void @by_value(ptr byval(%pair) align 8 %p)
  ret void
}

; Each turn of the loop has a variable of its own. A small one in the frame shows when it is over.
define void @growing(i64 %n, i1 %again) {
; CHECK-LABEL: define void @growing(
; CHECK: [[FIRST:%.*]] = call ptr @stackswitch_frame_alloc(i64 0, i64 16, ptr
; CHECK: loop:
; CHECK: [[BYTES:%.*]] = mul nuw i64 %n, 8
; CHECK: [[MARKER:%.*]] = alloca i8, i64 {{%.*}}, align 16
; CHECK-NEXT: %x = call ptr @stackswitch_frame_alloc(i64 [[BYTES]], i64 16, ptr [[MARKER]])
; CHECK-NEXT: call void @given(ptr %x)
; CHECK: call void @stackswitch_frame_free(ptr [[FIRST]])
; CHECK-NEXT: ret void
entry:
  br label %loop
loop:
  %saved = call ptr @llvm.stacksave.p0()
  %x = alloca i64, i64 %n
  call void @given(ptr %x)
  call void @llvm.stackrestore.p0(ptr %saved)
  br i1 %again, label %loop, label %end
end:
  ret void
}

; Unshared variables: the callee cannot suspend; gets a copy; only reads and writes nothing; or the
; variable has ended at each suspension.
define i64 @unshared() {
; CHECK-LABEL: define i64 @unshared(
; CHECK-NOT: frame_alloc
; CHECK: ret i64
  %a = alloca i64
  %b = alloca %pair
  %c = alloca i64
  call void @writes(ptr %a)
  call void @by_value(ptr byval(%pair) align 8 %b)
  %read = call i64 @only_reads(ptr %a)
  call void @llvm.lifetime.start.p0(i64 8, ptr %c)
  store ptr %c, ptr @global
  call void @llvm.lifetime.end.p0(i64 8, ptr %c)
  %got = call i64 @stackswitch_suspend_i64(i64 %read)
  ret i64 %got
}

; Nothing here can suspend.
define ptr @no_suspension() {
; CHECK-LABEL: define ptr @no_suspension(
; CHECK-NOT: frame_alloc
; CHECK: ret ptr
  %x = alloca i64
  call void @keeps(ptr %x)
  ret ptr %x
}

; The runtime copies the value before it leaves, and writes the result when it is back.
define i64 @value_in_memory() {
; CHECK-LABEL: define i64 @value_in_memory(
; CHECK-NOT: frame_alloc
; CHECK: ret i64
  %x = alloca [2 x i64]
  call void @stackswitch_suspend_wide(ptr %x, i64 16)
  %v = load i64, ptr %x
  ret i64 %v
}

; Inline functions that stay, and attributes that are false for a function that takes memory.
define i64 @claims() alwaysinline memory(argmem: read) {
; CHECK-LABEL: define i64 @claims(
; CHECK-SAME: #[[NOINLINE]]
  %x = alloca i64
  call void @given(ptr %x)
  %v = load i64, ptr %x
  ret i64 %v
}

; A function decides for itself.
define void @says_sliced() "stackswitch-pointers"="sliced" {
; CHECK-LABEL: define void @says_sliced(
; CHECK-NOT: frame_alloc
; CHECK: ret void
  %x = alloca i64
  call void @given(ptr %x)
  ret void
}

; CHECK: attributes #[[NOINLINE]] = { noinline }
