; The runtime's own names, as C uses them, called from IR: the passes treat
; stackswitch_swap_i64 as llvm.stackswitch.swap.i64, and a program may mix both.
; Typed forms for 32 and 64 bits and double, the untyped form for pointers,
; and the wide form, whose value is passed through memory.

@i32.text = private unnamed_addr constant [11 x i8] c"i32 %d %d\0A\00"
@i64.text = private unnamed_addr constant [15 x i8] c"i64 %lld %lld\0A\00"
@f64.text = private unnamed_addr constant [18 x i8] c"double %.2f %.2f\0A\00"
@ptr.text = private unnamed_addr constant [11 x i8] c"ptr %s %s\0A\00"
@wide.text = private unnamed_addr constant [21 x i8] c"wide %lld %lld %lld\0A\00"
@mixed = private unnamed_addr constant [28 x i8] c"mixed %lld %lld, status %d\0A\00"
@hello = private unnamed_addr constant [6 x i8] c"hello\00"
@bye = private unnamed_addr constant [4 x i8] c"bye\00"

declare ptr @stackswitch_base_create(i64)
declare void @stackswitch_base_destroy(ptr)
declare ptr @stackswitch_spawn(ptr, ptr, ptr)
declare ptr @stackswitch_resume(ptr, ptr)
declare ptr @stackswitch_suspend(ptr)
declare ptr @stackswitch_spawn_i32(ptr, ptr, ptr)
declare i32 @stackswitch_resume_i32(ptr, i32)
declare i32 @stackswitch_suspend_i32(i32)
declare ptr @stackswitch_spawn_i64(ptr, ptr, ptr)
declare i64 @stackswitch_resume_i64(ptr, i64)
declare i64 @stackswitch_swap_i64(ptr, i64)
declare ptr @stackswitch_spawn_f64(ptr, ptr, ptr)
declare double @stackswitch_resume_f64(ptr, double)
declare double @stackswitch_suspend_f64(double)
declare ptr @stackswitch_spawn_wide(ptr, ptr, ptr, ptr)
declare void @stackswitch_resume_wide(ptr, ptr, i64)
declare void @stackswitch_suspend_wide(ptr, i64)
declare ptr @stackswitch_current()
declare ptr @stackswitch_link(ptr)
declare i32 @stackswitch_status(ptr)
declare void @stackswitch_destroy(ptr)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

define i32 @body.i32(ptr %unused, i32 %first) {
  %v = call i32 @stackswitch_suspend_i32(i32 %first)
  %r = mul i32 %v, 2
  ret i32 %r
}

define i64 @body.i64(ptr %unused, i64 %first) {
  %self = call ptr @stackswitch_current()
  %link = call ptr @stackswitch_link(ptr %self)
  %v = call i64 @stackswitch_swap_i64(ptr %link, i64 %first)
  %r = mul i64 %v, 2
  ret i64 %r
}

define double @body.f64(ptr %unused, double %first) {
  %v = call double @stackswitch_suspend_f64(double %first)
  %r = fmul double %v, 2.0
  ret double %r
}

define ptr @body.ptr(ptr %unused, ptr %first) {
  %v = call ptr @stackswitch_suspend(ptr %first)
  ret ptr %v
}

; The body of the wide form has no T in its type: this one takes the slot.
define void @entry.wide(ptr %fn, ptr %arg, ptr %slot) {
  call void %fn(ptr %arg, ptr %slot)
  ret void
}

; Adds one to each of the three words, twice.
define void @body.wide(ptr %unused, ptr %slot) {
  %w = alloca [3 x i64], align 16
  %v0 = load [3 x i64], ptr %slot
  store [3 x i64] %v0, ptr %w
  call void @increment(ptr %w)
  call void @stackswitch_suspend_wide(ptr %w, i64 24)
  call void @increment(ptr %w)
  %v1 = load [3 x i64], ptr %w
  store [3 x i64] %v1, ptr %slot
  ret void
}

