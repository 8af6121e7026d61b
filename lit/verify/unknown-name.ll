; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; An unknown name suggests the nearest.

declare void @llvm.stackswitch.resum(ptr)

define void @test(ptr %ctx) {
  call void @llvm.stackswitch.resum(ptr %ctx)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.resum(ptr %ctx)': unknown intrinsic 'llvm.stackswitch.resum'; expected a name of the language reference; hint: the nearest name is 'llvm.stackswitch.resume'
