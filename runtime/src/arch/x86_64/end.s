// Ends the names of the macros.
.purgem stackswitch_push_record
.purgem stackswitch_record_at
.purgem stackswitch_check_exceptions
.purgem stackswitch_check_target
.purgem stackswitch_bring_exceptions
.purgem stackswitch_exchange
.purgem stackswitch_return
.purgem stackswitch_land
.purgem stackswitch_run_ontop
.purgem stackswitch_capture_by
.purgem stackswitch_go_plainly
.purgem stackswitch_go_back_plainly
