; RUN: %opt -passes=stackswitch-slices -S %s -o %t -pass-remarks-missed=stackswitch 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: FileCheck %s < %t
; Variables that stay in the frame, with the reason where it is not plain.
; CHECK-NOT: call ptr @llvm.stacksave
; CHECK-NOT: call void @llvm.stackrestore.p0(ptr %{{[0-9]}}

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @stackswitch_swapcontext(ptr, ptr, ptr)
declare i64 @read(i32, ptr nocapture, i64)
declare void @keep(ptr)
declare void @other()
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)

; REMARK: 4096 bytes of local variables stay in the frame: every switch needs them
define i64 @across() {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  %y = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  ret i64 %s
}

; REMARK: another context may know the address of one
define i64 @known.elsewhere() {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  call void @keep(ptr %a)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: another context may know the address of one
define i64 @stored.elsewhere(ptr %out) {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %part = getelementptr i8, ptr %a, i64 8
  store ptr %part, ptr %out
  call void @other()
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: the frame grows and shrinks for other variables
define i64 @grows(i64 %n) {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %v = alloca i8, i64 %n
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  %y = call i64 @read(i32 0, ptr %v, i64 %n)
  ret i64 %s
}

; REMARK: the function's frame is followed by others
define i64 @sanitized() sanitize_address {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  ret i64 %s
}

; An address that was made before the lifetime starts.
; REMARK: one is used where its lifetime may not have started, or again
define i64 @early(i1 %which) {
entry:
  %a = alloca [4096 x i8]
  %part = getelementptr i8, ptr %a, i64 8
  br i1 %which, label %yes, label %no
yes:
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %part, i64 4000)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  br label %no
no:
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; Whether it is still needed depends on the way, and then it starts again.
; REMARK: their lifetime may have ended where it goes on
define i64 @open.end(i1 %which) {
entry:
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  br i1 %which, label %ends, label %join
ends:
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  br label %join
join:
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %y = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  ret i64 %y
}

; An address of the first turn is used in the second, which has other memory.
; REMARK: an address in one is used when its lifetime has started again
define i64 @kept.address() {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %part = getelementptr i8, ptr %a, i64 8
  %x = call i64 @read(i32 0, ptr %part, i64 4000)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %y = call i64 @read(i32 0, ptr %part, i64 4000)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  ret i64 %y
}

; REMARK: the function calls what returns twice
define i32 @again(ptr %from, ptr %to) {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null) returns_twice
  ret i32 %s
}

; Too small to pay, not marked, not to be optimised, without a switch: nothing to say.
; REMARK-NOT: remark
define i64 @small() {
  %a = alloca [128 x i8]
  call void @llvm.lifetime.start.p0(i64 128, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 128)
  call void @llvm.lifetime.end.p0(i64 128, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  ret i64 %s
}

define i64 @not.marked() {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  ret i64 %s
}

define i64 @left.alone() noinline optnone {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 %x)
  ret i64 %s
}

define i64 @no.switch() {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  ret i64 %x
}
