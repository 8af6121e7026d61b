; RUN: %opt -passes=stackswitch-opt,verify -S %s | FileCheck %s
; The call has the resume's place in the source, or none at all where that has none.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)

define i64 @body(ptr %arg, i64 %first) !dbg !4 {
  ret i64 %first
}

define i64 @test() !dbg !8 {
; CHECK: call i64 @body(ptr null, i64 1), !dbg [[HERE:![0-9]+]]
; CHECK: call i64 @body(ptr null, i64 2), !dbg [[NOWHERE:![0-9]+]]
; CHECK: [[HERE]] = !DILocation(line: 9, column: 4,
; CHECK: [[NOWHERE]] = !DILocation(line: 0,
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1), !dbg !9
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  %s = call i64 @llvm.stackswitch.resume.i64(ptr %d, i64 2)
  ret i64 %r
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "program.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "body", scope: !1, file: !1, line: 2, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !6)
!6 = !{null}
!8 = distinct !DISubprogram(name: "test", scope: !1, file: !1, line: 8, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!9 = !DILocation(line: 9, column: 4, scope: !8)
