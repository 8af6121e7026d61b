; invoke of the runtime's names: LLVM's verifier refuses an invoke of an
; unknown llvm.* name, so a front end with exceptions calls the runtime's names.
; No exception is thrown here: the normal edge is taken each time, in a caller
; and in a body that both have cleanups.

@yield = private unnamed_addr constant [12 x i8] c"yield %lld\0A\00"
@cleanup = private unnamed_addr constant [15 x i8] c"a cleanup ran\0A\00"
@end = private unnamed_addr constant [20 x i8] c"end %lld status %d\0A\00"

declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i64 @stackswitch_suspend_i64(i64)
declare i32 @stackswitch_status(ptr)
declare void @stackswitch_destroy(ptr)
declare i32 @printf(ptr, ...)

declare i32 @__gcc_personality_v0(...)

define i64 @body(ptr %unused, i64 %first) personality ptr @__gcc_personality_v0 {
entry:
  br label %loop

loop:
  %v = phi i64 [ %first, %entry ], [ %got, %loop.end ]
  %square = mul i64 %v, %v
  %got = invoke i64 @stackswitch_suspend_i64(i64 %square)
          to label %loop.end unwind label %unwind

loop.end:
  %more = icmp ne i64 %got, 0
  br i1 %more, label %loop, label %done

done:
  ret i64 -1

unwind:
  %pad = landingpad { ptr, i32 } cleanup
  %p = call i32 (ptr, ...) @printf(ptr @cleanup)
  resume { ptr, i32 } %pad
}

define i32 @main() personality ptr @__gcc_personality_v0 {
entry:
  %c = invoke ptr @stackswitch_spawn_i64(ptr null, ptr @body, ptr null)
          to label %loop unwind label %unwind

loop:
  %i = phi i64 [ 5, %entry ], [ %i.next, %again ]
  %v = invoke i64 @stackswitch_resume_i64(ptr %c, i64 %i)
          to label %show unwind label %unwind

show:
  %state = call i32 @stackswitch_status(ptr %c)
  %over = icmp eq i32 %state, 3
  br i1 %over, label %done, label %again

again:
  %p0 = call i32 (ptr, ...) @printf(ptr @yield, i64 %v)
  %i.next = sub i64 %i, 1
  br label %loop

done:
  %p1 = call i32 (ptr, ...) @printf(ptr @end, i64 %v, i32 %state)
  call void @stackswitch_destroy(ptr %c)
  ret i32 0

unwind:
  %pad = landingpad { ptr, i32 } cleanup
  %p2 = call i32 (ptr, ...) @printf(ptr @cleanup)
  resume { ptr, i32 } %pad
}
