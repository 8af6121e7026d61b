"""What DWARF's call frame information says of a function: where its caller's registers are.

A *description* is what the format calls an FDE together with its CIE."""

from .command import Trouble, remembered
from .cpu import cpu, pointer
from .memory import number, read


class Reader:
    """Reads the numbers of DWARF from bytes that lie in the process from `address` on."""

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
        """A pointer as a DW_EH_PE encoding writes it. `table` is the start of its table, which
        some encodings count from."""
        if encoding == 0xFF:
            return None
        here = self.address + self.at
        kind = encoding & 15
        # Positive: unsigned of so many bytes. Negative: signed.
        sizes = {0: cpu().word, 2: 2, 3: 4, 4: 8, 10: -2, 11: -4, 12: -8}
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
        return pointer(value + base)


class Common:
    """What many descriptions share (a CIE)."""

    def __init__(self, address):
        fields = Reader(read(address + 4, number(address, 4)), address + 4)
        fields.take(4)
        version = fields.unsigned(1)
        augmentation = fields.text()
        self.code_step = fields.uleb()
        self.data_step = fields.sleb()
        self.return_register = fields.unsigned(1) if version == 1 else fields.uleb()
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
        self.code = fields.data[fields.at :]


common_at = remembered(Common)


class Description:
    """A function's call frame information."""

    def __init__(self, address):
        length = number(address, 4)
        if length in (0, 0xFFFFFFFF):
            raise Trouble("no call frame information at %#x" % address)
        fields = Reader(read(address + 4, length), address + 4)
        distance = fields.unsigned(4)
        if distance == 0:
            raise Trouble("no function is described at %#x" % address)
        self.common = common_at(address + 4 - distance)
        self.start = fields.pointer(self.common.encoding)
        self.end = self.start + fields.pointer(self.common.encoding & 15)
        if self.common.augmented:
            fields.take(fields.uleb())
        self.code = fields.data[fields.at :]

    def rules(self, pc):
        """The rules that hold at `pc`."""
        rules = Rules(self.common, self.start)
        rules.execute(self.common.code, None)
        rules.initial = dict(rules.registers)
        rules.execute(self.code, pc)
        return rules


description_at = remembered(Description)


class Rules:
    """How the caller's registers are found, at one instruction of a function.

    `frame` is how the canonical frame address (CFA) is found: a register and an offset, or an
    expression. `registers` has a rule for each register whose value has moved."""

    def __init__(self, common, start):
        self.common, self.location = common, start
        self.frame = None
        self.registers = {}
        # The registers as the common part leaves them: what `restore` goes back to.
        self.initial = {}
        self.stack = []

    def execute(self, code, pc):
        """Executes instructions up to those for `pc`, or all of them without one."""
        fields = Reader(code, 0)
        while fields.at < len(code):
            op = fields.unsigned(1)
            high, low = op & 0xC0, op & 0x3F
            if high == 0x40:
                self.location += low * self.common.code_step
            elif high == 0x80:
                self.at_offset(low, fields.uleb())
            elif high == 0xC0:
                self.restore(low)
            elif op in (0x01, 0x02, 0x03, 0x04):
                self.advance(op, fields)
            elif op in self.INSTRUCTIONS:
                self.INSTRUCTIONS[op](self, fields)
            else:
                raise Trouble("unknown call frame instruction %#x" % op)
            if pc is not None and self.location > pc:
                return

    def advance(self, op, fields):
        if op == 0x01:
            self.location = fields.unsigned(cpu().word)
        else:
            self.location += fields.unsigned({2: 1, 3: 2, 4: 4}[op]) * self.common.code_step

    def at_offset(self, register, factored):
        """The register is in memory, so many steps from the CFA."""
        self.registers[register] = ("at", factored * self.common.data_step)

    def restore(self, register):
        if register in self.initial:
            self.registers[register] = self.initial[register]
        else:
            self.registers.pop(register, None)

    def remember_state(self, _):
        self.stack.append((dict(self.registers), self.frame))

    def restore_state(self, _):
        self.registers, self.frame = self.stack.pop()

    def same_value(self, fields):
        self.registers.pop(fields.uleb(), None)

    def undefined(self, fields):
        self.registers[fields.uleb()] = ("undefined", None)

    def in_register(self, fields):
        register = fields.uleb()
        self.registers[register] = ("register", fields.uleb())

    def by_expression(kind):
        def rule(self, fields):
            register = fields.uleb()
            self.registers[register] = (kind, fields.take(fields.uleb()))

        return rule

    def set_frame(self, register, offset):
        self.frame = (register, offset)

    # By the numbers that DWARF gives them (DW_CFA_...).
    INSTRUCTIONS = {
        0x00: lambda self, fields: None,
        0x05: lambda self, fields: self.at_offset(fields.uleb(), fields.uleb()),
        0x06: lambda self, fields: self.restore(fields.uleb()),
        0x07: undefined,
        0x08: same_value,
        0x09: in_register,
        0x0A: remember_state,
        0x0B: restore_state,
        0x0C: lambda self, fields: self.set_frame(fields.uleb(), fields.uleb()),
        0x0D: lambda self, fields: self.set_frame(fields.uleb(), self.frame[1]),
        0x0E: lambda self, fields: self.set_frame(self.frame[0], fields.uleb()),
        0x0F: lambda self, fields: setattr(self, "frame", fields.take(fields.uleb())),
        0x10: by_expression("expression"),
        0x11: lambda self, fields: self.at_offset(fields.uleb(), fields.sleb()),
        0x12: lambda self, fields: self.set_frame(
            fields.uleb(), fields.sleb() * self.common.data_step
        ),
        0x13: lambda self, fields: self.set_frame(
            self.frame[0], fields.sleb() * self.common.data_step
        ),
        0x16: by_expression("value"),
        0x2E: lambda self, fields: fields.uleb(),
    }


@remembered
def rules_at(description, pc):
    """The rules of a description at `pc`."""
    return description.rules(pc)


BINARY = {
    0x1A: lambda a, b: a & b,
    0x1C: lambda a, b: a - b,
    0x21: lambda a, b: a | b,
    0x22: lambda a, b: a + b,
    0x24: lambda a, b: a << b,
    0x25: lambda a, b: a >> b,
    0x2A: lambda a, b: int(a >= b),
    0x2B: lambda a, b: int(a > b),
}
# Constants: positive is unsigned of so many bytes, negative signed.
CONSTANTS = {0x08: 1, 0x0A: 2, 0x0C: 4, 0x0E: 8, 0x09: -1, 0x0B: -2, 0x0D: -4, 0x0F: -8}


def evaluate(code, stack, registers, memory):
    """A DWARF expression, with those operations that compilers write into call frame
    information."""
    fields = Reader(code, 0)
    stack = list(stack)
    while fields.at < len(code):
        op = fields.unsigned(1)
        if 0x30 <= op <= 0x4F:
            stack.append(op - 0x30)
        elif 0x70 <= op <= 0x8F:
            stack.append(registers[op - 0x70] + fields.sleb())
        elif op in CONSTANTS:
            size = CONSTANTS[op]
            stack.append(fields.unsigned(size) if size > 0 else fields.signed(-size))
        elif op == 0x06:
            stack.append(memory.word(stack.pop()))
        elif op == 0x12:
            stack.append(stack[-1])
        elif op == 0x23:
            stack.append(stack.pop() + fields.uleb())
        elif op in BINARY:
            second = stack.pop()
            stack.append(BINARY[op](stack.pop(), second))
        else:
            raise Trouble("unknown operation %#x in call frame information" % op)
        stack[-1] = pointer(stack[-1])
    return stack[-1]
