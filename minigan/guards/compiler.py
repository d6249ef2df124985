"""Checks of a compiler: may it be used, and does it give the bits of NumPy?

`ops/compiled.py` calls these functions.
"""

import os
import sys
from functools import cache
from itertools import product

import numpy as np


def may_compile():
    """Whether MINIGAN_COMPILED in the environment is not 0, and nothing traces this thread.

    Raises ValueError if it is neither 0 nor 1.
    """
    setting = os.environ.get("MINIGAN_COMPILED", "1")
    if setting not in ("0", "1"):
        raise ValueError(
            f"the environment variable MINIGAN_COMPILED must be 0 or 1, not {setting!r}"
        )
    return setting == "1" and not is_traced()


def is_traced():
    """Whether a debugger, a recorder or the like looks at each line of this thread."""
    if sys.gettrace() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)  # new in Python 3.12
    return monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None


@cache
def has_numba():
    """Whether Numba is installed. This does not import it."""
    from importlib.util import find_spec  # here, because NumPy does not import it

    return find_spec("numba") is not None


def different_numbers(n, dtype):
    """n arrays: zeros, infinities, NaN, subnormal and ordinary numbers, in all combinations."""
    tiny = np.finfo(dtype).smallest_subnormal
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, tiny, 1.0]
    rng = np.random.default_rng(0)
    ordinary = rng.standard_normal((n, 4096)) * 10.0 ** rng.integers(-3, 4, (n, 4096))
    all_numbers = np.concatenate([np.array([*product(special, repeat=n)]).T, ordinary], axis=1)
    return list(all_numbers.astype(dtype))


def same_bits(a, b):
    """Whether two arrays of one dtype have the same bits. A NaN is equal to each NaN."""
    bits = f"u{a.itemsize}"
    return bool(((a.view(bits) == b.view(bits)) | (np.isnan(a) & np.isnan(b))).all())
