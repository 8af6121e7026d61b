; A strictfp function that has set its rounding mode finds it after a switch,
; although the context that ran meanwhile has set another; a function that is
; not strictfp takes the thread's. Proves that the floating-point control state
; is kept where it is asked for, and there only.

@line = private unnamed_addr constant [17 x i8] c"%s: %s, then %s\0A\00"
@strict = private unnamed_addr constant [7 x i8] c"strict\00"
@plain = private unnamed_addr constant [6 x i8] c"plain\00"
@memory = private unnamed_addr constant [7 x i8] c"memory\00"
@nearest = private unnamed_addr constant [8 x i8] c"nearest\00"
@down = private unnamed_addr constant [5 x i8] c"down\00"
@up = private unnamed_addr constant [3 x i8] c"up\00"
@zero = private unnamed_addr constant [5 x i8] c"zero\00"
; By the number that getround gives: to zero, to nearest, up, down.
@names = private unnamed_addr constant [4 x ptr] [ptr @zero, ptr @nearest, ptr @up, ptr @down]
@one = global double 1.0
@three = global double 3.0

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.spawn.sl_i64i64s(ptr, ptr, ptr)
declare { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr, { i64, i64 })
declare { i64, i64 } @llvm.stackswitch.suspend.sl_i64i64s({ i64, i64 })
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)
declare void @llvm.set.rounding(i32)

; The rounding mode that the machine divides with: what 1/3 and -1/3 become.
define i64 @mode() noinline strictfp {
  %a = load volatile double, ptr @one
  %b = load volatile double, ptr @three
  %minus = fneg double %a
  %pos = call double @llvm.experimental.constrained.fdiv.f64(double %a, double %b, metadata !"round.dynamic", metadata !"fpexcept.strict") strictfp
  %neg = call double @llvm.experimental.constrained.fdiv.f64(double %minus, double %b, metadata !"round.dynamic", metadata !"fpexcept.strict") strictfp
  %p = bitcast double %pos to i64
  %n = bitcast double %neg to i64
  ; 1/3 is ...5555 rounded down or to nearest, ...5556 rounded up.
  %p.up = icmp eq i64 %p, 4599676419421066582
  ; -1/3 is ...5556 in magnitude where it is rounded down.
  %n.down = icmp eq i64 %n, -4623695617433709226
  %r = call i64 @number(i1 %p.up, i1 %n.down) strictfp
  ret i64 %r
}

; 1 to nearest (or to zero, which nobody sets here), 2 up, 3 down.
define i64 @number(i1 %up, i1 %down) noinline strictfp {
  %a = select i1 %down, i64 3, i64 1
  %b = select i1 %up, i64 2, i64 %a
  ret i64 %b
}

define void @say(ptr %who, i64 %before, i64 %after) noinline {
  %p.before = getelementptr [4 x ptr], ptr @names, i64 0, i64 %before
  %p.after = getelementptr [4 x ptr], ptr @names, i64 0, i64 %after
  %t.before = load ptr, ptr %p.before
  %t.after = load ptr, ptr %p.after
  call i32 (ptr, ...) @printf(ptr @line, ptr %who, ptr %t.before, ptr %t.after)
  ret void
}

; Rounds up (2) and suspends.
define i64 @other(ptr %arg, i64 %first) {
  call void @llvm.set.rounding(i32 2)
  %r = call i64 @llvm.stackswitch.suspend.i64(i64 1)
  call void @llvm.set.rounding(i32 2)
  ret i64 %r
}

define { i64, i64 } @other_pair(ptr %arg, { i64, i64 } %first) {
  call void @llvm.set.rounding(i32 2)
  %r = call { i64, i64 } @llvm.stackswitch.suspend.sl_i64i64s({ i64, i64 } %first)
  ret { i64, i64 } %r
}

; Rounds down (3), resumes the other, and looks.
define void @cares(ptr %other) noinline strictfp {
  call void @llvm.set.rounding(i32 3) strictfp
  %before = call i64 @mode() strictfp
  call i64 @llvm.stackswitch.resume.i64(ptr %other, i64 0) strictfp
  %after = call i64 @mode() strictfp
  call void @llvm.set.rounding(i32 1) strictfp
  call void @say(ptr @strict, i64 %before, i64 %after) strictfp
  ret void
}

define void @takes(ptr %other) noinline {
  call void @llvm.set.rounding(i32 3)
  %before = call i64 @mode()
  call i64 @llvm.stackswitch.resume.i64(ptr %other, i64 0)
  %after = call i64 @mode()
  call void @llvm.set.rounding(i32 1)
  call void @say(ptr @plain, i64 %before, i64 %after)
  ret void
}

define void @cares_for_pairs(ptr %other) noinline strictfp {
  call void @llvm.set.rounding(i32 3) strictfp
  %before = call i64 @mode() strictfp
  call { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr %other, { i64, i64 } zeroinitializer) strictfp
  %after = call i64 @mode() strictfp
  call void @llvm.set.rounding(i32 1) strictfp
  call void @say(ptr @memory, i64 %before, i64 %after) strictfp
  ret void
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @other, ptr null)
  call void @cares(ptr %a)
  call void @takes(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %a)
  %b = call ptr @llvm.stackswitch.spawn.sl_i64i64s(ptr null, ptr @other_pair, ptr null)
  call void @cares_for_pairs(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %b)
  ret i32 0
}

declare double @llvm.experimental.constrained.fdiv.f64(double, double, metadata, metadata)
