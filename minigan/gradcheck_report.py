"""What gradcheck says: its error when a gradient is wrong, its report when all are right."""

from dataclasses import dataclass, field

import numpy as np

WORST = 5  # how many wrong elements a message lists


class GradientError(AssertionError):
    """A gradient is wrong, or cannot be checked at this point; the message says where and how."""


@dataclass
class Line:
    """One comparison: ∂(what)/∂(wrt), of so many elements or directions, so many at a kink."""

    order: int
    what: str
    wrt: str
    shape: tuple
    compared: int
    kinks: int
    error: float  # the largest absolute error
    relative: float  # the largest relative error


@dataclass(repr=False)
class Report:
    """What was compared, and how closely it agreed. `lines` has the numbers, its repr the table."""

    order: int
    mode: str
    lines: list = field(default_factory=list)

    @property
    def kinks(self):
        """How many elements or directions were left out because the function has a kink there."""
        return sum(line.kinks for line in self.lines)

    @property
    def max_error(self):
        """The largest absolute difference between an analytic and a numeric derivative."""
        return max((line.error for line in self.lines), default=0.0)

    def __repr__(self):
        unit = "elements" if self.mode == "full" else "directions"
        head = ("order", "the derivative of", "with respect to", unit, "kinks", "abs. error", "rel. error")
        rows = [
            (
                line.order,
                line.what,
                f"{line.wrt} {line.shape}",
                line.compared,
                line.kinks,
                f"{line.error:.1e}",
                f"{line.relative:.1e}",
            )
            for line in self.lines
        ]
        return "\n".join(["gradcheck passed", *table([head, *rows])])


def table(rows):
    """Rows of cells as aligned lines: text to the left, numbers to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    to_left = [not _is_number(cell) for cell in rows[-1]]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, to_left, strict=True)
        ).rstrip()
        for row in rows
    ]


def wrong_elements(headline, head, places, found, expected, excess):
    """The message for elements of `found` that are not as `expected`.

    head: the titles of the columns; places: for each wrong element, the cells that say where it is.
    excess: how many times its tolerance each one is off, which is what "worst" means.
    """
    worst = np.argsort(-np.nan_to_num(excess, nan=np.inf), kind="stable")[:WORST]
    error = np.abs(found - expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = error / np.abs(expected)
    rows = [
        (*places[k], f"{found[k]:.8g}", f"{expected[k]:.8g}", f"{error[k]:.1e}", f"{relative[k]:.1e}")
        for k in worst
    ]
    lines = [headline, "", *table([(*head, "abs. error", "rel. error"), *rows])]
    if len(found) > len(worst):
        lines.append(f"  ... and {len(found) - len(worst)} more")
    return "\n".join([*lines, *_pattern(found, expected)])


def _pattern(found, expected):
    """A line about what all wrong elements have in common, if they do."""
    known = np.isfinite(found) & np.isfinite(expected) & (expected != 0)
    if not known.all() or not known.size:
        return []
    ratio = found / expected
    if np.ptp(ratio) > 1e-3 * np.abs(ratio).max():
        return []
    if not ratio.any():
        return [
            "Every wrong element is 0: the way back is cut (by .data, .detach() or no_grad), or the "
            "rule drops a term."
        ]
    if np.allclose(ratio, -1):
        return ["Every wrong element is -1 times what it should be: a sign."]
    return [f"Every wrong element is {np.median(ratio):.4g} times what it should be."]


def not_finite(name, array):
    """The message for an array with a nan or an infinity in it, and None for one without."""
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    nan = int(np.isnan(array).sum())
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    return (
        f"{name}, of shape {array.shape}, has {nan} nan and {int(bad.sum()) - nan} infinite of "
        f"{array.size} elements, the first at {list(first)}"
    )


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
