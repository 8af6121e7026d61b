; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The body is known through aliases too.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
define i32 @body(ptr %arg, i32 %first) {
  ret i32 %first
}
@other = alias i32 (ptr, i32), ptr @body

define void @test() {
  %r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)': argument 'fn' of 'llvm.stackswitch.spawn.i64' is '@body' of type 'i32 (ptr, i32)'; expected 'i64 (ptr, i64)'
