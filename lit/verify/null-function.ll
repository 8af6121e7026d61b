; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A null function cannot be started.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)

define void @test() {
  %r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr null, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr null, ptr null)': argument 'fn' of 'llvm.stackswitch.spawn.i64' is null; expected a function
