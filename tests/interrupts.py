"""Raise an exception at one line of minigan's code, as Ctrl-C does that comes just then."""

import contextlib
import sys
from pathlib import Path

import minigan

FOLDER = str(Path(minigan.__file__).parent)
FILES = (FOLDER, contextlib.__file__)  # contextlib runs `@contextmanager`


def traced(action, on_line):
    """Call action(), and on_line(frame) before each line of minigan and contextlib."""

    def trace_line(frame, event, argument):
        if event == "line":
            on_line(frame)
        return trace_line

    def trace_call(frame, event, argument):
        return trace_line if frame.f_code.co_filename.startswith(FILES) else None

    before = sys.gettrace()
    sys.settrace(trace_call)
    try:
        return action()
    finally:
        sys.settrace(before)


def lines(action):
    """Return the place of each line that action() runs, in order: (file, function, line)."""
    places = []

    def on_line(frame):
        code = frame.f_code
        places.append((Path(code.co_filename).name, code.co_name, frame.f_lineno))

    with contextlib.suppress(Exception):
        traced(action, on_line)
    return places


def once_each(places):
    """Return the numbers of the first and the last line at each place."""
    first = {place: n for n, place in reversed(list(enumerate(places)))}
    last = {place: n for n, place in enumerate(places)}
    return sorted({*first.values(), *last.values()})


def interrupt(action, n, error):
    """Call action(), and raise the error at its line number n; return whether it came out."""
    count = iter(range(n, -1, -1))

    def on_line(frame):
        if next(count, None) == 0:
            raise error("here")

    try:
        traced(action, on_line)
    except error:
        pass
    except Exception:  # the action's own error
        return False
    else:
        return False
    return True
