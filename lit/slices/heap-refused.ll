; RUN: %opt -passes=stackswitch-slices,verify -stackswitch-heap-threshold=4096 -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slices -stackswitch-heap-threshold=4096 -disable-output -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: sed 's/^; IR: //' %s | %opt -passes=stackswitch-slices -stackswitch-heap-threshold=4096 -disable-output -pass-remarks=stackswitch 2>&1 | FileCheck %s --check-prefix=FLAG --allow-empty
; Local variables that stay in the frame whatever the threshold is, and a module that wants none.

; IR: !llvm.module.flags = !{!0}
; IR: !0 = !{i32 4, !"stackswitch-heap-threshold", i32 0}
; FLAG-NOT: on the heap

; CHECK-NOT: frame_alloc

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @stackswitch_getcontext(ptr, ptr) returns_twice
declare i64 @read(i32, ptr, i64)
declare ptr @llvm.frameaddress.p0(i32)
declare i64 @setjmp(ptr) returns_twice

; Too small, even if there are many.
define i64 @small() {
  %a = alloca [4095 x i8]
  %b = alloca [4095 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %y = call i64 @read(i32 0, ptr %b, i64 10)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; No switch needs it: it is put below the frame instead.
define i64 @dead() {
  %a = alloca [4096 x i8]
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; Nothing of this switches.
define i64 @plain() {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  ret i64 %x
}

; REMARK: 4096 bytes of local variables stay in the frame: the function calls what returns twice
define i64 @twice() {
  %a = alloca [4096 x i8]
  %x = call i64 @setjmp(ptr %a) returns_twice
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: 4096 bytes of local variables stay in the frame: a call must be the function's last act
define i64 @last(i64 %n) {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %s = musttail call i64 @stackswitch_suspend_i64(i64 %n)
  ret i64 %s
}

; REMARK: 4096 bytes of local variables stay in the frame: the function asks where its frame is
define i64 @asks() {
  %a = alloca [4096 x i8]
  %f = call ptr @llvm.frameaddress.p0(i32 0)
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: 4096 bytes of local variables stay in the frame: the function is always inlined
define i64 @inlined() alwaysinline {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: 4096 bytes of local variables stay in the frame: the function's frame is followed by others
define i64 @sanitized() sanitize_address {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: 4096 bytes of local variables stay in the frame: the function has a garbage collector
define i64 @collected() gc "shadow-stack" {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: a local variable of 4096 bytes stays in the frame: inline assembly has its address
define i64 @assembly() {
  %a = alloca [4096 x i8]
  %p = getelementptr i8, ptr %a, i64 8
  call void asm sideeffect "", "r"(ptr %p)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; REMARK: a local variable of 8192 bytes stays in the frame: something wants it there
define i64 @passed() {
  %a = alloca inalloca [8192 x i8]
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}

; Not to be optimised, so not told of either.
define i64 @plainly() noinline optnone {
  %a = alloca [4096 x i8]
  %x = call i64 @read(i32 0, ptr %a, i64 10)
  %s = call i64 @stackswitch_suspend_i64(i64 1)
  ret i64 %s
}
