"""Failed output never ends a run, and after a signal or an error a run ends in order."""

import contextlib
import errno
import io
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from example_runs import EXAMPLES, FOLDERS
from hypothesis import given
from hypothesis import strategies as st

import minigan
from minigan import nn
from minigan.metrics.diagnosis import Diagnosis
from minigan.runs import console
from minigan.runs.console import RunError

FILES = [path for folder in FOLDERS for path in sorted(folder.glob("*.py"))]
PROGRAMS = [p.stem for p in FILES if "console.run(" in p.read_text("utf-8")]
ENCODINGS = "ascii", "latin-1", "cp1252", "cp437", "koi8-r", "shift_jis", "utf-8", "utf-16"
FLAGS = "--batch_size", "64", "--sample_interval", "2", "--n_epochs", "1"


def stream(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def written(stream):
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)


def test_every_example_with_a_main_runs_as_a_program():
    mains = [p.stem for p in FILES if "def main(" in p.read_text("utf-8")]
    assert mains == PROGRAMS


# --- encodings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_help_on_every_console(example, monkeypatch, name, encoding):
    if name == "mpi_wgan_gp":
        pytest.importorskip("mpi4py")
    module = example(name)
    monkeypatch.setattr(sys, "stdout", stream(encoding))
    with pytest.raises(SystemExit) as caught:
        console.run(lambda: module.main(["--help"]))
    assert caught.value.code == 0
    assert written(sys.stdout).startswith("usage: ")


@given(st.text(), st.sampled_from(ENCODINGS))
def test_any_text_is_written_on_any_console(text, encoding):
    forgiving = console.ForgivingStream(stream(encoding))
    print(text, file=forgiving, end="", flush=True)
    expected = text.encode(encoding, "backslashreplace").decode(encoding)
    assert written(forgiving.stream).replace(os.linesep, "\n") == expected


def small_generator(latent_dim):
    return nn.Sequential(nn.Linear(latent_dim, 784), nn.Tanh())


def small_discriminator():
    return nn.Sequential(nn.Linear(784, 1), nn.Sigmoid())


@pytest.fixture
def troubled_run(run_example, data, tmp_path, monkeypatch):
    """A function that runs the main example. Its diagnosis reports a problem at every step."""
    monkeypatch.setattr(Diagnosis, "watch", lambda *args: ["Try a smaller β₁. 数 ﷽"])

    def run(**streams):
        for name, value in streams.items():
            monkeypatch.setattr(sys, name, value)
        small = {"build_generator": small_generator, "build_discriminator": small_discriminator}
        return run_example("mnist_gan", *FLAGS, out=tmp_path / "out", data=data, **small)

    return run


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_training_on_every_console(troubled_run, encoding):
    out = troubled_run(stdout=stream(encoding), stderr=stream(encoding))
    assert minigan.load(out / "checkpoint.npz")["steps"] == 3
    assert written(sys.stdout).count("Try a smaller") == 3


# --- streams that fail -------------------------------------------------------------------------


class FailingStream(io.StringIO):
    """A terminal that raises an error from the n-th call on, or only at this call."""

    def __init__(self, error, n=0, once=False):
        super().__init__()
        self.error, self.calls, self.n, self.once = error, 0, n, once

    def call(self, function, *args):
        self.calls += 1
        if self.calls == self.n + 1 or (self.calls > self.n and not self.once):
            raise self.error
        return function(*args)

    def write(self, text):
        return self.call(super().write, text)

    def flush(self):
        return self.call(super().flush)

    def isatty(self):
        return self.call(lambda: True)


ERRORS = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EIO, "the terminal is gone"),
    BrokenPipeError(errno.EPIPE, "Broken pipe"),
    BlockingIOError(errno.EAGAIN, "would block"),
    ValueError("I/O operation on closed file."),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("n", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 7))])
