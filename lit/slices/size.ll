; RUN: %opt -passes=stackswitch-slice-size -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slice-size,stackswitch-slice-size -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-slices,stackswitch-slice-size -S %s | FileCheck %s --check-prefix=POPPED
; RUN: %opt -passes=stackswitch-slice-size -disable-output -pass-remarks-analysis=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; RUN: %opt -passes=stackswitch-slice-size -disable-output -pass-remarks=stackswitch -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=QUIET --allow-empty
; What travels at most is metadata of each switch, of each call that comes to one, and of functions.
; QUIET-NOT: remark

target triple = "x86_64-unknown-linux-gnu"

declare void @llvm.lifetime.start.p0(i64, ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare i64 @stackswitch_suspend_i64(i64)
declare i64 @llvm.stackswitch.slice.size(ptr)
declare i64 @read(i32, ptr nocapture, i64)

; REMARK-DAG: at most 144 bytes of the frame of 'little' travel
define i64 @little() {
; CHECK-LABEL: define i64 @little(
; CHECK-SAME: !stackswitch.slice-size [[LITTLE:![0-9]+]]
; CHECK: suspend.i64(i64 0), !stackswitch.slice-size [[LITTLE]]
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  ret i64 %s
}

; REMARK-DAG: at most 4256 bytes of the frame of 'variable' travel
define i64 @variable() {
; CHECK-LABEL: define i64 @variable(
; CHECK-SAME: !stackswitch.slice-size [[VARIABLE:![0-9]+]]
; POPPED-LABEL: define i64 @variable(
; POPPED-SAME: !stackswitch.slice-size [[VARIABLE:![0-9]+]]
  %a = alloca [4096 x i8], align 16
  call void @llvm.lifetime.start.p0(i64 4096, ptr %a)
  %x = call i64 @read(i32 0, ptr %a, i64 4096)
  call void @llvm.lifetime.end.p0(i64 4096, ptr %a)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  ret i64 %s
}

; The caller's frame travels as well.
; REMARK-DAG: bytes of the frame of 'caller' travel
define i64 @caller() {
; CHECK-LABEL: define i64 @caller(
; CHECK-SAME: !stackswitch.slice-size
; CHECK: call i64 @little(), !stackswitch.slice-size
  %s = call i64 @little()
  ret i64 %s
}

; Memory of no known size counts at the switches where it may be there.
; REMARK-DAG: at most {{[0-9]+}} bytes of the frame of 'dynamic' travel
; REMARK-DAG: any number of bytes of the frame of 'dynamic' may travel: it grows by local variables of no known size
define i64 @dynamic(i64 %n) {
; CHECK-LABEL: define i64 @dynamic(
; CHECK-SAME: !stackswitch.slice-size [[UNBOUNDED:![0-9]+]]
; CHECK: suspend.i64(i64 0), !stackswitch.slice-size [[FIRST:![0-9]+]]
; CHECK: suspend.i64(i64 1), !stackswitch.slice-size [[UNBOUNDED]]
; CHECK: suspend.i64(i64 2), !stackswitch.slice-size [[FIRST]]
entry:
  %saved = call ptr @llvm.stacksave.p0()
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  br label %next
next:
  %a = alloca i8, i64 %n
  %x = call i64 @read(i32 0, ptr %a, i64 %n)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  call void @llvm.stackrestore.p0(ptr %saved)
  %t = call i64 @llvm.stackswitch.suspend.i64(i64 2)
  ret i64 %t
}

; In a loop memory that is given back to a later place may add up.
define i64 @adds.up(i64 %n) {
; CHECK-LABEL: define i64 @adds.up(
; CHECK-SAME: !stackswitch.slice-size [[UNBOUNDED]]
entry:
  br label %turn
turn:
  %a = alloca i8, i64 %n
  %saved = call ptr @llvm.stacksave.p0()
  %x = call i64 @read(i32 0, ptr %a, i64 %n)
  call void @llvm.stackrestore.p0(ptr %saved)
  %s = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  %more = icmp ult i64 %s, 5
  br i1 %more, label %turn, label %done
done:
  ret i64 %s
}

; No switch: nothing to say.
define i64 @none(ptr %ctx) {
; CHECK-LABEL: define i64 @none(
; CHECK-NOT: slice-size !
; CHECK: ret
  %s = call i64 @llvm.stackswitch.slice.size(ptr %ctx)
  ret i64 %s
}
; CHECK-DAG: [[LITTLE]] = !{i64 144}
; CHECK-DAG: [[VARIABLE]] = !{i64 4256}
; CHECK-DAG: [[UNBOUNDED]] = !{!"unbounded"}
; POPPED: [[VARIABLE]] = !{i64 1{{[0-9][0-9]}}}
