; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-opt -disable-output -pass-remarks=stackswitch -pass-remarks-missed=stackswitch %s 2>&1 | FileCheck %s --check-prefix=REMARK
; A switch to the running context is its value.

@global = global i64 0

declare ptr @llvm.stackswitch.current()
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare ptr @llvm.stackswitch.swap(ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr, { i64, i64 })
declare void @use(ptr)

; REMARK: a switch to the running context is its value
define i64 @value(i64 %v) {
; CHECK-LABEL: define i64 @value(
; CHECK-NOT: swap
; CHECK: ret i64 %v
  %c = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %v)
  ret i64 %r
}

; Names of values stay, those of globals above all.
define ptr @of.global() {
; CHECK-LABEL: define ptr @of.global(
; CHECK: ret ptr @global
  %variable = alloca ptr
  %c = call ptr @llvm.stackswitch.current()
  store ptr %c, ptr %variable
  %h = load ptr, ptr %variable
  %r = call ptr @llvm.stackswitch.swap(ptr %h, ptr @global)
  ret ptr %r
}

define { i64, i64 } @structure({ i64, i64 } %v) {
; CHECK-LABEL: define { i64, i64 } @structure(
; CHECK: ret { i64, i64 } %v
  %c = call ptr @llvm.stackswitch.current()
  %r = call { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr %c, { i64, i64 } %v)
  ret { i64, i64 } %r
}

define i64 @jump(ptr %unused, i64 %v) {
; CHECK-LABEL: define i64 @jump(
; CHECK: ret i64 %v
  %c = call ptr @llvm.stackswitch.current()
  %r = musttail call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %v)
  ret i64 %r
}

; REMARK: this may not be a switch to the running context
define i64 @call.between(i64 %v) {
; CHECK-LABEL: define i64 @call.between(
; CHECK: %r = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %v)
  %c = call ptr @llvm.stackswitch.current()
  call void @use(ptr %c)
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %v)
  ret i64 %r
}

define i64 @another(ptr %other, i64 %v) {
; CHECK-LABEL: define i64 @another(
; CHECK: %r = call i64 @llvm.stackswitch.swap.i64(ptr %other, i64 %v)
  %c = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.swap.i64(ptr %other, i64 %v)
  ret i64 %r
}

; An error, which stays one.
define i64 @resume(i64 %v) {
; CHECK-LABEL: define i64 @resume(
; CHECK: %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
  %c = call ptr @llvm.stackswitch.current()
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v)
  ret i64 %r
}
