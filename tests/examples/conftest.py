"""Fixtures for the tests of the examples: a small data set in MNIST's format, and ways to run."""

import importlib
from pathlib import Path

import numpy as np
import pytest

import minigan

EXAMPLES = Path(__file__).parents[2] / "examples"


def write_mnist(folder, n):
    """Write n images in MNIST's format: noise, and a bright square whose place is the label."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 100, (n, 28, 28), dtype=np.uint8)
    labels = np.arange(n, dtype=np.uint8) % 10
    for image, label in zip(images, labels, strict=True):
        y, x = 3 + 11 * (label // 5), 2 + 5 * (label % 5)
        image[y : y + 8, x : x + 4] = 255
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        header = bytes([0, 0, 8, array.ndim]) + b"".join(k.to_bytes(4, "big") for k in array.shape)
        (folder / f"train-{name}-ubyte").write_bytes(header + array.tobytes())
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A folder with 200 images: three minibatches of 64."""
    return write_mnist(tmp_path_factory.mktemp("data"), 200)


@pytest.fixture(scope="session")
def large_data(tmp_path_factory):
    """A folder with 5,300 images, for the recipe that leaves out the first 5,000."""
    return write_mnist(tmp_path_factory.mktemp("large_data"), 5300)


@pytest.fixture
def example(monkeypatch):
    """A function that imports an example by its name."""
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module


@pytest.fixture(scope="session")
def run_example():
    """A function that runs an example in this process with flags, and returns its --out.

    changes: attributes of the example's module to replace, such as a network by a smaller one.
    """

    def run(name, *flags, out, data, **changes):
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(EXAMPLES)
            module = importlib.import_module(name)
            for attribute, value in changes.items():
                patch.setattr(module, attribute, value)
            module.main([*map(str, flags), "--data", str(data), "--out", str(out)])
        return out

    return run


@pytest.fixture
def set_up(example, monkeypatch):
    """A function that runs an example up to the training, and returns the training's arguments."""

    def set_up(name, out, data, *flags):
        import harness

        made = {}

        def train(args, trainer, images, **settings):
            made.update(args=args, trainer=trainer, images=images, **settings)

        monkeypatch.setattr(harness, "train", train)
        example(name).main([*map(str, flags), "--data", str(data), "--out", str(out)])
        return made

    example("harness")
    return set_up


@pytest.fixture(autouse=True)
def own_generator(monkeypatch):
    """The examples seed the generator. This restores it for the next test."""
    monkeypatch.setattr(minigan.backend._thread, "rng", minigan.backend._thread.rng)
