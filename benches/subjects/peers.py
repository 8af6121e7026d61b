"""greenlet and tealet, which exist for Python only: every figure has the interpreter in it.

usage: peers.py PACKAGE BENCH SAMPLES

Prints nanoseconds for each operation, one sample a line.
"""

import os
import sys
import time

OPERATIONS = 20_000


def greenlet_resident():
    """The main greenlet and one that was started from it."""
    from greenlet import getcurrent, greenlet

    main = getcurrent()

    def body(value):
        while True:
            value = main.switch(value)

    switch = greenlet(body).switch
    switch(None)

    def run():
        for _ in range(OPERATIONS // 2):
            switch(None)

    return run


def greenlet_sliced():
    """Two greenlets started at the same depth, which displace each other."""
    from greenlet import getcurrent, greenlet

    main = getcurrent()
    ends = []

    def body(other):
        main.switch()
        switch = ends[other].switch
        while True:
            for _ in range(OPERATIONS // 2):
                switch()
            if other == 1:
                main.switch()

    ends += [greenlet(body), greenlet(body)]
    ends[0].switch(1)
    ends[1].switch(0)
    return ends[0].switch


def greenlet_lifecycle():
    from greenlet import greenlet

    def body():
        pass

    def run():
        for _ in range(OPERATIONS):
            greenlet(body).switch()

    return run


def tealet_resident():
    from tealet import tealet

    def body(current, value):
        switch = current.main().switch
        while True:
            value = switch(value)

    other = tealet()
    other.run(body, None)
    switch = other.switch

    def run():
        for _ in range(OPERATIONS // 2):
            switch(None)

    return run


def tealet_sliced():
    from tealet import tealet

    ends = [tealet(), tealet()]

    def body(current, other):
        main = current.main()
        main.switch(None)
        switch = ends[other].switch
        while True:
            for _ in range(OPERATIONS // 2):
                switch(None)
            if other == 1:
                main.switch(None)

    ends[0].run(body, 1)
    ends[1].run(body, 0)
    return lambda: ends[0].switch(None)


def tealet_lifecycle():
    from tealet import tealet

    def body(current, value):
        return current.main()

    def run():
        for _ in range(OPERATIONS):
            tealet().run(body, None)

    return run


def main():
    package, bench, samples = sys.argv[1:]
    run = globals()[f"{package}_{bench}"]()
    run()
    for _ in range(int(samples)):
        start = time.process_time_ns()
        run()
        print((time.process_time_ns() - start) / OPERATIONS)
    sys.stdout.flush()
    # Contexts that never end would be unwound now; nobody measures that.
    os._exit(0)


main()
