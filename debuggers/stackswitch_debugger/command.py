"""What every command has in common: its errors, and facts that hold while it runs."""

import functools

import gdb


class Trouble(Exception):
    """Something cannot be shown; its text says what."""


_remembering = []


def remembered(function):
    """Remembers the results of a function until `forget` is called.

    For facts that cannot change while the process is stopped: what lies at an address of code."""
    remembering = functools.lru_cache(maxsize=None)(function)
    _remembering.append(remembering)
    return remembering


def forget():
    """Forgets what was remembered: the process may have run since, or be another one."""
    for remembering in _remembering:
        remembering.cache_clear()


def guarded(action):
    """Runs a command. Its errors become errors of gdb's, which show no trace of Python."""
    forget()
    try:
        action()
    except (Trouble, gdb.error) as error:
        raise gdb.GdbError(str(error)) from None
    finally:
        forget()
