; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; What runs on top takes the value and returns one.

declare i32 @llvm.stackswitch.swap.ontop.i32(ptr, ptr, i32)
declare i32 @body(ptr, i32)

define void @test(ptr %to) {
  %r = call i32 @llvm.stackswitch.swap.ontop.i32(ptr %to, ptr @body, i32 0)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i32 @llvm.stackswitch.swap.ontop.i32(ptr %to, ptr @body, i32 0)': argument 'fn' of 'llvm.stackswitch.swap.ontop.i32' is '@body' of type 'i32 (ptr, i32)'; expected 'i32 (i32)'
