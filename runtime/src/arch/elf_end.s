// An integer of 32 or 64 bits travels in the register of a pointer: the same function.
.macro stackswitch_typed operation, suffix
    .globl \operation\()_\suffix
    .type \operation\()_\suffix,%function
    .set \operation\()_\suffix, \operation
.endm
.irp suffix, i32, i64
    stackswitch_typed stackswitch_swap, \suffix
    stackswitch_typed stackswitch_resume, \suffix
    stackswitch_typed stackswitch_suspend, \suffix
    stackswitch_typed stackswitch_swap_ontop, \suffix
.endr
.purgem stackswitch_typed
.purgem stackswitch_function
.purgem stackswitch_hidden
.purgem stackswitch_local
.purgem stackswitch_end
