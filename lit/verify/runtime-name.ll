; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; A call of the runtime is checked as the intrinsic is.

declare i64 @stackswitch_swap_i64(ptr, i64)

define void @test() {
  %r = call i64 @stackswitch_swap_i64(ptr null, i64 1)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call i64 @stackswitch_swap_i64(ptr null, i64 1)': argument 'to' of 'stackswitch_swap_i64' is null; expected a pointer to a live object
