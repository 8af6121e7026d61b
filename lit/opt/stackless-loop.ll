; RUN: %opt -O2 -S %s | FileCheck %s
; RUN: %opt -O3 -S %s | FileCheck %s
; RUN: %opt "-passes=thinlto-pre-link<O2>,thinlto<O2>" -S %s | FileCheck %s
; RUN: %opt "-passes=lto-pre-link<O2>,lto<O2>" -S %s | FileCheck %s
; A generator that is summed by its consumer ends as the plain loop: no call, no switch.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.destroy(ptr)

define internal i64 @integers(ptr %arg, i64 %first) {
entry:
  %n = load i64, ptr %arg
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %more ]
  %end = icmp eq i64 %i, %n
  br i1 %end, label %done, label %more
more:
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, 1
  br label %head
done:
  ret i64 0
}

define i64 @sum(i64 %n) {
; CHECK-LABEL: define i64 @sum(
; CHECK-NOT: {{ (call|switch|alloca|load|store) }}
; CHECK: }
entry:
  %limit = alloca i64
  store i64 %n, ptr %limit
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @integers, ptr %limit)
  br label %loop
loop:
  %sum = phi i64 [ 0, %entry ], [ %plus, %more ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  %state = call i32 @llvm.stackswitch.status(ptr %c)
  %end = icmp eq i32 %state, 3
  br i1 %end, label %done, label %more
more:
  %plus = add i64 %sum, %v
  br label %loop
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %sum
}

; One that cannot be folded: each step is done once.
define internal i64 @random(ptr %arg, i64 %first) {
entry:
  br label %loop
loop:
  %x = phi i64 [ %first, %entry ], [ %x3, %loop ]
  %a = shl i64 %x, 13
  %x1 = xor i64 %x, %a
  %b = lshr i64 %x1, 7
  %x2 = xor i64 %x1, %b
  %c = shl i64 %x2, 17
  %x3 = xor i64 %x2, %c
  %sent = call i64 @llvm.stackswitch.suspend.i64(i64 %x3)
  br label %loop
}

define i64 @mix(i64 %n) {
; CHECK-LABEL: define i64 @mix(
; CHECK-NOT: {{ (call|switch|alloca|load|store) }}
; CHECK: br label
; CHECK: lshr i64
; CHECK-NOT: {{ (call|switch|alloca|load|store|lshr) }}
; CHECK: }
entry:
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @random, ptr null)
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %plus, %loop ]
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  %plus = add i64 %sum, %v
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 1000
  br i1 %more, label %loop, label %done
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i64 %plus
}
