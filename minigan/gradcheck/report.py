"""The texts of gradcheck: an error if a gradient is wrong, a report if all are right."""

from dataclasses import dataclass

import numpy as np

WORST = 5  # how many wrong elements a message lists


class GradientError(AssertionError):
    """A gradient is wrong, or cannot be checked at this point. The message says where and why."""


@dataclass
class Line:
    """One comparison: the derivative of `what` with respect to a variable."""

    order: int
    what: str
    variable: str
    shape: tuple
    compared: int  # the number of elements or directions, without kinks
    kinks: int  # how many were skipped
    error: float  # the largest absolute difference
    tolerance: float  # the largest error as a share of the tolerance: at most 1


@dataclass(repr=False)
class Report:
    """The comparisons and their errors: `lines` as numbers, the repr as a table."""

    mode: str
    lines: list

    @property
    def error(self):
        """The largest absolute difference between an analytic and a numeric derivative."""
        return max((line.error for line in self.lines), default=0.0)

    @property
    def kinks(self):
        """The number of elements or directions that were skipped because of a kink."""
        return sum(line.kinks for line in self.lines)

    def __repr__(self):
        unit = "elements" if self.mode == "full" else "directions"
        head = ("order", "derivative of", "with respect to", unit, "kinks", "error", "of allowed")
        rows = [
            (
                line.order,
                line.what,
                f"{line.variable} {line.shape}",
                line.compared,
                line.kinks,
                f"{line.error:.1e}",
                f"{line.tolerance:.1e}",
            )
            for line in self.lines
        ]
        return "\n".join(["gradcheck passed", *table([head, *rows])])


def wrong_text(headline, variable, places, found, expected, how_compared):
    """Return the message about wrong elements. The worst come first.

    places: for each element that is shown, its place in the output and in the variable.
    found, expected: the analytic and the numeric values of all wrong elements. how_compared: the
    last line.
    """
    shown = found[: len(places)], expected[: len(places)]
    error = np.abs(shown[0] - shown[1])
    with np.errstate(divide="ignore"):
        relative = error / np.abs(shown[1])
    rows = [("of", f"in {variable}", "analytic", "numeric", "error", "relative")]
    for where, a, n, e, r in zip(places, *shown, error, relative, strict=True):
        rows.append((*where, f"{a:.6g}", f"{n:.6g}", f"{e:.1e}", f"{r:.1e}"))
    lines = [headline, *table(rows)]
    if len(found) > len(places):
        lines.append(f"  ... and {len(found) - len(places)} more")
    return "\n".join([*lines, *_pattern(found, expected), how_compared])


def _pattern(found, expected):
    """Return a line that says what all wrong elements have in common, if anything."""
    if not (np.isfinite(found).all() and np.isfinite(expected).all() and expected.all()):
        return []
    ratio = found / expected
    typical = np.median(ratio)
    if len(ratio) < 2 or np.ptp(ratio) > 1e-3 * max(abs(typical), 1e-3):
        return []
    if abs(typical) < 1e-9:
        return [
            "Each of them is 0 and should not be: a rule drops a term, or something cuts the way "
            "back (.data, .detach(), no_grad)."
        ]
    if abs(typical + 1) < 1e-3:
        return ["Each of them is -1 times what it should be: look for a sign."]
    return [f"Each of them is {typical:.4g} times what it should be."]


def kink_text(where, left, right, step):
    """Return the message about a point without a numerical derivative."""
    if not (np.isfinite(left) and np.isfinite(right)):
        why = "it is not finite within a step: the edge of its domain is near"
    else:
        why = f"its slope is {left:.6g} on one side and {right:.6g} on the other"
    return (
        f"{where} has a kink (looked for with a step of {step:.0e}): {why}. Check at another point "
        '(minigan.gradcheck.strategies draws values away from kinks), or pass kinks="skip"'
    )


def listing(first, a, second, b):
    """Show two arrays that should be equal, at the five elements that differ most."""
    if a.shape != b.shape:
        return f"  {first}: shape {a.shape}, {second}: shape {b.shape}"
    error = np.nan_to_num(np.abs(a - b), nan=np.inf).reshape(-1)
    worst = np.argsort(-error, kind="stable")[: min(WORST, np.count_nonzero(error))]
    rows = [(place(a.shape, j), f"{a.flat[j]:.15g}", f"{b.flat[j]:.15g}") for j in worst]
    return "\n".join(table([("at", first, second), *rows]))


def not_finite(name, array):
    """Return the message about a nan or an infinity in an array, or None."""
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    nan = int(np.isnan(array).sum())
    return (
        f"{name}, of shape {array.shape}, has {nan} nan and {bad.sum() - nan} infinite of "
        f"{array.size} elements, the first at {place(array.shape, int(np.argmax(bad)))}"
    )


def place(shape, j):
    """Return flat element j of an array as an index: [1, 2], and [] for a scalar."""
    return str([int(i) for i in np.unravel_index(j, shape)]) if shape else "[]"


def table(rows):
    """Align rows of cells. A column whose last cell is a number is aligned to the right."""
    columns = []
    for cells in zip(*rows, strict=True):
        cells = [str(cell) for cell in cells]
        width = max(map(len, cells))
        right = _is_number(cells[-1])
        columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in cells])
    return ["  " + "  ".join(row) for row in zip(*columns, strict=True)]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
