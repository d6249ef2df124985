"""Prepare images for a network: scale pixels to floats, and go through them in minibatches."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math
import operator

import numpy as np

from minigan.backend import get_array_module, to_numpy
from minigan.guards.data import batch_size_for

__all__ = ["minibatches", "to_float"]


def to_float(images, low=-1.0, high=1.0):
    """Scale pixels from 0..255 to low..high: uint8 of any shape to float32 of the same shape.

    The default fits a generator that ends in tanh. For one that ends in a sigmoid use `low=0.0`.

    Raises TypeError for anything but uint8, so that pixels are not scaled twice. Raises ValueError
    unless low < high.

    >>> to_float(np.array([0, 51, 255], dtype=np.uint8))
    array([-1. , -0.6,  1. ], dtype=float32)
    """
    dtype = getattr(images, "dtype", type(images).__name__)
    if dtype != np.uint8:
        raise TypeError(
            f"expected pixels as a uint8 array (0 to 255), found {dtype}; if they are scaled "
            "already, use them as they are"
        )
    if not (low < high and math.isfinite(high - low)):
        raise ValueError(f"expected low < high, both finite, found low={low}, high={high}")
    pixels = images.astype(np.float32)
    pixels /= 255  # a division, so that 255 gives exactly 1
    pixels *= high - low
    pixels += low
    return pixels


def minibatches(data, batch_size, *, seed, epoch=0, start=0, drop_last=True):
    """Go through `data` in minibatches, one epoch for each `for` loop.

    The order depends on `seed` and on the epoch only. The first loop over the result is the epoch
    `epoch`, and each later loop is the next one, also after a `break`:

        batches = minibatches(data, 64, seed=0)
        for epoch in range(5):
            for batch in batches:
                ...

    A new call begins again with `epoch`. So a call inside the outer loop needs `epoch=epoch`, or
    all epochs have the same order. To resume a run after `start` batches of an epoch, save `epoch`
    and `start`. The state of a random generator is not needed.

    Args:
        data: an array of NumPy or CuPy, (N, …), or a tuple of such arrays with one N, such as
            (images, labels). It is neither copied nor changed.
        batch_size: B, at least 1.
        seed, epoch: integers, at least 0.
        start: the number of batches to leave out at the beginning of the first epoch.
        drop_last: leave out the last batch if it has fewer than B samples.

    Returns a `Minibatches`: an iterable of new arrays (B, …), `data[indices]`, or of tuples of
    them. `len` is the number of batches in an epoch. `next` takes the batches of one epoch.

    Raises TypeError or ValueError for an argument out of range, for data with fewer than B samples
    (with `drop_last`) or none, and for a NaN or an infinity in `data`. The errors come at the call,
    not at the first batch. The message says how many values are not finite, and where the first is.

    >>> [batch.tolist() for batch in minibatches(np.arange(7), 3, seed=0)]
    [[2, 4, 3], [6, 5, 0]]
    >>> [batch.tolist() for batch in minibatches(np.arange(7), 3, seed=0, start=1, drop_last=False)]
    [[6, 5, 0], [1]]
    """
    arrays = data if isinstance(data, tuple) else (data,)
    for array in arrays:
        on_gpu = get_array_module(array) is not np
        if not (on_gpu or isinstance(array, np.ndarray)) or array.ndim == 0:
            raise TypeError(f"expected data to be an array (N, …), found {type(array).__name__}")
    sizes = [len(array) for array in arrays]
    if len(set(sizes)) != 1:
        raise ValueError(f"expected arrays of one length, found the lengths {sizes}")
    n = sizes[0]
    batch_size = _integer(batch_size, "batch_size", at_least=1)
    seed, epoch = _integer(seed, "seed"), _integer(epoch, "epoch")
    if n == 0:
        raise ValueError("expected data with at least 1 sample, found 0")
    if drop_last and batch_size > n:
        raise ValueError(
            f"expected at least batch_size={batch_size} samples, found {n}; write "
            f"batch_size={batch_size_for(n)}, or drop_last=False for a smaller batch"
        )
    stop = n // batch_size if drop_last else -(-n // batch_size)
    start = _integer(start, "start", at_most=stop)
    for array in arrays:
        _require_finite(array)
    return Minibatches(data, batch_size, seed, epoch, start, stop)


class Minibatches:
    """What `minibatches` returns. It begins a new epoch for each loop."""

    def __init__(self, data, batch_size, seed, epoch, start, stop):
        self.data = data
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = epoch  # of the next loop
        self.start = start  # the batches that the next loop leaves out
        self.stop = stop
        self.current = None  # the epoch that `next` goes through

    def __iter__(self):
        batches = self.batches_of(self.epoch, self.start)
        self.epoch += 1
        self.start = 0
        return batches

    def __next__(self):
        if self.current is None:
            self.current = iter(self)
        return next(self.current)

    def __len__(self):
        return self.stop

    def batches_of(self, epoch, start):
        """Yield the batches of an epoch, without the first `start`."""
        arrays = self.data if isinstance(self.data, tuple) else (self.data,)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(arrays[0]))
        for i in range(start, self.stop):
            indices = order[i * self.batch_size : (i + 1) * self.batch_size]
            batch = tuple(a[get_array_module(a).asarray(indices)] for a in arrays)
            yield batch if isinstance(self.data, tuple) else batch[0]


def _integer(value, name, at_least=0, at_most=math.inf):
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"expected {name} to be an integer, found {value!r}") from None
    if not at_least <= number <= at_most:
        upto = "" if at_most == math.inf else f" and at most {at_most}"
        raise ValueError(f"expected {name} to be at least {at_least}{upto}, found {number}")
    return number


def _require_finite(data):
    # A NaN or an infinity appears in the minimum or the maximum, which need no second array.
    if data.dtype.kind != "f" or data.size == 0:
        return
    if math.isfinite(data.min()) and math.isfinite(data.max()):
        return
    bad = np.argwhere(~np.isfinite(to_numpy(data)))
    first = tuple(bad[0].tolist())
    raise ValueError(
        f"expected finite data, found {len(bad)} NaN or infinite of {data.size} values, the first "
        f"at data[{', '.join(map(str, first))}]"
    )
