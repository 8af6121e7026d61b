"""Shows stackswitch's contexts in gdb, in a live process or in a core file.

    (gdb) source stackswitch_gdb.py
    (gdb) info stackswitch
    (gdb) stackswitch bt CTX
    (gdb) stackswitch apply CTX bt full

This file loads the package `stackswitch_debugger` that lies beside it. Sourcing the file again
loads the package again.
"""

import os
import sys


def load():
    """Imports the package from this file's directory, in place of one that is loaded already."""
    package = "stackswitch_debugger"
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
    directory = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, directory)
    try:
        __import__(package)
    finally:
        sys.path.remove(directory)


load()
