"""Where the call frame information of an address is: in the program and its libraries
(.eh_frame), and in objects that a just-in-time compiler has registered with gdb."""

import bisect
import struct

import gdb

from .call_frames import Reader, description_at
from .command import Trouble, remembered
from .cpu import cpu
from .memory import number, read, word
from .names import symbol


@remembered
def description_of(pc):
    """The description of the function at `pc`, or None."""
    for low, high, tables in loaded_files():
        if low <= pc < high:
            for table in tables:
                found = in_table(table, pc)
                if found is not None:
                    return found
    for found in registered():
        if found.start <= pc < found.end:
            return found
    return None


@remembered
def loaded_files():
    """The first and last address of the program and of each library, and where each has a sorted
    table of its descriptions (.eh_frame_hdr)."""
    files = {}
    for line in gdb.execute("info files", to_string=True).splitlines():
        words = line.split()
        if len(words) >= 5 and words[1] == "-" and words[3] == "is":
            owner = words[6] if len(words) > 6 else ""
            start, end = int(words[0], 16), int(words[2], 16)
            low, high, tables = files.get(owner, (start, end, ()))
            if words[4] == ".eh_frame_hdr":
                tables += ((start, end),)
            files[owner] = (min(low, start), max(high, end), tables)
    return list(files.values())


@remembered
def rows_of(table):
    """The functions' first addresses and their descriptions, both counted from the table."""
    start, end = table
    fields = Reader(read(start, end - start), start)
    _, frames, counts, rows = fields.take(4)
    fields.pointer(frames, start)
    count = fields.pointer(counts, start)
    if rows != 0x3B:
        raise Trouble("unknown table of call frame information at %#x" % start)
    words = struct.unpack("<%di" % (2 * count), fields.take(8 * count))
    return words[0::2], words[1::2]


def in_table(table, pc):
    """The description that a table has for the function at `pc`."""
    starts, places = rows_of(table)
    index = bisect.bisect_right(starts, pc - table[0]) - 1
    if index < 0:
        return None
    found = description_at(table[0] + places[index])
    return found if found.start <= pc < found.end else None


@remembered
def registered():
    """The descriptions of all functions of registered objects."""
    head = symbol("__jit_debug_descriptor")
    if head is None:
        return []
    # The list's first entry follows two 32-bit numbers and a pointer; an entry is its successor,
    # its predecessor, the object.
    found, entry = [], word(head + 8 + cpu().word)
    while entry:
        found += descriptions_in(word(entry + 2 * cpu().word))
        entry = word(entry)
    return found


def descriptions_in(image):
    """The descriptions in a 64-bit ELF object in memory whose sections have addresses."""
    sections, (size, count) = number(image + 40, 8), struct.unpack("<HH", read(image + 58, 4))

    def header(index):
        return struct.unpack("<IIQQQQIIQQ", read(image + sections + index * size, 64))

    strings = image + header(number(image + 62, 2))[4]
    found = []
    for index in range(count):
        name, _, _, address, _, length = header(index)[:6]
        if not address or read(strings + name, 10) != b".eh_frame\0":
            continue
        at = address
        while at + 4 < address + length:
            step = number(at, 4)
            if step == 0:
                break
            if number(at + 4, 4):
                found.append(description_at(at))
            at += 4 + step
    return found
