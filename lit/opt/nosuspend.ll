; RUN: %opt -passes=stackswitch-opt -S %s | FileCheck %s
; Functions that cannot reach a switch are marked, others are not.

declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.current()
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @unknown()
declare i64 @pure(i64) nounwind memory(none)
declare void @promised() "stackswitch-nosuspend"

; CHECK: define void @leaf(ptr %p) [[NOSUSPEND:#[0-9]+]]
define void @leaf(ptr %p) {
  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 8, i1 false)
  ret void
}
; CHECK: define ptr @calls.leaf(ptr %p) [[NOSUSPEND]]
define ptr @calls.leaf(ptr %p) {
  call void @leaf(ptr %p)
  call void @promised()
  %r = call i64 @pure(i64 1)
  %c = call ptr @llvm.stackswitch.current()
  ret ptr %c
}
; CHECK: define i64 @switches(i64 %v) {
define i64 @switches(i64 %v) {
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 %v)
  ret i64 %r
}
; CHECK: define i64 @calls.switch(i64 %v) {
define i64 @calls.switch(i64 %v) {
  %r = call i64 @switches(i64 %v)
  ret i64 %r
}
; CHECK: define void @calls.unknown() {
define void @calls.unknown() {
  call void @unknown()
  ret void
}
; CHECK: define void @recursive() {
define void @recursive() {
  call void @recursive()
  ret void
}
; A promise is believed, and counts for those that call the function.
; CHECK: define void @promised.recursive() [[NOSUSPEND]]
define void @promised.recursive() "stackswitch-nosuspend" {
  call void @promised.recursive()
  call void @unknown()
  ret void
}
; CHECK: define void @calls.promised() [[NOSUSPEND]]
define void @calls.promised() {
  call void @promised.recursive()
  ret void
}
; CHECK: define linkonce_odr void @replaceable() {
define linkonce_odr void @replaceable() {
  ret void
}
; CHECK: define void @calls.replaceable() {
define void @calls.replaceable() {
  call void @replaceable()
  ret void
}
; CHECK: attributes [[NOSUSPEND]] = { "stackswitch-nosuspend" }
