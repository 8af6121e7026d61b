; The number of links from the running context to the end of the chain: in chains of every kind, and
; in contexts that could lose their stacks if they did not ask.

@format = private constant [8 x i8] c"%s: %d\0A\00"
@says.main = private constant [5 x i8] c"main\00"
@says.once = private constant [8 x i8] c"resumed\00"
@says.again = private constant [6 x i8] c"again\00"
@says.inner = private constant [6 x i8] c"inner\00"
@says.after = private constant [6 x i8] c"after\00"
@says.set = private constant [12 x i8] c"with a link\00"
@says.self = private constant [9 x i8] c"own link\00"
@says.cycle = private constant [9 x i8] c"cycle 2 \00"
@says.tail = private constant [13 x i8] c"tail 1, of 2\00"
@says.finished = private constant [9 x i8] c"finished\00"
@says.dead = private constant [10 x i8] c"destroyed\00"
@says.none = private constant [8 x i8] c"no link\00"

declare ptr @llvm.stackswitch.spawn.i32(ptr, ptr, ptr)
declare i32 @llvm.stackswitch.resume.i32(ptr, i32)
declare i32 @llvm.stackswitch.suspend.i32(i32)
declare ptr @llvm.stackswitch.current()
declare i32 @llvm.stackswitch.depth()
declare void @llvm.stackswitch.setlink(ptr, ptr)
declare void @llvm.stackswitch.destroy(ptr)
declare i32 @printf(ptr, ...)

define internal void @say(ptr %what, i32 %depth) {
  %printed = call i32 (ptr, ...) @printf(ptr @format, ptr %what, i32 %depth)
  ret void
}

; Cannot suspend.
define internal i32 @once(ptr %arg, i32 %first) {
  %depth = call i32 @llvm.stackswitch.depth()
  ret i32 %depth
}

define internal i32 @asked() {
  %depth = call i32 @llvm.stackswitch.depth()
  ret i32 %depth
}

; Suspends in its own frame, and asks in a function that cannot suspend.
define internal i32 @again(ptr %arg, i32 %first) {
  %a = call i32 @llvm.stackswitch.depth()
  %next = call i32 @llvm.stackswitch.suspend.i32(i32 %a)
  %b = call i32 @asked()
  ret i32 %b
}

define internal i32 @outer(ptr %arg, i32 %first) {
  %inner = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @once, ptr null)
  %depth = call i32 @llvm.stackswitch.resume.i32(ptr %inner, i32 0)
  call void @llvm.stackswitch.destroy(ptr %inner)
  ret i32 %depth
}

define i32 @main() {
  %main = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.main, i32 %main)

  %one = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @once, ptr null)
  %once = call i32 @llvm.stackswitch.resume.i32(ptr %one, i32 0)
  call void @say(ptr @says.once, i32 %once)

  %two = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @again, ptr null)
  %first = call i32 @llvm.stackswitch.resume.i32(ptr %two, i32 0)
  call void @say(ptr @says.once, i32 %first)
  %second = call i32 @llvm.stackswitch.resume.i32(ptr %two, i32 0)
  call void @say(ptr @says.again, i32 %second)
  call void @llvm.stackswitch.destroy(ptr %two)

  %three = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @outer, ptr null)
  %inner = call i32 @llvm.stackswitch.resume.i32(ptr %three, i32 0)
  call void @say(ptr @says.inner, i32 %inner)
  %after = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.after, i32 %after)

  ; Links that are set: to a new context, to itself, in a cycle of two, before such a cycle.
  %own = call ptr @llvm.stackswitch.current()
  %a = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @once, ptr null)
  %b = call ptr @llvm.stackswitch.spawn.i32(ptr null, ptr @once, ptr null)
  call void @llvm.stackswitch.setlink(ptr %own, ptr %a)
  %set = call i32 @llvm.stackswitch.depth()
  call void @llvm.stackswitch.setlink(ptr %own, ptr %own)
  call void @say(ptr @says.set, i32 %set)
  %self = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.self, i32 %self)
  call void @llvm.stackswitch.setlink(ptr %own, ptr %a)
  call void @llvm.stackswitch.setlink(ptr %a, ptr %own)
  %cycle = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.cycle, i32 %cycle)
  call void @llvm.stackswitch.setlink(ptr %a, ptr %b)
  call void @llvm.stackswitch.setlink(ptr %b, ptr %a)
  %tail = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.tail, i32 %tail)

  ; A link to what cannot be resumed ends the chain.
  call void @llvm.stackswitch.setlink(ptr %own, ptr %one)
  %finished = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.finished, i32 %finished)
  call void @llvm.stackswitch.setlink(ptr %own, ptr %a)
  call void @llvm.stackswitch.destroy(ptr %a)
  %dead = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.dead, i32 %dead)
  call void @llvm.stackswitch.setlink(ptr %own, ptr null)
  %none = call i32 @llvm.stackswitch.depth()
  call void @say(ptr @says.none, i32 %none)
  call void @llvm.stackswitch.destroy(ptr %b)
  call void @llvm.stackswitch.destroy(ptr %one)
  call void @llvm.stackswitch.destroy(ptr %three)
  ret i32 0
}
