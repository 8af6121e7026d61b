; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; With debug information the error says where in the source it is.

declare void @llvm.stackswitch.destroy(ptr)

define void @test() !dbg !4 {
; CHECK: error: program.c:3:7: in function 'test', instruction 'call void @llvm.stackswitch.destroy(ptr null), !dbg !{{[0-9]+}}': argument 'ctx'
  call void @llvm.stackswitch.destroy(ptr null), !dbg !7
  ret void, !dbg !7
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "program.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "test", scope: !1, file: !1, line: 2, type: !5, unit: !0)
!5 = !DISubroutineType(types: !6)
!6 = !{null}
!7 = !DILocation(line: 3, column: 7, scope: !4)
