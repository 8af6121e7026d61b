; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A body whose value is in memory needs a function that starts it.

declare ptr @stackswitch_spawn_wide(ptr, ptr, ptr, ptr)

define void @test(ptr %body) {
; CHECK: error: in function 'test', instruction '%c = call ptr @stackswitch_spawn_wide(ptr null, ptr %body, ptr null, ptr null)': argument 'entry' of 'stackswitch_spawn_wide' is null; expected a function
  %c = call ptr @stackswitch_spawn_wide(ptr null, ptr %body, ptr null, ptr null)
  ret void
}
