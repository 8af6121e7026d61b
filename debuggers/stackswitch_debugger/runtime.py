"""The runtime's structures, as its table `stackswitch_debug_v2` describes them.

The table is a list of names with numbers: where a field of a structure is (`context.sp`), what a
constant is (`state.ready`), where a switch record or a captured position keeps a register
(`record.rbp`, `position.rbp`). It begins with the size and the number of its entries and with three
resume addresses of the runtime.
"""

import gdb

from .command import Trouble
from .cpu import cpu, pointer
from .memory import Memory, number, read, word
from .names import symbol
from .selected import Selected
from .unwind import Frame, after_landing, frames_from


class Runtime:
    """The runtime's table, and the threads that use it."""

    def __init__(self):
        table = symbol("stackswitch_debug_v2")
        if table is None:
            raise Trouble("the program has no stackswitch runtime, or one without symbols")
        size, count = number(table, 4), number(table + 4, 4)
        first, step = table + 8, cpu().word
        # A context resumes at one of these if its switch was a call, if exceptions are in flight
        # in it, and if a call has captured it into an object of the POSIX layer.
        self.point_return = word(first)
        self.point_exceptions = word(first + step)
        self.point_position = word(first + 2 * step)
        entries = read(first + 3 * step, size * count)
        self.numbers = {}
        for at in range(0, len(entries), size):
            name = entries[at : at + size - 8].rstrip(b"\0").decode()
            self.numbers[name] = int.from_bytes(entries[at + size - 8 : at + size], "little")
        self.states = {
            value: name[6:] for name, value in self.numbers.items() if name.startswith("state.")
        }

    def __getitem__(self, name):
        if name not in self.numbers:
            raise Trouble("this script is for another version of the runtime: no %s there" % name)
        return self.numbers[name]

    def field(self, address, name):
        """A field of the structure at an address, of a pointer's size."""
        return word(address + self[name])

    def registers_in(self, prefix):
        """The registers that a structure keeps, as gdb's names and where in it they are."""
        return {name: self[prefix + name] for name in cpu().numbers if prefix + name in self.numbers}

    def threads(self):
        """The threads that use contexts. The thread that was selected stays selected."""
        words = symbol("stackswitch_debug_words")
        offset = word(words) if words is not None else 0
        if not offset:
            return []
        if gdb.selected_thread() is None:
            raise Trouble("there is no process and no core file")
        found = []
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
            with Selected(thread):
                start = int(gdb.newest_frame().read_register(cpu().thread_pointer))
            words = pointer(start + offset)
            if self.field(words, "words.thread"):
                found.append(Thread(self, thread, words))
        return found

    def state_of(self, address):
        """The state in the tag of a handle."""
        return self.states.get(number(address + self["context.tag"], 4) & 15, "dead")

    def bytes_of(self, slice_):
        """The address of a slice's bytes. The low bits of a slice's pointer say what it points
        to."""
        if slice_ & 3 == self["slice.shared"]:
            return self.bytes_of(self.field(slice_ & ~3, "shared.slice"))
        if slice_ & 3 == self["slice.pages"]:
            return self.field(slice_ & ~3, "pages.address")
        return slice_


class Thread:
    """A thread of the program and the contexts that belong to it."""

    def __init__(self, runtime, thread, words):
        self.runtime, self.thread, self.words = runtime, thread, words
        self.current = runtime.field(words, "words.current")
        self.address = runtime.field(words, "words.thread")
        self.number = number(self.address + runtime["thread.number"], 4)
        self.main = self.address + runtime["thread.main"]

    def running(self):
        """The context that runs now; the process may have run since this object was made."""
        return self.runtime.field(self.words, "words.current")

    def handles(self):
        """Every header that was handed out: contexts, bases, and destroyed ones."""
        runtime = self.runtime
        chunk = runtime.field(self.address, "thread.headers")
        while chunk:
            end = number(chunk + runtime["chunk.fresh"], 4)
            for at in range(runtime["chunk.first"], end, runtime["header.bytes"]):
                yield chunk + at
            chunk = runtime.field(chunk, "chunk.headers")

    def contexts_and_bases(self):
        """Its contexts, its own one first, and the addresses of its bases."""
        contexts, bases = [Context(self.runtime, self.main, self)], []
        for handle in self.handles():
            state = self.runtime.state_of(handle)
            if state in ("new", "ready", "parked", "finished"):
                contexts.append(Context(self.runtime, handle, self))
            elif state == "base":
                bases.append(handle)
        return contexts, bases

    def contexts(self):
        """Its contexts, its own one first."""
        return self.contexts_and_bases()[0]


