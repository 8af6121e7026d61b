"""`stackswitch apply`: gdb's own commands in a suspended context."""

import gdb

from .backtrace import find
from .command import Trouble, guarded
from .cpu import cpu, pointer
from .memory import read
from .runtime import Runtime
from .selected import Selected


class Apply(gdb.Command):
    """Run a command of gdb's in a suspended context.

    stackswitch apply CTX COMMAND

    CTX is as for `stackswitch bt`, without blanks. While COMMAND runs, the context's bytes are on
    its stack and its registers are those of its thread, so frames have arguments and locals:
    `bt full`, `frame apply all info locals`. Then everything is put back. COMMAND must not let the
    process run. Needs a live process."""

    def __init__(self):
        super().__init__("stackswitch apply", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        guarded(lambda: self.apply(argument.strip()))

    def apply(self, argument):
        expression, _, command = argument.partition(" ")
        if not command.strip():
            raise Trouble("which command? stackswitch apply CTX COMMAND")
        runtime = Runtime()
        threads = runtime.threads()
        context = find(runtime, threads, pointer(int(gdb.parse_and_eval(expression))))
        owner = context.owner(threads)
        with Selected(owner.thread):
            if context.state == "running":
                return gdb.execute(command)
            with Exchanged(context):
                return gdb.execute(command)


class Exchanged:
    """Puts a context's bytes and registers in place of those of the running context of the
    selected thread. Puts everything back at the end."""

    def __init__(self, context):
        self.registers = registers_to_show(context)
        memory = context.memory()
        self.pieces = [(at, memory.read(at, size)) for at, size, _ in memory.pieces]
        self.overwritten = []

    def __enter__(self):
        # Calls would run on the stack that is not the thread's.
        self.calls = gdb.parameter("may-call-functions")
        try:
            for at, data in self.pieces:
                before = read(at, len(data))
                gdb.selected_inferior().write_memory(at, data)
                self.overwritten.append((at, before))
            frame = gdb.newest_frame()
            self.before = {name: pointer(int(frame.read_register(name))) for name in self.registers}
            set_registers(self.registers)
            gdb.execute("set may-call-functions off", to_string=True)
        except (gdb.error, gdb.MemoryError) as error:
            self.put_back()
            raise Trouble("only a live process can be changed: %s" % error) from None

    def __exit__(self, *_):
        set_registers(self.before)
        self.put_back()

    def put_back(self):
        for at, data in reversed(self.overwritten):
            gdb.selected_inferior().write_memory(at, data)
        gdb.execute("set may-call-functions %s" % ("on" if self.calls else "off"), to_string=True)


def registers_to_show(context):
    """The registers with which gdb shows a context's frames."""
    registers, called = context.registers()
    if not called or context.state == "posix":
        return registers
    # gdb takes the outer frames for callers, and this one for the runtime's code that returns from
    # a switch. That code finds the other registers in the switch record.
    record = registers[cpu().stack_pointer] - context.runtime["record.bytes"]
    return {
        cpu().program_counter: context.runtime.point_return + context.runtime["record.landing"],
        cpu().record_register: record,
        cpu().stack_pointer: record,
    }


def set_registers(registers):
    """Sets registers of the selected thread, whichever frame is selected."""
    for name, value in registers.items():
        gdb.newest_frame().select()
        gdb.execute("set var $%s = %#x" % (name, value), to_string=True)
    gdb.newest_frame().select()
