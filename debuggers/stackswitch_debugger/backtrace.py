"""`stackswitch bt`: the frames of a context."""

import gdb

from .command import Trouble, guarded
from .cpu import pointer
from .names import entry_name, functions_at, line_at, name_at
from .runtime import Context, Runtime
from .selected import Selected


class Backtrace(gdb.Command):
    """Show the frames of a context, wherever its stack is.

    stackswitch bt CTX
    stackswitch bt all

    CTX is an expression whose value is a context's handle, or the address of an object of the
    POSIX layer (stackswitch_context_t). With `all`, the frames of every context."""

    def __init__(self):
        super().__init__("stackswitch bt", gdb.COMMAND_STACK, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        guarded(lambda: self.show(argument.strip()))

    def show(self, argument):
        if not argument:
            raise Trouble("which context? `info stackswitch` lists them")
        runtime = Runtime()
        threads = runtime.threads()
        if argument == "all":
            for thread in threads:
                for context in thread.contexts():
                    print("Context %#x (%s):" % (context.address, context.status))
                    show_frames(context)
            return
        show_frames(find(runtime, threads, pointer(int(gdb.parse_and_eval(argument)))))


def find(runtime, threads, address):
    """The context with that handle, or the object of the POSIX layer there."""
    for thread in threads:
        for context in thread.contexts():
            if context.address == address:
                return context
    try:
        context = Context(runtime, address)
        if context.state == "posix" and address % 16 == 0:
            try:
                context.thread = context.owner(threads)
            except Trouble:
                pass  # the thread has ended; the object may still be shown
            return context
    except Trouble:
        pass
    raise Trouble("%#x is not a context; `info stackswitch` lists them" % address)


def show_frames(context):
    """Prints the frames of a context."""
    if context.state == "running":
        # gdb knows the frames of what runs.
        with Selected(context.thread.thread):
            gdb.execute("bt")
    elif context.state == "new":
        body, argument = context.field("new.body"), context.field("new.argument")
        line = line_at(body)
        place = " at " + line if line else ""
        print("It has not run yet. It will run %s(%#x)%s." % (entry_name(body), argument, place))
    elif context.state == "finished":
        print("It has finished.")
    else:
        show_suspended(context)


def show_suspended(context):
    """Prints the frames of a suspended context, a number for each line."""
    count = 0
    for frame in context.frames():
        if isinstance(frame, str):
            print("The stack cannot be followed: %s." % frame)
            return
        for line in lines_of(frame):
            print("#%-3d%s" % (count, line))
            count += 1


def lines_of(frame):
    """What is said of a frame: a line for each function inlined there, then one for its own."""
    names = functions_at(frame.source_address) or (name_at(frame.source_address),)
    place = line_at(frame.source_address)
    lines = []
    for index, name in enumerate(names):
        where = " at " + place if place and index == 0 else ""
        start = "" if index + 1 < len(names) else "0x%016x in " % frame.pc
        lines.append("%s%s ()%s" % (start, name, where))
    return lines
