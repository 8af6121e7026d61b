; RUN: %opt '-passes=lto<O2>' -S %s | FileCheck %s
; RUN: %opt '-passes=lto<O0>' -S %s | FileCheck %s --check-prefix=O0
; At link time the optimiser sees the bodies of all modules, also where all is lowered already.

declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)

define internal i64 @body(ptr %arg, i64 %first) {
  %r = add i64 %first, 1
  ret i64 %r
}

define i64 @test() {
; CHECK: ret i64 42
; O0: call ptr @stackswitch_spawn_i64(
  %c = call ptr @stackswitch_spawn_i64(ptr null, ptr @body, ptr null)
  %r = call i64 @stackswitch_resume_i64(ptr %c, i64 41)
  ret i64 %r
}
