"""Choose the array library: NumPy on the CPU, or CuPy on a GPU.

`use` chooses the library of new arrays. A function that gets an array asks `get_array_module` for
the array's own library. All random numbers come from a NumPy generator, and are then moved to the
GPU. So a seed gives the same run on both. Each thread has its own generator.
"""

import os
import sys
import threading

import numpy as np

_chosen: list = []  # each `use` without a `with` block; the last one counts


class _Thread(threading.local):
    """The state of each thread."""

    xp = None  # the array module of its innermost `with use(...)`
    rng = None  # made when first used, because NumPy imports numpy.random only then


_thread = _Thread()


class use:
    """Switch to the "numpy" or "cupy" backend, permanently or during a `with` block.

    A permanent switch changes every thread. A block changes only the thread that runs it.

    Raises ValueError for another name, ImportError without CuPy, RuntimeError without a GPU.

    >>> use("numpy") and None           # from here on
    >>> with use("numpy"):              # until the block ends
    ...     current().__name__
    'numpy'
    """

    def __init__(self, name):
        self.xp = _load(name)
        self.outer = _thread.xp
        if self.outer is None:
            _chosen.append(self)  # permanent, unless a `with` follows
        else:
            _thread.xp = self.xp

    def __enter__(self):
        if self in _chosen:  # it is not, if it is entered for the second time
            _chosen.remove(self)
        _thread.xp = self.xp
        return self

    def __exit__(self, *exc_info):
        _thread.xp = self.outer


def current():
    """The array module of new arrays. The environment variable MINIGAN_BACKEND sets the first one.

    >>> current().zeros(2)
    array([0., 0.])
    """
    if not (_thread.xp or _chosen):
        use(os.environ.get("MINIGAN_BACKEND", "numpy"))
    return _thread.xp or _chosen[-1].xp


def get_array_module(*arrays):
    """The library of the arrays, NumPy or CuPy. Arguments that are not arrays are ignored.

    Raises TypeError if there are arrays of both.

    >>> get_array_module(np.ones(3), 2.0).__name__
    'numpy'
    """
    cupy = sys.modules.get("cupy")
    if cupy is None:  # never imported, so none of the arrays can be CuPy's
        return np
    both = (np.ndarray, cupy.ndarray)
    on_gpu = {isinstance(a, cupy.ndarray) for a in arrays if isinstance(a, both)}
    if len(on_gpu) == 2:
        raise TypeError(
            "NumPy and CuPy arrays are mixed; move one with backend.asarray or backend.to_numpy"
        )
    return cupy if True in on_gpu else np


def asarray(data, dtype=None):
    """`data` as an array of the backend in use. It is moved there if necessary.

    >>> asarray([1, 2], dtype="float32")
    array([1., 2.], dtype=float32)
    """
    xp = current()
    return xp.asarray(to_numpy(data) if xp is np else data, dtype=dtype)


def to_numpy(array):
    """`array` as a NumPy array: the array itself, or a copy from the GPU.

    >>> to_numpy(np.ones(2))
    array([1., 1.])
    """
    xp = get_array_module(array)
    return np.asarray(array) if xp is np else xp.asnumpy(array)


def seed(n):
    """Seed this thread's generator of weights, noise and dropout masks with the integer n.

    >>> seed(0); a = rng().standard_normal(3)
    >>> seed(0); bool((a == rng().standard_normal(3)).all())
    True
    """
    _thread.rng = np.random.default_rng(n)


def rng():
    """The NumPy generator of this thread. All its random numbers come from here."""
    if _thread.rng is None:
        _thread.rng = np.random.default_rng()
    return _thread.rng


def _load(name):
    if name == "numpy":
        return np
    if name != "cupy":
        raise ValueError(f'there is no backend {name!r}; use "numpy" or "cupy"')
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
    except ImportError as error:
        remedy = 'install the extra for your driver: pip install -e ".[cuda12]" or ".[cuda13]"'
        raise ImportError(f"the backend needs CuPy, which is not installed; {remedy}") from error
    except cupy.cuda.runtime.CUDARuntimeError as error:
        remedy = "check `nvidia-smi`, or go on with the numpy backend"
        raise RuntimeError(f"CuPy is installed, but finds no GPU ({error}): {remedy}") from error
    return cupy
