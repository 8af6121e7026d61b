"""Contexts of stackswitch in gdb, in a live process or in a core file.

    (gdb) source stackswitch_gdb.py
    (gdb) info stackswitch
    (gdb) stackswitch bt CTX
    (gdb) stackswitch apply CTX bt full

A suspended context's stack may lie in a heap block, so gdb's own unwinder, which reads memory where
it belongs, cannot follow it. This one reads each byte where it is now, and changes nothing in the
process. `apply` is for what only gdb's own frames have: it puts a context's bytes and registers in
their place for the time of one command.

What it knows of the runtime comes from the runtime's table `stackswitch_debug_v2`; what it knows
of frames, from the call frame information (.eh_frame) of the program and its libraries, and of
objects that a just-in-time compiler has registered.
"""

import bisect
import re
import struct

import gdb


class Trouble(Exception):
    """Something cannot be shown; its text says what."""


# ---------------------------------------------------------------------------------- memory


def read(address, size):
    """Bytes of the process, at the address where they are."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except (gdb.MemoryError, gdb.error, OverflowError) as error:
        raise Trouble("no memory at %#x" % address) from error


class Memory:
    """Memory as a context sees it: pieces of its stack may be elsewhere."""

    def __init__(self, pieces=()):
        # (where it belongs, how many bytes, where it is)
        self.pieces = [piece for piece in pieces if piece[1]]

    def read(self, address, size):
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
        return int.from_bytes(self.read(address, WORD), "little")


# Bytes of a pointer. The runtime's only CPU for debuggers is x86-64, so far.
WORD = 8
MASK = (1 << 64) - 1
PLAIN = Memory()


# ---------------------------------------------------------------------------------- symbols


def symbol(name):
    """The address of a symbol of the runtime, or None. C's syntax, whatever the frame's language."""
    language = gdb.parameter("language")
    gdb.execute("set language c", to_string=True)
    try:
        return int(gdb.parse_and_eval("(unsigned long)&" + name))
    except gdb.error:
        return None
    finally:
        gdb.execute("set language " + language, to_string=True)


def name_at(address):
    """The function at an address as people know it, or its address."""
    names = functions_at(address)
    if names:
        return names[-1]
    text = gdb.execute("info symbol %#x" % address, to_string=True)
    if text.startswith("No symbol"):
        return "%#x" % address
    return without_parameters(text.split(" in section ")[0].split(" + ")[0].strip())


def functions_at(address):
    """The functions at an address that have debug information: what was inlined first."""
    try:
        block = gdb.block_for_pc(address)
    except RuntimeError:
        return []
    names = []
    while block and not block.is_static and not block.is_global:
        if block.function:
            names.append(without_parameters(block.function.print_name))
        block = block.superblock
    return names


def without_parameters(name):
    """A function's name without the parameters that C++ has in it, and the hash that Rust has."""
    name = re.sub(r"::h[0-9a-f]{16}$", "", name)
    if not name.endswith(")"):
        return name
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(name[at], 0)
        if depth == 0:
            return name[:at]
    return name


def source_at(address):
    """`file:line` of an address, or None."""
    line = gdb.find_pc_line(address)
    if line.symtab is None or line.line == 0:
        return None
    return "%s:%d" % (line.symtab.filename, line.line)


def described(address):
    """An address as `function at file:line`."""
    names = functions_at(address)
    text = names[0] if names else name_at(address)
    place = source_at(address)
    return "%s at %s" % (text, place) if place else text


# ---------------------------------------------------------------------------------- unwinding


