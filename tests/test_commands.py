"""Every command of every page runs. Long ones run with small data and settings.

tests/commands.py has these settings, and says what the writer of a page has to do.
"""

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import commands
import pages
import pytest
from commands import LINES, SCRIPTS, WORDS, NotRun, Small
from pages import PAGES, ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a page's commands are for sh")
QUICK, SLOW = 30, 600  # seconds of processor time after which a command is killed
IS_EXAMPLE = re.compile(r'^if __name__ == "__main__":', re.MULTILINE)


def programs_in(folder):
    """The names of the programs in a folder of the project."""
    return sorted(p.stem for p in (ROOT / folder).glob("*.py") if IS_EXAMPLE.search(p.read_text()))


EXAMPLES, STUDIES = programs_in("examples"), programs_in("examples/studies")
INSTALLS = re.compile(r"(python -m )?(pip|venv|ensurepip)\b|(apt|npm|git clone) ")


def every_command():
    """{command: the pages that have it}.

    A command with examples/NAME.py stands for every example, and so does examples/studies/NAME.py.
    """
    found = {}
    for page in PAGES:
        for command in pages.commands(page.read_text()):
            command = re.sub(r"(^|\s)\S+/bin/", r"\1", command).replace("python3 ", "python ")
            names = STUDIES if "studies/NAME.py" in command else EXAMPLES
            for name in names if "/NAME.py" in command else [""]:
                line = command.replace("/NAME.py", f"/{name}.py")
                found.setdefault(line, set()).add(pages.name(page))
    return found


def programs(command):
    """The programs, modules and scripts of a command: python, minigan.debug, examples/x.py."""
    words = re.sub(r"^(\w+=\S* )+", "", command).split()
    modules = [b for a, b in itertools.pairwise(words) if a == "-m"]
    return [words[0], *modules, *(word for word in words if word.endswith(".py"))]


def settings(command):
    """How a command runs: a Small with its line, or a NotRun."""
    if command in LINES:
        entry = LINES[command]
        return replace(entry, line=entry.line or command) if isinstance(entry, Small) else entry
    if INSTALLS.match(command):
        return NotRun("it installs something; .ci/run installs what the README says")
    line = command
    for word, stand_in in WORDS.items():
        line = re.sub(rf"(?<![^\s=]){re.escape(word)}(?!\S)", stand_in, line)
    small = Small(line=line)
    for program in programs(line):
        entry = SCRIPTS.get(program, Small())
        small = replace(
            small,
            line=f"{small.line} {entry.flags}".strip(),
            stdin=small.stdin or entry.stdin,
            until=small.until or entry.until,
            needs=small.needs + entry.needs,
            slow=small.slow or entry.slow,
        )
    return small


COMMANDS = every_command()
RUN = {command: settings(command) for command in COMMANDS}
RUN = {command: small for command, small in RUN.items() if isinstance(small, Small)}


@pytest.fixture(scope="module")
def data():
    with tempfile.TemporaryDirectory() as folder:
        yield commands.write_data(Path(folder))


@pytest.fixture
def checkout():
    """A copy of the project with .venv/bin, in which commands run. It is deleted at the end."""
    with tempfile.TemporaryDirectory() as folder:
        copy, mnist = Path(folder) / "minigan", ROOT / "examples" / "data" / "mnist"
        left_out = shutil.ignore_patterns(".*", "out", "__pycache__", "build", "*.egg-info")
        not_below = {ROOT: {"runs"}, mnist.parent: {mnist.name}}

        def ignore(path, names):
            return left_out(path, names) | not_below.get(Path(path), set())

        shutil.copytree(ROOT, copy, ignore=ignore)
        (copy / "examples" / "data" / "mnist").symlink_to(mnist)  # large, and nothing writes there
        programs = copy / ".venv" / "bin"
        programs.mkdir(parents=True)
        for name in "python", "pytest", "ruff", "mypy":
            module = "" if name == "python" else f"-m {name} "
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
            (programs / name).chmod(0o755)
        yield copy


