; RUN: %opt -passes=stackswitch-verify,stackswitch-opt,stackswitch-lower,stackswitch-opt-again,stackswitch-check -print-pipeline-passes -disable-output %s | FileCheck %s --check-prefix=ALONE
; RUN: %opt '-passes=default<O2>' -print-pipeline-passes -disable-output %s | FileCheck %s --check-prefix=DEFAULT
; RUN: %opt '-passes=default<O0>' -print-pipeline-passes -disable-output %s | FileCheck %s --check-prefix=O0
; RUN: not %opt -passes=stackswitch-no-such-pass -disable-output %s 2>&1 | FileCheck %s --check-prefix=UNKNOWN
; The passes are known by name, and stand at the start and the end of a default pipeline.
; ALONE: stackswitch-verify,stackswitch-opt,stackswitch-lower,stackswitch-opt-again,stackswitch-check
; DEFAULT: stackswitch-verify,stackswitch-opt,stackswitch-lower,{{.*}},stackswitch-opt-again,{{.*}},stackswitch-check
; O0: stackswitch-verify,stackswitch-lower,{{.*}}stackswitch-check
; UNKNOWN: unknown pass name 'stackswitch-no-such-pass'
