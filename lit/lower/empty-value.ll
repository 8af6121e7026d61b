; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A value without any bytes is carried too.

declare {} @llvm.stackswitch.suspend.sl_s({})

define {} @test() {
; CHECK: call void @stackswitch_suspend_wide(ptr %{{.*}}, i64 0)
  %r = call {} @llvm.stackswitch.suspend.sl_s({} zeroinitializer)
  ret {} %r
}
