"""What the package must know about a CPU that the program does not say.

Where a switch record and a captured position keep registers is in the program's own table
(`stackswitch_debug_v2`, see `runtime`), under gdb's names for the registers. The rest is here: one
entry of `CPUS` per architecture.
"""

from collections import namedtuple

import gdb

from .command import Trouble, remembered

Cpu = namedtuple(
    "Cpu",
    [
        # Bytes of a pointer.
        "word",
        # gdb's names for the program counter and the stack pointer.
        "program_counter",
        "stack_pointer",
        # gdb's name for the register that offsets of thread-local variables count from.
        "thread_pointer",
        # The register in which code at a resume address expects the address of the switch record.
        "record_register",
        # The registers that a capture of the POSIX layer by in-place code stores.
        "captured_in_place",
        # The registers that a suspended context keeps: gdb's names and DWARF's numbers.
        "numbers",
    ],
)

# By gdb's name for the architecture.
CPUS = {
    "i386:x86-64": Cpu(
        word=8,
        program_counter="rip",
        stack_pointer="rsp",
        thread_pointer="fs_base",
        record_register="rdx",
        captured_in_place=("rsp", "rbp", "rbx"),
        numbers={
            "rbx": 3,
            "rbp": 6,
            "rsp": 7,
            "r12": 12,
            "r13": 13,
            "r14": 14,
            "r15": 15,
            "rip": 16,
        },
    ),
}


@remembered
def cpu():
    """The CPU of the program that gdb looks at."""
    name = gdb.selected_inferior().architecture().name()
    if name not in CPUS:
        raise Trouble("stackswitch's contexts cannot be shown on %s" % name)
    return CPUS[name]


@remembered
def pc_number():
    """DWARF's number of the program counter."""
    return cpu().numbers[cpu().program_counter]


@remembered
def sp_number():
    """DWARF's number of the stack pointer."""
    return cpu().numbers[cpu().stack_pointer]


def pointer(value):
    """A number as a pointer holds it: without the bits above."""
    return value & ((1 << 8 * cpu().word) - 1)
