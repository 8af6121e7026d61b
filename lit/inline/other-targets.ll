; RUN: sed s/TRIPLE/aarch64-unknown-linux-gnu/ %s | %opt -passes=stackswitch-inline -S | FileCheck %s
; RUN: sed s/TRIPLE/i686-unknown-linux-gnu/ %s | %opt -passes=stackswitch-inline -S | FileCheck %s
; RUN: sed s/TRIPLE/x86_64-unknown-linux-gnux32/ %s | %opt -passes=stackswitch-inline -S | FileCheck %s
; RUN: sed s/TRIPLE/x86_64-pc-windows-msvc/ %s | %opt -passes=stackswitch-inline -S | FileCheck %s
; RUN: sed s/TRIPLE/x86_64-apple-macosx14.0.0/ %s | %opt -passes=stackswitch-inline -S | FileCheck %s
; RUN: sed s/TRIPLE/x86_64-unknown-linux-musl/ %s | %opt -passes=stackswitch-inline -S | FileCheck %s --check-prefix=HERE
; Only where the target's switch is known.

target triple = "TRIPLE"

declare ptr @stackswitch_swap(ptr, ptr)

define ptr @test(ptr %to, ptr %v) {
; CHECK: call ptr @stackswitch_swap(
; CHECK-NOT: asm
; HERE: asm
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}
