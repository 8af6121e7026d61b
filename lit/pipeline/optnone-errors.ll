; RUN: not %opt -O0 -disable-output %s 2>&1 | FileCheck %s
; RUN: not %opt -O2 -disable-output %s 2>&1 | FileCheck %s
; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; RUN: not %opt -passes=stackswitch-check -disable-output %s 2>&1 | FileCheck %s --check-prefix=LEFT
; RUN: not %opt -O2 -opt-bisect-limit=0 -disable-output %s 2>&1 | FileCheck %s
; Functions that are not to be optimised are checked too.

declare void @llvm.stackswitch.destroy(ptr)

define void @test() noinline optnone {
; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null)'
; LEFT: error: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null)': 'llvm.stackswitch.destroy' was not lowered
  call void @llvm.stackswitch.destroy(ptr null)
  ret void
}
