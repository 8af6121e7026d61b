; RUN: not %opt -passes=stackswitch-verify -disable-output %s 2>&1 | FileCheck %s
; The type of a known body must fit the overload.

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare double @body(ptr, double)

define void @test() {
  %r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)
  ret void
}

; CHECK: error: in function 'test', instruction '%r = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body, ptr null)': argument 'fn' of 'llvm.stackswitch.spawn.i64' is '@body' of type 'double (ptr, double)'; expected 'i64 (ptr, i64)'; hint: the overload for its result has the suffix '.f64'
