"""Bytes of the process, and where the bytes of a displaced stack are."""

import gdb

from .command import Trouble
from .cpu import cpu


def read(address, size):
    """Bytes of the process at an address."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except (gdb.MemoryError, gdb.error, OverflowError) as error:
        raise Trouble("no memory at %#x" % address) from error


def number(address, size):
    """An unsigned number of `size` bytes at an address."""
    return int.from_bytes(read(address, size), "little")


def word(address):
    """A pointer at an address."""
    return number(address, cpu().word)


class Memory:
    """Memory as a context sees it. Pieces of its stack may be somewhere else.

    A piece is an address where bytes belong, how many they are, and the address where they are."""

    def __init__(self, pieces=()):
        self.pieces = [piece for piece in pieces if piece[1]]

    def read(self, address, size):
        """The bytes that belong at an address."""
        data = b""
        while size:
            at, part = address, size
            for belongs, length, place in self.pieces:
                if belongs <= address < belongs + length:
                    at = place + address - belongs
                    part = min(part, belongs + length - address)
                elif address < belongs:
                    part = min(part, belongs - address)
            data += read(at, part)
            address, size = address + part, size - part
        return data

    def word(self, address):
        """The pointer that belongs at an address."""
        return int.from_bytes(self.read(address, cpu().word), "little")