def execute(small, checkout, data):
    """(status, what it printed); a server is stopped once it has started."""
    line = small.line
    for name, path in data.items():
        line = line.replace(f"{{{name}}}", str(path))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = f"{checkout / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    changes = {"PATH": path, "PYTHONPATH": str(checkout), "HOME": str(checkout), "CI": "1"}
    with open(checkout / "printed", "w+") as printed:
        process = subprocess.Popen(
            ["bash", "-c", f"ulimit -t {SLOW if small.slow else QUICK}\n{line}"],
            cwd=checkout,
            env=os.environ | threads | changes | {"MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                if small.until:
                    wait_for(process, checkout / "printed", small.until)
                else:
                    process.communicate(small.stdin, timeout=SLOW)
            finally:
                with contextlib.suppress(ProcessLookupError):  # there is none left
                    os.killpg(process.pid, signal.SIGKILL)
    started = small.until and small.until in (checkout / "printed").read_text()
    return 0 if started else process.returncode, (checkout / "printed").read_text()


def wait_for(process, printed, text, seconds=SLOW):
    """Return when a process has printed the text, or has ended."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and text not in printed.read_text():
        assert time.monotonic() < deadline, f"it printed no {text!r} in {seconds} s"
        time.sleep(0.02)


def run(command, small, checkout, data):
    """Run a command. The commands that make the runs that it reads come first."""
    before = [f"python examples/{name}.py" for name in EXAMPLES if reads_run(small.line, name)]
    if "--resume" in command:
        before.append(command.replace(" --resume", ""))
    for line in [*map(settings, before), small]:
        status, printed = execute(line, checkout, data)
        killed = status in (128 + signal.SIGKILL, -signal.SIGKILL, 128 + signal.SIGXCPU)
        limit = SLOW if line.slow else QUICK
        assert not killed, (
            f"`{line.line}`\ntakes more than {limit} s of processor time. Give it small "
            f"settings in SCRIPTS or LINES of tests/commands.py.\n{printed[-2000:]}"
        )
        assert status == line.status, (
            f"`{line.line}`\nended with status {status}. If it cannot run as it is, add it to "
            f"tests/commands.py, which says how.\n{printed[-4000:]}"
        )


def reads_run(line, name):
    return re.search(rf"(?<!--out) runs/{name}(?!\w)", line)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=pytest.mark.slow if small.slow else [])
        for command, small in RUN.items()
    ],
)
def test_the_command_runs(command, checkout, data):
    for module in RUN[command].needs:
        pytest.importorskip(module)
    print("on", ", ".join(COMMANDS[command]))
    run(command, RUN[command], checkout, data)


def test_every_line_of_the_table_is_on_a_page():
    gone = set(LINES) - set(COMMANDS)
    assert not gone, "take these lines out of LINES in tests/commands.py"
    assert not {script for script in SCRIPTS if "/" in script and not (ROOT / script).exists()}


def test_a_page_installs_only_extras_that_exist():
    extras = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    named = [re.search(r'"\.\[(.*)\]"', command) for command in COMMANDS]
    named = {extra for match in named if match for extra in match[1].split(",")}
    assert named and named <= set(extras)


def test_a_command_that_takes_long_and_has_no_entry_fails_with_what_to_do(checkout, data):
    (checkout / "long.py").write_text("while True:\n    pass\n")
    small = Small(line="ulimit -t 1; python long.py")
    with pytest.raises(AssertionError, match=r"takes more than 30 s.*tests/commands\.py"):
        run("python long.py", small, checkout, data)


def test_a_command_that_cannot_run_fails_with_what_it_printed(checkout, data):
    small = settings("python gone.py")
    with pytest.raises(AssertionError, match=r"(?s)status 2.*can't open file"):
        run("python gone.py", small, checkout, data)
    (checkout / "open.py").write_text("import sys\nprint('wait', flush=True)\nsys.stdin.read()\n")
    run("", Small(line="python open.py", until="wait"), checkout, data)


def test_small_settings_and_the_runs_that_a_command_reads(checkout, data):
    assert settings("python examples/mnist_gan.py --average 0.9").line == (
        f"python examples/mnist_gan.py --average 0.9 {SCRIPTS['examples/mnist_gan.py'].flags}"
    )
    assert reads_run("python examples/trained_generator.py --run runs/mnist_gan", "mnist_gan")
    assert not reads_run("python examples/mnist_gan.py --out runs/mnist_gan", "mnist_gan")
    assert not reads_run("python x.py runs/mnist_gan_2014", "mnist_gan")


@pytest.mark.slow
def test_a_command_that_resumes_finds_a_run(checkout, data):
    resume = "python examples/mnist_gan.py --resume"
    run(resume, settings(resume), checkout, data)