def test_a_training_whose_output_fails(troubled_run, error, once, n):
    out = troubled_run(
        stdout=FailingStream(error, n, once), stderr=FailingStream(error, n // 2, once)
    )
    assert minigan.load(out / "checkpoint.npz")["steps"] == 3
    assert (out / "samples.gif").exists()


def test_a_training_without_any_output(troubled_run):
    assert (troubled_run(stdout=None, stderr=None) / "samples.gif").exists()


def test_streams_are_put_back():
    before = sys.stdout, sys.stderr
    with console.forgiving_output():
        inner = sys.stdout
        with console.forgiving_output():
            assert sys.stdout is inner
    assert (sys.stdout, sys.stderr) == before


def start(name, *flags, shell='exec "$@"', **settings):
    """Start an example from a shell, which sets up its streams."""
    command = ["sh", "-c", shell, "sh", sys.executable, str(EXAMPLES / f"{name}.py"), *flags]
    environment = os.environ | {"PYTHONPATH": str(EXAMPLES.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **(pipes | settings))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and a shell")
@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ('exec "$@" > /dev/full', "warning: not all of the output could be written: [Errno 28]"),
        ('exec "$@" > /dev/full 2> /dev/full', ""),
        ('exec "$@" >&- 2>&-', ""),
        ('exec "$@" 2>&-', ""),
        ('"$@" | true', ""),
        ('"$@" 2>&1 | true', ""),
    ],
)
def test_an_example_in_a_shell(data, tmp_path, shell, said):
    flags = *FLAGS, "--data", str(data), "--out", str(tmp_path)
    process = start("mnist_gan", *flags, shell=shell)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert errors.startswith(said) and errors.count("\n") == bool(said)
    assert minigan.load(tmp_path / "checkpoint.npz")["steps"] == 3


def test_an_example_as_a_module(data, tmp_path):
    flags = *FLAGS, "--data", str(data), "--out", str(tmp_path)
    command = [sys.executable, "-m", "examples.mnist_gan", *flags]
    subprocess.run(command, cwd=EXAMPLES.parent, check=True, capture_output=True)
    assert minigan.load(tmp_path / "checkpoint.npz")["example"] == "mnist_gan"


# --- signals and errors ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_program_and_lets_it_clean_up(name):
    signum = getattr(signal, name, signal.SIGINT)
    before, cleaned = signal.getsignal(signum), []

    def main():
        try:
            signal.raise_signal(signum)
        finally:
            cleaned.append(True)

    with pytest.raises(SystemExit) as caught:
        console.run(main)
    assert caught.value.code == 128 + signum
    assert cleaned == [True] and signal.getsignal(signum) == before


@pytest.mark.parametrize("error", [ImportError("initialization failed"), OSError(), KeyError("x")])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("in_a_run", [False, True])
def test_a_signal_whose_exception_a_library_replaces_ends_a_program(error, name, in_a_run):
    """A library that is being imported, for example, raises ImportError in place of any other."""

    def main():
        with console.Interrupt() if in_a_run else contextlib.nullcontext():
            if in_a_run:
                signal.raise_signal(signal.SIGINT)  # a request
            try:
                signal.raise_signal(signal.SIGINT if in_a_run else getattr(signal, name))
            except BaseException:
                raise error from None

    with pytest.raises(SystemExit) as caught:
        console.run(main)
    assert caught.value.code == 128 + (signal.SIGINT if in_a_run else getattr(signal, name))
    with pytest.raises(ZeroDivisionError):  # the next program has its own errors
        console.run(lambda: 1 / 0)


