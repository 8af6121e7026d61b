; Two contexts that wait in a function with debug information, one parked and one in place, when puts is
; called.
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.base.create(i64)
declare i32 @puts(ptr)
@hi = constant [3 x i8] c"hi\00"
define i64 @inner(i64 %x) noinline !dbg !5 {
  %room = alloca [64 x i8]
  store volatile i8 1, ptr %room, !dbg !11
  %y = call i64 @llvm.stackswitch.suspend.i64(i64 %x), !dbg !10
  %z = load volatile i8, ptr %room, !dbg !11
  %w = sext i8 %z to i64, !dbg !11
  %q = add i64 %w, %y, !dbg !11
  ret i64 %q, !dbg !11
}
define i64 @body(ptr %arg, i64 %x) !dbg !6 {
  %y = call i64 @inner(i64 %x), !dbg !12
  %z = add i64 %y, 1, !dbg !12
  ret i64 %z, !dbg !12
}
define i32 @main() !dbg !7 {
  %base = call ptr @llvm.stackswitch.base.create(i64 1048576), !dbg !13
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null), !dbg !13
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body, ptr null), !dbg !13
  %1 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1), !dbg !13
  %2 = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 1), !dbg !13
  %p = call i32 @puts(ptr @hi), !dbg !13
  %3 = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 1), !dbg !13
  ret i32 0, !dbg !13
}
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "guest.src", directory: "")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !4)
!4 = !{null}
!5 = distinct !DISubprogram(name: "inner", scope: !1, file: !1, line: 1, scopeLine: 1, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!6 = distinct !DISubprogram(name: "body", scope: !1, file: !1, line: 5, scopeLine: 5, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!7 = distinct !DISubprogram(name: "main", scope: !1, file: !1, line: 9, scopeLine: 9, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!10 = !DILocation(line: 2, scope: !5)
!11 = !DILocation(line: 3, scope: !5)
!12 = !DILocation(line: 6, scope: !6)
!13 = !DILocation(line: 10, scope: !7)
