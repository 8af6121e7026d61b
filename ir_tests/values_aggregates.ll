; Aggregates travel both ways, with resume, swap and suspend: a pair, a struct
; with padding, a vector, an array and a struct of 64 bytes, the largest value.
; Every element is printed.
; Each kind has a body that is sent three values: the first comes back through
; suspend, the second through swap, the third as the result of the function.

@home = global ptr null
@place = global [8 x i64] zeroinitializer

@head = private unnamed_addr constant [4 x i8] c"%s\0A\00"
@int = private unnamed_addr constant [7 x i8] c"  %lld\00"
@real = private unnamed_addr constant [7 x i8] c"  %.3f\00"
@line = private unnamed_addr constant [2 x i8] c"\0A\00"

@send.pair.0 = global { i64, i64 } { i64 1000, i64 -999 }
@send.pair.1 = global { i64, i64 } { i64 1099511629776, i64 1099511625777 }
@send.pair.2 = global { i64, i64 } { i64 3000, i64 -2999 }
@send.mixed.0 = global { ptr, i32, double } { ptr @place, i32 -999, double 2.0 }
@send.mixed.1 = global { ptr, i32, double } { ptr getelementptr (i8, ptr @place, i64 8), i32 -1999, double 3.5 }
@send.mixed.2 = global { ptr, i32, double } { ptr getelementptr (i8, ptr @place, i64 16), i32 -2999, double 5.0 }
@send.vector.0 = global <4 x i32> < i32 1000, i32 -999, i32 1002, i32 -997 >
@send.vector.1 = global <4 x i32> < i32 2000, i32 -1999, i32 2002, i32 -1997 >
@send.vector.2 = global <4 x i32> < i32 3000, i32 -2999, i32 3002, i32 -2997 >
@send.array.0 = global [8 x i64] [ i64 1000, i64 -999, i64 1002, i64 -997, i64 1004, i64 -995, i64 1006, i64 -993 ]
@send.array.1 = global [8 x i64] [ i64 1099511629776, i64 1099511625777, i64 1099511629778, i64 1099511625779, i64 1099511629780, i64 1099511625781, i64 1099511629782, i64 1099511625783 ]
@send.array.2 = global [8 x i64] [ i64 3000, i64 -2999, i64 3002, i64 -2997, i64 3004, i64 -2995, i64 3006, i64 -2993 ]
@send.wide.0 = global { i64, i64, i64, i64, double, double, ptr, i64 } { i64 1000, i64 -999, i64 1002, i64 -997, double 2.5, double -0.25, ptr getelementptr (i8, ptr @place, i64 6), i64 -993 }
@send.wide.1 = global { i64, i64, i64, i64, double, double, ptr, i64 } { i64 1099511629776, i64 1099511625777, i64 1099511629778, i64 1099511625779, double 4.0, double -1.75, ptr getelementptr (i8, ptr @place, i64 14), i64 1099511625783 }
@send.wide.2 = global { i64, i64, i64, i64, double, double, ptr, i64 } { i64 3000, i64 -2999, i64 3002, i64 -2997, double 5.5, double -3.25, ptr getelementptr (i8, ptr @place, i64 22), i64 -2993 }

@name.pair = private unnamed_addr constant [5 x i8] c"pair\00"
@name.mixed = private unnamed_addr constant [6 x i8] c"mixed\00"
@name.vector = private unnamed_addr constant [7 x i8] c"vector\00"
@name.array = private unnamed_addr constant [6 x i8] c"array\00"
@name.wide = private unnamed_addr constant [5 x i8] c"wide\00"

