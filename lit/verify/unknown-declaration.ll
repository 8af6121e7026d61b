; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A declaration is wrong even if nothing calls it.

declare void @llvm.stackswitch.yield(ptr)

; CHECK: error: in function 'llvm.stackswitch.yield': unknown intrinsic 'llvm.stackswitch.yield'
