"""Data sets: MNIST, Fashion-MNIST, Quick, Draw!, CIFAR-10, and your own images.

Each function reads a folder. Without a folder it downloads the files once, to a cache. Pixels are
uint8, 0 to 255. `to_float` scales them, and `minibatches` yields one batch after another.

In reading order: batches, idx (MNIST's files), cifar, npy (Quick, Draw!), folder (your own images),
download (used by the others).
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

from minigan.datasets.batches import minibatches, to_float
from minigan.datasets.idx import fashion_mnist, mnist
from minigan.datasets.cifar import CIFAR10_CLASSES, cifar10
from minigan.datasets.npy import quickdraw
from minigan.datasets.folder import images
from minigan.datasets.download import cache_folder

__all__ = [
    "to_float",
    "minibatches",
    "mnist",
    "fashion_mnist",
    "cifar10",
    "CIFAR10_CLASSES",
    "quickdraw",
    "images",
    "cache_folder",
]
