; A context that is resumed once, whose functions have places in a source that does not exist:
;
;    1  fn leaf(divisor) {            7  fn body(argument, first) {
;    2    return 84 / divisor         8    suspend(2 * leaf(first))
;    3  }                             9  }
;                                   11  fn half(divisor) {
;                                   12    context = spawn(body)
;                                   13    return resume(context, divisor)
;                                   14  }

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)

define internal i64 @leaf(i64 %divisor) noinline !dbg !10 {
  %quotient = sdiv i64 84, %divisor, !dbg !20
  ret i64 %quotient, !dbg !20
}

define internal i64 @_ZN5guest4bodyEv(ptr %argument, i64 %first) noinline !dbg !11 {
  %result = call i64 @leaf(i64 %first), !dbg !21
  %twice = shl i64 %result, 1, !dbg !21
  %got = call i64 @llvm.stackswitch.suspend.i64(i64 %twice), !dbg !21
  ret i64 %got, !dbg !21
}

define i64 @half(i64 %divisor) noinline !dbg !12 {
  %context = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @_ZN5guest4bodyEv, ptr null), !dbg !22
  %result = call i64 @llvm.stackswitch.resume.i64(ptr %context, i64 %divisor), !dbg !23
  call void @llvm.stackswitch.destroy(ptr %context), !dbg !23
  ret i64 %result, !dbg !23
}

define i32 @main(i32 %argc, ptr %argv) !dbg !13 {
  %divisor = add i32 %argc, 3, !dbg !24
  %wide = zext i32 %divisor to i64, !dbg !24
  %half = call i64 @half(i64 %wide), !dbg !24
  %result = trunc i64 %half to i32, !dbg !24
  ret i32 %result, !dbg !24
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3}
!0 = distinct !DICompileUnit(language: DW_LANG_C_plus_plus, file: !1, producer: "by hand", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug)
!1 = !DIFile(filename: "guest.src", directory: "/nowhere")
!2 = !{i32 7, !"Dwarf Version", i32 4}
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = !DISubroutineType(types: !{null})
!10 = distinct !DISubprogram(name: "leaf", scope: !1, file: !1, line: 1, type: !4, scopeLine: 1, spFlags: DISPFlagDefinition, unit: !0)
!11 = distinct !DISubprogram(name: "body", linkageName: "_ZN5guest4bodyEv", scope: !1, file: !1, line: 7, type: !4, scopeLine: 7, spFlags: DISPFlagDefinition, unit: !0)
!12 = distinct !DISubprogram(name: "half", scope: !1, file: !1, line: 11, type: !4, scopeLine: 11, spFlags: DISPFlagDefinition, unit: !0)
!13 = distinct !DISubprogram(name: "main", scope: !1, file: !1, line: 16, type: !4, scopeLine: 16, spFlags: DISPFlagDefinition, unit: !0)
!20 = !DILocation(line: 2, column: 10, scope: !10)
!21 = !DILocation(line: 8, column: 10, scope: !11)
!22 = !DILocation(line: 12, column: 13, scope: !12)
!23 = !DILocation(line: 13, column: 10, scope: !12)
!24 = !DILocation(line: 17, column: 10, scope: !13)