declare ptr @llvm.stackswitch.spawn.sl_i64i64s(ptr, ptr, ptr)
declare { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr, { i64, i64 })
declare { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr, { i64, i64 })
declare { i64, i64 } @llvm.stackswitch.suspend.sl_i64i64s({ i64, i64 })
declare ptr @llvm.stackswitch.spawn.sl_p0i32f64s(ptr, ptr, ptr)
declare { ptr, i32, double } @llvm.stackswitch.swap.sl_p0i32f64s(ptr, { ptr, i32, double })
declare { ptr, i32, double } @llvm.stackswitch.resume.sl_p0i32f64s(ptr, { ptr, i32, double })
declare { ptr, i32, double } @llvm.stackswitch.suspend.sl_p0i32f64s({ ptr, i32, double })
declare ptr @llvm.stackswitch.spawn.v4i32(ptr, ptr, ptr)
declare <4 x i32> @llvm.stackswitch.swap.v4i32(ptr, <4 x i32>)
declare <4 x i32> @llvm.stackswitch.resume.v4i32(ptr, <4 x i32>)
declare <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32>)
declare ptr @llvm.stackswitch.spawn.a8i64(ptr, ptr, ptr)
declare [8 x i64] @llvm.stackswitch.swap.a8i64(ptr, [8 x i64])
declare [8 x i64] @llvm.stackswitch.resume.a8i64(ptr, [8 x i64])
declare [8 x i64] @llvm.stackswitch.suspend.a8i64([8 x i64])
declare ptr @llvm.stackswitch.spawn.sl_i64i64i64i64f64f64p0i64s(ptr, ptr, ptr)
declare { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.swap.sl_i64i64i64i64f64f64p0i64s(ptr, { i64, i64, i64, i64, double, double, ptr, i64 })
declare { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.resume.sl_i64i64i64i64f64f64p0i64s(ptr, { i64, i64, i64, i64, double, double, ptr, i64 })
declare { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.suspend.sl_i64i64i64i64f64f64p0i64s({ i64, i64, i64, i64, double, double, ptr, i64 })

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

define void @show.pair({ i64, i64 } %v) noinline {
  %e0 = extractvalue { i64, i64 } %v, 0
  call void @show.int(i64 %e0)
  %e1 = extractvalue { i64, i64 } %v, 1
  call void @show.int(i64 %e1)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define { i64, i64 } @body.pair(ptr %unused, { i64, i64 } %first) {
  %second = call { i64, i64 } @llvm.stackswitch.suspend.sl_i64i64s({ i64, i64 } %first)
  %home = load ptr, ptr @home
  %third = call { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr %home, { i64, i64 } %second)
  ret { i64, i64 } %third
}

define void @test.pair() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.pair)
  %c = call ptr @llvm.stackswitch.spawn.sl_i64i64s(ptr null, ptr @body.pair, ptr null)
  %v0 = load volatile { i64, i64 }, ptr @send.pair.0
  %r0 = call { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr %c, { i64, i64 } %v0)
  call void @show.pair({ i64, i64 } %r0)
  %v1 = load volatile { i64, i64 }, ptr @send.pair.1
  %r1 = call { i64, i64 } @llvm.stackswitch.resume.sl_i64i64s(ptr %c, { i64, i64 } %v1)
  call void @show.pair({ i64, i64 } %r1)
  %v2 = load volatile { i64, i64 }, ptr @send.pair.2
  %r2 = call { i64, i64 } @llvm.stackswitch.swap.sl_i64i64s(ptr %c, { i64, i64 } %v2)
  call void @show.pair({ i64, i64 } %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.mixed({ ptr, i32, double } %v) noinline {
  %e0 = extractvalue { ptr, i32, double } %v, 0
  call void @show.ptr(ptr %e0)
  %e1 = extractvalue { ptr, i32, double } %v, 1
  %w1 = sext i32 %e1 to i64
  call void @show.int(i64 %w1)
  %e2 = extractvalue { ptr, i32, double } %v, 2
  call void @show.real(double %e2)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define { ptr, i32, double } @body.mixed(ptr %unused, { ptr, i32, double } %first) {
  %second = call { ptr, i32, double } @llvm.stackswitch.suspend.sl_p0i32f64s({ ptr, i32, double } %first)
  %home = load ptr, ptr @home
  %third = call { ptr, i32, double } @llvm.stackswitch.swap.sl_p0i32f64s(ptr %home, { ptr, i32, double } %second)
  ret { ptr, i32, double } %third
}

define void @test.mixed() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.mixed)
  %c = call ptr @llvm.stackswitch.spawn.sl_p0i32f64s(ptr null, ptr @body.mixed, ptr null)
  %v0 = load volatile { ptr, i32, double }, ptr @send.mixed.0
  %r0 = call { ptr, i32, double } @llvm.stackswitch.resume.sl_p0i32f64s(ptr %c, { ptr, i32, double } %v0)
  call void @show.mixed({ ptr, i32, double } %r0)
  %v1 = load volatile { ptr, i32, double }, ptr @send.mixed.1
  %r1 = call { ptr, i32, double } @llvm.stackswitch.resume.sl_p0i32f64s(ptr %c, { ptr, i32, double } %v1)
  call void @show.mixed({ ptr, i32, double } %r1)
  %v2 = load volatile { ptr, i32, double }, ptr @send.mixed.2
  %r2 = call { ptr, i32, double } @llvm.stackswitch.swap.sl_p0i32f64s(ptr %c, { ptr, i32, double } %v2)
  call void @show.mixed({ ptr, i32, double } %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.vector(<4 x i32> %v) noinline {
  %e0 = extractelement <4 x i32> %v, i32 0
  %w0 = sext i32 %e0 to i64
  call void @show.int(i64 %w0)
  %e1 = extractelement <4 x i32> %v, i32 1
  %w1 = sext i32 %e1 to i64
  call void @show.int(i64 %w1)
  %e2 = extractelement <4 x i32> %v, i32 2
  %w2 = sext i32 %e2 to i64
  call void @show.int(i64 %w2)
  %e3 = extractelement <4 x i32> %v, i32 3
  %w3 = sext i32 %e3 to i64
  call void @show.int(i64 %w3)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define <4 x i32> @body.vector(ptr %unused, <4 x i32> %first) {
  %second = call <4 x i32> @llvm.stackswitch.suspend.v4i32(<4 x i32> %first)
  %home = load ptr, ptr @home
  %third = call <4 x i32> @llvm.stackswitch.swap.v4i32(ptr %home, <4 x i32> %second)
  ret <4 x i32> %third
}

define void @test.vector() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.vector)
  %c = call ptr @llvm.stackswitch.spawn.v4i32(ptr null, ptr @body.vector, ptr null)
  %v0 = load volatile <4 x i32>, ptr @send.vector.0
  %r0 = call <4 x i32> @llvm.stackswitch.resume.v4i32(ptr %c, <4 x i32> %v0)
  call void @show.vector(<4 x i32> %r0)
  %v1 = load volatile <4 x i32>, ptr @send.vector.1
  %r1 = call <4 x i32> @llvm.stackswitch.resume.v4i32(ptr %c, <4 x i32> %v1)
  call void @show.vector(<4 x i32> %r1)
  %v2 = load volatile <4 x i32>, ptr @send.vector.2
  %r2 = call <4 x i32> @llvm.stackswitch.swap.v4i32(ptr %c, <4 x i32> %v2)
  call void @show.vector(<4 x i32> %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.array([8 x i64] %v) noinline {
  %e0 = extractvalue [8 x i64] %v, 0
  call void @show.int(i64 %e0)
  %e1 = extractvalue [8 x i64] %v, 1
  call void @show.int(i64 %e1)
  %e2 = extractvalue [8 x i64] %v, 2
  call void @show.int(i64 %e2)
  %e3 = extractvalue [8 x i64] %v, 3
  call void @show.int(i64 %e3)
  %e4 = extractvalue [8 x i64] %v, 4
  call void @show.int(i64 %e4)
  %e5 = extractvalue [8 x i64] %v, 5
  call void @show.int(i64 %e5)
  %e6 = extractvalue [8 x i64] %v, 6
  call void @show.int(i64 %e6)
  %e7 = extractvalue [8 x i64] %v, 7
  call void @show.int(i64 %e7)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define [8 x i64] @body.array(ptr %unused, [8 x i64] %first) {
  %second = call [8 x i64] @llvm.stackswitch.suspend.a8i64([8 x i64] %first)
  %home = load ptr, ptr @home
  %third = call [8 x i64] @llvm.stackswitch.swap.a8i64(ptr %home, [8 x i64] %second)
  ret [8 x i64] %third
}

define void @test.array() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.array)
  %c = call ptr @llvm.stackswitch.spawn.a8i64(ptr null, ptr @body.array, ptr null)
  %v0 = load volatile [8 x i64], ptr @send.array.0
  %r0 = call [8 x i64] @llvm.stackswitch.resume.a8i64(ptr %c, [8 x i64] %v0)
  call void @show.array([8 x i64] %r0)
  %v1 = load volatile [8 x i64], ptr @send.array.1
  %r1 = call [8 x i64] @llvm.stackswitch.resume.a8i64(ptr %c, [8 x i64] %v1)
  call void @show.array([8 x i64] %r1)
  %v2 = load volatile [8 x i64], ptr @send.array.2
  %r2 = call [8 x i64] @llvm.stackswitch.swap.a8i64(ptr %c, [8 x i64] %v2)
  call void @show.array([8 x i64] %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define void @show.wide({ i64, i64, i64, i64, double, double, ptr, i64 } %v) noinline {
  %e0 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 0
  call void @show.int(i64 %e0)
  %e1 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 1
  call void @show.int(i64 %e1)
  %e2 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 2
  call void @show.int(i64 %e2)
  %e3 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 3
  call void @show.int(i64 %e3)
  %e4 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 4
  call void @show.real(double %e4)
  %e5 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 5
  call void @show.real(double %e5)
  %e6 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 6
  call void @show.ptr(ptr %e6)
  %e7 = extractvalue { i64, i64, i64, i64, double, double, ptr, i64 } %v, 7
  call void @show.int(i64 %e7)
  %p = call i32 (ptr, ...) @printf(ptr @line)
  ret void
}

define { i64, i64, i64, i64, double, double, ptr, i64 } @body.wide(ptr %unused, { i64, i64, i64, i64, double, double, ptr, i64 } %first) {
  %second = call { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.suspend.sl_i64i64i64i64f64f64p0i64s({ i64, i64, i64, i64, double, double, ptr, i64 } %first)
  %home = load ptr, ptr @home
  %third = call { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.swap.sl_i64i64i64i64f64f64p0i64s(ptr %home, { i64, i64, i64, i64, double, double, ptr, i64 } %second)
  ret { i64, i64, i64, i64, double, double, ptr, i64 } %third
}

define void @test.wide() noinline {
  %p = call i32 (ptr, ...) @printf(ptr @head, ptr @name.wide)
  %c = call ptr @llvm.stackswitch.spawn.sl_i64i64i64i64f64f64p0i64s(ptr null, ptr @body.wide, ptr null)
  %v0 = load volatile { i64, i64, i64, i64, double, double, ptr, i64 }, ptr @send.wide.0
  %r0 = call { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.resume.sl_i64i64i64i64f64f64p0i64s(ptr %c, { i64, i64, i64, i64, double, double, ptr, i64 } %v0)
  call void @show.wide({ i64, i64, i64, i64, double, double, ptr, i64 } %r0)
  %v1 = load volatile { i64, i64, i64, i64, double, double, ptr, i64 }, ptr @send.wide.1
  %r1 = call { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.resume.sl_i64i64i64i64f64f64p0i64s(ptr %c, { i64, i64, i64, i64, double, double, ptr, i64 } %v1)
  call void @show.wide({ i64, i64, i64, i64, double, double, ptr, i64 } %r1)
  %v2 = load volatile { i64, i64, i64, i64, double, double, ptr, i64 }, ptr @send.wide.2
  %r2 = call { i64, i64, i64, i64, double, double, ptr, i64 } @llvm.stackswitch.swap.sl_i64i64i64i64f64f64p0i64s(ptr %c, { i64, i64, i64, i64, double, double, ptr, i64 } %v2)
  call void @show.wide({ i64, i64, i64, i64, double, double, ptr, i64 } %r2)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret void
}

define i32 @main() {
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @home
  call void @test.pair()
  call void @test.mixed()
  call void @test.vector()
  call void @test.array()
  call void @test.wide()
  ret i32 0
}