class Context:
    """A context, or an object of the POSIX layer."""

    def __init__(self, runtime, address, thread=None):
        self.runtime, self.address, self.thread = runtime, address, thread
        self.state = runtime.state_of(address)
        # The tag of the running context is that of a suspended one; the thread words tell which it is.
        if self.state == "ready":
            threads = [thread] if thread else runtime.threads()
            if any(thread.running() == address for thread in threads):
                self.state = "running"

    @property
    def status(self):
        """Its state as `stackswitch_status` calls it."""
        return {"ready": "suspended", "parked": "suspended"}.get(self.state, self.state)

    def field(self, name):
        """A field of its header, of a pointer's size."""
        return self.runtime.field(self.address, name)

    @property
    def stack(self):
        """The context whose stack it is on: its own, or one given to `makecontext`."""
        other = self.field("context.counterpart")
        marks = number(self.address + self.runtime["context.marks"], 1)
        hidden = marks & self.runtime["mark.hidden"]
        return Context(self.runtime, other, self.thread) if other and not hidden else self

    def owner(self, threads):
        """The thread that it belongs to."""
        if self.thread is not None:
            return self.thread
        owner = number(self.address + self.runtime["context.tag"], 4) >> 4
        for thread in threads:
            if thread.number == owner:
                return thread
        raise Trouble("the thread of %#x has ended" % self.address)

    @property
    def is_native(self):
        """Whether it is its thread's own context, on the thread's own stack."""
        return self.thread is not None and self.address == self.thread.main

    def bytes_held(self):
        """The bytes that are displaced to the heap, and those on its stack; None where that is
        not known."""
        if self.state not in ("ready", "parked"):
            return None, None
        stack = self.stack
        displaced = stack.field("context.saved")
        if stack.is_native:
            return displaced, None
        top = self.runtime.field(stack.field("context.base"), "base.top")
        return displaced, top - stack.field("context.sp") - displaced

    def pieces(self):
        """The pieces of its stack that are not where they belong, as `Memory` takes them."""
        if self.state == "posix":
            return self.captured_pieces()
        slice_ = self.field("context.slice")
        place = self.runtime.bytes_of(slice_) if slice_ else 0
        return [(self.field("context.sp"), self.field("context.saved"), place)]

    def captured_pieces(self):
        """The same for an object of the POSIX layer."""
        length, sp = self.field("posix.length"), self.position()[cpu().stack_pointer]
        pieces = [(sp, length, self.runtime.bytes_of(self.field("posix.slice")))]
        # Above the captured slice the stack is that of the context that captured it. A thread that
        # took no notes then was in its own context, or on a stack that is always resident.
        home = self.field("posix.home") or (self.thread.main if self.thread else 0)
        if not home:
            return pieces
        home = Context(self.runtime, home)
        if home.state in ("ready", "parked"):
            pieces += cut(home.pieces(), sp + length)
        return pieces

    def position(self):
        """The registers in an object of the POSIX layer."""
        at = self.address + self.runtime["posix.position"]
        offsets = self.runtime.registers_in("position.")
        return {name: word(at + offset) for name, offset in offsets.items()}

    def registers(self):
        """Its registers by name, and whether it resumes by returning from a call."""
        runtime = self.runtime
        if self.state == "posix":
            registers, resume_address = self.position(), self.field("posix.point")
            if resume_address == runtime.point_position:
                return registers, True
            # Captured in place: only these registers were stored, and no return address.
            kept = {name: registers[name] for name in cpu().captured_in_place}
            return {cpu().program_counter: after_landing(resume_address), **kept}, False
        if self.state not in ("ready", "parked"):
            raise Trouble("context %#x is %s, not suspended" % (self.address, self.status))
        stack = self.stack
        memory, record = Memory(stack.pieces()), stack.field("context.sp")
        if memory.word(record) == runtime.point_exceptions:
            record += runtime["record.exceptions"]
        offsets = runtime.registers_in("record.")
        registers = {name: memory.word(record + offset) for name, offset in offsets.items()}
        registers[cpu().stack_pointer] = record + runtime["record.bytes"]
        resume_address = memory.word(record)
        called = resume_address == runtime.point_return
        if not called:
            # An in-place switch leaves no return address.
            registers[cpu().program_counter] = after_landing(resume_address)
        return registers, called

    def memory(self):
        """Memory as it sees it."""
        return Memory(self.pieces() if self.state == "posix" else self.stack.pieces())

    def frames(self):
        """Its frames, innermost first, and a text if they cannot be followed to their end."""
        registers, called = self.registers()
        first = {cpu().numbers[name]: value for name, value in registers.items()}
        return frames_from(Frame(first, called, suspended=not called), self.memory())


def cut(pieces, low):
    """Pieces without what lies below an address."""
    for belongs, length, place in pieces:
        skip = max(0, low - belongs)
        if skip < length:
            yield belongs + skip, length - skip, place + skip