class Reader:
    """Reads what DWARF writes, from bytes whose first is at `address`."""

    def __init__(self, data, address, at=0):
        self.data, self.address, self.at = data, address, at

    def take(self, size):
        piece = self.data[self.at : self.at + size]
        if len(piece) < size:
            raise Trouble("call frame information breaks off at %#x" % (self.address + self.at))
        self.at += size
        return piece

    def unsigned(self, size):
        return int.from_bytes(self.take(size), "little")

    def signed(self, size):
        return int.from_bytes(self.take(size), "little", signed=True)

    def uleb(self):
        value = shift = 0
        while True:
            byte = self.unsigned(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def sleb(self):
        value = shift = 0
        while True:
            byte = self.unsigned(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value - (1 << shift) if byte & 64 else value

    def text(self):
        end = self.data.index(0, self.at)
        text = self.data[self.at : end].decode("ascii", "replace")
        self.at = end + 1
        return text

    def pointer(self, encoding, table=0):
        """A pointer as a DW_EH_PE encoding writes it; `table` is what it may count from."""
        if encoding == 0xFF:
            return None
        here = self.address + self.at
        kind = encoding & 15
        sizes = {0: WORD, 2: 2, 3: 4, 4: 8, 10: -2, 11: -4, 12: -8}
        if kind == 1:
            value = self.uleb()
        elif kind == 9:
            value = self.sleb()
        elif kind in sizes:
            size = sizes[kind]
            value = self.unsigned(size) if size > 0 else self.signed(-size)
        else:
            raise Trouble("unknown pointer encoding %#x" % encoding)
        base = {0x00: 0, 0x10: here, 0x30: table}.get(encoding & 0x70)
        if base is None:
            raise Trouble("unknown pointer encoding %#x" % encoding)
        return (value + base) & MASK


class Description:
    """A function's call frame information (an FDE with its CIE)."""

    def __init__(self, address):
        length = int.from_bytes(read(address, 4), "little")
        if length in (0, 0xFFFFFFFF):
            raise Trouble("no call frame information at %#x" % address)
        fields = Reader(read(address + 4, length), address + 4)
        distance = fields.unsigned(4)
        if distance == 0:
            raise Trouble("no function is described at %#x" % address)
        self.common(address + 4 - distance)
        self.start = fields.pointer(self.encoding)
        self.end = self.start + fields.pointer(self.encoding & 15)
        if self.augmented:
            fields.take(fields.uleb())
        self.code = fields.data[fields.at :]

    def common(self, address):
        length = int.from_bytes(read(address, 4), "little")
        fields = Reader(read(address + 4, length), address + 4)
        fields.take(4)
        version = fields.unsigned(1)
        augmentation = fields.text()
        self.code_step = fields.uleb()
        self.data_step = fields.sleb()
        self.returns = fields.unsigned(1) if version == 1 else fields.uleb()
        self.encoding, self.is_signal = 0, "S" in augmentation
        self.augmented = augmentation.startswith("z")
        if self.augmented:
            end = fields.uleb() + fields.at
            for letter in augmentation[1:]:
                if letter == "R":
                    self.encoding = fields.unsigned(1)
                elif letter == "L":
                    fields.take(1)
                elif letter == "P":
                    fields.pointer(fields.unsigned(1))
            fields.at = end
        self.start_code = fields.data[fields.at :]

    def rules(self, pc):
        """What holds at `pc`: how to find the frame's address, and where registers are."""
        state = State()
        self.run(self.start_code, state, MASK)
        state.first = dict(state.registers)
        self.run(self.code, state, pc)
        return state

    def run(self, code, state, pc):
        at, fields, kept = self.start, Reader(code, 0), []
        rules = state.registers
        while fields.at < len(code):
            op = fields.unsigned(1)
            high, low = op & 0xC0, op & 0x3F
            if high == 0x40:
                at += low * self.code_step
            elif high == 0x80:
                rules[low] = ("at", fields.uleb() * self.data_step)
            elif high == 0xC0:
                restore(state, low)
            elif op == 0x00:
                continue
            elif op == 0x01:
                at = fields.unsigned(WORD)
            elif op in (0x02, 0x03, 0x04):
                at += fields.unsigned({2: 1, 3: 2, 4: 4}[op]) * self.code_step
            elif op == 0x05:
                register = fields.uleb()
                rules[register] = ("at", fields.uleb() * self.data_step)
            elif op == 0x06:
                restore(state, fields.uleb())
            elif op == 0x07:
                rules[fields.uleb()] = ("undefined", None)
            elif op == 0x08:
                rules.pop(fields.uleb(), None)
            elif op == 0x09:
                register = fields.uleb()
                rules[register] = ("register", fields.uleb())
            elif op == 0x0A:
                kept.append((dict(rules), state.frame))
            elif op == 0x0B:
                registers, state.frame = kept.pop()
                rules.clear()
                rules.update(registers)
            elif op == 0x0C:
                state.frame = (fields.uleb(), fields.uleb())
            elif op == 0x0D:
                state.frame = (fields.uleb(), state.frame[1])
            elif op == 0x0E:
                state.frame = (state.frame[0], fields.uleb())
            elif op == 0x0F:
                state.frame = fields.take(fields.uleb())
            elif op in (0x10, 0x16):
                register = fields.uleb()
                kind = "expression" if op == 0x10 else "value"
                rules[register] = (kind, fields.take(fields.uleb()))
            elif op == 0x11:
                register = fields.uleb()
                rules[register] = ("at", fields.sleb() * self.data_step)
            elif op == 0x12:
                state.frame = (fields.uleb(), fields.sleb() * self.data_step)
            elif op == 0x13:
                state.frame = (state.frame[0], fields.sleb() * self.data_step)
            elif op == 0x2E:
                fields.uleb()
            else:
                raise Trouble("unknown call frame instruction %#x" % op)
            if at > pc:
                return


class State:
    """The rules while they are being worked out."""

    def __init__(self):
        self.frame = None
        self.registers = {}
        self.first = {}


def restore(state, register):
    if register in state.first:
        state.registers[register] = state.first[register]
    else:
        state.registers.pop(register, None)


def evaluate(code, stack, registers, memory):
    """A DWARF expression, as far as call frame information of compilers goes."""
    fields = Reader(code, 0)
    stack = list(stack)
    binary = {
        0x1A: lambda a, b: a & b,
        0x1C: lambda a, b: a - b,
        0x21: lambda a, b: a | b,
        0x22: lambda a, b: a + b,
        0x24: lambda a, b: a << b,
        0x25: lambda a, b: a >> b,
        0x2A: lambda a, b: int(a >= b),
        0x2B: lambda a, b: int(a > b),
    }
    constants = {0x08: 1, 0x0A: 2, 0x0C: 4, 0x0E: 8, 0x09: -1, 0x0B: -2, 0x0D: -4, 0x0F: -8}
    while fields.at < len(code):
        op = fields.unsigned(1)
        if 0x30 <= op <= 0x4F:
            stack.append(op - 0x30)
        elif 0x70 <= op <= 0x8F:
            stack.append(registers[op - 0x70] + fields.sleb())
        elif op in constants:
            size = constants[op]
            stack.append(fields.unsigned(size) if size > 0 else fields.signed(-size))
        elif op == 0x06:
            stack.append(memory.word(stack.pop()))
        elif op == 0x12:
            stack.append(stack[-1])
        elif op == 0x23:
            stack.append(stack.pop() + fields.uleb())
        elif op in binary:
            second = stack.pop()
            stack.append(binary[op](stack.pop(), second))
        else:
            raise Trouble("unknown operation %#x in call frame information" % op)
        stack[-1] &= MASK
    return stack[-1]


class Sections:
    """Where call frame information lies. Looked for once a command."""

    def __init__(self):
        self.indexed = []  # (first address, starts, descriptions) by .eh_frame_hdr, unread: None
        self.listed = None
        text = gdb.execute("info files", to_string=True)
        ranges = {}
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 5 and words[1] == "-" and words[3] == "is":
                owner = words[6] if len(words) > 6 else ""
                start, end = int(words[0], 16), int(words[2], 16)
                low, high, tables = ranges.setdefault(owner, [start, end, []])
                if words[4] == ".eh_frame_hdr":
                    tables.append((start, end))
                ranges[owner][:2] = [min(low, start), max(high, end)]
        self.files = [tuple(found) for found in ranges.values()]
        self.tables = {}

    def find(self, pc):
        """The description of the function at `pc`."""
        for low, high, tables in self.files:
            if low <= pc < high:
                for table in tables:
                    found = self.in_table(table, pc)
                    if found is not None:
                        return found
        return self.registered(pc)

    def in_table(self, table, pc):
        start, end = table
        if table not in self.tables:
            fields = Reader(read(start, end - start), start)
            _, frames, counts, rows = fields.take(4)
            fields.pointer(frames, start)
            count = fields.pointer(counts, start)
            if rows != 0x3B:
                raise Trouble("unknown table of call frame information at %#x" % start)
            words = struct.unpack("<%di" % (2 * count), fields.take(8 * count))
            self.tables[table] = (words[0::2], words[1::2])
        starts, places = self.tables[table]
        index = bisect.bisect_right(starts, pc - start) - 1
        if index < 0:
            return None
        found = Description(start + places[index])
        return found if found.start <= pc < found.end else None

    def registered(self, pc):
        """The same for code of a just-in-time compiler that told gdb of it."""
        if self.listed is None:
            self.listed = []
            head = symbol("__jit_debug_descriptor")
            entry = PLAIN.word(head + 16) if head is not None else 0
            while entry:
                self.listed += frames_of_object(PLAIN.word(entry + 16))
                entry = PLAIN.word(entry)
        for found in self.listed:
            if found.start <= pc < found.end:
                return found
        return None


def frames_of_object(image):
    """The call frame information of an ELF object in memory whose sections have addresses."""
    sections, (size, count) = PLAIN.word(image + 40), struct.unpack("<HH", read(image + 58, 4))
    names = int.from_bytes(read(image + 62, 2), "little")

    def header(index):
        return struct.unpack("<IIQQQQIIQQ", read(image + sections + index * size, 64))

    strings = image + header(names)[4]
    found = []
    for index in range(count):
        name, _, _, address, _, length = header(index)[:6]
        if not address or read(strings + name, 10) != b".eh_frame\0":
            continue
        at = address
        while at + 4 < address + length:
            step = int.from_bytes(read(at, 4), "little")
            if step == 0:
                break
            if int.from_bytes(read(at + 4, 4), "little"):
                found.append(Description(at))
            at += 4 + step
    return found


class Frame:
    """One frame of a context: its registers, by DWARF's numbers."""

    def __init__(self, registers, after_call):
        self.registers = registers
        self.after_call = after_call

    @property
    def pc(self):
        return self.registers[RIP]

    @property
    def place(self):
        """An address in the instruction that the frame is at."""
        return self.pc - 1 if self.after_call else self.pc


RSP, RIP = 7, 16
NUMBERS = {"rbx": 3, "rbp": 6, "rsp": RSP, "r12": 12, "r13": 13, "r14": 14, "r15": 15, "rip": RIP}
LIMIT = 10000


def unwind(frame, memory, sections):
    """The frames from `frame` on outward. Ends with a text where they cannot be followed."""
    for _ in range(LIMIT):
        yield frame
        try:
            frame = caller(frame, memory, sections)
        except Trouble as trouble:
            yield str(trouble)
            return
        except (KeyError, IndexError):
            yield "a register is not known at %#x" % frame.pc
            return
        if frame is None:
            return
    yield "there are more than %d frames" % LIMIT


def caller(frame, memory, sections):
    """The frame that has called this one; None where a context's stack begins."""
    description = sections.find(frame.place)
    if description is None:
        raise Trouble("no call frame information for %#x" % frame.pc)
    state = description.rules(frame.place)
    old = frame.registers
    if isinstance(state.frame, tuple):
        address = (old[state.frame[0]] + state.frame[1]) & MASK
    else:
        address = evaluate(state.frame, [], old, memory)
    new = dict(old)
    new[RSP] = address
    new.pop(RIP)
    for register, (kind, value) in state.registers.items():
        if register == description.returns:
            register = RIP
        if kind == "at":
            new[register] = memory.word((address + value) & MASK)
        elif kind == "register":
            new[register] = old[value]
        elif kind == "expression":
            new[register] = memory.word(evaluate(value, [address], old, memory))
        elif kind == "value":
            new[register] = evaluate(value, [address], old, memory)
        elif register == RIP:
            return None
        else:
            new.pop(register, None)
    if not new.get(RIP):
        return None
    return Frame(new, not description.is_signal)


# ---------------------------------------------------------------------------------- the runtime


class Runtime:
    """The runtime's table, and where its threads are."""

    def __init__(self):
        address = symbol("stackswitch_debug_v2")
        if address is None:
            raise Trouble("the program has no stackswitch runtime, or one without symbols")
        size, count = struct.unpack("<II", read(address, 8))
        points = struct.unpack("<QQQ", read(address + 8, 24))
        self.point_return, self.point_exceptions, self.point_position = points
        table = read(address + 32, size * count)
        self.numbers = {}
        for at in range(0, len(table), size):
            name = table[at : at + size - 8].rstrip(b"\0").decode()
            self.numbers[name] = int.from_bytes(table[at + size - 8 : at + size], "little")
        self.states = {
            number: name[6:] for name, number in self.numbers.items() if name.startswith("state.")
        }
        self.sections = Sections()

    def __getitem__(self, name):
        return self.numbers[name]

    def field(self, address, name):
        return PLAIN.word(address + self[name])

    def threads(self):
        """The threads that use contexts. The one that was selected is selected afterwards."""
        words = symbol("stackswitch_resident_v2")
        offset = PLAIN.word(words) if words is not None else 0
        if not offset:
            return []
        if gdb.selected_thread() is None:
            raise Trouble("there is no process and no core file")
        found = []
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
            with Selected(thread):
                pointer = int(gdb.newest_frame().read_register("fs_base"))
            words = (pointer + offset) & MASK
            if self.field(words, "words.thread"):
                found.append(Thread(self, thread, words))
        return found

    def state_of(self, address):
        tag = int.from_bytes(read(address + self["context.tag"], 4), "little")
        return self.states.get(tag & 15, "dead")

    def bytes_of(self, slice_):
        """Where a slice's bytes are."""
        if slice_ & 3 == self["slice.shared"]:
            return self.bytes_of(self.field(slice_ & ~3, "shared.slice"))
        if slice_ & 3 == self["slice.pages"]:
            return self.field(slice_ & ~3, "pages.address")
        return slice_


class Thread:
    """A thread of the program and the contexts that belong to it."""

    def __init__(self, runtime, thread, words):
        self.runtime, self.thread = runtime, thread
        self.words, self.current = words, runtime.field(words, "words.current")
        self.address = runtime.field(words, "words.thread")
        number = read(self.address + runtime["thread.number"], 4)
        self.number = int.from_bytes(number, "little")
        self.main = self.address + runtime["thread.main"]

    def running(self):
        """The context that runs now."""
        return self.runtime.field(self.words, "words.current")

    def handles(self):
        """Every header that was handed out: contexts, bases, and what was destroyed."""
        runtime = self.runtime
        chunk = runtime.field(self.address, "thread.headers")
        while chunk:
            end = int.from_bytes(read(chunk + runtime["chunk.fresh"], 4), "little")
            for at in range(runtime["chunk.first"], end, runtime["header.bytes"]):
                yield chunk + at
            chunk = runtime.field(chunk, "chunk.headers")

    def contexts(self):
        yield Context(self.runtime, self.main, self)
        for handle in self.handles():
            if self.runtime.state_of(handle) in ("new", "ready", "parked", "running", "finished"):
                yield Context(self.runtime, handle, self)

    def bases(self):
        return [h for h in self.handles() if self.runtime.state_of(h) == "base"]


class Context:
    """A context, or an object of the POSIX layer."""

    def __init__(self, runtime, address, thread=None):
        self.runtime, self.address, self.thread = runtime, address, thread
        self.state = runtime.state_of(address)

    @property
    def status(self):
        """Its state as `stackswitch_status` says it."""
        return {"ready": "suspended", "parked": "suspended"}.get(self.state, self.state)

    def field(self, name):
        return self.runtime.field(self.address, name)

    @property
    def stack(self):
        """The context on whose stack its flow of control is: `makecontext` can take it away."""
        away = self.field("context.away")
        marks = read(self.address + self.runtime["context.marks"], 1)[0]
        hidden = marks & self.runtime["mark.hidden"]
        return Context(self.runtime, away, self.thread) if away and not hidden else self

    @property
    def number(self):
        """That of the thread that it belongs to."""
        tag = read(self.address + self.runtime["context.tag"], 4)
        return int.from_bytes(tag, "little") >> 4

    def owner(self, threads):
        """The thread that it belongs to."""
        if self.thread is not None:
            return self.thread
        for thread in threads:
            if thread.number == self.number:
                return thread
        raise Trouble("the thread of %#x has ended" % self.address)

    @property
    def top(self):
        return self.runtime.field(self.field("context.base"), "base.top")

    @property
    def is_native(self):
        return self.thread is not None and self.address == self.thread.main

    def parked(self):
        """Bytes that it holds on the heap, and in place; None where that is not known."""
        if self.state not in ("ready", "parked"):
            return None, None
        stack = self.stack
        saved = stack.field("context.saved")
        if stack.is_native:
            return saved, None
        return saved, stack.top - stack.field("context.sp") - saved

    def pieces(self):
        """What of its stack is not where it belongs."""
        if self.state == "posix":
            length, sp = self.field("posix.length"), self.position()["rsp"]
            pieces = [(sp, length, self.runtime.bytes_of(self.field("posix.slice")))]
            # Above the captured slice the stack is that of the context that captured it. A thread
            # that took no notes then was in its own context, or on a stack that stays in place.
            home = self.field("posix.home") or (self.thread.main if self.thread else 0)
            if not home:
                return pieces
            home = Context(self.runtime, home)
            if home.state in ("ready", "parked"):
                pieces += cut(home.pieces(), sp + length)
            return pieces
        slice_ = self.field("context.slice")
        place = self.runtime.bytes_of(slice_) if slice_ else 0
        return [(self.field("context.sp"), self.field("context.saved"), place)]

    def position(self):
        at = self.address + self.runtime["posix.position"]
        return {
            name[9:]: PLAIN.word(at + offset)
            for name, offset in self.runtime.numbers.items()
            if name.startswith("position.")
        }

    def registers(self):
        """Those with which it goes on, by name, and whether that is by returning from a call."""
        runtime = self.runtime
        if self.state == "posix":
            registers, point = self.position(), self.field("posix.point")
            if point == runtime.point_position:
                return registers, True
            # Captured in place, where of the registers these are stored and no address.
            kept = {name: registers[name] for name in ("rsp", "rbp", "rbx")}
            return {"rip": point, **kept}, False
        if self.state not in ("ready", "parked"):
            raise Trouble("context %#x is %s, not suspended" % (self.address, self.status))
        stack = self.stack
        memory, record = Memory(stack.pieces()), stack.field("context.sp")
        if memory.word(record) == runtime.point_exceptions:
            record += runtime["record.exceptions"]
        registers = {
            name: memory.word(record + runtime["record." + name])
            for name in NUMBERS
            if "record." + name in runtime.numbers
        }
        registers["rsp"] = record + runtime["record.bytes"]
        point = memory.word(record)
        called = point == runtime.point_return
        if not called:
            # The switch is in place: it goes on there, and has left no return address.
            registers["rip"] = point
        return registers, called

    def memory(self):
        """Memory as it sees it."""
        return Memory(self.pieces() if self.state == "posix" else self.stack.pieces())

    def frames(self):
        """Its frames, innermost first, and a text if they cannot be followed to their end."""
        registers, called = self.registers()
        first = Frame({NUMBERS[name]: value for name, value in registers.items()}, called)
        return unwind(first, self.memory(), self.runtime.sections)


def cut(pieces, low):
    """Pieces without what lies below an address."""
    for belongs, length, place in pieces:
        skip = max(0, low - belongs)
        if skip < length:
            yield belongs + skip, length - skip, place + skip


ENTRIES = ("stackswitch_point_entry", "stackswitch_point_posix_entry")


# Symbols of the runtime, and of what the passes make between it and the program: nobody asks where
# in them a context waits. gdb writes some dots as brackets.
RUNTIME = re.compile(r"^stackswitch[_.]|stackswitch_rt")
BETWEEN = re.compile(r"\.stackswitch[.\[]")


def of_program(address):
    """The functions of the program at an address, what was inlined first."""
    text = gdb.execute("info symbol %#x" % address, to_string=True)
    name = "" if text.startswith("No symbol") else text.split(" in section ")[0]
    if RUNTIME.search(name):
        return []
    names = functions_at(address)
    if BETWEEN.search(name):
        return names[:-1]  # the program's own may be inlined there
    return names or [name_at(address)]


def body_and_place(context):
    """What a suspended context's first function is, and where it waits."""
    body = place = None
    for frame in context.frames():
        if isinstance(frame, str):
            return "?", place or "?"
        if name_at(frame.place) in ENTRIES:
            break
        names = of_program(frame.place)
        if names:
            place = place or described(frame.place)
            body = names[-1]
    return body or "?", place or "?"


# ---------------------------------------------------------------------------------- commands


class Info(gdb.Command):
    """Show stackswitch's contexts: threads, bases, and the contexts of each base.

    info stackswitch [N]

Shows at most N contexts of each thread, 100 if N is left out. For each: its handle, status, link,
the bytes of its stack that are parked on the heap and those in place, the function that it runs
and where it waits. `*` is the context that runs."""

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
    contexts = list(thread.contexts())
    bases = {}
    for context in contexts[:most]:
        bases.setdefault(context.field("context.base"), []).append(context)
    known = thread.bases()
    print(
        "Thread %d (stackswitch's %d): %d contexts, %d bases"
        % (thread.thread.num, thread.number, len(contexts), len(known))
    )
    for base in [base for base in bases if base not in known] + known:
        members = bases.get(base, [])
        if not members and len(contexts) > most:
            continue
        print("  " + base_line(runtime, thread, base))
        rows = [row_of(thread, context) for context in members]
        print_rows(rows)
    if len(contexts) > most:
        print("  and %d contexts more: info stackswitch N shows N" % (len(contexts) - most))


def base_line(runtime, thread, base):
    if base == runtime.field(thread.main, "context.base"):
        return "the thread's own stack"
    region = runtime.field(base, "base.region")
    origin = read(region + runtime["region.origin"], 1)[0]
    count = int.from_bytes(read(base + runtime["base.contexts"], 4), "little")
    top = runtime.field(base, "base.top")
    if origin == runtime["origin.native"]:
        where = "on the thread's own stack"
    else:
        low = runtime.field(region, "region.low") + runtime.field(region, "region.guard")
        where = "on a region from %#x" % low
    return "base %#x, up to %#x %s: %d contexts" % (base, top, where, count)


HEADINGS = ("", "context", "status", "link", "parked", "in place", "body", "waits in")


def row_of(thread, context):
    mark = "*" if context.address == thread.current else ""
    link = context.field("context.link")
    saved, in_place = context.parked()
    body = place = "-"
    if context.state == "new":
        body = name_at(context.field("new.body"))
    elif context.state in ("ready", "parked"):
        body, place = body_and_place(context)
    if context.is_native:
        body = "-"
    return (
        mark,
        "%#x" % context.address,
        context.status,
        "%#x" % link if link else "-",
        "-" if saved is None else str(saved),
        "-" if in_place is None else str(in_place),
        body,
        place,
    )


def print_rows(rows):
    if not rows:
        return
    rows = [HEADINGS] + rows
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths)]
        print("    " + "  ".join(cells).rstrip())


