; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; An invoke of the runtime is checked as a call is.

declare i64 @stackswitch_resume_i64(ptr, i64)
declare i32 @__gxx_personality_v0(...)

define void @test(ptr %ctx) personality ptr @__gxx_personality_v0 {
  %r = invoke i64 @stackswitch_resume_i64(ptr null, i64 1)
          to label %done unwind label %cleanup
done:
  ret void
cleanup:
  %pad = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %pad
}

; CHECK: error: in function 'test', instruction '%r = invoke i64 @stackswitch_resume_i64(ptr null, i64 1) to label %done unwind label %cleanup': argument 'ctx' of 'stackswitch_resume_i64' is null
