; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A swap needs somewhere to go.

declare i32 @llvm.stackswitch.swapcontext(ptr, ptr, ptr)

define void @test(ptr %from) {
  %r = call i32 @llvm.stackswitch.swapcontext(ptr %from, ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.swapcontext(ptr %from, ptr null, ptr null)': argument 'to' of 'llvm.stackswitch.swapcontext' is null; expected a pointer to a live object