class Prefix(gdb.Command):
    """Commands for stackswitch's contexts."""

    def __init__(self):
        super().__init__("stackswitch", gdb.COMMAND_STACK, prefix=True)


class Backtrace(gdb.Command):
    """Show the frames of a context, wherever its stack is.

    stackswitch bt CTX
    stackswitch bt all

CTX is an expression whose value is a context's handle, or the address of an object of the POSIX
layer (stackswitch_context_t). With `all`, the frames of every context."""

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
        address = int(gdb.parse_and_eval(argument)) & MASK
        show_frames(find(runtime, threads, address))


def find(runtime, threads, address):
    """The context with that handle, or the object of the POSIX layer there."""
    for thread in threads:
        for context in thread.contexts():
            if context.address == address:
                return context
    try:
        context = Context(runtime, address)
        if context.state == "posix" and context.address % 16 == 0:
            owners = [t for t in threads if t.number == context.number]
            context.thread = owners[0] if owners else None
            return context
    except Trouble:
        pass
    raise Trouble("%#x is not a context; `info stackswitch` lists them" % address)


def show_frames(context):
    if context.state == "running":
        return show_running(context)
    if context.state == "new":
        body, argument = context.field("new.body"), context.field("new.argument")
        print("It has not run yet. It will run %s(%#x)." % (described(body), argument))
        return None
    if context.state == "finished":
        print("It has finished.")
        return None
    number = 0
    for frame in context.frames():
        if isinstance(frame, str):
            print("The stack cannot be followed: %s." % frame)
            return None
        for line in lines_of(frame):
            print("#%-3d%s" % (number, line))
            number += 1
    return None