define void @increment(ptr %w) noinline {
  %p1 = getelementptr i64, ptr %w, i64 1
  %p2 = getelementptr i64, ptr %w, i64 2
  %a = load i64, ptr %w
  %b = load i64, ptr %p1
  %c = load i64, ptr %p2
  %a1 = add i64 %a, 1
  %b1 = add i64 %b, 1
  %c1 = add i64 %c, 1
  store i64 %a1, ptr %w
  store i64 %b1, ptr %p1
  store i64 %c1, ptr %p2
  ret void
}

define void @show.wide(ptr %w) noinline {
  %p1 = getelementptr i64, ptr %w, i64 1
  %p2 = getelementptr i64, ptr %w, i64 2
  %a = load i64, ptr %w
  %b = load i64, ptr %p1
  %c = load i64, ptr %p2
  %p = call i32 (ptr, ...) @printf(ptr @wide.text, i64 %a, i64 %b, i64 %c)
  ret void
}

define i32 @main() {
  %base = call ptr @stackswitch_base_create(i64 1048576)

  %a = call ptr @stackswitch_spawn_i32(ptr %base, ptr @body.i32, ptr null)
  %a0 = call i32 @stackswitch_resume_i32(ptr %a, i32 11)
  %a1 = call i32 @stackswitch_resume_i32(ptr %a, i32 -12)
  %p0 = call i32 (ptr, ...) @printf(ptr @i32.text, i32 %a0, i32 %a1)
  call void @stackswitch_destroy(ptr %a)

  %b = call ptr @stackswitch_spawn_i64(ptr %base, ptr @body.i64, ptr null)
  %b0 = call i64 @stackswitch_resume_i64(ptr %b, i64 5000000000)
  %b1 = call i64 @stackswitch_resume_i64(ptr %b, i64 -6000000000)
  %p1 = call i32 (ptr, ...) @printf(ptr @i64.text, i64 %b0, i64 %b1)
  call void @stackswitch_destroy(ptr %b)

  %c = call ptr @stackswitch_spawn_f64(ptr %base, ptr @body.f64, ptr null)
  %c0 = call double @stackswitch_resume_f64(ptr %c, double 1.25)
  %c1 = call double @stackswitch_resume_f64(ptr %c, double 2.25)
  %p2 = call i32 (ptr, ...) @printf(ptr @f64.text, double %c0, double %c1)
  call void @stackswitch_destroy(ptr %c)

  %d = call ptr @stackswitch_spawn(ptr %base, ptr @body.ptr, ptr null)
  %d0 = call ptr @stackswitch_resume(ptr %d, ptr @hello)
  %d1 = call ptr @stackswitch_resume(ptr %d, ptr @bye)
  %p3 = call i32 (ptr, ...) @printf(ptr @ptr.text, ptr %d0, ptr %d1)
  call void @stackswitch_destroy(ptr %d)

  %w = alloca [3 x i64], align 16
  store [3 x i64] [i64 10, i64 20, i64 30], ptr %w
  %e = call ptr @stackswitch_spawn_wide(ptr %base, ptr @body.wide, ptr null, ptr @entry.wide)
  call void @stackswitch_resume_wide(ptr %e, ptr %w, i64 24)
  call void @show.wide(ptr %w)
  store [3 x i64] [i64 100, i64 200, i64 300], ptr %w
  call void @stackswitch_resume_wide(ptr %e, ptr %w, i64 24)
  call void @show.wide(ptr %w)
  call void @stackswitch_destroy(ptr %e)

  ; An intrinsic's context through the runtime's names, and the other way round.
  %f = call ptr @llvm.stackswitch.spawn.i64(ptr %base, ptr @body.i64, ptr null)
  %f0 = call i64 @stackswitch_resume_i64(ptr %f, i64 1)
  %f1 = call i64 @llvm.stackswitch.resume.i64(ptr %f, i64 2)
  %state = call i32 @stackswitch_status(ptr %f)
  %p4 = call i32 (ptr, ...) @printf(ptr @mixed, i64 %f0, i64 %f1, i32 %state)
  call void @llvm.stackswitch.destroy(ptr %f)
  call void @stackswitch_base_destroy(ptr %base)
  ret i32 0
}
