"""Turn measurements into tables: medians, ratios and spreads, as Markdown, in a place on a page.

Every printed ratio is the ratio of the printed numbers beside it.
"""

import os
import platform
import re
import statistics
from dataclasses import dataclass, field, replace
from pathlib import Path

MS, MICROSECONDS = 1e3, 1e6  # in a second
STALL = 1.5  # a turn that takes longer than this times its library's median is a stall


@dataclass
class Measured:
    """What was measured of one library in one work.

    times: seconds a step, a number for each round that was kept.
    memory: the most memory that the process held, in MiB.
    loaded: the same number after the import of the library and one tiny step.
    rounds: how many rounds there were, with those that were not kept.
    """

    times: list = field(default_factory=list)
    memory: float = 0.0
    loaded: float = 0.0
    version: str = ""
    rounds: int = 0


def without_stalls(measured):
    """The measurements without the rounds in which the machine was busy.

    A round is removed for all libraries if one of them took more than STALL times its own median.
    The rest was measured in the same rounds, so it can be compared.

    >>> of = without_stalls({"a": Measured([1, 9, 1, 1.2]), "b": Measured([2, 2, 2, 2.1])})
    >>> of["a"].times, of["b"].times, of["b"].rounds
    ([1, 1, 1.2], [2, 2, 2.1], 4)
    """
    kept = set(kept_rounds([of.times for of in measured.values()]))
    return {
        name: replace(
            of, times=[t for i, t in enumerate(of.times) if i in kept], rounds=len(of.times)
        )
        for name, of in measured.items()
    }


def kept_rounds(times):
    """The indices of the rounds without a stall. times: a list for each library, one time a round.

    Raises RuntimeError if there is a stall in every round.

    >>> kept_rounds([[1, 9, 1, 1.2], [2, 2, 2, 2.1]])
    [0, 2, 3]
    """
    medians = [statistics.median(own) for own in times]
    rounds = zip(*times, strict=True)
    kept = [
        i
        for i, each in enumerate(rounds)
        if all(t <= STALL * median for t, median in zip(each, medians, strict=True))
    ]
    if not kept:
        raise RuntimeError("the machine stood still in every round: measure again when it is quiet")
    return kept


def middle_half(values):
    """The first and the last of the middle half of the values.

    >>> middle_half([8, 1, 7, 2, 6, 3, 5, 4])
    (3, 6)
    """
    ordered, cut = sorted(values), len(values) // 4
    return ordered[cut], ordered[-1 - cut]


def number(x):
    """x with three significant digits, and without an exponent.

    >>> number(1234.56), number(12.3456), number(0.00123456)
    ('1,235', '12.3', '0.00123')
    """
    return f"{x:,.0f}" if x >= 100 else f"{x:#.3g}".rstrip(".")


def value(text):
    """The number that a reader sees.

    >>> value("1,235")
    1235.0
    """
    return float(text.replace(",", ""))


def printed(of, unit=MS):
    """The median time of a step, as text."""
    return number(unit * statistics.median(of.times))


def over(ours, theirs, unit=MS):
    """(our time over theirs, and the middle half of this ratio over the rounds).

    The first is the ratio of the two medians as they are printed.

    >>> over(Measured([2.0, 6.0, 4.0]), Measured([4.0, 3.0, 8.0]))
    (1.0, 0.5, 2.0)
    """
    rounds = [a / b for a, b in zip(ours.times, theirs.times, strict=True)]
    return value(printed(ours, unit)) / value(printed(theirs, unit)), *middle_half(rounds)


def memory_cells(ours, theirs):
    """The cells for the memory of one library; `ours` is None in the row of minigan itself."""
    if not theirs.memory:
        return ["", "", ""]
    total, loaded = round(theirs.memory), round(theirs.loaded)
    cells = [f"{total:,} - {loaded:,}", f"{total - loaded:,}", ""]
    if ours and total > loaded:
        cells[2] = f"{(round(ours.memory) - round(ours.loaded)) / (total - loaded):.2f}"
    return cells


def table(results):
    """results: {work: {library: Measured}}, a row for each library."""
    lines = [
        "| work | library | ms a step | minigan's time over it | middle half "
        "| minigan_fast's time over it | rounds "
        "| memory: process - loaded, MiB | step, MiB | minigan's step over it |",
        "|---" * 10 + "|",
    ]
    for work, measured in results.items():
        ours, fast = measured["minigan"], measured.get("minigan_fast")
        for library, of in measured.items():
            cells = [f"`{work}`", library, printed(of), "", "", ""]
            if of is not ours:
                ratio, low, high = over(ours, of)
                cells[3:5] = f"{ratio:.2f}", f"{low:.2f} to {high:.2f}"
            if fast and of is not fast:
                cells[5] = f"{over(fast, of)[0]:.2f}"
            cells.append(f"{len(of.times)} of {of.rounds}")
            cells += memory_cells(ours if of is not ours else None, of)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def floors(results):
    """For each work of which the products were measured alone: their share, and the least ratio.

    >>> of = dict.fromkeys(["minigan", "torch"], Measured([0.02]))
    >>> of |= dict.fromkeys(["numpy_ordered", "torch_products"], Measured([0.01]))
    >>> print(floors({"w": of}))
    `w`: the products take 10.0 of minigan's 20.0 ms, and 10.0 of PyTorch's 20.0 ms. If minigan
    did nothing else, its time over PyTorch's would be 0.50.
    """
    lines = []
    for work, of in results.items():
        if {"numpy_ordered", "torch", "torch_products"} <= of.keys():
            ours, theirs = printed(of["numpy_ordered"]), printed(of["torch_products"])
            lines.append(
                f"`{work}`: the products take {ours} of minigan's {printed(of['minigan'])} ms, and "
                f"{theirs} of PyTorch's {printed(of['torch'])} ms. If minigan\n"
                f"did nothing else, its time over PyTorch's would be "
                f"{over(of['numpy_ordered'], of['torch'])[0]:.2f}."
            )
    return "\n".join(lines)


def growth_table(results):
    """results: {"batch" or the like: {its value: {library: Measured}}}, a row for each value.

    A library that has no such work, or was left out, has an empty cell.
    """
    points = [measured for curve in results.values() for measured in curve.values()]
    libraries = list(dict.fromkeys(name for measured in points for name in measured))
    ours = [name for name in libraries if name.startswith("minigan")]
    with_memory = [name for name in (*ours, "torch") if name in libraries]
    head = [
        "",
        *(f"{name}, ms" for name in libraries),
        *(f"{name} over torch" for name in ours if "torch" in libraries),
        *(f"{name}'s step, MiB" for name in with_memory),
    ]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for what, curve in results.items():
        for setting, of in curve.items():
            cells = [f"{what} {setting:,g}" if setting < 1 else f"{what} {setting:,}"]
            cells += [printed(of[name]) if name in of else "" for name in libraries]
            for name in ours if "torch" in libraries else ():
                both = name in of and "torch" in of
                cells.append(f"{over(of[name], of['torch'])[0]:.2f}" if both else "")
            for name in with_memory:
                step = f"{round(of[name].memory) - round(of[name].loaded):,}" if name in of else ""
                cells.append(step)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def processor():
    """The name of the processor, as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def machine(cores, results, gpu=None):
    """The line that names the processor, the GPU if one was used, and the versions."""
    parts = [gpu] if gpu else []
    parts += [f"{processor()}, {cores} of {os.cpu_count()} cores"]
    parts += [f"Python {platform.python_version()}"]
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