LATE_INTERRUPT = """
import atexit, os, signal, time
from minigan.runs import console

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
    print("goes on")

signal.signal(signal.SIGINT, signal.default_int_handler)
atexit.register(interrupt)
console.run(lambda: signal.raise_signal(signal.SIGINT))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process alone")
def test_a_second_interrupt_while_a_program_ends_shows_no_traceback():
    command = [sys.executable, "-c", LATE_INTERRUPT]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_that_is_ignored_stays_ignored(name):
    """`nohup` ignores SIGHUP. A shell script ignores SIGINT in commands that it starts with &."""
    signum = getattr(signal, name, signal.SIGINT)
    before = signal.signal(signum, signal.SIG_IGN)
    try:
        console.run(lambda: signal.raise_signal(signum))
        assert signal.getsignal(signum) is signal.SIG_IGN
    finally:
        signal.signal(signum, before)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "error: [Errno 28] No space left"),
        (RunError("batch_size 9 is more than the 5 samples"), "error: batch_size 9 is more than"),
        (KeyboardInterrupt(), 130),
        (SystemExit("error: a sentence"), "error: a sentence"),
    ],
    ids=repr,
)
def test_errors_of_the_outside_world_are_a_sentence(error, code):
    def main():
        raise error

    with pytest.raises(SystemExit) as caught:
        console.run(main)
    found = caught.value.code
    assert found == code if isinstance(code, int) else found.startswith(code)


@pytest.mark.parametrize("package", ["matplotlib", "PIL", "tqdm"])
def test_a_package_that_is_missing_is_named_with_the_remedy(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit, match=rf"error: .*{package}.*; install .*\[examples\]"):
        console.run(lambda: __import__(package))


def test_a_mistake_in_an_example_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        console.run(lambda: 1 / 0)


def test_a_training_in_a_thread(run_example, data, tmp_path):
    failures = []

    def main():
        try:
            run_example("mnist_gan", *FLAGS, out=tmp_path, data=data)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
    assert failures == []
    assert minigan.load(tmp_path / "checkpoint.npz")["steps"] == 3


# --- paths on the command line -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist_gan", "quickdraw_gan"])
def test_home_folder_in_flags(set_up, data, tmp_path, monkeypatch, name):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for folder in ("", "/x", "/x/y"):
        if name == "quickdraw_gan":
            np.save(tmp_path / "cat.npy", np.zeros((5, 784), np.uint8))
            made = set_up(name, f"~{folder}", "~")
        else:
            made = set_up(name, f"~{folder}", data)
        assert made.args.out == Path(f"{tmp_path}{folder}")


@pytest.mark.parametrize("text", ["~nobody-of-this-name/x", "~nobody-of-this-name"])
def test_home_folder_that_is_not_known(example, capsys, text):
    with pytest.raises(SystemExit):
        example("mnist_gan").main([f"--out={text}"])
    assert "no home folder is known for ~nobody-of-this-name; write" in capsys.readouterr().err


@pytest.mark.parametrize("error", ["ImportError('no mpi4py')", "RuntimeError('no MPI library')"])
def test_the_example_of_mpi_ends_with_the_remedy_where_mpi_is_missing(tmp_path, error):
    (tmp_path / "mpi4py.py").write_text(f"raise {error}")
    program = [sys.executable, EXAMPLES / "mpi_wgan_gp.py", "--out", tmp_path / "run"]
    path = os.pathsep.join([str(tmp_path), str(EXAMPLES.parent)])
    done = subprocess.run(
        program, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    said = "error: no .*; install mpi4py and an MPI library: pip install"
    assert re.match(said, done.stderr) and not (tmp_path / "run").exists()


LONG = "x" * 300
DEEP = "/".join(["x" * 200] * 30)


@pytest.mark.parametrize("out", [LONG, DEEP], ids=["a long name", "a long path"])
@pytest.mark.parametrize("name", [n for n in PROGRAMS if n != "mpi_wgan_gp"])
def test_path_that_is_too_long(example, name, out, tmp_path, monkeypatch, capsys, data):
    """If a path is too long, the example ends with a message, for every flag that takes a path."""
    monkeypatch.chdir(tmp_path)
    flags = {
        "export_onnx": [out, out],
        "faces_wgan_gp": ["--data", out, "--out", out],
        "mnist_scores": [out, "--data", str(data)],
        "batch_norm_eps": ["--out", out, "--data", str(data), "--n_epochs", "1"],
    }.get(name, ["--out", out])
    if name == "export_onnx":
        monkeypatch.setitem(sys.modules, "onnx", minigan)
    module = example(name)
    with pytest.raises(SystemExit) as caught:
        console.run(lambda: module.main(flags))
    said = f"{caught.value.code} {capsys.readouterr().err}"
    assert "error: " in said and "Traceback" not in said
