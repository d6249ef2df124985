"""Images to learn from: MNIST's files, their pixels as floats, and a minibatch at a time."""

import gzip
import math
import operator
import zlib
from pathlib import Path

import numpy as np

from minigan.backend import get_array_module, to_numpy

__all__ = ["minibatches", "mnist", "to_float"]


def mnist(folder, *, train=True):
    """Read MNIST, or a data set in the same four files such as Fashion-MNIST, from `folder`.

    The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and, for `train=False`, the
    two that begin with `t10k`; each may be gzipped and end in `.gz`. A smaller set is fine: only
    the format and, through gzip's CRC-32, the bytes are checked.

    Returns (images, labels): uint8 (N, 28, 28), 0 the black background and 255 white, and uint8
    (N,). MNIST has N = 60,000 and 10,000.

    Raises FileNotFoundError if a file is missing and ValueError if one is cut short, corrupt, of
    another format or shape, or has not as many labels as images; each names the file.

    Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits".

    >>> images, labels = mnist("examples/data/mnist", train=False)
    >>> images.shape, labels[:4]
    ((10000, 28, 28), array([7, 2, 1, 0], dtype=uint8))
    """
    part = "train" if train else "t10k"
    images_path = _find(folder, f"{part}-images-idx3-ubyte")
    labels_path = _find(folder, f"{part}-labels-idx1-ubyte")
    images = _read_idx(images_path, ndim=3)
    labels = _read_idx(labels_path, ndim=1)
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise ValueError(f"{images_path}: expected images of 28×28, found {height}×{width}")
    if len(images) != len(labels):
        raise ValueError(
            f"{labels_path}: expected {len(images)} labels, one for each image in "
            f"{images_path.name}, found {len(labels)}"
        )
    return images, labels


def to_float(images, low=-1.0, high=1.0):
    """Scale pixels from 0..255 to low..high: uint8 of any shape to float32 of the same shape.

    The default suits a generator that ends in tanh; take `low=0.0` for one that ends in a sigmoid.

    Raises TypeError for anything but uint8, since what is scaled twice trains to nothing, and
    ValueError unless low < high.

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
    pixels /= 255  # divides, so that 255 gives exactly 1 and the range ends where it should
    pixels *= high - low
    pixels += low
    return pixels


def minibatches(data, batch_size, *, seed, epoch=0, start=0, drop_last=True):
    """Go through `data` once, in an order that `seed` and `epoch` alone decide.

    A run that stopped after `start` batches of an epoch goes on with the very next one: save
    `epoch` and the count of batches, and no generator's state is needed.

    Args:
        data: an array of NumPy or CuPy, (N, …). It is neither copied nor changed; to shuffle
            several arrays alike, pass `np.arange(N)` and index them with each batch.
        batch_size: B, at least 1.
        seed, epoch: integers from 0 up.
        start: how many batches to leave out at the beginning.
        drop_last: leave out the last batch if fewer than B are left for it.

    Returns an iterator over new arrays (B, …), `data[indices]`.

    Raises, at the call and not at the first batch, TypeError or ValueError for an argument out of
    its range, for data with fewer than B samples (with `drop_last`) or none, and for a NaN or an
    infinity in `data`, saying how many there are and where the first one is.

    >>> [batch.tolist() for batch in minibatches(np.arange(7), 3, seed=0)]
    [[2, 4, 3], [6, 5, 0]]
    >>> [batch.tolist() for batch in minibatches(np.arange(7), 3, seed=0, start=1, drop_last=False)]
    [[6, 5, 0], [1]]
    """
    on_gpu = get_array_module(data) is not np
    if not (on_gpu or isinstance(data, np.ndarray)) or data.ndim == 0:
        raise TypeError(f"expected data to be an array (N, …), found {type(data).__name__}")
    n = len(data)
    batch_size = _integer(batch_size, "batch_size", at_least=1)
    seed, epoch = _integer(seed, "seed"), _integer(epoch, "epoch")
    if n == 0 or (drop_last and batch_size > n):
        raise ValueError(
            f"expected at least batch_size={batch_size} samples, found {n}; take a smaller "
            "batch_size, or drop_last=False for a smaller batch"
        )
    stop = n // batch_size if drop_last else -(-n // batch_size)
    start = _integer(start, "start", at_most=stop)
    _require_finite(data)
    return _batches(data, batch_size, seed, epoch, start, stop)


def _batches(data, batch_size, seed, epoch, start, stop):
    """The generator behind `minibatches`, apart from it because a generator's checks come late."""
    xp = get_array_module(data)
    order = np.random.default_rng([seed, epoch]).permutation(len(data))
    for i in range(start, stop):
        yield data[xp.asarray(order[i * batch_size : (i + 1) * batch_size])]


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
    # A NaN or an infinity shows in the minimum or the maximum, which need no second array.
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


def _find(folder, name):
    """The path of the file `name` or `name`.gz in `folder`."""
    for path in (Path(folder, name + ".gz"), Path(folder, name)):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{Path(folder, name)}: expected this file, or the same with .gz, found neither; "
        "MNIST is in examples/data/mnist of minigan's repository"
    )


def _read_idx(path, ndim):
    """Read an idx file of bytes: uint8 with `ndim` dimensions.

    Format: two zero bytes, 8 for uint8, the number of dimensions, each dimension as a big-endian
    int32, then the values, the last index running fastest.
    """
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):  # by content: browsers unpack .gz files and keep the name
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(
                f"{path}: expected a whole gzip file, found a cut or corrupt one ({error}); "
                "download it again"
            ) from error
    magic = bytes([0, 0, 8, ndim])
    if content[:4] != magic:
        raise ValueError(
            f"{path}: expected an idx file of uint8 with {ndim} dimensions, which begins with "
            f"{magic!r}, found {content[:4]!r}"
        )
    header = 4 + 4 * ndim
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4))
    expected, found = header + math.prod(shape), len(content)
    if found != expected:
        raise ValueError(
            f"{path}: expected {expected} bytes for the shape {shape}, found {found}; it is cut "
            "short or corrupt, so download it again"
        )
    # A copy, because an array over `bytes` cannot be written to.
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape).copy()
