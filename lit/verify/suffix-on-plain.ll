; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; Only overloaded names take a suffix.

declare ptr @llvm.stackswitch.current.p0()

define void @test() {
  %r = call ptr @llvm.stackswitch.current.p0()
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.current.p0()': 'llvm.stackswitch.current.p0' has a suffix, but 'llvm.stackswitch.current' is not overloaded; expected no suffix; hint: call 'llvm.stackswitch.current'
