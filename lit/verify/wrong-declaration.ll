; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The type of a declaration is wrong even if nothing calls it.

declare i32 @llvm.stackswitch.current()

; CHECK: error: in function 'llvm.stackswitch.current': 'llvm.stackswitch.current' has the wrong type 'i32 ()'; expected 'ptr ()'
