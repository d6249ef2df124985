"""Read NumPy's .npy files of plain numbers, and the drawings of Quick, Draw!."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import os
from pathlib import Path

import numpy as np

from minigan.datasets.download import cache_folder, fetch, reading
from minigan.runs.files import npy_header

__all__ = ["load_npy", "quickdraw"]

MAGIC = b"\x93NUMPY"  # how every .npy file begins
MIRRORS = [  # two names of one store; Google publishes no checksums
    "https://storage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/",
    "https://commondatastorage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/",
]
CATEGORIES = "github.com/googlecreativelab/quickdraw-dataset/blob/master/categories.txt"


def quickdraw(category, folder=None):
    """Read Quick, Draw!'s drawings of one category, such as "cat" or "The Eiffel Tower".

    folder: it holds the file `<category>.npy`, (N, 784) uint8, as Google publishes it. None means
    the folder `quickdraw` of the cache. The file is downloaded to it (about 100 MB) if it is
    missing.

    Returns uint8 (N, 28, 28), where 0 is the black background and 255 is white. Most categories
    have more than 100,000 drawings.

    Raises FileNotFoundError if the file is missing, and ValueError if it is cut short or of another
    format. The message names the file.

    Source: The Quick, Draw! Dataset, Google Creative Lab, CC BY 4.0; its categories are listed at
    https://github.com/googlecreativelab/quickdraw-dataset/blob/master/categories.txt

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> np.save(folder / "cat.npy", np.zeros((5, 784), np.uint8))
    >>> quickdraw("cat", folder).shape
    (5, 28, 28)
    """
    from urllib.parse import quote

    if not category or Path(category).name != category:
        raise ValueError(f"expected the name of a category, such as 'cat', found {category!r}")
    name, hint = f"{category}.npy", f"the categories are listed at {CATEGORIES}"
    if folder is None:
        path = cache_folder() / "quickdraw" / name
        fetch(path, [mirror + quote(name) for mirror in MIRRORS], check=_load, hint=hint)
    else:
        path = Path(folder, name)
        if not path.is_file():
            raise FileNotFoundError(f"{path}: expected this file, found none; {hint}")
    with reading(folder):
        return np.array(_load(path)).reshape(-1, 28, 28)


def _load(path):
    drawings = load_npy(path)
    if drawings.dtype != np.uint8 or drawings.ndim != 2 or drawings.shape[1] != 784:
        raise ValueError(
            f"{path}: expected uint8 of the shape (N, 784), found {drawings.dtype} of "
            f"{drawings.shape}"
        )
    return drawings


def load_npy(path):
    """Map the array in a .npy file, read-only and of any shape. It is read when it is used.

    Raises ValueError, naming the file, if it is not a .npy file, is shorter or longer than its
    header says, or holds Python objects, because loading these may run code. The format has no
    checksum, so a changed pixel is not noticed. A false header takes no memory.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(path, np.zeros((2, 3)))
    >>> load_npy(path).shape
    (2, 3)
    """
    with open(path, "rb") as file:
        start = file.read(len(MAGIC))
        if start != MAGIC:
            raise ValueError(
                f"{path}: expected a .npy file, which begins with {MAGIC!r}, found {start!r}"
            )
        file.seek(0)
        try:
            dtype, shape, order, offset = npy_header(file, os.fstat(file.fileno()).st_size)
            if 0 in shape:  # an empty file cannot be mapped
                return np.empty(shape, dtype)
            return np.memmap(path, dtype, "r", offset, shape, order)
        except ValueError as error:
            raise ValueError(
                f"{path}: expected a whole .npy file of numbers, found {error}; np.save one uint8 "
                "array, or download the file again"
            ) from error
