; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The runtime's name must not mean something of the module's own.

@stackswitch_current = global i32 0
declare ptr @llvm.stackswitch.current()

define void @test() {
  %r = call ptr @llvm.stackswitch.current()
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.current()': '@stackswitch_current' is something of this module's own; expected the name to be left to the runtime; hint: rename '@stackswitch_current'
