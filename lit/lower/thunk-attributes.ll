; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A generated function runs on the same kind of machine as the function it is for, since that
; decides in which registers vectors are passed, and can be unwound through.

declare ptr @llvm.stackswitch.spawn.v8f32(ptr, ptr, ptr)

define void @first(ptr %body) #0 {
; CHECK: call ptr @stackswitch_spawn_wide(ptr null, ptr %body, ptr null, ptr @stackswitch.entry.v8f32)
  %a = call ptr @llvm.stackswitch.spawn.v8f32(ptr null, ptr %body, ptr null)
  ret void
}

define void @second(ptr %body) #1 {
; CHECK: call ptr @stackswitch_spawn_wide(ptr null, ptr %body, ptr null, ptr @stackswitch.entry.v8f32.1)
  %a = call ptr @llvm.stackswitch.spawn.v8f32(ptr null, ptr %body, ptr null)
  ret void
}

define <8 x float> @known(ptr %arg, <8 x float> %first) #0 {
  ret <8 x float> %first
}

define void @third() #1 {
; CHECK: call ptr @stackswitch_spawn_wide(ptr null, ptr @known, ptr null, ptr @stackswitch.entry.v8f32)
  %a = call ptr @llvm.stackswitch.spawn.v8f32(ptr null, ptr @known, ptr null)
  ret void
}

; CHECK: define internal void @stackswitch.entry.v8f32(ptr %0, ptr %1, ptr %2) [[WITH:#[0-9]+]]
; CHECK: define internal void @stackswitch.entry.v8f32.1(ptr %0, ptr %1, ptr %2) [[OTHER:#[0-9]+]]
; CHECK-DAG: attributes [[WITH]] = { uwtable "target-features"="+avx" }
; CHECK-DAG: attributes [[OTHER]] = { "target-features"="+sse2" }
attributes #0 = { uwtable "target-features"="+avx" }
attributes #1 = { "target-features"="+sse2" }
