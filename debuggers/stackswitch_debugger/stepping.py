"""`stackswitch next`: steps over switches in place."""

import gdb

from .command import Trouble, forget, guarded
from .cpu import cpu, pointer
from .runtime import Context, Runtime

# Instructions of an in-place switch from the resume address to where the stack pointer is set.
INSTRUCTIONS_TO_STACK = 8


class Next(gdb.Command):
    """Step like `next`, over in-place switches too.

    stackswitch next [N]

    Optimised code switches without a call, so `next` follows control into the other context. This
    command lets the others run until the context that was running resumes, and ends at its next
    line. Stops earlier where `next` does: at breakpoints and signals."""

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
        """Steps one line. False if something else has stopped the process."""
        if gdb.selected_thread() is None:
            raise Trouble("the program is not being run")
        runtime, selected = Runtime(), gdb.selected_thread().num
        owners = [thread for thread in runtime.threads() if thread.thread.num == selected]
        if not owners:
            return watch.resume("next")
        address = owners[0].running()
        line = gdb.find_pc_line(gdb.newest_frame().pc()).line
        while self.leaves_line(owners[0], address, watch):
            if owners[0].running() == address:
                return True
            context = Context(runtime, address, owners[0])
            if context.state not in ("ready", "parked"):
                return True  # it has ended
            if not self.wait_for(context, watch):
                return False
            here = gdb.newest_frame().pc()
            place = gdb.find_pc_line(here)
            if place.pc == here and place.line not in (0, line):
                return True  # the switch was the end of its line
        return False

    def leaves_line(self, thread, address, watch):
        """Runs to the next line or to an in-place switch. False if something else stops the
        process."""
        left = Left(thread, address)
        try:
            return watch.resume("next") or left.reached
        finally:
            left.delete()

    def wait_for(self, context, watch):
        """Runs until the context resumes. False if something else stops the process before."""
        registers, _ = context.registers()
        resumed = Resumed(context, registers[cpu().program_counter])
        try:
            # Other stops are the user's.
            if watch.resume("continue") or not resumed.reached:
                return False
        finally:
            resumed.delete()
        name = cpu().stack_pointer
        for _ in range(INSTRUCTIONS_TO_STACK):
            if pointer(int(gdb.newest_frame().read_register(name))) == registers[name]:
                return True
            watch.resume("stepi")
        return False


class Left(gdb.Breakpoint):
    """Stops where an in-place switch leaves a context. There gdb's own stepping would lose the
    function: at the resume address of the other context no caller can be found."""

    def __init__(self, thread, address):
        word = thread.words + thread.runtime["words.current"]
        expression = "*(unsigned long *) %#x" % word
        super().__init__(expression, gdb.BP_WATCHPOINT, gdb.WP_WRITE, internal=True)
        self.silent = True
        self.owner, self.left, self.reached = thread, address, False

    def stop(self):
        # A switch of the runtime is a call, over which gdb steps.
        function = gdb.execute("info symbol $pc", to_string=True)
        self.reached = "stackswitch" not in function.split(" in section")[0] and (
            self.owner.running() != self.left
        )
        return self.reached


class Resumed(gdb.Breakpoint):
    """Stops where a context resumes."""

    def __init__(self, context, address):
        super().__init__("*%#x" % address, gdb.BP_BREAKPOINT, internal=True)
        self.silent = True
        self.context, self.reached = context, False

    def stop(self):
        self.reached = self.context.thread.running() == self.context.address
        return self.reached


class Watch:
    """Resumes the process, and knows why it stops. Says so only at the end."""

    def __init__(self):
        self.event = None
        self.quiet = gdb.parameter("suppress-cli-notifications")
        gdb.execute("set suppress-cli-notifications on")
        gdb.events.stop.connect(self.stopped)
        gdb.events.exited.connect(self.stopped)

    def stopped(self, event):
        self.event = event

    def resume(self, command):
        """Whether the process stopped only because the command was done."""
        gdb.execute(command, to_string=True)
        forget()
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
