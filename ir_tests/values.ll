; Scalars of every kind travel both ways, with resume, swap and suspend: integers
; of 1 to 64 bits (one of an odd width), pointers with and without the suffix,
; float and double.
; Each kind has a body that is sent three values: the first comes back through
; suspend, the second through swap, the third as the result of the function.

@home = global ptr null
@place = global [8 x i64] zeroinitializer

@head = private unnamed_addr constant [4 x i8] c"%s\0A\00"
@int = private unnamed_addr constant [7 x i8] c"  %lld\00"
@real = private unnamed_addr constant [7 x i8] c"  %.3f\00"
@line = private unnamed_addr constant [2 x i8] c"\0A\00"

@send.i1.0 = global i1 true
@send.i1.1 = global i1 false
@send.i1.2 = global i1 true
@send.i8.0 = global i8 -3
@send.i8.1 = global i8 127
@send.i8.2 = global i8 -128
@send.i16.0 = global i16 -300
@send.i16.1 = global i16 32767
@send.i16.2 = global i16 -32768
@send.i32.0 = global i32 -70000
@send.i32.1 = global i32 2147483647
@send.i32.2 = global i32 -2147483648
@send.i48.0 = global i48 -5000000000
@send.i48.1 = global i48 140737488355327
@send.i48.2 = global i48 -140737488355328
@send.i64.0 = global i64 -6000000000000
@send.i64.1 = global i64 9223372036854775807
@send.i64.2 = global i64 -9223372036854775808
@send.ptr.0 = global ptr @place
@send.ptr.1 = global ptr getelementptr (i8, ptr @place, i64 8)
@send.ptr.2 = global ptr getelementptr (i8, ptr @place, i64 16)
@send.p0.0 = global ptr @place
@send.p0.1 = global ptr getelementptr (i8, ptr @place, i64 8)
@send.p0.2 = global ptr getelementptr (i8, ptr @place, i64 16)
@send.float.0 = global float 1.5
@send.float.1 = global float 3.0
@send.float.2 = global float 4.5
@send.double.0 = global double 1.5
@send.double.1 = global double 3.0
@send.double.2 = global double 4.5

@name.i1 = private unnamed_addr constant [3 x i8] c"i1\00"
@name.i8 = private unnamed_addr constant [3 x i8] c"i8\00"
@name.i16 = private unnamed_addr constant [4 x i8] c"i16\00"
@name.i32 = private unnamed_addr constant [4 x i8] c"i32\00"
@name.i48 = private unnamed_addr constant [4 x i8] c"i48\00"
@name.i64 = private unnamed_addr constant [4 x i8] c"i64\00"
@name.ptr = private unnamed_addr constant [4 x i8] c"ptr\00"
@name.p0 = private unnamed_addr constant [3 x i8] c"p0\00"
@name.float = private unnamed_addr constant [6 x i8] c"float\00"
@name.double = private unnamed_addr constant [7 x i8] c"double\00"

