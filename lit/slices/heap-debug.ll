; RUN: %opt -passes=stackswitch-slices,verify -stackswitch-heap-threshold=4096 -S %s | FileCheck %s
; RUN: %opt -passes='default<O2>' -stackswitch-heap-threshold=4096 -S %s | FileCheck %s --check-prefix=O2
; Debuggers find variables on the heap by a variable of the frame that holds the block's address; what
; takes the block belongs to no line.

declare i64 @stackswitch_suspend_i64(i64)
declare i64 @read(i32, ptr, i64)

define i64 @f() !dbg !5 {
; CHECK-LABEL: define i64 @f()
; CHECK: #dbg_declare(ptr %stackswitch.heap, [[A:![0-9]+]], !DIExpression(DW_OP_deref),
; CHECK: #dbg_declare(ptr %stackswitch.heap, [[B:![0-9]+]], !DIExpression(DW_OP_deref, DW_OP_plus_uconst, 4096),
; CHECK: %a = call ptr @stackswitch_frame_alloc(i64 8192, i64 16, ptr %stackswitch.heap), !dbg [[NOWHERE:![0-9]+]]
; CHECK: call void @stackswitch_frame_free(ptr %a), !dbg [[LINE:![0-9]+]]
; O2-LABEL: i64 @f()
; O2: call ptr @stackswitch_frame_alloc(
  %a = alloca [4096 x i8], align 16
  %b = alloca [4096 x i8], align 16
    #dbg_declare(ptr %a, !8, !DIExpression(), !11)
    #dbg_declare(ptr %b, !9, !DIExpression(), !11)
  %x = call i64 @read(i32 0, ptr %a, i64 4096), !dbg !11
  %y = call i64 @read(i32 0, ptr %b, i64 4096), !dbg !11
  %s = call i64 @stackswitch_suspend_i64(i64 %x), !dbg !11
  %z = call i64 @read(i32 1, ptr %a, i64 %s), !dbg !11
  %w = call i64 @read(i32 1, ptr %b, i64 %z), !dbg !11
  ret i64 %w, !dbg !12
}

; Optimised code follows the stores into a variable one by one: it may be a variable of several parts,
; and a part's record says what was stored there last.
define i64 @assigned() !dbg !13 {
; CHECK-LABEL: define i64 @assigned()
; CHECK: #dbg_declare(ptr %stackswitch.heap, [[C:![0-9]+]], !DIExpression(DW_OP_deref),
; CHECK: #dbg_declare(ptr %stackswitch.heap, [[D:![0-9]+]], !DIExpression(DW_OP_deref, DW_OP_plus_uconst, 4096, DW_OP_LLVM_fragment, 64, 32768),
; CHECK-NOT: #dbg_assign
; CHECK: #dbg_value(i64 %x, [[E:![0-9]+]],
; CHECK-NOT: #dbg_assign
; CHECK: ret i64
  %c = alloca [4096 x i8], align 16, !DIAssignID !19
    #dbg_assign(i1 poison, !14, !DIExpression(), !19, ptr %c, !DIExpression(), !17)
  %d = alloca [4096 x i8], align 16, !DIAssignID !20
    #dbg_assign(i1 poison, !15, !DIExpression(DW_OP_LLVM_fragment, 64, 32768), !20, ptr %d, !DIExpression(), !17)
  %x = call i64 @read(i32 0, ptr %c, i64 4096), !dbg !17
    #dbg_value(i64 %x, !16, !DIExpression(), !17)
  store i64 %x, ptr %c, align 8, !dbg !17, !DIAssignID !21
    #dbg_assign(i64 %x, !14, !DIExpression(DW_OP_LLVM_fragment, 0, 64), !21, ptr %c, !DIExpression(), !17)
  %y = call i64 @read(i32 0, ptr %d, i64 4096), !dbg !17
  %s = call i64 @stackswitch_suspend_i64(i64 %y), !dbg !17
  %z = call i64 @read(i32 1, ptr %c, i64 %s), !dbg !17
  %w = call i64 @read(i32 1, ptr %d, i64 %z), !dbg !17
  ret i64 %w, !dbg !18
}

; CHECK-DAG: [[A]] = !DILocalVariable(name: "a"
; CHECK-DAG: [[B]] = !DILocalVariable(name: "b"
; CHECK-DAG: [[NOWHERE]] = !DILocation(line: 0,
; CHECK-DAG: [[LINE]] = !DILocation(line: 9,
; CHECK-DAG: [[C]] = !DILocalVariable(name: "c"
; CHECK-DAG: [[D]] = !DILocalVariable(name: "d"
; CHECK-DAG: [[E]] = !DILocalVariable(name: "e"
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "f.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !{i32 7, !"Dwarf Version", i32 5}
!4 = !DISubroutineType(types: !{})
!5 = distinct !DISubprogram(name: "f", scope: !1, file: !1, line: 3, type: !4, scopeLine: 3, spFlags: DISPFlagDefinition, unit: !0)
!6 = !DIBasicType(name: "char", size: 8, encoding: DW_ATE_signed_char)
!7 = !DICompositeType(tag: DW_TAG_array_type, baseType: !6, size: 32768, elements: !10)
!8 = !DILocalVariable(name: "a", scope: !5, file: !1, line: 4, type: !7)
!9 = !DILocalVariable(name: "b", scope: !5, file: !1, line: 5, type: !7)
!10 = !{!DISubrange(count: 4096)}
!11 = !DILocation(line: 7, scope: !5)
!12 = !DILocation(line: 9, scope: !5)
!13 = distinct !DISubprogram(name: "assigned", scope: !1, file: !1, line: 13, type: !4, scopeLine: 13, spFlags: DISPFlagDefinition, unit: !0)
!14 = !DILocalVariable(name: "c", scope: !13, file: !1, line: 14, type: !7)
!15 = !DILocalVariable(name: "d", scope: !13, file: !1, line: 15, type: !22)
!16 = !DILocalVariable(name: "e", scope: !13, file: !1, line: 16, type: !23)
!17 = !DILocation(line: 17, scope: !13)
!18 = !DILocation(line: 18, scope: !13)
!19 = distinct !DIAssignID()
!20 = distinct !DIAssignID()
!21 = distinct !DIAssignID()
!22 = !DICompositeType(tag: DW_TAG_array_type, baseType: !6, size: 65536, elements: !24)
!23 = !DIBasicType(name: "long", size: 64, encoding: DW_ATE_signed)
!24 = !{!DISubrange(count: 8192)}
