; RUN: %opt -O2 -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt -pass-remarks=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; A context without cleanups that is cancelled may be stackless too: it has finished then.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i32 @llvm.stackswitch.status(ptr)
declare void @llvm.stackswitch.cancel(ptr)
declare void @llvm.stackswitch.destroy(ptr)

define internal i64 @counts(ptr %unused, i64 %first) {
entry:
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 %i)
  %next = add i64 %i, %s
  br label %loop
}

; REMARK: the context of 'counts' is stackless
; CHECK-LABEL: define {{.*}}@ended(
; CHECK-NOT: call
; CHECK: ret i64
define i64 @ended(i64 %n) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  %b = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 5)
  call void @llvm.stackswitch.cancel(ptr %c)
  %s = call i32 @llvm.stackswitch.status(ptr %c)
  call void @llvm.stackswitch.destroy(ptr %c)
  %wide = zext i32 %s to i64
  %sum = add i64 %b, %wide
  ret i64 %sum
}

; It may have finished: that is an error, of which a context has to tell.
; REMARK: the context of 'counts' is stackless
; CHECK-LABEL: define {{.*}}@twice(
; CHECK: call void @stackswitch_cancel(
; CHECK: ret void
define void @twice(i64 %n, i1 %again) {
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @counts, ptr null)
  %a = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %n)
  call void @llvm.stackswitch.cancel(ptr %c)
  br i1 %again, label %more, label %done
more:
  call void @llvm.stackswitch.cancel(ptr %c)
  br label %done
done:
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}