def lines_of(frame):
    """What is said of a frame: a line for each function that was inlined there, and for its own."""
    names = functions_at(frame.place) or [name_at(frame.place)]
    place = source_at(frame.place)
    lines = []
    for index, name in enumerate(names):
        where = " at " + place if place and index == 0 else ""
        start = "" if index + 1 < len(names) else "0x%016x in " % frame.pc
        lines.append("%s%s ()%s" % (start, name, where))
    return lines


def show_running(context):
    """gdb knows the frames of what runs."""
    with Selected(context.thread.thread):
        gdb.execute("bt")


class Selected:
    """Selects a thread, and what was selected before afterwards."""

    def __init__(self, thread):
        self.thread = thread

    def __enter__(self):
        self.before, self.level = gdb.selected_thread(), gdb.selected_frame().level()
        self.thread.switch()
        gdb.newest_frame().select()

    def __exit__(self, *_):
        self.before.switch()
        frame = gdb.newest_frame()
        while frame.level() < self.level and frame.older() is not None:
            frame = frame.older()
        frame.select()


class Apply(gdb.Command):
    """Run a command of gdb's in a suspended context.

    stackswitch apply CTX COMMAND

CTX is as for `stackswitch bt`, without blanks. While COMMAND runs the context's bytes are in their
place on its stack and its registers in those of its thread, so frames have arguments and locals:
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
        context = find(runtime, threads, int(gdb.parse_and_eval(expression)) & MASK)
        owner = context.owner(threads)
        with Selected(owner.thread):
            if context.state == "running":
                return gdb.execute(command)
            with Exchanged(context):
                return gdb.execute(command)


class Exchanged:
    """Has a context's bytes and registers in the place of what runs on the selected thread."""

    def __init__(self, context):
        registers, called = context.registers()
        if called and context.state != "posix":
            # gdb takes the outer frames for callers, and this one for the runtime's.
            record = registers["rsp"] - context.runtime["record.bytes"]
            pc = context.runtime.point_return + context.runtime["record.landing"]
            registers = {"rip": pc, "rdx": record, "rsp": record}
        self.registers = registers
        memory = context.memory()
        self.pieces = [(at, memory.read(at, size)) for at, size, _ in memory.pieces]
        self.undo = []

    def __enter__(self):
        # Calls would run on the stack that is not the thread's.
        self.calls = gdb.parameter("may-call-functions")
        try:
            for at, data in self.pieces:
                before = read(at, len(data))
                gdb.selected_inferior().write_memory(at, data)
                self.undo.append((at, before))
            frame = gdb.newest_frame()
            self.before = {name: int(frame.read_register(name)) & MASK for name in self.registers}
            set_registers(self.registers)
            gdb.execute("set may-call-functions off", to_string=True)
        except (gdb.error, gdb.MemoryError) as error:
            self.put_back()
            raise Trouble("only a live process can be changed: %s" % error) from None

    def __exit__(self, *_):
        set_registers(self.before)
        self.put_back()

    def put_back(self):
        for at, data in reversed(self.undo):
            gdb.selected_inferior().write_memory(at, data)
        gdb.execute("set may-call-functions %s" % ("on" if self.calls else "off"), to_string=True)


