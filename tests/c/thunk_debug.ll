; A body that the runtime starts through a function that converts its value.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"
declare ptr @llvm.stackswitch.spawn.i48(ptr, ptr, ptr)
declare i48 @llvm.stackswitch.resume.i48(ptr, i48)
declare i48 @llvm.stackswitch.suspend.i48(i48)
define internal i48 @body(ptr %arg, i48 %first) !dbg !4 {
    #dbg_value(i48 %first, !10, !DIExpression(), !20)
  %x = add i48 %first, 1, !dbg !21
    #dbg_value(i48 %x, !11, !DIExpression(), !21)
  %got = call i48 @llvm.stackswitch.suspend.i48(i48 %x), !dbg !22
    #dbg_value(i48 %got, !12, !DIExpression(), !22)
  %y = add i48 %got, %x, !dbg !23
  ret i48 %y, !dbg !23
}
define i32 @main() !dbg !5 {
  %ctx = call ptr @llvm.stackswitch.spawn.i48(ptr null, ptr @body, ptr null), !dbg !30
  %a = call i48 @llvm.stackswitch.resume.i48(ptr %ctx, i48 5), !dbg !31
    #dbg_value(i48 %a, !13, !DIExpression(), !31)
  %b = call i48 @llvm.stackswitch.resume.i48(ptr %ctx, i48 %a), !dbg !32
  %r = trunc i48 %b to i32, !dbg !33
  ret i32 %r, !dbg !33
}
!llvm.dbg.cu = !{!0}
; The context keeps its stack: this is about how it starts.
!llvm.module.flags = !{!2, !900}
!900 = !{i32 4, !"stackswitch-stackless", i32 0}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug, producer: "x")
!1 = !DIFile(filename: "thunk_debug.ll", directory: "")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !7)
!4 = distinct !DISubprogram(name: "body", scope: !1, file: !1, line: 7, scopeLine: 7, type: !3, unit: !0, spFlags: DISPFlagDefinition|DISPFlagLocalToUnit)
!5 = distinct !DISubprogram(name: "main", scope: !1, file: !1, line: 17, scopeLine: 17, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!6 = !DIBasicType(name: "long", size: 64, encoding: DW_ATE_signed)
!10 = !DILocalVariable(name: "first", arg: 2, scope: !4, file: !1, line: 7, type: !6)
!11 = !DILocalVariable(name: "x", scope: !4, file: !1, line: 9, type: !6)
!12 = !DILocalVariable(name: "got", scope: !4, file: !1, line: 11, type: !6)
!13 = !DILocalVariable(name: "a", scope: !5, file: !1, line: 19, type: !6)
!20 = !DILocation(line: 7, scope: !4)
!21 = !DILocation(line: 9, scope: !4)
!22 = !DILocation(line: 11, scope: !4)
!23 = !DILocation(line: 13, scope: !4)
!30 = !DILocation(line: 18, scope: !5)
!31 = !DILocation(line: 19, scope: !5)
!32 = !DILocation(line: 21, scope: !5)
!33 = !DILocation(line: 22, scope: !5)
!7 = !{null}
