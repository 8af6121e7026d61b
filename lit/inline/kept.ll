; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -pass-remarks-missed=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; Where a switch cannot or should not be in place the call stays.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare double @stackswitch_suspend_f64(double)
declare void @stackswitch_suspend_wide(ptr, i64)
declare ptr @stackswitch_swap_ontop(ptr, ptr, ptr)
declare i32 @setjmp(ptr) returns_twice
declare i32 @stackswitch_swapcontext(ptr, ptr, ptr)
declare i32 @__gxx_personality_v0(...)
declare i32 @__CxxFrameHandler3(...)

; CHECK-NOT: asm
; CHECK-NOT: stackswitch_resident

; REMARK-DAG: the switch is a call: the function handles exceptions{{$}}
; REMARK-DAG: the switch is a call: the function handles exceptions{{$}}
define i32 @invoked(ptr %from, ptr %to) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i32 @invoked(
; CHECK: invoke i32 @stackswitch_swapcontext(
  %r = invoke i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null) to label %done unwind label %pad
done:
  ret i32 %r
pad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}

define i32 @handles(ptr %from, ptr %to) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i32 @handles(
; CHECK: call i32 @stackswitch_swapcontext(
  %r = call i32 @stackswitch_swapcontext(ptr %from, ptr %to, ptr null)
  ret i32 %r
}

; REMARK-DAG: the switch is a call: the function handles exceptions in parts of itself
define ptr @funclets(ptr %to, ptr %v) personality ptr @__CxxFrameHandler3 {
; CHECK-LABEL: define ptr @funclets(
; CHECK: invoke ptr @stackswitch_swap(
  %r = invoke ptr @stackswitch_swap(ptr %to, ptr %v) to label %done unwind label %pad
done:
  ret ptr %r
pad:
  %e = cleanuppad within none []
  cleanupret from %e unwind to caller
}

; REMARK-DAG: the switch is a call: the function is recursive, and its frames would be larger
define ptr @recursive(ptr %to, ptr %v) {
; CHECK-LABEL: define ptr @recursive(
; CHECK: call ptr @stackswitch_swap(
  %deeper = call ptr @recursive(ptr %to, ptr %v)
  %r = call ptr @stackswitch_swap(ptr %to, ptr %deeper)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: it must become a jump
define ptr @musttail(ptr %to, ptr %v) {
; CHECK: musttail call ptr @stackswitch_swap(
  %r = musttail call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: the function is not to be optimised
define ptr @not_optimised(ptr %to, ptr %v) optnone noinline {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: the function is to be small
define ptr @small(ptr %to, ptr %v) optsize {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: the function is to be small
define ptr @smallest(ptr %to, ptr %v) minsize {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: a sanitizer follows the function
define ptr @sanitized(ptr %to, ptr %v) sanitize_address {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: the function calls what returns twice
define ptr @returns_twice(ptr %to, ptr %buffer) {
; CHECK: call ptr @stackswitch_swap(
  %twice = call i32 @setjmp(ptr %buffer)
  %r = call ptr @stackswitch_swap(ptr %to, ptr null)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: the function has a garbage collector
define ptr @collected(ptr %to, ptr %v) gc "statepoint-example" {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

define ptr @another_type(ptr %to) {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, i64 0)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: it has another calling convention
define ptr @another_convention(ptr %to, ptr %v) {
; CHECK: call fastcc ptr @stackswitch_swap(
  %r = call fastcc ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}

; REMARK-DAG: the switch is a call: it has operand bundles
define ptr @bundle(ptr %to, ptr %v) {
; CHECK: call ptr @stackswitch_swap(
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v) [ "deopt"(i32 0) ]
  ret ptr %r
}

define double @in_memory(ptr %to, ptr %fn, double %v) {
; CHECK: call double @stackswitch_suspend_f64(
; CHECK: call void @stackswitch_suspend_wide(
; CHECK: call ptr @stackswitch_swap_ontop(
  %r = call double @stackswitch_suspend_f64(double %v)
  call void @stackswitch_suspend_wide(ptr %to, i64 8)
  %o = call ptr @stackswitch_swap_ontop(ptr %to, ptr %fn, ptr null)
  ret double %r
}
