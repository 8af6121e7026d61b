; RUN: not %opt -passes=stackswitch-lower -S %s -o %t 2>&1 | FileCheck %s
; Lowering alone refuses a wrong module just as the verifier does, and writes nothing.
; RUN: not test -s %t

declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)

define void @test() {
; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null)'
; CHECK-NOT: error
  %c = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.destroy(ptr null)
  ret void
}
