"""gdb's commands for stackswitch's contexts.

The stack of a suspended context may be displaced: its bytes are in a heap block then. gdb's own
unwinder reads memory at the address where the stack belongs, so it cannot follow such a stack. This
package reads each byte where it is now, and changes nothing in the process. Only `apply` does: it
writes a context's bytes and registers where they belong, runs one command, and undoes that.

| module | what it knows |
| --- | --- |
| `command` | errors, and facts that are remembered while a command runs |
| `selected` | selecting a thread for a while |
| `cpu` | the facts about a CPU: one table per architecture |
| `memory` | bytes of the process, and where the bytes of a displaced stack are |
| `names` | functions and source lines of addresses |
| `call_frames` | what DWARF's call frame information says of one function |
| `sections` | where the call frame information of an address is |
| `unwind` | the frames of a stack |
| `runtime` | the runtime's structures: threads and contexts |
| `listing` | `info stackswitch` |
| `backtrace` | `stackswitch bt` |
| `apply` | `stackswitch apply` |
| `stepping` | `stackswitch next` |

Every module imports only modules above it in this table.
"""

import gdb

from . import apply, backtrace, listing, stepping


class Prefix(gdb.Command):
    """Commands for stackswitch's contexts."""

    def __init__(self):
        super().__init__("stackswitch", gdb.COMMAND_STACK, prefix=True)


Prefix()
listing.Info()
backtrace.Backtrace()
apply.Apply()
stepping.Next()
