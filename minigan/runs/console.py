"""Run a training as a program: handle failing output and signals, and print errors as a sentence.

Training must not end because a line cannot be printed. A console may not know a letter, a pipe may
be closed (`| head`), a terminal may be gone, and the disk of a log file may be full.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import atexit
import contextlib
import os
import signal
import sys
import threading

# Ctrl-C, the default signal of `kill`, and a closed terminal (which Windows does not report)
SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]

ended_by: list[int] = []  # the signals that have raised an exception since `run` was called

EXTRAS = {"matplotlib", "PIL", "tqdm"}  # packages that minigan itself does not need


class RunError(RuntimeError):
    """A run cannot start, or cannot go on. The message is a sentence that says what to do."""


def run(main):
    """Call main() as a program. Exit with 128 + n on signal n.

    Exit with a sentence on OSError and RunError, and if a package of the examples is missing.
    A Run handles the signals itself during its block.
    """
    ended_by.clear()
    before = handle_signals(dict.fromkeys(SIGNALS, end))
    try:
        with forgiving_output():
            try:
                main()
            finally:
                finish_output()
    except BaseException as error:
        # A library may replace the exception of a signal by its own, such as an ImportError.
        if ended_by:
            raise SystemExit(128 + ended_by[0]) from error
        exit_with_sentence(error)
        raise
    finally:
        handle_signals(before)
        atexit.unregister(end_at_once)
        atexit.register(end_at_once)


def exit_with_sentence(error):
    """Exit with a sentence for an error of the outside world; return for any other error."""
    if isinstance(error, KeyboardInterrupt):
        raise SystemExit(128 + signal.SIGINT) from error
    if isinstance(error, (OSError, RunError)):
        raise SystemExit(f"error: {error}") from error
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        raise SystemExit(
            f"error: {error}; install what the examples need: pip install -e '.[examples]'"
        ) from error


def end_at_once():
    """Let Ctrl-C end a program that is ending already, without Python's traceback."""
    handle_signals({signal.SIGINT: signal.SIG_DFL})


def end(signum, frame):
    """End the program by an exception, so that temporary files are deleted."""
    ended_by.append(signum)
    raise SystemExit(128 + signum)


def handle_signals(wanted):
    """Set the handlers of signals, {number: handler}; return those that they replace, as a dict.

    A signal that was ignored at the start stays ignored: `nohup` ignores SIGHUP, and a shell script
    ignores Ctrl-C for its background programs. Only the main thread can set handlers. In another
    thread this function does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    heard = {s: h for s, h in wanted.items() if signal.getsignal(s) not in (signal.SIG_IGN, None)}
    return {signum: signal.signal(signum, handler) for signum, handler in heard.items()}


class Interrupt:
    """Turns Ctrl-C, SIGTERM and SIGHUP into a request, so that no step or save is left half done.

    A second Ctrl-C ends a step at once. A save is always finished.
    """

    requested = False
    saving = False

    def __enter__(self):
        self.before = handle_signals(dict.fromkeys(SIGNALS, self.request))
        return self

    def request(self, signum, frame):
        # Systems send SIGTERM and SIGHUP more than once, so a second one says nothing new.
        if self.requested and signum == signal.SIGINT and not self.saving:
            ended_by.append(signum)
            raise KeyboardInterrupt
        self.requested = True

    def finish(self, save):
        """Call `save`, and let no second Ctrl-C end it."""
        self.saving = True
        try:
            save()
        finally:
            self.saving = False

    def __exit__(self, *exc_info):
        try:
            self.saving = True  # from here on, Ctrl-C raises nothing
        finally:
            handle_signals(self.before)


def finish_output():
    """Flush the output. If a part was lost to a full disk, say so on the other stream."""
    sys.stdout.finish()
    failure = sys.stdout.failure
    if isinstance(failure, OSError) and not isinstance(failure, BrokenPipeError):
        print(f"warning: not all of the output could be written: {failure}", file=sys.stderr)
    sys.stderr.finish()


@contextlib.contextmanager
def forgiving_output():
    """Replace sys.stdout and sys.stderr in the block by streams that never raise an error."""
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w") as null:  # for a program that was started without a stream
        sys.stdout, sys.stderr = (
            s if isinstance(s, ForgivingStream) else ForgivingStream(s or null) for s in before
        )
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


class ForgivingStream:
    r"""A text stream that writes what it can, and never raises an error.

    A character that the encoding does not have is written as an escape.
    `failure` is the last exception of the stream, or None.

    >>> import io
    >>> console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    >>> print("a smaller β", file=ForgivingStream(console), flush=True)
    >>> console.buffer.getvalue()
    b'a smaller \\u03b2\n'
    """

    def __init__(self, stream):
        self.stream = stream
        self.failure = None

    def write(self, text):
        try:
            self.attempt(self.stream.write, text)
        except UnicodeEncodeError:
            encoding = self.stream.encoding
            escaped = text.encode(encoding, "backslashreplace").decode(encoding)
            self.attempt(self.stream.write, escaped)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        self.attempt(self.stream.flush)

    def isatty(self):
        return bool(self.attempt(self.stream.isatty))

    def finish(self):
        """Flush. If that fails, switch to the null device, so that Python's exit does not fail."""
        self.failure, failure = None, self.failure
        self.flush()
        if self.failure:
            self.attempt(self.to_null)
        self.failure = self.failure or failure

    def to_null(self):
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())

    def attempt(self, function, *args):
        try:
            return function(*args)
        except UnicodeEncodeError:
            raise
        except (OSError, ValueError) as error:  # ValueError: the file is closed
            self.failure = error

    def __getattr__(self, name):
        return getattr(self.stream, name)
