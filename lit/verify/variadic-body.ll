; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The runtime passes a body no variable arguments.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @body(ptr, i64, ...)

define void @test() {
  %r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)': argument 'fn' of 'llvm.stackswitch.spawn.i64' is '@body' of type 'i64 (ptr, i64, ...)'; expected 'i64 (ptr, i64)'
