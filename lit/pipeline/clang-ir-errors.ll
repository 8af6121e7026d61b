; RUN: rm -f %t.o
; RUN: not %clang -Wno-override-module -O2 -c %s -o %t.o 2>&1 | FileCheck %s
; RUN: not ls %t.o
; clang reports every mistake once and writes no object.

declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.stackswitch.cancel(ptr)

define void @test() {
; CHECK-DAG: error: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null)'
; CHECK-DAG: error: in function 'test', instruction 'call void @llvm.stackswitch.cancel(ptr null)'
; CHECK-DAG: 2 errors generated
  %c = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.destroy(ptr null)
  call void @llvm.stackswitch.cancel(ptr null)
  ret void
}
