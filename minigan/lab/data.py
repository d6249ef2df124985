"""The data sets of the lab: how to draw real samples, and what is known about them."""

import math
from pathlib import Path

import numpy as np

from minigan import datasets
from minigan.datasets import mixtures
from minigan.lab.problems import SettingError, UnavailableError

IMAGE = 28  # MNIST's images are 28 × 28
PEN = 0.03  # standard deviation of the samples around the user's strokes
SHRINK = 1 / math.sqrt(8)  # makes the grid as large as the ring, as examples/mixtures_2d.py does
HERE = Path(__file__).parent

LABELS = {  # in the order of the page's list
    "two_gaussians": "Two Gaussians",
    "line": "Line",
    "ring": "Ring of 8",
    "grid": "Grid of 25",
    "swiss_roll": "Swiss roll",
    "regions": "Separate regions",
    "drawing": "Your drawing",
    "mnist": "MNIST (images)",
}


class Data:
    """Real samples.

    sample(n, rng): n samples drawn with `rng`, a NumPy generator: (n, 2), or (n, 784) for MNIST.
    limit: the page shows the square [-limit, limit]².
    modes, std: the centres of the Gaussians and their standard deviation; None where there are
    none to count.
    """

    def __init__(self, sample, limit=1.6, modes=None, std=None, plane=True):
        self.sample, self.limit, self.modes, self.std = sample, limit, modes, std
        self.plane = plane


def build(name, drawing=()):
    """The data set of this name. Raises UnavailableError without MNIST's files."""
    if name == "two_gaussians":
        return _mixture(mixtures.Mixture([[-0.7, -0.5], [0.7, 0.5]], std=0.15))
    if name == "line":
        return Data(_line)
    if name == "ring":
        return _mixture(mixtures.ring(std=0.05))
    if name == "grid":
        return _mixture(mixtures.grid(spacing=2 * SHRINK, std=0.1 * SHRINK), limit=1.9)
    if name == "swiss_roll":
        return Data(lambda n, rng: mixtures.swiss_roll(n, rng), limit=2.2)
    if name == "regions":
        return Data(_regions)
    if name == "drawing":
        return Data(_Drawing(drawing).sample)
    return Data(_Digits().sample, plane=False)


def _mixture(mixture, limit=1.6):
    return Data(mixture.sample, limit, mixture.modes, mixture.std)


def _line(n, rng):
    """Points on the segment from (-1.1, -0.8) to (1.1, 0.8), with noise of 0.03 across."""
    t = rng.uniform(-1, 1, (n, 1))
    points = t * np.array([1.1, 0.8]) + 0.03 * rng.standard_normal((n, 2))
    return points.astype(np.float32)


def _regions(n, rng):
    """Points in three regions that do not touch: a disc, a square and a bar, a third each."""
    which = rng.integers(3, size=n)
    u, v = rng.random(n), rng.random(n)
    r, angle = 0.4 * np.sqrt(u), 2 * math.pi * v
    disc = np.stack([-0.75 + r * np.cos(angle), 0.55 + r * np.sin(angle)], axis=1)
    square = np.stack([0.45 + 0.7 * u, 0.2 + 0.7 * v], axis=1)
    bar = np.stack([-1.0 + 2.0 * u, -1.0 + 0.3 * v], axis=1)
    points = np.stack([disc, square, bar])[which, np.arange(n)]
    return points.astype(np.float32)


class _Drawing:
    """Points along the user's strokes: every piece of line as likely as it is long."""

    def __init__(self, strokes):
        starts, ends = [], []
        for stroke in strokes:
            points = np.array(stroke, dtype=np.float64).reshape(-1, 2)
            starts.append(points[:-1] if len(points) > 1 else points)
            ends.append(points[1:] if len(points) > 1 else points)
        self.starts, self.ends = np.concatenate(starts), np.concatenate(ends)
        length = np.linalg.norm(self.ends - self.starts, axis=1) + PEN  # a dot counts, too
        self.edges = np.cumsum(length) / length.sum()

    def sample(self, n, rng):
        which = np.searchsorted(self.edges, rng.random(n)).clip(max=len(self.edges) - 1)
        t = rng.random((n, 1))
        points = (1 - t) * self.starts[which] + t * self.ends[which]
        return (points + PEN * rng.standard_normal((n, 2))).astype(np.float32)


def check_drawing(strokes):
    """Raise SettingError if this is no list of strokes of points in the plane."""
    try:
        arrays = [np.array(stroke) for stroke in strokes]
    except (TypeError, ValueError):
        arrays = [np.zeros(1)]
    numbers = all(a.dtype.kind in "iuf" for a in arrays)
    if not numbers or not all(
        a.ndim == 2 and a.shape[1] == 2 and np.isfinite(a).all() for a in arrays
    ):
        raise SettingError("drawing", "The drawing must be a list of strokes of [x, y] points.")
    if not 1 <= sum(len(a) for a in arrays) <= 2000:
        raise SettingError(
            "drawing", "The drawing is empty or has more than 2,000 points. Draw a few strokes."
        )
    if max(abs(a).max() for a in arrays) > 10:
        raise SettingError("drawing", "A point of the drawing lies outside the picture.")


class _Digits:
    """MNIST's training images, with pixels from 0 to 1."""

    images = None  # uint8 (N, 784); read once, and shared by all experiments

    def __init__(self):
        if _Digits.images is None:
            _Digits.images = read_mnist().reshape(-1, IMAGE * IMAGE)

    def sample(self, n, rng):
        which = rng.integers(len(self.images), size=n)
        return self.images[which].astype(np.float32) / 255


def mnist_folder():
    """The folder that has MNIST's files, or None. Nothing is downloaded."""
    repository = HERE.parent.parent / "examples" / "data" / "mnist"
    for folder in (datasets.cache_folder() / "mnist", repository):
        for end in (".gz", ""):
            images = folder / f"train-images-idx3-ubyte{end}"
            if images.is_file() and (folder / f"train-labels-idx1-ubyte{end}").is_file():
                return folder
    return None


def mnist_available():
    return (HERE / "mnist.npy").is_file() or mnist_folder() is not None


def read_mnist():
    """MNIST's training images, uint8 (N, 28, 28); those of an exported page are its first 2,000."""
    if (HERE / "mnist.npy").is_file():  # in an exported page, and nowhere else
        return np.load(HERE / "mnist.npy", allow_pickle=False)
    folder = mnist_folder()
    if folder is None:
        raise UnavailableError(
            "MNIST's files are not on this computer. Run `python -c \"from minigan import "
            'datasets; datasets.mnist()"` once, which downloads them (11 MB), and reset.'
        )
    return datasets.mnist(folder)[0]