declare ptr @llvm.stackswitch.spawn.i1(ptr, ptr, ptr)
declare i1 @llvm.stackswitch.swap.i1(ptr, i1)
declare i1 @llvm.stackswitch.resume.i1(ptr, i1)
declare i1 @llvm.stackswitch.suspend.i1(i1)
declare ptr @llvm.stackswitch.spawn.i8(ptr, ptr, ptr)
declare i8 @llvm.stackswitch.swap.i8(ptr, i8)
declare i8 @llvm.stackswitch.resume.i8(ptr, i8)
declare i8 @llvm.stackswitch.suspend.i8(i8)
declare ptr @llvm.stackswitch.spawn.i16(ptr, ptr, ptr)
declare i16 @llvm.stackswitch.swap.i16(ptr, i16)
declare i16 @llvm.stackswitch.resume.i16(ptr, i16)
declare i16 @llvm.stackswitch.suspend.i16(i16)
declare ptr @llvm.stackswitch.spawn.i32(ptr, ptr, ptr)
declare i32 @llvm.stackswitch.swap.i32(ptr, i32)
declare i32 @llvm.stackswitch.resume.i32(ptr, i32)
declare i32 @llvm.stackswitch.suspend.i32(i32)
declare ptr @llvm.stackswitch.spawn.i48(ptr, ptr, ptr)
declare i48 @llvm.stackswitch.swap.i48(ptr, i48)
declare i48 @llvm.stackswitch.resume.i48(ptr, i48)
declare i48 @llvm.stackswitch.suspend.i48(i48)
declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare ptr @llvm.stackswitch.spawn(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.swap(ptr, ptr)
declare ptr @llvm.stackswitch.resume(ptr, ptr)
declare ptr @llvm.stackswitch.suspend(ptr)
declare ptr @llvm.stackswitch.spawn.p0(ptr, ptr, ptr)
declare ptr @llvm.stackswitch.swap.p0(ptr, ptr)
declare ptr @llvm.stackswitch.resume.p0(ptr, ptr)
declare ptr @llvm.stackswitch.suspend.p0(ptr)
declare ptr @llvm.stackswitch.spawn.f32(ptr, ptr, ptr)
declare float @llvm.stackswitch.swap.f32(ptr, float)
declare float @llvm.stackswitch.resume.f32(ptr, float)
declare float @llvm.stackswitch.suspend.f32(float)
declare ptr @llvm.stackswitch.spawn.f64(ptr, ptr, ptr)
declare double @llvm.stackswitch.swap.f64(ptr, double)
declare double @llvm.stackswitch.resume.f64(ptr, double)
declare double @llvm.stackswitch.suspend.f64(double)

declare ptr @llvm.stackswitch.current()
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

define void @show.int(i64 %v) noinline {
  %p = call i32 (ptr, ...) @printf(ptr @int, i64 %v)
  ret void
}

define void @show.real(double %v) noinline {
  %p = call i32 (ptr, ...) @printf(ptr @real, double %v)
  ret void
}

; Shows a pointer as its distance from @place.
define void @show.ptr(ptr %v) noinline {
  %at = ptrtoint ptr %v to i64
  %distance = sub i64 %at, ptrtoint (ptr @place to i64)
  call void @show.int(i64 %distance)
  ret void
}

define void @show.i1(i1 %v) noinline {
  %w0 = zext i1 %v to i64
  call void @show.int(i64 %w0)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define i1 @body.i1(ptr %unused, i1 %first) {
  %second = call i1 @llvm.stackswitch.suspend.i1(i1 %first)
  %home = load ptr, ptr @home
  %third = call i1 @llvm.stackswitch.swap.i1(ptr %home, i1 %second)
  ret i1 %third
}

define void @test.i1() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.i1)
  %c = call ptr @llvm.stackswitch.spawn.i1(ptr null, ptr @body.i1, ptr null)
  %v0 = load volatile i1, ptr @send.i1.0
  %r0 = call i1 @llvm.stackswitch.resume.i1(ptr %c, i1 %v0)
  call void @show.i1(i1 %r0)
  %v1 = load volatile i1, ptr @send.i1.1
  %r1 = call i1 @llvm.stackswitch.resume.i1(ptr %c, i1 %v1)
  call void @show.i1(i1 %r1)
  %v2 = load volatile i1, ptr @send.i1.2
  %r2 = call i1 @llvm.stackswitch.swap.i1(ptr %c, i1 %v2)
  call void @show.i1(i1 %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.i8(i8 %v) noinline {
  %w0 = sext i8 %v to i64
  call void @show.int(i64 %w0)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define i8 @body.i8(ptr %unused, i8 %first) {
  %second = call i8 @llvm.stackswitch.suspend.i8(i8 %first)
  %home = load ptr, ptr @home
  %third = call i8 @llvm.stackswitch.swap.i8(ptr %home, i8 %second)
  ret i8 %third
}

define void @test.i8() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.i8)
  %c = call ptr @llvm.stackswitch.spawn.i8(ptr null, ptr @body.i8, ptr null)
  %v0 = load volatile i8, ptr @send.i8.0
  %r0 = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 %v0)
  call void @show.i8(i8 %r0)
  %v1 = load volatile i8, ptr @send.i8.1
  %r1 = call i8 @llvm.stackswitch.resume.i8(ptr %c, i8 %v1)
  call void @show.i8(i8 %r1)
  %v2 = load volatile i8, ptr @send.i8.2
  %r2 = call i8 @llvm.stackswitch.swap.i8(ptr %c, i8 %v2)
  call void @show.i8(i8 %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.i16(i16 %v) noinline {
  %w0 = sext i16 %v to i64
  call void @show.int(i64 %w0)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define i16 @body.i16(ptr %unused, i16 %first) {
  %second = call i16 @llvm.stackswitch.suspend.i16(i16 %first)
  %home = load ptr, ptr @home
  %third = call i16 @llvm.stackswitch.swap.i16(ptr %home, i16 %second)
  ret i16 %third
}

define void @test.i16() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.i16)
  %c = call ptr @llvm.stackswitch.spawn.i16(ptr null, ptr @body.i16, ptr null)
  %v0 = load volatile i16, ptr @send.i16.0
  %r0 = call i16 @llvm.stackswitch.resume.i16(ptr %c, i16 %v0)
  call void @show.i16(i16 %r0)
  %v1 = load volatile i16, ptr @send.i16.1
  %r1 = call i16 @llvm.stackswitch.resume.i16(ptr %c, i16 %v1)
  call void @show.i16(i16 %r1)
  %v2 = load volatile i16, ptr @send.i16.2
  %r2 = call i16 @llvm.stackswitch.swap.i16(ptr %c, i16 %v2)
  call void @show.i16(i16 %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.i32(i32 %v) noinline {
  %w0 = sext i32 %v to i64
  call void @show.int(i64 %w0)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define i32 @body.i32(ptr %unused, i32 %first) {
  %second = call i32 @llvm.stackswitch.suspend.i32(i32 %first)
  %home = load ptr, ptr @home
  %third = call i32 @llvm.stackswitch.swap.i32(ptr %home, i32 %second)
  ret i32 %third
}

define void @test.i32() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.i32)
  %c = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @body.i32, ptr null)
  %v0 = load volatile i32, ptr @send.i32.0
  %r0 = call i32 @llvm.stackswitch.resume.i32(ptr %c, i32 %v0)
  call void @show.i32(i32 %r0)
  %v1 = load volatile i32, ptr @send.i32.1
  %r1 = call i32 @llvm.stackswitch.resume.i32(ptr %c, i32 %v1)
  call void @show.i32(i32 %r1)
  %v2 = load volatile i32, ptr @send.i32.2
  %r2 = call i32 @llvm.stackswitch.swap.i32(ptr %c, i32 %v2)
  call void @show.i32(i32 %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.i48(i48 %v) noinline {
  %w0 = sext i48 %v to i64
  call void @show.int(i64 %w0)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define i48 @body.i48(ptr %unused, i48 %first) {
  %second = call i48 @llvm.stackswitch.suspend.i48(i48 %first)
  %home = load ptr, ptr @home
  %third = call i48 @llvm.stackswitch.swap.i48(ptr %home, i48 %second)
  ret i48 %third
}

define void @test.i48() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.i48)
  %c = call ptr @llvm.stackswitch.spawn.i48(ptr null, ptr @body.i48, ptr null)
  %v0 = load volatile i48, ptr @send.i48.0
  %r0 = call i48 @llvm.stackswitch.resume.i48(ptr %c, i48 %v0)
  call void @show.i48(i48 %r0)
  %v1 = load volatile i48, ptr @send.i48.1
  %r1 = call i48 @llvm.stackswitch.resume.i48(ptr %c, i48 %v1)
  call void @show.i48(i48 %r1)
  %v2 = load volatile i48, ptr @send.i48.2
  %r2 = call i48 @llvm.stackswitch.swap.i48(ptr %c, i48 %v2)
  call void @show.i48(i48 %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.i64(i64 %v) noinline {
  call void @show.int(i64 %v)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define i64 @body.i64(ptr %unused, i64 %first) {
  %second = call i64 @llvm.stackswitch.suspend.i64(i64 %first)
  %home = load ptr, ptr @home
  %third = call i64 @llvm.stackswitch.swap.i64(ptr %home, i64 %second)
  ret i64 %third
}

define void @test.i64() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.i64)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body.i64, ptr null)
  %v0 = load volatile i64, ptr @send.i64.0
  %r0 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v0)
  call void @show.i64(i64 %r0)
  %v1 = load volatile i64, ptr @send.i64.1
  %r1 = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 %v1)
  call void @show.i64(i64 %r1)
  %v2 = load volatile i64, ptr @send.i64.2
  %r2 = call i64 @llvm.stackswitch.swap.i64(ptr %c, i64 %v2)
  call void @show.i64(i64 %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.handle(ptr %v) noinline {
  call void @show.ptr(ptr %v)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define ptr @body.ptr(ptr %unused, ptr %first) {
  %second = call ptr @llvm.stackswitch.suspend(ptr %first)
  %home = load ptr, ptr @home
  %third = call ptr @llvm.stackswitch.swap(ptr %home, ptr %second)
  ret ptr %third
}

define void @test.ptr() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.ptr)
  %c = call ptr @llvm.stackswitch.spawn(ptr null, ptr @body.ptr, ptr null)
  %v0 = load volatile ptr, ptr @send.ptr.0
  %r0 = call ptr @llvm.stackswitch.resume(ptr %c, ptr %v0)
  call void @show.handle(ptr %r0)
  %v1 = load volatile ptr, ptr @send.ptr.1
  %r1 = call ptr @llvm.stackswitch.resume(ptr %c, ptr %v1)
  call void @show.handle(ptr %r1)
  %v2 = load volatile ptr, ptr @send.ptr.2
  %r2 = call ptr @llvm.stackswitch.swap(ptr %c, ptr %v2)
  call void @show.handle(ptr %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.p0(ptr %v) noinline {
  call void @show.ptr(ptr %v)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define ptr @body.p0(ptr %unused, ptr %first) {
  %second = call ptr @llvm.stackswitch.suspend.p0(ptr %first)
  %home = load ptr, ptr @home
  %third = call ptr @llvm.stackswitch.swap.p0(ptr %home, ptr %second)
  ret ptr %third
}

define void @test.p0() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.p0)
  %c = call ptr @llvm.stackswitch.spawn.p0(ptr null, ptr @body.p0, ptr null)
  %v0 = load volatile ptr, ptr @send.p0.0
  %r0 = call ptr @llvm.stackswitch.resume.p0(ptr %c, ptr %v0)
  call void @show.p0(ptr %r0)
  %v1 = load volatile ptr, ptr @send.p0.1
  %r1 = call ptr @llvm.stackswitch.resume.p0(ptr %c, ptr %v1)
  call void @show.p0(ptr %r1)
  %v2 = load volatile ptr, ptr @send.p0.2
  %r2 = call ptr @llvm.stackswitch.swap.p0(ptr %c, ptr %v2)
  call void @show.p0(ptr %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.float(float %v) noinline {
  %w0 = fpext float %v to double
  call void @show.real(double %w0)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define float @body.float(ptr %unused, float %first) {
  %second = call float @llvm.stackswitch.suspend.f32(float %first)
  %home = load ptr, ptr @home
  %third = call float @llvm.stackswitch.swap.f32(ptr %home, float %second)
  ret float %third
}

define void @test.float() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.float)
  %c = call ptr @llvm.stackswitch.spawn.f32(ptr null, ptr @body.float, ptr null)
  %v0 = load volatile float, ptr @send.float.0
  %r0 = call float @llvm.stackswitch.resume.f32(ptr %c, float %v0)
  call void @show.float(float %r0)
  %v1 = load volatile float, ptr @send.float.1
  %r1 = call float @llvm.stackswitch.resume.f32(ptr %c, float %v1)
  call void @show.float(float %r1)
  %v2 = load volatile float, ptr @send.float.2
  %r2 = call float @llvm.stackswitch.swap.f32(ptr %c, float %v2)
  call void @show.float(float %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.double(double %v) noinline {
  call void @show.real(double %v)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define double @body.double(ptr %unused, double %first) {
  %second = call double @llvm.stackswitch.suspend.f64(double %first)
  %home = load ptr, ptr @home
  %third = call double @llvm.stackswitch.swap.f64(ptr %home, double %second)
  ret double %third
}

define void @test.double() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.double)
  %c = call ptr @llvm.stackswitch.spawn.f64(ptr null, ptr @body.double, ptr null)
  %v0 = load volatile double, ptr @send.double.0
  %r0 = call double @llvm.stackswitch.resume.f64(ptr %c, double %v0)
  call void @show.double(double %r0)
  %v1 = load volatile double, ptr @send.double.1
  %r1 = call double @llvm.stackswitch.resume.f64(ptr %c, double %v1)
  call void @show.double(double %r1)
  %v2 = load volatile double, ptr @send.double.2
  %r2 = call double @llvm.stackswitch.swap.f64(ptr %c, double %v2)
  call void @show.double(double %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define i32 @main() {
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @home
  call void @test.i1()
  call void @test.i8()
  call void @test.i16()
  call void @test.i32()
  call void @test.i48()
  call void @test.i64()
  call void @test.ptr()
  call void @test.p0()
  call void @test.float()
  call void @test.double()
  ret i32 0
}
