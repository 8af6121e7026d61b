; Many integers, doubles and vectors are live across each switch, more than
; there are registers, in two contexts and in main at once. Proves that the
; registers that a switch must keep are kept, and that spilled ones are too.

@sum = private unnamed_addr constant [20 x i8] c"%s: %lld %.3f %lld\0A\00"
@a = private unnamed_addr constant [2 x i8] c"a\00"
@b = private unnamed_addr constant [2 x i8] c"b\00"
@m = private unnamed_addr constant [5 x i8] c"main\00"

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.resume.i64(ptr, i64)
declare i64 @llvm.stackswitch.suspend.i64(i64)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Makes values from the seed, lets the given context run (or suspends, for a
; null one), and sums them up afterwards, each with a weight of its own.
define void @busy(ptr %name, i64 %seed, ptr %other) noinline {
entry:
  %i0 = mul i64 %seed, 3
  %i1 = mul i64 %seed, 4
  %i2 = mul i64 %seed, 7
  %i3 = mul i64 %seed, 12
  %i4 = mul i64 %seed, 19
  %i5 = mul i64 %seed, 28
  %i6 = mul i64 %seed, 39
  %i7 = mul i64 %seed, 52
  %i8 = mul i64 %seed, 67
  %i9 = mul i64 %seed, 84
  %i10 = mul i64 %seed, 103
  %i11 = mul i64 %seed, 124
  %i12 = mul i64 %seed, 147
  %i13 = mul i64 %seed, 172
  %i14 = mul i64 %seed, 199
  %i15 = mul i64 %seed, 228
  %i16 = mul i64 %seed, 259
  %i17 = mul i64 %seed, 292
  %i18 = mul i64 %seed, 327
  %i19 = mul i64 %seed, 364
  %i20 = mul i64 %seed, 403
  %i21 = mul i64 %seed, 444
  %i22 = mul i64 %seed, 487
  %i23 = mul i64 %seed, 532
  %d = sitofp i64 %seed to double
  %f0 = fmul double %d, 0.5
  %f1 = fmul double %d, 1.5
  %f2 = fmul double %d, 2.5
  %f3 = fmul double %d, 3.5
  %f4 = fmul double %d, 4.5
  %f5 = fmul double %d, 5.5
  %f6 = fmul double %d, 6.5
  %f7 = fmul double %d, 7.5
  %f8 = fmul double %d, 8.5
  %f9 = fmul double %d, 9.5
  %f10 = fmul double %d, 10.5
  %f11 = fmul double %d, 11.5
  %v = insertelement <2 x i64> poison, i64 %seed, i32 0
  %splat = shufflevector <2 x i64> %v, <2 x i64> poison, <2 x i32> zeroinitializer
  %x0 = add <2 x i64> %splat, <i64 0, i64 10>
  %x1 = add <2 x i64> %splat, <i64 1, i64 11>
  %x2 = add <2 x i64> %splat, <i64 2, i64 12>
  %x3 = add <2 x i64> %splat, <i64 3, i64 13>
  br label %loop

loop:
  %n = phi i64 [ 0, %entry ], [ %n.next, %again ]
  %suspends = icmp eq ptr %other, null
  br i1 %suspends, label %give, label %ask

give:
  %g = call i64 @llvm.stackswitch.suspend.i64(i64 %n)
  br label %again

ask:
  %r = call i64 @llvm.stackswitch.resume.i64(ptr %other, i64 %n)
  br label %again

again:
  %n.next = add i64 %n, 1
  %more = icmp ult i64 %n.next, 5
  br i1 %more, label %loop, label %done

done:
  %wi0 = mul i64 %i0, 1
  %si0 = add i64 0, %wi0
  %wi1 = mul i64 %i1, 2
  %si1 = add i64 %si0, %wi1
  %wi2 = mul i64 %i2, 3
  %si2 = add i64 %si1, %wi2
  %wi3 = mul i64 %i3, 4
  %si3 = add i64 %si2, %wi3
  %wi4 = mul i64 %i4, 5
  %si4 = add i64 %si3, %wi4
  %wi5 = mul i64 %i5, 6
  %si5 = add i64 %si4, %wi5
  %wi6 = mul i64 %i6, 7
  %si6 = add i64 %si5, %wi6
  %wi7 = mul i64 %i7, 8
  %si7 = add i64 %si6, %wi7
  %wi8 = mul i64 %i8, 9
  %si8 = add i64 %si7, %wi8
  %wi9 = mul i64 %i9, 10
  %si9 = add i64 %si8, %wi9
  %wi10 = mul i64 %i10, 11
  %si10 = add i64 %si9, %wi10
  %wi11 = mul i64 %i11, 12
  %si11 = add i64 %si10, %wi11
  %wi12 = mul i64 %i12, 13
  %si12 = add i64 %si11, %wi12
  %wi13 = mul i64 %i13, 14
  %si13 = add i64 %si12, %wi13
  %wi14 = mul i64 %i14, 15
  %si14 = add i64 %si13, %wi14
  %wi15 = mul i64 %i15, 16
  %si15 = add i64 %si14, %wi15
  %wi16 = mul i64 %i16, 17
  %si16 = add i64 %si15, %wi16
  %wi17 = mul i64 %i17, 18
  %si17 = add i64 %si16, %wi17
  %wi18 = mul i64 %i18, 19
  %si18 = add i64 %si17, %wi18
  %wi19 = mul i64 %i19, 20
  %si19 = add i64 %si18, %wi19
  %wi20 = mul i64 %i20, 21
  %si20 = add i64 %si19, %wi20
  %wi21 = mul i64 %i21, 22
  %si21 = add i64 %si20, %wi21
  %wi22 = mul i64 %i22, 23
  %si22 = add i64 %si21, %wi22
  %wi23 = mul i64 %i23, 24
  %si23 = add i64 %si22, %wi23
  %wf0 = fmul double %f0, 1.0
  %sf0 = fadd double 0.0, %wf0
  %wf1 = fmul double %f1, 2.0
  %sf1 = fadd double %sf0, %wf1
  %wf2 = fmul double %f2, 3.0
  %sf2 = fadd double %sf1, %wf2
  %wf3 = fmul double %f3, 4.0
  %sf3 = fadd double %sf2, %wf3
  %wf4 = fmul double %f4, 5.0
  %sf4 = fadd double %sf3, %wf4
  %wf5 = fmul double %f5, 6.0
  %sf5 = fadd double %sf4, %wf5
  %wf6 = fmul double %f6, 7.0
  %sf6 = fadd double %sf5, %wf6
  %wf7 = fmul double %f7, 8.0
  %sf7 = fadd double %sf6, %wf7
  %wf8 = fmul double %f8, 9.0
  %sf8 = fadd double %sf7, %wf8
  %wf9 = fmul double %f9, 10.0
  %sf9 = fadd double %sf8, %wf9
  %wf10 = fmul double %f10, 11.0
  %sf10 = fadd double %sf9, %wf10
  %wf11 = fmul double %f11, 12.0
  %sf11 = fadd double %sf10, %wf11
  %wx0 = mul <2 x i64> %x0, <i64 1, i64 5>
  %sx0 = add <2 x i64> zeroinitializer, %wx0
  %wx1 = mul <2 x i64> %x1, <i64 2, i64 6>
  %sx1 = add <2 x i64> %sx0, %wx1
  %wx2 = mul <2 x i64> %x2, <i64 3, i64 7>
  %sx2 = add <2 x i64> %sx1, %wx2
  %wx3 = mul <2 x i64> %x3, <i64 4, i64 8>
  %sx3 = add <2 x i64> %sx2, %wx3
  %lo = extractelement <2 x i64> %sx3, i32 0
  %hi = extractelement <2 x i64> %sx3, i32 1
  %hi.big = mul i64 %hi, 1000
  %both = add i64 %lo, %hi.big
  %p = call i32 (ptr, ...) @printf(ptr @sum, ptr %name, i64 %si23, double %sf11, i64 %both)
  ret void
}

define i64 @body.a(ptr %unused, i64 %first) {
  call void @busy(ptr @a, i64 7, ptr null)
  ret i64 0
}

; Runs a context of its own while main runs it.
define i64 @body.b(ptr %a, i64 %first) {
  call void @busy(ptr @b, i64 11, ptr %a)
  %v = call i64 @llvm.stackswitch.suspend.i64(i64 0)
  %w = call i64 @llvm.stackswitch.resume.i64(ptr %a, i64 0)
  ret i64 1
}

define i32 @main() {
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body.a, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body.b, ptr %a)
  %v = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 0)
  %c = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @body.a, ptr null)
  call void @busy(ptr @m, i64 13, ptr %c)
  %w = call i64 @llvm.stackswitch.resume.i64(ptr %b, i64 0)
  %x = call i64 @llvm.stackswitch.resume.i64(ptr %c, i64 0)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %c)
  ret i32 0
}
