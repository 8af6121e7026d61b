; RUN: %opt -passes=stackswitch-verify,stackswitch-lower -S %s | FileCheck %s
; LLVM leaves poison where control never gets to: that is no mistake.

declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @stackswitch_swap_i64(ptr, i64)

; CHECK-LABEL: define void @test
; CHECK: call i64 @stackswitch_resume_i64(ptr poison, i64 poison)
; CHECK: call i64 @stackswitch_swap_i64(ptr poison, i64 1)
define void @test() {
  br i1 false, label %never, label %done
never:
  %a = call i64 @llvm.stackswitch.resume.i64(ptr poison, i64 poison)
  %b = call i64 @stackswitch_swap_i64(ptr poison, i64 1)
  br label %done
done:
  ret void
}
