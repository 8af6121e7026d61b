; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; What a call says besides its operands stays, whichever way its value travels.

declare ptr @llvm.stackswitch.suspend(ptr)
declare i1 @llvm.stackswitch.suspend.i1(i1)
declare i128 @llvm.stackswitch.suspend.i128(i128)

define void @test(ptr %p) {
; CHECK: notail call nonnull ptr @stackswitch_suspend(ptr noundef %p) [[ATTRS:#[0-9]+]] [ "tag"(i32 7) ], !note [[NOTE:![0-9]+]]
; CHECK: notail call i8 @stackswitch_suspend_i8(i8 1) [[ATTRS]] [ "tag"(i32 7) ], !note [[NOTE]]{{$}}
; CHECK: notail call void @stackswitch_suspend_wide(ptr %{{.*}}, i64 16) [[ATTRS]] [ "tag"(i32 7) ], !note [[NOTE]]
; CHECK: attributes [[ATTRS]] = { cold }
  %a = notail call nonnull ptr @llvm.stackswitch.suspend(ptr noundef %p) cold [ "tag"(i32 7) ], !note !0
  %b = notail call i1 @llvm.stackswitch.suspend.i1(i1 zeroext true) cold [ "tag"(i32 7) ], !note !0, !range !1
  %c = notail call i128 @llvm.stackswitch.suspend.i128(i128 1) cold [ "tag"(i32 7) ], !note !0
  ret void
}

!0 = !{!"kept"}
!1 = !{i1 true, i1 false}
