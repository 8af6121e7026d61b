; RUN: not %opt -passes=stackswitch-check -disable-output %s 2>&1 | FileCheck %s
; A pipeline that does not lower is an error, not a failure of the linker.

declare ptr @llvm.stackswitch.current()

define ptr @test() {
; CHECK: error: in function 'test', instruction '%c = call ptr @llvm.stackswitch.current()': 'llvm.stackswitch.current' was not lowered; expected a call of the runtime by now; hint: run stackswitch-lower
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}
