; A strictfp function that has set its rounding mode finds it after a switch in
; the x87 unit of x86-64 too. Proves that the control word is kept. For this CPU
; only.

@line = private unnamed_addr constant [13 x i8] c"%s, then %s\0A\00"
@nearest = private unnamed_addr constant [8 x i8] c"nearest\00"
@down = private unnamed_addr constant [5 x i8] c"down\00"
@up = private unnamed_addr constant [3 x i8] c"up\00"
@zero = private unnamed_addr constant [5 x i8] c"zero\00"
; By the number that getround gives: to zero, to nearest, up, down.
@names = private unnamed_addr constant [4 x ptr] [ptr @zero, ptr @nearest, ptr @up, ptr @down]
@wide_one = global x86_fp80 0xK3FFF8000000000000000
@wide_three = global x86_fp80 0xK4000C000000000000000

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare void @llvm.set.rounding(i32)

; The rounding mode that the unit divides with: what 1/3 and -1/3 become.
define i64 @mode() noinline strictfp {
  %a = load volatile x86_fp80, ptr @wide_one
  %b = load volatile x86_fp80, ptr @wide_three
  %minus = fneg x86_fp80 %a
  %pos = call x86_fp80 @llvm.experimental.constrained.fdiv.f80(x86_fp80 %a, x86_fp80 %b, metadata !"round.dynamic", metadata !"fpexcept.strict") strictfp
  %neg = call x86_fp80 @llvm.experimental.constrained.fdiv.f80(x86_fp80 %minus, x86_fp80 %b, metadata !"round.dynamic", metadata !"fpexcept.strict") strictfp
  %p = bitcast x86_fp80 %pos to i80
  %n = bitcast x86_fp80 %neg to i80
  %p.low = trunc i80 %p to i64
  %n.low = trunc i80 %n to i64
  ; The significand of 1/3 is aaaa...aaaa rounded down, ...aaab rounded up or to nearest.
  %p.more = icmp eq i64 %p.low, -6148914691236517205
  %n.more = icmp eq i64 %n.low, -6148914691236517205
  %both = and i1 %p.more, %n.more
  %p.up = xor i1 %p.more, %both
  %n.down = xor i1 %n.more, %both
  %r = call i64 @number(i1 %p.up, i1 %n.down) strictfp
  ret i64 %r
}

; 1 to nearest (or to zero, which nobody sets here), 2 up, 3 down.
define i64 @number(i1 %up, i1 %down) noinline strictfp {
  %a = select i1 %down, i64 3, i64 1
  %b = select i1 %up, i64 2, i64 %a
  ret i64 %b
}

define void @say(i64 %before, i64 %after) noinline {
  %p.before = getelementptr [4 x ptr], ptr @names, i64 0, i64 %before
  %p.after = getelementptr [4 x ptr], ptr @names, i64 0, i64 %after
  %t.before = load ptr, ptr %p.before
  %t.after = load ptr, ptr %p.after
  call i32 (ptr, ...) @printf(ptr @line, ptr %t.before, ptr %t.after)
  ret void
}

; Rounds up (2) and suspends.
define i64 @other(ptr %arg, i64 %first) {
  call void @llvm.set.rounding(i32 2)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  call void @llvm.set.rounding(i32 2)
  ret i64 %r
}

; Rounds down (3), resumes the other, and looks.
define void @cares(ptr %other) noinline strictfp {
  call void @llvm.set.rounding(i32 3) strictfp
  %before = call i64 @mode() strictfp
  call i64 @llvm.stackswitch.resume.i64(ptr %other, i64 0) strictfp
  %after = call i64 @mode() strictfp
  call void @llvm.set.rounding(i32 1) strictfp
  call void @say(i64 %before, i64 %after) strictfp
  ret void
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)
  call void @cares(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %a)
  ret i32 0
}

declare x86_fp80 @llvm.experimental.constrained.fdiv.f80(x86_fp80, x86_fp80, metadata, metadata)
