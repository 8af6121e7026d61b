; RUN: %opt -passes=stackswitch-verify -stackswitch-pointers=sliced -disable-output %s 2>&1 | FileCheck %s
; RUN: %opt -O1 -stackswitch-pointers=sliced -disable-output %s 2>&1 | FileCheck %s
; RUN: %opt -stackswitch-pointers=sliced -passes=stackswitch-lower -disable-output %s 2>&1 | FileCheck %s --check-prefix=NONE --allow-empty
; A context gives another of the same base the address of its own variable. Both places are told,
; once, and the module is compiled.
; NONE-NOT: warning

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)

define i64 @inner(ptr %p, i64 %first) {
  store i64 %first, ptr %p
  ret i64 0
}

define i64 @outer(ptr %base, i64 %first) !dbg !4 {
; CHECK: warning: program.c:7:3: in function 'outer', instruction '%c = call {{.*}}': the address of the local variable '%local = alloca [4 x i64], align 8' gets to another context of the same base, whose stack takes the variable's place; hint: pass memory of the heap, or give the other context a base of its own
; CHECK-NEXT: note: program.c:9:4: in function 'start', instruction '%c = call {{.*}}': this function is started on that base here
; CHECK-NOT: warning
  %local = alloca [4 x i64]
  %p = getelementptr i64, ptr %local, i64 2
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @inner, ptr %p), !dbg !7
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 1), !dbg !7
  %v = load i64, ptr %p
  ret i64 %v
}

define ptr @start() !dbg !8 {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @outer, ptr null), !dbg !9
  ret ptr %c
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "program.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "outer", scope: !1, file: !1, line: 2, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !6)
!6 = !{null}
!7 = !DILocation(line: 7, column: 3, scope: !4)
!8 = distinct !DISubprogram(name: "start", scope: !1, file: !1, line: 8, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!9 = !DILocation(line: 9, column: 4, scope: !8)
