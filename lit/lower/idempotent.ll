; RUN: %opt -passes=stackswitch-lower -S %s -o %t.once
; RUN: %opt -passes=stackswitch-lower,stackswitch-lower -S %s -o %t.twice
; RUN: diff %t.once %t.twice
; RUN: %opt -passes=stackswitch-lower -S %t.once | sed -e 1d > %t.again
; RUN: sed -e 1d %t.once | diff - %t.again
; Lowering what is lowered changes nothing.

declare ptr @llvm.stackswitch.spawn.i1(ptr, ptr, ptr)
declare i1 @llvm.stackswitch.resume.i1(ptr, i1)
declare i128 @llvm.stackswitch.resume.i128(ptr, i128)
declare i32 @llvm.stackswitch.getcontext(ptr, ptr)
declare fastcc ptr @stackswitch_test_body(ptr, ptr)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare i1 @body(ptr, i1)

define i128 @test(ptr %x) {
  %a = call ptr @llvm.stackswitch.spawn.i1(ptr null, ptr @body, ptr null)
  %b = call i1 @llvm.stackswitch.resume.i1(ptr %a, i1 true)
  %c = call i128 @llvm.stackswitch.resume.i128(ptr %a, i128 1)
  %d = call i32 @llvm.stackswitch.getcontext(ptr %x, ptr null)
  %e = call ptr @llvm.stackswitch.spawn(ptr null, ptr @stackswitch_test_body, ptr null)
  ret i128 %c
}
