// A CPU need not use every operand; this line does, and shows the values: {current} {ready}
// {parked} {switches} {side_top} {exceptions} {exchange_base} {exchanged} {vectors} {plain} {sp} {tag}
// {saved} {slice} {above} {link} {base} {counterpart} {top} {region} {bottom} {object_tag} {position}
// {in_ucontext} {ontop_mark} {kind_swap} {kind_resume} {kind_suspend} {kind_ontop} {raw} {with_mask}
// {exchanges_at_most} {exchanges_bit} {large} {aligned} {invalid} {memory} {checked} {until_trim} {ready_after_new}
// {finished_after_ready} {flags} {blocks_flag}

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
