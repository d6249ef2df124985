"""Measure the time of each operation in a training step, and the memory at each moment.

    python benchmarks/where_the_time_goes.py [--work mlp_gan | wgan_gp | dcgan] [--before COMMIT]

It prints two tables in Markdown. The time of a rule includes the operations that it uses. These
also have their own rows. The clocks take time, too: measure.py measures the time of a step. The
memory is that of all arrays and objects, with the networks. tracemalloc counts it.

--before COMMIT measures a step of minigan as it was at that commit.
"""

import argparse
import importlib
import tempfile
import time
import tracemalloc
from collections import Counter

import environment  # noqa: F401  # before NumPy
from measure import export


class Clock:
    """Adds up the seconds and the calls of functions that it is told to watch."""

    def __init__(self):
        self.seconds, self.calls = Counter(), Counter()

    def watch(self, owner, name, label):
        function = getattr(owner, name)

        def timed(*args, **kwargs):
            start = time.perf_counter()
            result = function(*args, **kwargs)
            own = label(*args) if callable(label) else label
            self.seconds[own] += time.perf_counter() - start
            self.calls[own] += 1
            return result

        setattr(owner, name, timed)


def operations(base):
    for subclass in base.__subclasses__():
        yield subclass
        yield from operations(subclass)


def by_operation(step, n):
    """(ms a step, [(label, calls in a step, ms in a step)]), means over n steps."""
    from minigan import Op
    from minigan.optim import Adam

    clock = Clock()
    for op in dict.fromkeys(operations(Op)):
        if "forward" in vars(op):
            clock.watch(op, "forward", f"`{op.__name__}` forward")
        if "backward" in vars(op):
            clock.watch(op, "backward", order_of(op.__name__))
    clock.watch(Adam, "step", "Adam")
    start = time.perf_counter()
    for _ in range(n):
        step()
    whole = (time.perf_counter() - start) / n
    rows = [(label, clock.calls[label] / n, 1e3 * s / n) for label, s in clock.seconds.items()]
    return 1e3 * whole, sorted(rows, key=lambda row: -row[2])


def order_of(name):
    """Which backward pass this is: one that records a graph (for a gradient penalty), or not."""
    from minigan import Tensor

    def label(op, gy, *others):
        return f"`{name}` backward{', of Tensors' if isinstance(gy, Tensor) else ''}"

    return label


def by_moment(step):
    """[(moment, MiB held then, most MiB held since the moment before)] of one step."""
    from minigan import Tensor
    from minigan.optim import Adam

    rows = []

    def note(moment):
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        rows.append((moment, held / 2**20, most / 2**20))

    def note_around(owner, name):
        function = getattr(owner, name)

        def noted(*args, **kwargs):
            note(f"before `{name}`")
            function(*args, **kwargs)
            note(f"after `{name}`")

        setattr(owner, name, noted)

    note_around(Tensor, "backward")
    note_around(Adam, "step")
    note("start")
    step()
    note("end")
    return rows


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--work", choices=["mlp_gan", "wgan_gp", "dcgan"], default="mlp_gan")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--before", metavar="COMMIT", help="minigan as it was at this commit")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        if args.before:
            export(args.before, folder)
        works = importlib.import_module("works_before" if args.before else "works_minigan")
        show(getattr(works, args.work), args.work, args.steps)


def show(make_step, work, steps):
    step = make_step()
    for _ in range(steps // 6 + 1):
        step()
    whole, rows = by_operation(step, steps)
    print(f"| in a step of {work} | calls | ms | share |\n|---|---|---|---|")
    for label, calls, ms in rows:
        if ms >= 0.005 * whole:
            print(f"| {label} | {calls:g} | {ms:.2f} | {ms / whole:.0%} |")

    tracemalloc.start()
    step = make_step()
    step()  # makes Adam's moments
    moments = by_moment(step)
    print(f"\n| {work} | MiB held | most since the line above |\n|---|---|---|")
    for moment, held, most in moments:
        print(f"| {moment} | {held:.1f} | {most:.1f} |")


if __name__ == "__main__":
    main()
