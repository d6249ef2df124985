"""Read MNIST and Fashion-MNIST, which have files of the same names and format."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from minigan.datasets.download import cache_folder, fetch, reading
from minigan.runs.files import read_at_most

__all__ = ["fashion_mnist", "mnist"]

MAX_IMAGES = 1_000_000
RAW = {"mnist": "MNIST/raw", "fashion_mnist": "FashionMNIST/raw"}  # where torchvision puts them

# SHA-256 of the published files, with .gz. The mirrors have the same bytes.
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MNIST_MIRRORS = [
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
]
MNIST_HINT = "MNIST is in examples/data/mnist of minigan's repository"

FASHION_MNIST_SHA256 = {
    "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
FASHION_MNIST_MIRRORS = [
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
]
FASHION_MNIST_HINT = "Fashion-MNIST is in data/fashion of github.com/zalandoresearch/fashion-mnist"


def mnist(folder=None, *, train=True):
    """Read MNIST, or a data set in the same four files, from `folder`.

    folder: it holds `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, or for `train=False`
    the two files that begin with `t10k`. They may be gzipped and end in `.gz`. Kaggle's names, such
    as `train-images.idx3-ubyte`, and torchvision's subfolder `MNIST/raw` are also found. None means
    the folder `mnist` of the cache. The files are downloaded to it (11 MB) if they are missing.

    The set may have another size, up to a million images (784 MB). Only the format is checked, and
    gzip's CRC-32. A file that is not gzipped has no checksum, so a changed pixel is not noticed.

    Returns (images, labels): uint8 (N, 28, 28), where 0 is the black background and 255 is white,
    and uint8 (N,). MNIST has 60,000 training and 10,000 test images.

    Raises FileNotFoundError if a file is missing. Raises ValueError if a file is cut short, corrupt
    or of another format or shape, or if the numbers of labels and images differ. Each message names
    the file.

    Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits".

    >>> images, labels = mnist("examples/data/mnist", train=False)
    >>> images.shape, labels[:4]
    ((10000, 28, 28), array([7, 2, 1, 0], dtype=uint8))
    """
    source = ("mnist", MNIST_MIRRORS, MNIST_SHA256, MNIST_HINT)
    return _read_set(folder, train, source)


def fashion_mnist(folder=None, *, train=True):
    """Read Fashion-MNIST, pictures of clothes in the format of MNIST, from `folder`.

    Files, arguments, results and errors are those of `mnist`. The folder in the cache is
    `fashion_mnist`, and the download has 30 MB. Labels: 0 T-shirt/top, 1 trouser, 2 pullover,
    3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.

    Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for
    Benchmarking Machine Learning Algorithms", arXiv:1708.07747.

    >>> images, labels = fashion_mnist("examples/data/mnist")  # digits, for this example
    >>> images.shape, labels.shape
    ((60000, 28, 28), (60000,))
    """
    source = ("fashion_mnist", FASHION_MNIST_MIRRORS, FASHION_MNIST_SHA256, FASHION_MNIST_HINT)
    return _read_set(folder, train, source)


def _read_set(folder, train, source):
    part = "train" if train else "t10k"
    images_path = _locate(f"{part}-images-idx3-ubyte", folder, *source)
    beside = None if folder is None else images_path.parent
    labels_path = _locate(f"{part}-labels-idx1-ubyte", beside, *source)
    with reading(folder):
        images = _read_idx(images_path, sample=(28, 28))
        labels = _read_idx(labels_path, sample=())
        if len(images) != len(labels):
            raise ValueError(
                f"{labels_path}: expected {len(images)} labels, one for each image in "
                f"{images_path}, found {len(labels)}"
            )
    return images, labels


def _locate(file, folder, cached, mirrors, sha256, hint):
    """Return the path of `file` in `folder`, or in the cache, after a download if needed."""
    place = cache_folder() / cached if folder is None else Path(folder)
    names = [file + ".gz", file, file.replace("-idx", ".idx"), file.replace("-idx", ".idx") + ".gz"]
    for subfolder in (".", RAW[cached], "raw"):
        for name in names:
            if (place / subfolder / name).is_file():
                return place / subfolder / name
    if folder is None:
        urls = [f"{mirror}{file}.gz" for mirror in mirrors]
        return fetch(place / f"{file}.gz", urls, sha256=sha256[file], hint=hint)
    raise FileNotFoundError(
        f"{place / file}: expected this file, or the same with .gz, found neither; {hint}"
    )


def _read_idx(path, sample):
    """Read an idx file of bytes: uint8 (N, *sample).

    Format: two zero bytes, 8 for uint8, the number of dimensions, each dimension as a big-endian
    int32, then the values, the last index running fastest.
    """
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"  # browsers unpack .gz files and keep the name
        file.seek(0)
        try:
            with gzip.open(file) if packed else file as content:
                return _parse(content, path, sample)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(
                f"{path}: expected a whole gzip file, found a cut or corrupt one ({error}); "
                "download it again"
            ) from error


def _parse(file, path, sample):
    ndim = 1 + len(sample)
    magic = bytes([0, 0, 8, ndim])
    header = file.read(4 + 4 * ndim)
    if header[:4] != magic:
        raise ValueError(
            f"{path}: expected an idx file of uint8 with {ndim} dimensions, which begins with "
            f"{magic!r}, found {header[:4]!r}"
        )
    shape = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(4, 4 + 4 * ndim, 4))
    if shape[1:] != sample:
        height, width = shape[1:]
        raise ValueError(f"{path}: expected images of 28×28, found {height}×{width}")
    if shape[0] > MAX_IMAGES:
        raise ValueError(f"{path}: expected at most {MAX_IMAGES:,} samples, found {shape[0]:,}")
    size = math.prod(shape)
    # Read to the end, not only `size` bytes: gzip compares its checksum at the end.
    values = read_at_most(file, size + 1)
    if len(values) != size:
        more = " or more" if len(values) > size else ""
        raise ValueError(
            f"{path}: expected {len(header) + size} bytes for the shape {shape}, found "
            f"{len(header) + len(values)}{more}; it is cut short or corrupt, so download it again"
        )
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)
