; RUN: %opt -disable-output -debug-pass-manager %s 2>&1 -passes='function(require<domtree>),stackswitch-inline,function(require<domtree>)' | FileCheck %s --check-prefixes=CHECK,INLINE
; RUN: %opt -disable-output -debug-pass-manager %s 2>&1 -passes='function(require<domtree>),stackswitch-slices,function(require<domtree>)' | FileCheck %s --check-prefixes=CHECK,SLICES
; RUN: %opt -disable-output -debug-pass-manager %s 2>&1 -passes='function(require<domtree>),stackswitch-slice-size,function(require<domtree>)' | FileCheck %s --check-prefixes=CHECK,SIZE
; What LLVM knows of functions that the late passes do not change it still knows after them.
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare void @use(ptr) "stackswitch-nosuspend"
declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)

; CHECK: Running analysis: DominatorTreeAnalysis on switches
; CHECK: Running analysis: DominatorTreeAnalysis on does_not
; INLINE: Running pass: stackswitch-inline
; SLICES: Running pass: stackswitch-slices
; SIZE: Running pass: stackswitch-slice-size
; INLINE: Running analysis: DominatorTreeAnalysis on switches
; SLICES: Running analysis: DominatorTreeAnalysis on switches
; CHECK-NOT: Running analysis: DominatorTreeAnalysis

define void @switches(ptr %to) {
  %buffer = alloca [512 x i8]
  call void @llvm.lifetime.start.p0(i64 512, ptr %buffer)
  call void @use(ptr %buffer)
  call void @llvm.lifetime.end.p0(i64 512, ptr %buffer)
  %r = call ptr @stackswitch_swap(ptr %to, ptr null)
  ret void
}
define void @does_not(ptr %to) {
  call void @use(ptr %to)
  ret void
}
