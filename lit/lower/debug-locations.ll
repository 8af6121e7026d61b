; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; Every instruction that a call becomes has the call's location; the buffer has none.

declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i1 @llvm.stackswitch.suspend.i1(i1)
declare { i64, i64 } @llvm.stackswitch.suspend.sl_i64i64s({ i64, i64 })

define void @test({ i64, i64 } %pair) !dbg !4 {
; CHECK: alloca [16 x i8], align 16{{$}}
; CHECK: call i64 @stackswitch_suspend_i64(i64 1), !dbg [[LOC:![0-9]+]]
; CHECK: call i8 @stackswitch_suspend_i8(i8 {{.*}}), !dbg [[LOC]]
; CHECK-NEXT: trunc i8 {{.*}}, !dbg [[LOC]]
; CHECK: store { i64, i64 } %pair, ptr {{.*}}, !dbg [[LOC]]
; CHECK-NEXT: call void @stackswitch_suspend_wide(ptr {{.*}}, i64 16), !dbg [[LOC]]
; CHECK-NEXT: load { i64, i64 }, ptr {{.*}}, !dbg [[LOC]]
; CHECK: [[LOC]] = !DILocation(line: 3, column: 7
  %a = call i64 @llvm.stackswitch.suspend.i64(i64 1), !dbg !7
  %b = call i1 @llvm.stackswitch.suspend.i1(i1 true), !dbg !7
  %c = call { i64, i64 } @llvm.stackswitch.suspend.sl_i64i64s({ i64, i64 } %pair), !dbg !7
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
