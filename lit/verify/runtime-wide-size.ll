; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A value in memory is no larger than a switch carries.

declare void @stackswitch_suspend_wide(ptr, i64)

define void @test(ptr %value) {
; CHECK: error: in function 'test', instruction 'call void @stackswitch_suspend_wide(ptr %value, i64 65)': argument 'size' of 'stackswitch_suspend_wide' is 65; expected at most 64
  call void @stackswitch_suspend_wide(ptr %value, i64 65)
  ret void
}
