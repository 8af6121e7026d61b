"""`info stackswitch`: threads, bases, and the contexts of each base."""

import re

import gdb

from .command import guarded
from .memory import number
from .names import (
    entry_name,
    function_and_line,
    functions_at,
    linker_symbol,
    name_at,
)
from .runtime import Runtime

# The first frames of contexts.
ENTRIES = ("stackswitch_point_entry", "stackswitch_point_posix_entry")

# Functions of the runtime, and functions that the passes put between the runtime and the program.
# Nobody asks where in them a context waits. gdb writes some dots as brackets.
RUNTIME = re.compile(r"^stackswitch[_.]|stackswitch_rt")
BETWEEN = re.compile(r"\.stackswitch[.\[]")


class Info(gdb.Command):
    """Show stackswitch's contexts: threads, bases, and the contexts of each base.

    info stackswitch [N]

    Shows at most N contexts of each thread, 100 if N is left out. For each: its handle, status and
    link, the bytes of its stack that are displaced to the heap and those that are resident, the
    function that it runs and where it waits. `*` is the running context."""

    def __init__(self):
        super().__init__("info stackswitch", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        guarded(lambda: self.show(int(gdb.parse_and_eval(argument)) if argument else 100))

    def show(self, most):
        runtime = Runtime()
        threads = runtime.threads()
        if not threads:
            print("No thread has used stackswitch yet.")
        for thread in threads:
            show_thread(runtime, thread, most)


def show_thread(runtime, thread, most):
    """Prints a thread's bases, and at most so many of its contexts."""
    contexts, all_bases = thread.contexts_and_bases()
    shown = {}
    for context in contexts[:most]:
        shown.setdefault(context.field("context.base"), []).append(context)
    print(
        "Thread %d (stackswitch's %d): %d contexts, %d bases"
        % (thread.thread.num, thread.number, len(contexts), len(all_bases))
    )
    # The thread's own stack is a base that is in no list.
    known = set(all_bases)
    for base in [base for base in shown if base not in known] + all_bases:
        members = shown.get(base, [])
        if not members and len(contexts) > most:
            continue
        print("  " + base_line(runtime, thread, base))
        print_rows([row_of(thread, context) for context in members])
    if len(contexts) > most:
        print("  and %d contexts more: info stackswitch N shows N" % (len(contexts) - most))


def base_line(runtime, thread, base):
    """What is said of a base."""
    if base == runtime.field(thread.main, "context.base"):
        return "the thread's own stack"
    region = runtime.field(base, "base.region")
    count = number(base + runtime["base.contexts"], 4)
    top = runtime.field(base, "base.top")
    if number(region + runtime["region.origin"], 1) == runtime["origin.native"]:
        where = "on the thread's own stack"
    else:
        low = runtime.field(region, "region.low") + runtime.field(region, "region.guard")
        where = "on a region from %#x" % low
    return "base %#x, up to %#x %s: %d contexts" % (base, top, where, count)


HEADINGS = ("", "context", "status", "link", "displaced", "resident", "body", "waits in")


def row_of(thread, context):
    """What is said of a context, a text for each heading."""
    mark = "*" if context.address == thread.current else ""
    link = context.field("context.link")
    displaced, resident = context.bytes_held()
    body = place = "-"
    if context.state == "new":
        body = entry_name(context.field("new.body"))
    elif context.state in ("ready", "parked"):
        body, place = body_and_place(context)
    if context.is_native:
        body = "-"
    return (
        mark,
        "%#x" % context.address,
        context.status,
        "%#x" % link if link else "-",
        "-" if displaced is None else str(displaced),
        "-" if resident is None else str(resident),
        body,
        place,
    )


def print_rows(rows):
    """Prints rows as a table below the headings."""
    if not rows:
        return
    rows = [HEADINGS] + rows
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths)]
        print("    " + "  ".join(cells).rstrip())


def functions_of_program(address):
    """The functions of the program at an address, innermost inlined one first."""
    symbol, _ = linker_symbol(address)
    symbol = symbol or ""
    if RUNTIME.search(symbol):
        return ()
    names = functions_at(address)
    if BETWEEN.search(symbol):
        return names[:-1]  # the program's own may be inlined there
    return names or (name_at(address),)


def body_and_place(context):
    """A suspended context's first function, and where it waits."""
    body = place = None
    for frame in context.frames():
        if isinstance(frame, str):
            return "?", place or "?"
        if name_at(frame.source_address) in ENTRIES:
            break
        names = functions_of_program(frame.source_address)
        if names:
            place = place or function_and_line(frame.source_address)
            body = names[-1]
    return body or "?", place or "?"
