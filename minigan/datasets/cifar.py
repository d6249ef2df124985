"""Read CIFAR-10 in its binary version. The pickled version can run any code, so it is not read."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import gzip
import io
import zlib
from pathlib import Path

import numpy as np

from minigan.datasets.download import cache_folder, fetch, reading
from minigan.runs.files import read_at_most

__all__ = ["CIFAR10_CLASSES", "cifar10"]

CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
ARCHIVE = "cifar-10-binary.tar.gz"
INNER_FOLDER = "cifar-10-batches-bin"  # the folder of the files in the archive
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
MIRRORS = [
    "https://www.cs.toronto.edu/~kriz/",
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
]
RECORD = 1 + 3 * 32 * 32  # bytes: a label, then the red, green and blue planes row by row
MAX_RECORDS = 10_000  # images in a file
MAX_UNPACKED = 2**28  # bytes of the unpacked archive; the published archive has 184 MB


def cifar10(folder=None, *, train=True):
    """Read CIFAR-10 from `folder`.

    folder: it holds the files `data_batch_1.bin` to `data_batch_5.bin` (`test_batch.bin` for
    `train=False`), or a folder `cifar-10-batches-bin` with these files, or the archive of all,
    `cifar-10-binary.tar.gz`. The archive is read without writing files, and its checksum is
    compared. The .bin files have no checksum, so a changed pixel in them is not noticed. None means
    the folder `cifar10` of the cache. The archive is downloaded to it (170 MB) if it is missing.

    Limits: 10,000 images in a file and 256 MiB in the unpacked archive.

    Returns (images, labels): uint8 (N, 3, 32, 32) and uint8 (N,). The labels index CIFAR10_CLASSES.
    CIFAR-10 has 50,000 training and 10,000 test images.

    Raises FileNotFoundError if a file is missing, and ValueError if a file is cut short, corrupt or
    of another format. Each message names the file.

    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "test_batch.bin").write_bytes(bytes([7]) + bytes(3072))  # a black horse
    >>> images, labels = cifar10(folder, train=False)
    >>> images.shape, CIFAR10_CLASSES[labels[0]]
    ((1, 3, 32, 32), 'horse')
    """
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] if train else ["test_batch.bin"]
    place = cache_folder() / "cifar10" if folder is None else Path(folder)
    with reading(folder):
        for batches in (place, place / INNER_FOLDER):
            if all((batches / name).is_file() for name in names):
                parts = [_read_file(batches / name) for name in names]
                break
        else:
            if folder is None:
                fetch(place / ARCHIVE, [mirror + ARCHIVE for mirror in MIRRORS], sha256=SHA256)
            parts = _read_archive(place / ARCHIVE, names)
    images = np.concatenate([images for images, _ in parts])
    return images.reshape(-1, 3, 32, 32), np.concatenate([labels for _, labels in parts])


def _read_file(path):
    with open(path, "rb") as file:
        return _parse(read_at_most(file, MAX_RECORDS * RECORD + 1), path)


def _read_archive(path, names):
    """Parse the files `names` of the archive."""
    import tarfile

    if not path.is_file():
        missing = [name for name in names if not path.with_name(name).is_file()]
        raise FileNotFoundError(
            f"{path}: expected this file, or {' '.join(missing)} beside it, found neither; "
            "the version in Python's pickles is not read"
        )
    wanted = {f"{INNER_FOLDER}/{name}": name for name in names}
    parts = {}
    try:
        # Read to the end, where gzip compares its checksum. tarfile alone would stop earlier.
        with gzip.open(path) as file:
            unpacked = read_at_most(file, MAX_UNPACKED + 1)
        if len(unpacked) > MAX_UNPACKED:
            raise ValueError(f"more than {MAX_UNPACKED:,} bytes in it")
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in archive:
                if member.size < 0:  # some versions of tarfile would loop forever
                    raise ValueError(f"a file of {member.size} bytes in it")
                if member.name in wanted and member.isreg() and not member.issparse():
                    content = read_at_most(archive.extractfile(member), MAX_RECORDS * RECORD + 1)
                    parts[wanted[member.name]] = content
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path}: expected a whole tar.gz file, found a cut or corrupt one ({error}); "
            "download it again"
        ) from error
    missing = [name for name in names if name not in parts]
    if missing:
        raise ValueError(f"{path}: expected {' '.join(missing)} in the folder {INNER_FOLDER} of it")
    return [_parse(parts[name], f"{path}: {INNER_FOLDER}/{name}") for name in names]


def _parse(content, path):
    """Return the images (N, 3072) and the labels (N,) in a file's bytes."""
    if len(content) > MAX_RECORDS * RECORD:
        raise ValueError(f"{path}: expected at most {MAX_RECORDS:,} images, found more")
    if len(content) == 0 or len(content) % RECORD:
        raise ValueError(
            f"{path}: expected a multiple of {RECORD} bytes, a label and 32×32×3 pixels for each "
            f"image, found {len(content)} bytes"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    images, labels = records[:, 1:], records[:, 0]
    if labels.max() > 9:
        raise ValueError(f"{path}: expected labels from 0 to 9, found {labels.max()}")
    return images, labels
