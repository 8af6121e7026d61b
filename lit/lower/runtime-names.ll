; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; Calls and invokes of the runtime stay, and its declarations get their attributes.

define i64 @test(ptr %ctx) personality ptr @__gxx_personality_v0 {
; CHECK: call i32 @stackswitch_swapcontext(ptr %ctx, ptr %ctx, ptr null) [[TWICE:#[0-9]+]]
; CHECK: %r = invoke i64 @stackswitch_resume_i64(ptr %ctx, i64 1)
; CHECK-NEXT: to label %done unwind label %cleanup
  %c = call ptr @stackswitch_current()
  %s = call i32 @stackswitch_swapcontext(ptr %ctx, ptr %ctx, ptr null)
  %r = invoke i64 @stackswitch_resume_i64(ptr %ctx, i64 1)
          to label %done unwind label %cleanup
done:
  ret i64 %r
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pad
}

declare i32 @stackswitch_swapcontext(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare ptr @stackswitch_current()
declare i32 @__gxx_personality_v0(...)

; CHECK-DAG: declare i32 @stackswitch_swapcontext(ptr, ptr, ptr) [[TWICE]]
; CHECK-DAG: declare i64 @stackswitch_resume_i64(ptr, i64){{$}}
; CHECK-DAG: attributes [[TWICE]] = { returns_twice }
; CHECK-DAG: attributes #{{[0-9]+}} = { nounwind willreturn memory(inaccessiblemem: read) }
