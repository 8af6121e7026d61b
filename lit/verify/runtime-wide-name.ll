; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The forms that go through memory are checked too.

declare void @stackswitch_swap_wide(ptr, ptr)

define void @test(ptr %to) {
  call void @stackswitch_swap_wide(ptr %to, ptr %to)
  ret void
}

; CHECK: error: in function 'test', instruction 'call void @stackswitch_swap_wide(ptr %to, ptr %to)': 'stackswitch_swap_wide' has the wrong type 'void (ptr, ptr)'; expected 'void (ptr, ptr, i64)': it takes 3 argument(s), not 2
