; RUN: not %opt -passes=stackswitch-lower -disable-output %s 2>&1 | FileCheck %s
; RUN: not %opt -passes='function(sroa),stackswitch-verify' -disable-output %s 2>&1 | FileCheck %s --check-prefix=EARLY
; Nobody has looked at this module before: what looks wrong is a mistake.

declare ptr @stackswitch_spawn_i8(ptr, ptr, ptr)

define i1 @one(ptr %arg, i1 %first) {
  ret i1 %first
}

; CHECK: error: in function 'narrow', {{.*}}argument 'fn' of 'stackswitch_spawn_i8' is '@one' of type 'i1 (ptr, i1)'
; EARLY: error: in function 'narrow', {{.*}}argument 'fn' of 'stackswitch_spawn_i8' is '@one' of type 'i1 (ptr, i1)'
define ptr @narrow() {
  %ctx = call ptr @stackswitch_spawn_i8(ptr null, ptr @one, ptr null)
  ret ptr %ctx
}
