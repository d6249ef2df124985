"""Check a learner's file in a child process, which is ended after ten seconds.

    python -m minigan.exercises.child NAME FILE RESULT [known]

The child loads the file, takes from it the names that the exercise asks for, and writes what the
learner reads to RESULT.
"""

import faulthandler
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

SECONDS = 10
PRINTED = 20  # lines of what the learner's file prints that are shown
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def check_in(folder, exercise, shown=True):
    """Check the learner's file in a Folder, and remember whether it is solved.

    shown: whether the learner will read the text. It speaks of a guess once.
    Return (whether it is solved, the text of the check).
    """
    digest = folder.digest(exercise)  # the learner may save a newer version during the check
    _, guess = open_line(exercise, folder.file(exercise))
    known = shown and folder.knows(exercise, guess)
    solved, text = check_file(exercise, folder.file(exercise), known=known)
    folder.mark(exercise, solved, digest)
    if shown:
        folder.note(exercise, guess)
    return solved, text


def open_line(exercise, path):
    """(the line of the first `...` of an answer, or None; the learner's guess, or `...`)"""
    from minigan.exercises.exercise import left_open

    try:
        return left_open(Path(path).read_bytes(), exercise.names)
    except (OSError, SyntaxError, ValueError):
        return None, ...  # the child says what is wrong


def check_file(exercise, path, seconds=SECONDS, known=False):
    """Check the file in a child process. Return (whether it is solved, the text of the check).

    known: whether the learner has read already what the check says of this guess.
    """
    from minigan.exercises import report

    line, guess = open_line(exercise, path)
    if line:
        texts = [] if known else report.guess_lines(exercise, guess, solved=False)
        texts.append(report.sentence(f"Line {line} still has `...`: write your answer there."))
        return False, "\n".join(texts)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        with open(Path(folder) / "printed", "w+b") as printed:
            command = [sys.executable, "-m", "minigan.exercises.child"]
            command += [exercise.name, str(path), str(result), *(["known"] if known else [])]
            environment = os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONIOENCODING": "utf-8"}
            try:
                status = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    timeout=seconds,
                ).returncode
                told = f"The check ended with status {status} before it was done."
            except subprocess.TimeoutExpired:
                told = f"The check was ended after {seconds} seconds. Is there a loop without end?"
                told += line_in(Path(f"{result}.where"), path)
            printed.seek(0)
            output = printed.read(100_000).decode("utf-8", "replace").splitlines()
        solved, text = False, report.sentence(told)
        if result.exists():
            solved, text = json.loads(result.read_text(encoding="utf-8"))
    if output:
        more = [f"and {len(output) - PRINTED} more lines"] if len(output) > PRINTED else []
        lines = "\n".join(f"    {line}" for line in [*output[:PRINTED], *more])
        text = f"  Your file printed:\n{lines}\n{text}"
    return solved, text


def line_in(where, path):
    """A sentence about the line of the learner's file where the child was last seen."""
    tracebacks = where.read_text("ascii", "replace") if where.exists() else ""
    last = tracebacks.split("Timeout")[-1]
    name = Path(path).name.encode("ascii", "backslashreplace").decode()
    found = re.search(rf'{re.escape(name)}", line (\d+) in', last)
    return f" It was at line {found[1]} of your file." if found else ""


def main(name, path, result, known=""):
    """The child: write (whether it is solved, the text) to `result`.

    Each second it writes where it is to a file beside `result`, in case it is ended.
    """
    with open(f"{result}.where", "w") as where:
        faulthandler.dump_traceback_later(1, repeat=True, file=where)
        try:
            check_and_write(name, path, result, known)
        finally:
            faulthandler.cancel_dump_traceback_later()


def check_and_write(name, path, result, known):
    """Check the file, and write (whether it is solved, the text) to `result`.

    known: "known" if the learner has read already what the check says of this guess.
    """
    from minigan.exercises import checker, report
    from minigan.exercises.table import find

    exercise = find(name)
    with checker.switched_off(exercise.off):
        names, problem = load(exercise, path)
    solved = False
    text = problem
    if problem is None:
        answer = SimpleNamespace(**{name: names[name] for name in exercise.names})
        verdict = checker.examine(exercise, answer)
        solved = verdict.solved
        guess = names.get("guess", ...)
        about_guess = [] if known and not solved else report.guess_lines(exercise, guess, solved)
        text = "\n".join([verdict.text, *about_guess])
    temporary = Path(f"{result}.part")
    temporary.write_text(json.dumps([solved, text]), encoding="utf-8")
    os.replace(temporary, result)


def load(exercise, path):
    """Run the learner's file. Return (its names, None), or (None, the text about what is wrong)."""
    from minigan.exercises import report

    module = ModuleType(exercise.stem)
    module.__file__ = str(path)
    sys.modules[exercise.stem] = module  # as an import would, for dataclasses and pickle
    try:
        exec(compile(Path(path).read_bytes(), str(path), "exec"), vars(module))
    except SyntaxError as error:
        lines = [report.sentence(f"Line {error.lineno} is not Python: {error.msg}.")]
        if error.text:
            lines.append(f"    {error.text.rstrip()}")
        return None, "\n".join(lines)
    except (Exception, SystemExit) as error:
        return None, report.raised_in([str(path)], error, "the file, from its first line")
    missing = [name for name in exercise.names if name not in vars(module)]
    if missing:
        return None, report.sentence(f"The file does not define {' or '.join(missing)}.")
    return vars(module), None


if __name__ == "__main__":
    main(*sys.argv[1:])
