; RUN: %opt -passes=stackswitch-inline -S %s | FileCheck %s
; A switch in place has the call's place in the source.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)

define ptr @test(ptr %to, ptr %v) !dbg !4 {
; CHECK: load atomic {{.*}}, !dbg [[AT:![0-9]+]]
; CHECK: asm {{.*}}, !dbg [[AT]]
; CHECK: extractvalue {{.*}}, !dbg [[AT]]
; CHECK: [[AT]] = !DILocation(line: 7, column: 3
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v), !dbg !6
  ret ptr %r, !dbg !6
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "test.c", directory: "")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !5)
!4 = distinct !DISubprogram(name: "test", file: !1, line: 6, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!5 = !{null}
!6 = !DILocation(line: 7, column: 3, scope: !4)
