; RUN: %opt -passes=stackswitch-inline,verify -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline,stackswitch-inline -S %s | FileCheck %s
; RUN: %opt -passes=stackswitch-inline -S %s | llc -o - | FileCheck %s --check-prefix=CODE
; RUN: %opt -passes=stackswitch-inline -pass-remarks=stackswitch -disable-output %s 2>&1 | FileCheck %s --check-prefix=REMARK
; REMARK-COUNT-8: remark: {{.*}}: the switch is in place
; Where handlers of exceptions may be around a switch nothing in the assembly throws: it ends with the
; function that is to be called, if one is. The call is outside, with the handlers that the switch had.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

declare ptr @stackswitch_swap(ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i32 @stackswitch_suspend_i32(i32)
declare signext i8 @stackswitch_swap_i8(ptr, i8 signext)
declare i32 @__gxx_personality_v0(...)
declare void @use(ptr)
declare void @cleanup()

define ptr @invoked(ptr %to, ptr %v) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define ptr @invoked(
; CHECK: [[OUT:%.*]] = call { ptr, ptr, ptr, i64, ptr } asm sideeffect alignstack "{{.*}}"(ptr %to, ptr %v, i64 %{{.*}}, ptr @stackswitch_swap)
; CHECK: [[DONE:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 0
; CHECK: [[A:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 1
; CHECK: [[B:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 2
; CHECK: [[F:%.*]] = extractvalue { ptr, ptr, ptr, i64, ptr } [[OUT]], 4
; CHECK: [[IF:%.*]] = icmp ne ptr [[F]], null
; CHECK: br i1 [[IF]], label %[[SLOW:.*]], label %[[AFTER:.*]], !prof
; CHECK: [[SLOW]]:
; CHECK-NEXT: [[CAME:%.*]] = invoke ptr [[F]](ptr [[A]], ptr [[B]])
; CHECK-NEXT: to label %[[AFTER]] unwind label %pad
; CHECK: [[AFTER]]:
; CHECK-NEXT: %r = phi ptr [ [[CAME]], %[[SLOW]] ], [ [[DONE]], %{{.*}} ]
; CHECK-NEXT: br label %done
; CHECK: ret ptr %r
; The runtime's function is called where the assembly has ended, and before the place where the
; context goes on are the mark and the place where it runs a function first.
; CODE-LABEL: invoked:
; CODE: jmpq *(%rdx)
; CODE: jmp [[END:.Ltmp[0-9]+]]
; CODE-NEXT: [[FIRST:.Ltmp[0-9]+]]:
; CODE: movq 48(%rdx), %rbp
; CODE-NEXT: leaq 64(%rdx), %rsp
; CODE-NEXT: jmp [[END]]
; CODE-NEXT: .long 1886352494
; CODE-NEXT: .long [[FIRST]]-[[ON:.Ltmp[0-9]+]]
; CODE-NEXT: [[ON]]:
; CODE: movq 48(%rdx), %rbp
; CODE-NEXT: leaq 64(%rdx), %rsp
; CODE-NEXT: xorl %r11d, %r11d
; CODE-NEXT: [[END]]:
; CODE: #NO_APP
; CODE-NEXT: testq %r11, %r11
; CODE: retq
; CODE: callq *%r11
; CODE: GCC_except_table
  %r = invoke ptr @stackswitch_swap(ptr %to, ptr %v) to label %done unwind label %pad
done:
  ret ptr %r
pad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}

; A call in such a function. Variables of the frame stay in the first block.
define i64 @called(ptr %ctx, i64 %v) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i64 @called(
; CHECK-NEXT: %later = alloca [4 x i64]
; CHECK: call { i64, ptr, i64, i64, ptr } asm sideeffect alignstack "
; CHECK: br i1 %{{.*}}, label %[[SLOW:.*]], label %[[AFTER:.*]], !prof
; CHECK: [[SLOW]]:
; CHECK-NEXT: [[CAME:%.*]] = call i64 %{{.*}}(ptr %{{.*}}, i64 %{{.*}})
; CHECK-NEXT: br label %[[AFTER]]
; CHECK: [[AFTER]]:
; CHECK-NEXT: %r = phi i64 [ [[CAME]], %[[SLOW]] ],
; CHECK-NEXT: call void @use(ptr %later)
  %r = call i64 @stackswitch_resume_i64(ptr %ctx, i64 %v)
  %later = alloca [4 x i64]
  call void @use(ptr %later)
  ret i64 %r
}

; All that the function is given is as wide as a pointer; one that throws nothing says so.
define i32 @suspends(i32 %v) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i32 @suspends(
; CHECK: [[WIDE:%.*]] = zext i32 %v to i64
; CHECK: call { i32, i64, i64, i64, ptr } asm sideeffect alignstack "{{.*}}"(i64 [[WIDE]], i64 %{{.*}}, ptr @stackswitch_suspend_i32)
; CHECK: call i32 %{{.*}}(i64 %{{.*}}, i64 %{{.*}}) [[NOUNWIND:#[0-9]+]]
; CODE-LABEL: suspends:
; CODE: movq %rsi, %rdi
; CODE-NEXT: jmp
  %r = call i32 @stackswitch_suspend_i32(i32 %v) nounwind
  ret i32 %r
}

define i8 @small(ptr %to, i8 %v) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i8 @small(
; CHECK: [[INT:%.*]] = sext i8 %v to i32
; CHECK: [[WIDE:%.*]] = zext i32 [[INT]] to i64
; CHECK: call { i8, ptr, i64, i64, ptr } asm {{.*}}(ptr %to, i64 [[WIDE]],
; CHECK: call i8 %{{.*}}(ptr %{{.*}}, i64 %{{.*}})
  %r = call i8 @stackswitch_swap_i8(ptr %to, i8 signext %v)
  ret i8 %r
}

; The edge of an invoke may lead to where others come too.
define ptr @joined(ptr %to, i1 %c) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define ptr @joined(
; CHECK: other:
; CHECK: br i1 %{{.*}}, label %[[SLOW:.*]], label %[[AFTER:.*]], !prof
; CHECK: [[SLOW]]:
; CHECK-NEXT: [[CAME:%.*]] = invoke
; CHECK-NEXT: to label %[[AFTER]] unwind label %pad
; CHECK: [[AFTER]]:
; CHECK-NEXT: %r = phi ptr [ [[CAME]], %[[SLOW]] ], [ %{{.*}}, %other ]
; CHECK-NEXT: br label %join
; CHECK: join:
; CHECK-NEXT: phi ptr [ null, %entry ], [ %r, %[[AFTER]] ]
; CHECK: pad:
; CHECK-NEXT: phi i32 [ 2, %[[SLOW]] ]
entry:
  br i1 %c, label %join, label %other
other:
  %r = invoke ptr @stackswitch_swap(ptr %to, ptr null) to label %join unwind label %pad
join:
  %p = phi ptr [ null, %entry ], [ %r, %other ]
  ret ptr %p
pad:
  %n = phi i32 [ 2, %other ]
  %e = landingpad { ptr, i32 } catch ptr null
  %q = inttoptr i32 %n to ptr
  ret ptr %q
}

; Two in a row, the second in a handler.
define i64 @again(ptr %to) personality ptr @__gxx_personality_v0 {
; CHECK-LABEL: define i64 @again(
; CHECK-COUNT-2: asm sideeffect alignstack "

entry:
  %r = invoke i64 @stackswitch_resume_i64(ptr %to, i64 1) to label %done unwind label %pad
done:
  ret i64 %r
pad:
  %e = landingpad { ptr, i32 } catch ptr null
  %s = invoke i64 @stackswitch_resume_i64(ptr %to, i64 2) to label %caught unwind label %out
caught:
  ret i64 %s
out:
  %f = landingpad { ptr, i32 } cleanup
  call void @cleanup()
  resume { ptr, i32 } %f
}

; Without handlers all is in the assembly.
define ptr @plain(ptr %to, ptr %v) noinline {
; CHECK-LABEL: define ptr @plain(
; CHECK-NOT: br
; CHECK: asm sideeffect alignstack unwind "
; CHECK-NOT: br
; CHECK: ret ptr
  %r = call ptr @stackswitch_swap(ptr %to, ptr %v)
  ret ptr %r
}
