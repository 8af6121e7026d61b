; RUN: %opt -passes='default<O2>' -S %s | FileCheck %s
; RUN: %opt -passes='default<O2>,default<O2>' -S %s | FileCheck %s
; RUN: %opt -passes='stackswitch-lower,function(sroa,instcombine),stackswitch-verify,stackswitch-opt,stackswitch-lower' \
; RUN:   -S %s | FileCheck %s
; What optimisation shows of a module that has been lowered is no mistake: a function whose values are
; narrower than those that the runtime sends, and a switch to nowhere that control never comes to.

declare ptr @llvm.stackswitch.spawn.i1(ptr, ptr, ptr)
declare i1 @llvm.stackswitch.resume.i1(ptr, i1)

@count = global i64 0

define i1 @one(ptr %arg, i1 %first) noinline {
  %not = xor i1 %first, true
  ret i1 %not
}

define i1 @two(ptr %arg, i1 %first) noinline {
  ret i1 %first
}

; CHECK-LABEL: define {{.*}}@narrow
; CHECK: call ptr @stackswitch_spawn_i8(ptr null, ptr {{.*}}@one, ptr null)
define ptr @narrow() {
  %bit = alloca i1
  store i1 true, ptr %bit
  %is = load i1, ptr %bit
  %fn = select i1 %is, ptr @one, ptr @two
  %ctx = call ptr @llvm.stackswitch.spawn.i1(ptr null, ptr %fn, ptr null)
  ret ptr %ctx
}

; CHECK-LABEL: define {{.*}}@nowhere
; CHECK: call i8 @stackswitch_resume_i8(ptr null,
define void @nowhere() {
  %ctx = alloca ptr
  store ptr null, ptr %ctx
  %n = load volatile i64, ptr @count
  %some = icmp ne i64 %n, 0
  br i1 %some, label %resume, label %done
resume:
  %to = load ptr, ptr %ctx
  %r = call i1 @llvm.stackswitch.resume.i1(ptr %to, i1 true)
  br label %done
done:
  ret void
}

; CHECK: !{i32 4, !"stackswitch-lowered", i32 1}
