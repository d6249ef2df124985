"""What the measurements say: medians and ratios, as Markdown, put in its place on a page."""

import os
import platform
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Measured:
    """A library's seconds a step, a number for each round, and the most memory it held, in MiB."""

    times: list = field(default_factory=list)
    memory: float = 0.0
    version: str = ""


def middle_half(values):
    """Where the middle half of the values begins and ends.

    >>> middle_half([8, 1, 7, 2, 6, 3, 5, 4])
    (3, 6)
    """
    ordered, cut = sorted(values), len(values) // 4
    return ordered[cut], ordered[-1 - cut]


def ratios(measured, library):
    """minigan's time over the library's, in each round.

    >>> ratios({"minigan": Measured([2.0, 6.0]), "torch": Measured([4.0, 3.0])}, "torch")
    [0.5, 2.0]
    """
    times = measured["minigan"].times, measured[library].times
    return [ours / theirs for ours, theirs in zip(*times, strict=True)]


def number(x):
    """x with three significant digits, and without an exponent.

    >>> number(1234.56), number(12.3456), number(0.00123456)
    ('1,235', '12.3', '0.00123')
    """
    return f"{x:,.0f}" if x >= 100 else f"{x:#.3g}".rstrip(".")


def table(results):
    """results: {work: {library: Measured}}. The ratios are taken within each round."""
    lines = [
        "| work | library | ms a step | most memory, MiB | minigan's time over it | middle half |",
        "|---|---|---|---|---|---|",
    ]
    for work, measured in results.items():
        for library, of in measured.items():
            ms = number(1e3 * statistics.median(of.times))
            memory = f"{of.memory:.0f}" if of.memory else ""
            cells = [f"`{work}`", library, ms, memory, "", ""]
            if library != "minigan":
                over = ratios(measured, library)
                low, high = middle_half(over)
                cells[4:] = f"{statistics.median(over):.2f}", f"{low:.2f} to {high:.2f}"
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def growth_table(results):
    """results: {"batch" or the like: {its value: {library: Measured}}}."""
    libraries = list(next(iter(results["batch"].values())))
    others = [name for name in libraries if name != "minigan"]
    head = [
        "",
        *(f"{name}, ms" for name in libraries),
        *(f"minigan over {name}" for name in others),
    ]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for what, points in results.items():
        for value, measured in points.items():
            ms = [number(1e3 * statistics.median(measured[name].times)) for name in libraries]
            over = [f"{statistics.median(ratios(measured, name)):.2f}" for name in others]
            lines.append(f"| {' | '.join([f'{what} {value:g}', *ms, *over])} |")
    return "\n".join(lines)


def machine(cores, results, gpu=None):
    """The line that names the processor, the GPU if one was used, and the versions."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    name = model[1] if model else platform.processor() or platform.machine()
    parts = [gpu] if gpu else []
    parts += [f"{name}, {cores} of {os.cpu_count()} cores", f"Python {platform.python_version()}"]
    for measured in results:
        for library, of in measured.items():
            if of.version and f"{library} {of.version}" not in parts:
                parts.append(f"{library} {of.version}")
    return "; ".join(parts)


def replace_between(page, name, body):
    """`page` with `body` between <!-- name: begin --> and <!-- name: end -->, and else as it was.

    Raises ValueError unless both comments are there, once each and in this order.

    >>> replace_between("a <!-- t: begin --> old <!-- t: end --> z", "t", "new")
    'a <!-- t: begin -->\\nnew\\n<!-- t: end --> z'
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found or page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"the page needs one {begin}, and after it one {end}, to write between")
    return f"{before}{begin}\n{body}\n{end}{after}"
