"""Count the modes of a mixture that samples cover.

VEEGAN (Srivastava et al. 2017, section 5.1) and PacGAN (Lin et al. 2018, section 4.1) draw 2,500
samples and report the three numbers of `mixture_scores`.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math

import numpy as np

from minigan.metrics.rows import as_rows, check_widths

__all__ = ["mixture_scores"]


def mixture_scores(samples, modes, std):
    """Count the modes covered and the samples of high quality, and measure how even they are.

    samples: (N, D), modes: (K, D), std: the modes' standard deviation σ.

    A sample has high quality if it is within 3σ of its nearest mode. In two dimensions, 98.9 % of
    the real data do. A mode is covered if it is the nearest mode of a sample of high quality.
    Let q be the shares of the modes among the samples of high quality. Reverse KL is
    Σ q log(q / (1/K)): 0 for equal shares, log K for a single mode.

    Returns {"modes": int, "high_quality": from 0 to 1, "reverse_kl": in nats}. Reverse KL is NaN if
    no sample has high quality. Raises ValueError for shapes that do not fit, for NaN, and for a std
    that is not positive. Raises TypeError for integers.

    >>> modes = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    >>> samples = np.array([[0.0, 0.02], [0.0, 0.0], [1.0, 0.0], [1.5, 0.0]])
    >>> scores = mixture_scores(samples, modes, 0.01)
    >>> scores["modes"], scores["high_quality"], round(scores["reverse_kl"], 3)
    (2, 0.75, 0.75)
    """
    samples, modes = as_rows("samples", samples), as_rows("modes", modes)
    check_widths(samples=samples, modes=modes)
    if not (std > 0 and math.isfinite(std)):
        raise ValueError(f"std must be positive and finite, not {std}")
    distance = np.linalg.norm(samples[:, None, :] - modes[None, :, :], axis=2)  # (N, K)
    nearest = distance.argmin(axis=1)
    good = distance.min(axis=1) <= 3 * std
    count = np.bincount(nearest[good], minlength=len(modes))
    q = count[count > 0] / max(1, good.sum())
    return {
        "modes": int((count > 0).sum()),
        "high_quality": float(good.mean()),
        "reverse_kl": float((q * np.log(q * len(modes))).sum()) if good.any() else float("nan"),
    }
