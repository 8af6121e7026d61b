; Two contexts pass control to each other with the symmetric swap.i64, with no
; caller between them. Proves that swap goes straight to its target, carries
; the value, and leaves links alone: ping and pong never get one from it.

@ping = global ptr null
@pong = global ptr null
@main.ctx = global ptr null

@said = private unnamed_addr constant [9 x i8] c"%s %lld\0A\00"
@ping.name = private unnamed_addr constant [5 x i8] c"ping\00"
@pong.name = private unnamed_addr constant [5 x i8] c"pong\00"
@back = private unnamed_addr constant [33 x i8] c"main %lld, links %s, turns %lld\0A\00"
@none = private unnamed_addr constant [5 x i8] c"none\00"
@some = private unnamed_addr constant [4 x i8] c"set\00"

@turns = global i64 0

declare ptr @llvm.stackswitch.spawn.i64(ptr, ptr, ptr)
declare i64 @llvm.stackswitch.swap.i64(ptr, i64)
declare ptr @llvm.stackswitch.current()
declare ptr @llvm.stackswitch.link(ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

; Adds one to what it is sent and sends it on, speaking in the first ten turns.
define i64 @ping.body(ptr %unused, i64 %first) {
entry:
  br label %loop

loop:
  %v = phi i64 [ %first, %entry ], [ %got, %pass ]
  %few = icmp ult i64 %v, 10
  br i1 %few, label %speak, label %check

speak:
  %p = call i32 (ptr, ...) @printf(ptr @said, ptr @ping.name, i64 %v)
  br label %check

check:
  %old = load i64, ptr @turns
  %new = add i64 %old, 1
  store i64 %new, ptr @turns
  %enough = icmp uge i64 %v, 1000
  br i1 %enough, label %leave, label %pass

pass:
  %to = load ptr, ptr @pong
  %more = add i64 %v, 1
  %got = call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %more)
  br label %loop

leave:
  %home = load ptr, ptr @main.ctx
  %never = call i64 @llvm.stackswitch.swap.i64(ptr %home, i64 %v)
  ret i64 %never
}

; The same with two added.
define i64 @pong.body(ptr %unused, i64 %first) {
entry:
  br label %loop

loop:
  %v = phi i64 [ %first, %entry ], [ %got, %pass ]
  %few = icmp ult i64 %v, 10
  br i1 %few, label %speak, label %pass

speak:
  %p = call i32 (ptr, ...) @printf(ptr @said, ptr @pong.name, i64 %v)
  br label %pass

pass:
  %old = load i64, ptr @turns
  %new = add i64 %old, 1
  store i64 %new, ptr @turns
  %to = load ptr, ptr @ping
  %more = add i64 %v, 2
  %got = call i64 @llvm.stackswitch.swap.i64(ptr %to, i64 %more)
  br label %loop
}

define i32 @main() {
  %self = call ptr @llvm.stackswitch.current()
  store ptr %self, ptr @main.ctx
  %a = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @ping.body, ptr null)
  store ptr %a, ptr @ping
  %b = call ptr @llvm.stackswitch.spawn.i64(ptr null, ptr @pong.body, ptr null)
  store ptr %b, ptr @pong
  %end = call i64 @llvm.stackswitch.swap.i64(ptr %a, i64 0)
  %link.a = call ptr @llvm.stackswitch.link(ptr %a)
  %link.b = call ptr @llvm.stackswitch.link(ptr %b)
  %null.a = icmp eq ptr %link.a, null
  %null.b = icmp eq ptr %link.b, null
  %null = and i1 %null.a, %null.b
  %text = select i1 %null, ptr @none, ptr @some
  %count = load i64, ptr @turns
  %p = call i32 (ptr, ...) @printf(ptr @back, i64 %end, ptr %text, i64 %count)
  call void @llvm.stackswitch.destroy(ptr %a)
  call void @llvm.stackswitch.destroy(ptr %b)
  ret i32 0
}