def set_registers(registers):
    """Sets registers of the selected thread, whichever frame is selected."""
    for name, value in registers.items():
        gdb.newest_frame().select()
        gdb.execute("set var $%s = %#x" % (name, value), to_string=True)
    gdb.newest_frame().select()


class Next(gdb.Command):
    """Step like `next`, over switches that are in place too.

    stackswitch next [N]

Optimised code switches without a call, so `next` goes with control into the other context. This
lets the others run until the context that was running goes on, and ends at its next line. Stops
earlier where `next` does: at breakpoints and signals."""

    def __init__(self):
        super().__init__("stackswitch next", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        count = int(gdb.parse_and_eval(argument)) if argument else 1
        guarded(lambda: self.step(count))

    def step(self, count):
        watch = Watch()
        try:
            while count and self.one(watch):
                count -= 1
        finally:
            watch.end()

    def one(self, watch):
        """One line. False if something else has stopped the process."""
        if gdb.selected_thread() is None:
            raise Trouble("the program is not being run")
        runtime, number = Runtime(), gdb.selected_thread().num
        owners = [thread for thread in runtime.threads() if thread.thread.num == number]
        if not owners:
            return watch.run("next")
        address = owners[0].running()
        line = gdb.find_pc_line(gdb.newest_frame().pc()).line
        while watch.run("next"):
            if owners[0].running() == address:
                return True
            context = Context(runtime, address, owners[0])
            if context.state not in ("ready", "parked"):
                return True  # it has ended
            if not self.land(context, watch):
                return False
            here = gdb.newest_frame().pc()
            place = gdb.find_pc_line(here)
            if place.pc == here and place.line not in (0, line):
                return True  # the switch was the end of its line
        return False

    def land(self, context, watch):
        """Runs until the context goes on. False if something else stops the process before."""
        registers, _ = context.registers()
        landing = Landing(context, registers["rip"])
        try:
            # Other stops are the user's.
            if watch.run("continue") or not landing.reached:
                return False
        finally:
            landing.delete()
        for _ in range(LANDING_STEPS):
            if int(gdb.newest_frame().read_register("rsp")) & MASK == registers["rsp"]:
                return True
            watch.run("stepi")
        return False


# Instructions of a switch in place from where it is gone on with to where its stack pointer is set.
LANDING_STEPS = 8


class Landing(gdb.Breakpoint):
    """Stops where a context goes on."""

    def __init__(self, context, address):
        super().__init__("*%#x" % address, gdb.BP_BREAKPOINT, internal=True)
        self.silent = True
        self.context, self.reached = context, False

    def stop(self):
        self.reached = self.context.thread.running() == self.context.address
        return self.reached


class Watch:
    """Runs commands that resume the process, and knows why it stops. Says so at the end only."""

    def __init__(self):
        self.event = None
        self.quiet = gdb.parameter("suppress-cli-notifications")
        gdb.execute("set suppress-cli-notifications on")
        gdb.events.stop.connect(self.stopped)
        gdb.events.exited.connect(self.stopped)

    def stopped(self, event):
        self.event = event

    def run(self, command):
        """Whether the process stopped only because the command was done."""
        gdb.execute(command, to_string=True)
        special = (gdb.BreakpointEvent, gdb.SignalEvent, gdb.ExitedEvent)
        return not isinstance(self.event, special)

    def end(self):
        gdb.events.stop.disconnect(self.stopped)
        gdb.events.exited.disconnect(self.stopped)
        gdb.execute("set suppress-cli-notifications " + ("on" if self.quiet else "off"))
        if self.event is None:
            return
        if isinstance(self.event, gdb.ExitedEvent):
            print("The process has exited.")
            return
        if isinstance(self.event, gdb.BreakpointEvent):
            print("Breakpoint %d, " % self.event.breakpoints[0].number, end="")
        elif isinstance(self.event, gdb.SignalEvent):
            print("Signal %s, " % self.event.stop_signal, end="")
        gdb.execute("frame")


def guarded(action):
    """Runs a command; what it cannot do is an error of gdb's, without a trace of Python."""
    try:
        action()
    except Trouble as trouble:
        raise gdb.GdbError(str(trouble)) from None


Info()
Prefix()
Backtrace()
Apply()
Next()
