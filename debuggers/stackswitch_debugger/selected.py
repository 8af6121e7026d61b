"""Selects a thread of gdb's for a while."""

import gdb


class Selected:
    """Selects a thread. Selects the earlier thread and frame again at the end."""

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
