; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A suffix is a type as LLVM mangles it.

declare double @llvm.stackswitch.suspend.double(double)

define void @test() {
  %r = call double @llvm.stackswitch.suspend.double(double 1.000000e+00)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call double @llvm.stackswitch.suspend.double(double 1.000000e+00)': the suffix '.double' of 'llvm.stackswitch.suspend' names no type; expected a type as LLVM mangles it, such as '.i64' or '.p0'; hint: write '.f64'
