; RUN: rm -f %t.o
; RUN: not %clang -Wno-override-module -O2 -c %s -o %t.o 2>&1 | FileCheck %s
; RUN: not ls %t.o
; clang reports every mistake once, in order, and writes no object.

declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)
declare void @llvm.stackswitch.cancel(ptr)

define void @test() {
; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.cancel(ptr null)'
; CHECK: error: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null)'
; CHECK: 2 errors generated
  %c = call ptr @llvm.stackswitch.current()
  call void @llvm.stackswitch.cancel(ptr null)
  call void @llvm.stackswitch.destroy(ptr null)
  ret void
}
