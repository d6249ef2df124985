"""Run the debugger sessions of the docs again, and compare or update what they print.

    python tests/stepping.py        writes into the pages what each command prints

A fenced block that starts with a prompt, or with a stop, is part of a session. The last command
line with minigan.debug before it has started this session. In a block `...` stands for any lines.
"""

import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "docs" / "dice.md", ROOT / "docs" / "stepping.md"]
PROMPT = "(Pdb) "
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def sessions(text):
    """[(command line, [block, ...])]: for each session of a page, the blocks that show it."""
    found = []
    for language, block in re.findall(BLOCK, text):
        if language == "sh" and block.startswith(".venv/bin/python -m minigan.debug"):
            found.append((block.strip(), []))
        elif not language and PROMPT in block:
            found[-1][1].append(block)
    return found


def exchanges(block):
    """[(command, what it printed)]. The command "" stands for the text before the first prompt."""
    first, *rest = re.split(r"^\(Pdb\) ", block, flags=re.MULTILINE)
    pairs = [part.partition("\n")[::2] for part in rest]
    return ([("", first)] if first else []) + pairs


def answers(line, commands):
    """Start the debugger with a command line of the page. Return what each command prints.

    The first answer is what it prints before the first prompt.
    """
    with tempfile.TemporaryDirectory() as folder:
        _, *arguments = line.split()
        arguments[arguments.index("--out") + 1] = folder
        result = subprocess.run(
            [sys.executable, *arguments],
            input="".join(command + "\n" for command in [*commands, "q"]),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {"HOME": folder, "MINIGAN_BACKEND": "numpy"},
            timeout=300,
        )
    assert result.returncode == 0, result.stderr
    printed = result.stdout.replace(f"{ROOT}{os.sep}", "").split(PROMPT)
    place = re.compile(r"^([> ] \S+\.py)\(\d+\)", re.MULTILINE)
    return [place.sub(r"\1(..)", answer).rstrip("\n") for answer in printed[: len(commands) + 1]]


def agrees(written, printed):
    """Whether the page shows what was printed. Numbers may differ by 1 %; `...` is any lines."""
    written, printed = written.rstrip("\n").splitlines(), printed.splitlines()
    if not written or not printed:
        return written == printed or written == ["..."]
    if written[0] == "...":
        return any(agrees_from(written[1:], printed[i:]) for i in range(len(printed) + 1))
    return agrees_from(written, printed)


def agrees_from(written, printed):
    if written and written[0] == "...":
        return agrees("\n".join(written), "\n".join(printed))
    if not written or not printed:
        return written == printed
    return same_line(written[0], printed[0]) and agrees_from(written[1:], printed[1:])


def same_line(written, printed):
    """The same words, and numbers that differ by 1 % at most."""
    if NUMBER.sub("0", written).split() != NUMBER.sub("0", printed).split():
        return False
    pairs = zip(NUMBER.findall(written), NUMBER.findall(printed), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=0.01, abs_tol=1e-6) for a, b in pairs)


def rewritten(text):
    """The page with what each command prints now."""
    new = []
    for line, blocks in sessions(text):
        pairs = [pair for block in blocks for pair in exchanges(block)]
        printed = iter(answers(line, [command for command, _ in pairs if command]))
        if pairs[0][0]:
            next(printed)  # the page does not show the first stop
        for block in blocks:
            new.append("")
            for command, old in exchanges(block):
                answer = next(printed)
                new[-1] += f"{PROMPT}{command}\n" if command else ""
                new[-1] += old if agrees(old, answer) else shortened(old, answer)
    new = iter(new)

    def replace(match):
        return f"```\n{next(new)}```" if not match[1] and PROMPT in match[2] else match[0]

    return BLOCK.sub(replace, text)


def shortened(old, answer):
    """The printed lines. After a `...`, only as many of the last ones as the old text shows."""
    lines = answer.splitlines()
    if old.startswith("...\n"):
        n = len(old.splitlines()) - 1
        lines = ["...", *lines[-n:]]
    return "".join(line.rstrip() + "\n" for line in lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(rewritten(page.read_text()))
