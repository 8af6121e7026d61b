; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A function between the runtime and a body is described to debuggers if the body is, so that the body can
; become a part of it and still be found. Without debug information it has none.

declare ptr @llvm.stackswitch.spawn.i48(ptr, ptr, ptr)

define internal i48 @plain(ptr %arg, i48 %first) {
  ret i48 %first
}

define internal i48 @body(ptr %arg, i48 %first) !dbg !4 {
  ret i48 %first, !dbg !6
}

define void @test() {
  %a = call ptr @llvm.stackswitch.spawn.i48(ptr null, ptr @body, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i48(ptr null, ptr @plain, ptr null)
  ret void
}

; CHECK: define internal i64 @body.stackswitch.thunk({{.*}} !dbg [[THUNK:![0-9]+]] {
; CHECK: call i48 @body({{.*}}), !dbg [[START:![0-9]+]]
; CHECK: ret i64 {{.*}}, !dbg [[START]]
; CHECK: define internal i64 @plain.stackswitch.thunk(
; CHECK-NOT: !dbg
; CHECK: }
; CHECK: [[UNIT:![0-9]+]] = distinct !DICompileUnit(
; CHECK: [[THUNK]] = distinct !DISubprogram(name: "body.stackswitch.thunk", {{.*}}line: 2, {{.*}}flags: DIFlagArtificial, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition, unit: [[UNIT]]
; CHECK: [[START]] = !DILocation(line: 2, scope: [[THUNK]])

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "program.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !5)
!4 = distinct !DISubprogram(name: "body", scope: !1, file: !1, line: 2, type: !3, unit: !0, spFlags: DISPFlagDefinition | DISPFlagLocalToUnit)
!5 = !{null}
!6 = !DILocation(line: 3, column: 7, scope: !4)
