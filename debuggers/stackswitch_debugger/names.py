"""Functions and source lines of addresses, as people know them."""

import re

import gdb

from .command import remembered


@remembered
def symbol(name):
    """The address of a symbol of the program, or None. Asked in C, whatever the frame's language."""
    language = gdb.parameter("language")
    gdb.execute("set language c", to_string=True)
    try:
        return int(gdb.parse_and_eval("(unsigned long)&" + name))
    except gdb.error:
        return None
    finally:
        gdb.execute("set language " + language, to_string=True)


@remembered
def linker_symbol(address):
    """The linker's name for the code at an address, and the distance from its first byte.

    (None, 0) if there is none."""
    text = gdb.execute("info symbol %#x" % address, to_string=True)
    found = re.match(r"(.*?)(?: \+ (\d+))? in section ", text)
    return (found[1], int(found[2] or 0)) if found else (None, 0)


@remembered
def functions_at(address):
    """The functions at an address that have debug information, innermost inlined one first."""
    try:
        block = gdb.block_for_pc(address)
    except RuntimeError:
        return ()
    names = []
    while block and not block.is_static and not block.is_global:
        # A function that is declared within another one, as a lambda, is not inlined into that one.
        if not block.start <= address < block.end:
            break
        if block.function:
            names.append(source_name(block.function.print_name))
        block = block.superblock
    return tuple(names)


@remembered
def name_at(address):
    """The function at an address, or the address if it is not known."""
    names = functions_at(address)
    if names:
        return names[-1]
    name, _ = linker_symbol(address)
    return "%#x" % address if name is None else source_name(name)


@remembered
def entry_name(address):
    """The function that begins at an address, or the address if none does."""
    name, distance = linker_symbol(address)
    if name is not None and distance == 0:
        return source_name(name)
    names = functions_at(address)
    if names and gdb.block_for_pc(address).start == address:
        return names[-1]
    return "%#x" % address


# A function that the passes put between the runtime and a body: its name is the body's and this.
# gdb writes the dots of some names as brackets.
ADAPTER = re.compile(r"( \[clone )?\.stackswitch[.\]].*$")


def source_name(name):
    """A function's name as its source has it: without what the linker, the passes, C++ and Rust add
    to it. An adapter has the name of its body."""
    body = ADAPTER.sub("", name)
    if body != name and body.startswith(("_Z", "_R")):
        body = gdb.execute("demangle -- " + body, to_string=True).strip()
    return without_result(without_parameters(re.sub(r"::h[0-9a-f]{16}$", "", body)))


def without_parameters(name):
    """A function's name without the parameters that C++ writes after it."""
    if not name.endswith(")"):
        return name
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(name[at], 0)
        if depth == 0:
            return name[:at]
    return name


def without_result(name):
    """A function's name without the result type that C++ writes before a template's name."""
    if "<" not in name or "operator" in name:
        return name
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += {">": 1, ")": 1, "}": 1, "<": -1, "(": -1, "{": -1}.get(name[at], 0)
        if depth == 0 and name[at] == " ":
            return name[at + 1 :]
    return name


@remembered
def line_at(address):
    """The source line of an address as `file:line`, or None."""
    line = gdb.find_pc_line(address)
    if line.symtab is None or line.line == 0:
        return None
    return "%s:%d" % (line.symtab.filename, line.line)


@remembered
def function_and_line(address):
    """An address as `function at file:line`."""
    names = functions_at(address)
    text = names[0] if names else name_at(address)
    line = line_at(address)
    return "%s at %s" % (text, line) if line else text
