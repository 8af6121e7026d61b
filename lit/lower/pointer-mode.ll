; RUN: sed 's/^; STABLE: //' %s | %opt -passes=stackswitch-lower -S | FileCheck %s --check-prefixes=CHECK,BAKED
; RUN: sed 's/^; STABLE: //' %s | %opt -passes=stackswitch-lower,stackswitch-lower -S | FileCheck %s --check-prefixes=CHECK,BAKED
; RUN: %opt -passes=stackswitch-lower -stackswitch-pointers=stable -S %s | FileCheck %s --check-prefixes=CHECK,BAKED
; RUN: %opt -passes=stackswitch-lower -S %s | FileCheck %s --check-prefixes=CHECK,DEFAULT
; Each function of a module gets the module's mode, and the flag goes: in a module that is linked of
; several, each function keeps its mode. Without a flag or an option the mode is the default.

; STABLE: !llvm.module.flags = !{!0, !1}
; STABLE: !0 = !{i32 4, !"stackswitch-pointers", i32 1}
; STABLE: !1 = !{i32 1, !"another", i32 7}

; DEFAULT-NOT: "stackswitch-pointers"="stable"

; CHECK: define void @plain() [[PLAIN:#[0-9]+]]
define void @plain() nounwind {
  ret void
}

; CHECK: define void @own() [[OWN:#[0-9]+]]
define void @own() "stackswitch-pointers"="sliced" {
  ret void
}

; CHECK: declare void @elsewhere(){{$}}
declare void @elsewhere()

; BAKED-DAG: attributes [[PLAIN]] = { nounwind "stackswitch-pointers"="stable" }
; BAKED-DAG: attributes [[OWN]] = { "stackswitch-pointers"="sliced" }
; BAKED-NOT: !"stackswitch-pointers"
