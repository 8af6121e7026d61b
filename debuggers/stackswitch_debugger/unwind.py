"""The frames of a stack, wherever its bytes are."""

from .call_frames import evaluate, rules_at
from .command import Trouble
from .cpu import pc_number, pointer, sp_number
from .sections import description_of

# So many frames are followed at most.
LIMIT = 10000


class Frame:
    """One frame: its registers, by DWARF's numbers.

    `after_call` says that the frame is inside a call, so its program counter is the call's return
    address. `suspended` says that it is inside an in-place switch, so its program counter is the
    resume address, which follows the switch."""

    def __init__(self, registers, after_call, suspended=False):
        self.registers = registers
        self.after_call, self.suspended = after_call, suspended

    @property
    def pc(self):
        return self.registers[pc_number()]

    @property
    def instruction(self):
        """An address that the frame's registers belong to."""
        return self.pc - 1 if self.after_call else self.pc

    @property
    def source_address(self):
        """An address in the instruction that the frame is at, for names and lines."""
        return self.pc - 1 if self.after_call or self.suspended else self.pc


# The code at a resume address that an in-place switch has is shorter than this.
LANDING = 32


def after_landing(resume_address):
    """The first instruction from a resume address on whose caller is described. The instructions
    before it load the stack pointer, so unwinders of the running program stop there."""
    description = description_of(resume_address)
    if description is None:
        return resume_address
    returns = description.common.return_register
    for address in range(resume_address, resume_address + LANDING):
        kind, _ = rules_at(description, address).registers.get(returns, (None, None))
        if kind != "undefined":
            return address
    return resume_address


def frames_from(frame, memory):
    """The frames from `frame` outward. Ends with a text where they cannot be followed."""
    for _ in range(LIMIT):
        yield frame
        try:
            frame = caller(frame, memory)
        except Trouble as trouble:
            yield str(trouble)
            return
        except (KeyError, IndexError):
            yield "a register is not known at %#x" % frame.pc
            return
        if frame is None:
            return
    yield "there are more than %d frames" % LIMIT


def caller(frame, memory):
    """The frame that has called this one; None where a context's stack begins."""
    description = description_of(frame.instruction)
    if description is None:
        raise Trouble("no call frame information for %#x" % frame.pc)
    rules = rules_at(description, frame.instruction)
    old = frame.registers
    if isinstance(rules.frame, tuple):
        register, offset = rules.frame
        address = pointer(old[register] + offset)
    else:
        address = evaluate(rules.frame, [], old, memory)
    new = dict(old)
    new[sp_number()] = address
    new.pop(pc_number())
    for register, (kind, value) in rules.registers.items():
        if register == description.common.return_register:
            register = pc_number()
        if kind == "at":
            new[register] = memory.word(pointer(address + value))
        elif kind == "register":
            new[register] = old[value]
        elif kind == "expression":
            new[register] = memory.word(evaluate(value, [address], old, memory))
        elif kind == "value":
            new[register] = evaluate(value, [address], old, memory)
        elif register == pc_number():
            return None
        else:
            new.pop(register, None)
    if not new.get(pc_number()):
        return None
    return Frame(new, not description.common.is_signal)
