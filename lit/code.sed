# Leaves of llc's output what tests of code compare: labels, instructions, and the data between them.
# Other directives, comments and empty lines go.
/^[[:space:]]*#APP/b
/^[[:space:]]*#NO_APP/b
s/[[:space:]]*\(##*\|\/\/\) .*$//
/^[[:space:]]*$/d
/^[.]Lfunc_begin/d
/^[.]L/b
/^[[:space:]]*[.]\(long\|quad\|short\|byte\)/b
/^[[:space:]]*[.]/d
