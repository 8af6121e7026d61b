; RUN: %opt -passes=stackswitch-slices,verify -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slices,stackswitch-slices -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slices -disable-output -pass-remarks=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; Local variables that a switch does not need are below the frame only while they are needed.

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare i64 @stackswitch_suspend_i64(i64)
declare i64 @read(i32, ptr nocapture, i64)

; REMARK: 4096 bytes of local variables are below the frame while they are needed, and do not travel with a switch that does not need them
define i64 @loop(i64 %n) {
; CHECK-LABEL: define i64 @loop(
; CHECK-NEXT: %small = alloca i64
; CHECK-NEXT: [[SAVED:%.*]] = call ptr @llvm.stacksave.p0()
; CHECK-NEXT: br label %entry
; CHECK: turn:
; CHECK: [[SIZE:%.*]] = call i64 asm "", "=r,0"(i64 4096)
; CHECK-NEXT: %buffer = alloca i8, i64 [[SIZE]], align 16
; CHECK-NOT: lifetime
; CHECK: call i64 @read(i32 0, ptr %buffer, i64 4096)
; CHECK-NEXT: call void @llvm.stackrestore.p0(ptr [[SAVED]])
; CHECK-NEXT: call i64 @stackswitch_suspend_i64(
entry:
  %buffer = alloca [4096 x i8], align 16
  %small = alloca i64
  br label %turn
turn:
  %i = phi i64 [ 0, %entry ], [ %next, %turn ]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %buffer)
  %got = call i64 @read(i32 0, ptr %buffer, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %buffer)
  %s = call i64 @stackswitch_suspend_i64(i64 %got)
  store i64 %s, ptr %small
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %turn, label %done
done:
  %last = load i64, ptr %small
  ret i64 %last
}

; Two that are needed at the same time come and go together, whichever ends first.
; REMARK: 1536 bytes
define i64 @together() {
; CHECK-LABEL: define i64 @together(
; CHECK: [[SAVED:%.*]] = call ptr @llvm.stacksave.p0()
; CHECK: %a = alloca i8
; CHECK: %b = alloca i8
; CHECK: call i64 @read(i32 0, ptr %a, i64 1024)
; CHECK: call i64 @read(i32 0, ptr %b, i64 512)
; CHECK-NEXT: call void @llvm.stackrestore.p0(ptr [[SAVED]])
; CHECK: call i64 @stackswitch_suspend_i64(
entry:
  %a = alloca [1024 x i8], align 16
  %b = alloca [512 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 1024, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 1024)
  call void @llvm.lifetime.start.p0(i64 512, ptr %b)
  call void @llvm.lifetime.end.p0(i64 1024, ptr %a)
  %y = call i64 @read(i32 0, ptr %b, i64 512)
  call void @llvm.lifetime.end.p0(i64 512, ptr %b)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  ret i64 %s
}

; A lifetime that starts twice, as in a loop that was unrolled: each has memory of its own.
define i64 @twice() {
; CHECK-LABEL: define i64 @twice(
; CHECK: [[FIRST:%.*]] = alloca i8
; CHECK: call i64 @read(i32 0, ptr [[FIRST]], i64 1024)
; CHECK: call void @llvm.stackrestore
; CHECK: call i64 @stackswitch_suspend_i64(
; CHECK: [[SECOND:%.*]] = alloca i8
; CHECK: [[PART:%.*]] = getelementptr i8, ptr [[SECOND]], i64 5
; CHECK: call i64 @read(i32 0, ptr [[PART]], i64 1000)
; CHECK: call void @llvm.stackrestore
entry:
  %a = alloca [1024 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 1024, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 1024)
  call void @llvm.lifetime.end.p0(i64 1024, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  call void @llvm.lifetime.start.p0(i64 1024, ptr %a)
  %p = getelementptr i8, ptr %a, i64 5
  %y = call i64 @read(i32 0, ptr %p, i64 1000)
  call void @llvm.lifetime.end.p0(i64 1024, ptr %a)
  ret i64 %y
}

; A function that comes to a switch counts as one.
define i64 @deeper() {
; CHECK-LABEL: define i64 @deeper(
; CHECK: call void @llvm.stackrestore
; CHECK-NEXT: call i64 @loop(
  %a = alloca [1024 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 1024, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 1024)
  call void @llvm.lifetime.end.p0(i64 1024, ptr %a)
  %s = call i64 @loop(i64 %x)
  ret i64 %s
}
