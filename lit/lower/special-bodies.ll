; RUN: %opt -passes=stackswitch-lower,verify -S %s | FileCheck %s
; A known body that is not called like a plain C function is started through one that is.

declare ptr @llvm.stackswitch.spawn.i8(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.spawn.i128(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.ontop.i64(ptr, ptr, i64)

declare zeroext i8 @extended(ptr, i8 zeroext)
declare fastcc i64 @fast(ptr, i64)
declare fastcc i64 @fasttop(i64)
declare fastcc i128 @fastwide(ptr, i128)
declare i64 @plain(ptr, i64)

define void @test(ptr %to) {
; CHECK: call ptr @stackswitch_spawn_i8(ptr null, ptr @extended.stackswitch.thunk, ptr null)
; CHECK: call ptr @stackswitch_spawn_i64(ptr null, ptr @fast.stackswitch.thunk, ptr null)
; CHECK: call ptr @stackswitch_spawn_i64(ptr null, ptr @fast.stackswitch.thunk, ptr null)
; CHECK: call ptr @stackswitch_spawn_i64(ptr null, ptr @plain, ptr null)
; CHECK: call ptr @stackswitch_spawn_wide(ptr null, ptr @fastwide, ptr null, ptr @fastwide.stackswitch.entry)
; CHECK: call i64 @stackswitch_swap_ontop_i64(ptr %to, ptr @fasttop.stackswitch.thunk, i64 1)
  %a = call ptr @llvm.stackswitch.spawn.i8(ptr null, ptr @extended, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @fast, ptr null)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @fast, ptr null)
  %d = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @plain, ptr null)
  %e = call ptr @llvm.stackswitch.spawn.i128(ptr null, ptr @fastwide, ptr null)
  %f = call i64 @llvm.stackswitch.swap.ontop.i64(ptr %to, ptr @fasttop, i64 1)
  ret void
}

; CHECK-DAG: call {{(zeroext )?}}i8 @extended(ptr %{{.*}}, i8 zeroext %{{.*}})
; CHECK-DAG: call fastcc i64 @fast(ptr %{{.*}}, i64 %{{.*}})
; CHECK-DAG: call fastcc i64 @fasttop(i64 %{{.*}})
; CHECK-DAG: call fastcc i128 @fastwide(ptr %{{.*}}, i128 %{{.*}})
