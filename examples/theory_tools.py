"""Functions that the theory examples share: flags, figures, densities, integrals, spreads."""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

import minigan
from minigan.runs.files import atomic_write, check_writable
from minigan.runs.flags import check_flags, read, user_path


def theory_flags(description, argv=None, **defaults):
    """Parse --out, --seed, and a flag for each keyword. Seed minigan's generator.

    The type of a flag is that of its default. False makes a switch.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    out = Path("runs") / Path(sys.argv[0]).stem
    parser.add_argument("--out", type=user_path, default=out, help=f"folder (default: {out})")
    parser.add_argument("--seed", type=int, default=0)
    for name, default in defaults.items():
        if default is False:
            parser.add_argument(f"--{name}", action="store_true")
        else:
            text = f"(default: {default})"
            parser.add_argument(f"--{name}", type=type(default), default=default, help=text)
    args = parser.parse_args(argv)
    check_flags(parser, args, **defaults)
    read(check_writable, args.out)
    minigan.seed(args.seed)
    return args


def new_figure(rows, columns, size):
    """A Matplotlib figure and its axes, (rows, columns) of them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save_figure(figure, path, dpi=100):
    check_writable(path.parent)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=dpi)


def spread(values, form=".2f"):
    """The median and the range of a number over seeds, such as "0.42 (0.37 to 0.48)"."""
    low, middle, high = (f"{f(values):{form}}" for f in (np.min, np.median, np.max))
    return f"{middle} ({low} to {high})"


def normal(x, mean, std):
    """The density of N(mean, std²) at x"""
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


def integral(y, x):
    """∫ y dx by the trapezoidal rule, along the last axis"""
    return ((y[..., 1:] + y[..., :-1]) / 2 * np.diff(x)).sum(axis=-1)
