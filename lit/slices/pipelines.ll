; RUN: %opt -stackswitch-pointers=sliced -O0 -S %s | FileCheck %s --check-prefix=O0
; RUN: %opt -stackswitch-pointers=sliced -O1 -S %s | FileCheck %s
; RUN: %opt -stackswitch-pointers=sliced -O2 -S %s | FileCheck %s
; RUN: %opt -stackswitch-pointers=sliced -O3 -S %s | FileCheck %s
; RUN: %opt -stackswitch-pointers=sliced '-passes=lto<O2>' -S %s | FileCheck %s
; RUN: %opt -stackswitch-pointers=sliced '-passes=thinlto<O2>' -S %s | FileCheck %s
; Optimising pipelines make slices small when functions have become parts of others, and then say
; what is left.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @read(i32, ptr nocapture, i64)

define internal i64 @part() alwaysinline {
  %a = alloca [4096 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  ret i64 %x
}

define i64 @test(i64 %v) {
; O0-NOT: stackrestore
; CHECK: define {{.*}}i64 @test({{.*}} !stackswitch.slice-size [[SIZE:![0-9]+]]
; CHECK: call void @llvm.stackrestore
; CHECK: asm sideeffect
; CHECK: [[SIZE]] = !{i64 1{{[0-9][0-9]}}}
  %x = call i64 @part()
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  %s = add i64 %r, %x
  ret i64 %s
}
