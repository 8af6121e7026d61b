// What every ELF target has alike, whatever its CPU: the thread words, the two variables that
// compiled code reads, and the directives around a function.

// The thread words: two cache lines of initial-exec thread-local storage, see `ThreadWords`.
// The tags begin as a tag that no context has, so the first switch takes the slow path.
.pushsection .tdata.stackswitch,"awT",%progbits
    .p2align 6
    .hidden stackswitch_tls
    .globl stackswitch_tls
    .type stackswitch_tls,%object
    .size stackswitch_tls,{words_bytes}
stackswitch_tls:
    .zero {ready}
    .long 0xffffffff
    .long 0xffffffff
    .zero {plain} - {ready} - 8
    .quad -1
    .zero {words_bytes} - {plain} - 8
.popsection

// The variables that the pass `stackswitch-inline` reads, see `inlined`. The last part of a name
// counts layouts: a program and a runtime with different layouts do not link.
.pushsection .bss.stackswitch,"aw",%nobits
    .p2align 3
    .globl stackswitch_resident_v3
    .type stackswitch_resident_v3,%object
    .size stackswitch_resident_v3,8
stackswitch_resident_v3:
    .zero 8
    .globl stackswitch_plain_v3
    .type stackswitch_plain_v3,%object
    .size stackswitch_plain_v3,8
stackswitch_plain_v3:
    .zero 8
.popsection

.text
// Begins a function of the C ABI, aligned to 2^`alignment` bytes.
.macro stackswitch_function name, alignment
    .globl \name
    stackswitch_local \name, \alignment
.endm
// Begins a function that only the runtime refers to.
.macro stackswitch_hidden name, alignment
    .hidden \name
    stackswitch_function \name, \alignment
.endm
// Begins a function that only this assembly refers to.
.macro stackswitch_local name, alignment
    .type \name,%function
    .p2align \alignment
\name:
    .cfi_startproc
.endm
// Ends a function.
.macro stackswitch_end name
    .cfi_endproc
    .size \name, . - \name
.endm
