"""What the tests use that run examples: fixtures, small data and networks, a folder's files.

The conftest.py of a folder imports the fixtures.
"""

import errno
import importlib
import itertools
import os
import uuid
from pathlib import Path

import numpy as np
import pytest

from minigan import backend, nn
from minigan.runs import console
from minigan.runs.run import Run

EXAMPLES = Path(__file__).parents[1] / "examples"
FOLDERS = EXAMPLES, EXAMPLES / "studies"


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


def add_folders(patch):
    """Let the test import the examples and the studies."""
    for folder in FOLDERS:
        patch.syspath_prepend(folder)


@pytest.fixture
def example(monkeypatch):
    """A function that imports an example or a study by its name."""
    add_folders(monkeypatch)
    return importlib.import_module


@pytest.fixture(scope="session")
def run_example():
    """A function that runs an example as a program, in this process, and returns its --out.

    changes: attributes of the example's module to replace, such as a network by a smaller one.
    """

    def run(name, *flags, out, data, **changes):
        with pytest.MonkeyPatch.context() as patch:
            add_folders(patch)
            module = importlib.import_module(name)
            for attribute, value in changes.items():
                patch.setattr(module, attribute, value)
            flags = [*map(str, flags), "--data", str(data), "--out", str(out)]
            console.run(lambda: module.main(flags))
        return out

    return run


class LoopRecord:
    """Takes the place of Run in an example: gives batches to its loop, and records what it does.

    Attributes: args, trainer, fixed_noise, picture and columns, as the example gave them; images
    (what it asked minibatches of), batches (what it got), calls (a (name, arguments) for each call
    of the trainer's steps), reports and reals (what it logged).

    batches: a function from the images to the minibatches; none by default. start: the steps that a
    resumed run has taken. watch: called with the record before the loop. carry_out: False records
    the calls of the trainer's steps without their work.
    """

    STEPS = ("discriminator_step", "critic_step", "generator_step", "step")

    def __init__(
        self, batches=lambda images: [], start=0, watch=lambda record: None, carry_out=False
    ):
        self.choose_batches, self.steps, self.watch = batches, start, watch
        self.carry_out = carry_out
        self.calls, self.reports, self.reals = [], [], []
        self.complete = False  # mnist_cgan reads a complete run, and there is none

    def __call__(self, args, trainer, *, fixed_noise, picture, columns=10):
        self.args, self.trainer = args, trainer
        self.fixed_noise, self.picture, self.columns = fixed_noise, picture, columns
        return self

    def __enter__(self):
        self.trainer.steps = self.steps
        for name in self.STEPS:
            if hasattr(self.trainer, name):
                setattr(self.trainer, name, self.recorded(name, getattr(self.trainer, name)))
        self.watch(self)
        return self

    def recorded(self, name, plain):
        def step(*args):
            self.calls.append((name, args))
            if self.carry_out:
                return plain(*args)
            self.trainer.steps += name != "generator_step"
            return {}

        return step

    def minibatches(self, images):
        self.images = images
        self.batches = list(self.choose_batches(images))
        for i, batch in enumerate(self.batches):
            yield batch
            assert len(self.reports) == i + 1, "the loop logs once for each minibatch"

    def log(self, report, real):
        self.steps += 1
        self.reports.append(report)
        self.reals.append(real)

    def __exit__(self, *exc_info):
        pass


@pytest.fixture
def set_up(example, monkeypatch):
    """A function that runs an example's own loop on a LoopRecord, and returns that."""

    def set_up(name, out, data, *flags, **options):
        record, module = LoopRecord(**options), example(name)
        with monkeypatch.context() as patch:
            patch.setattr(module, "Run", record)
            module.main([*map(str, flags), "--data", str(data), "--out", str(out)])
        return record

    return set_up


@pytest.fixture(autouse=True)
def own_generator(monkeypatch):
    """The examples seed the generator. This restores it for the next test."""
    monkeypatch.setattr(backend._thread, "rng", backend._thread.rng)


@pytest.fixture
def no_summary(monkeypatch):
    """Runs of this test draw no curves and no animation, which take a second."""
    monkeypatch.setattr(Run, "_draw_summary", lambda run: None)


def build_generator(latent_dim):
    return nn.Sequential(nn.Linear(latent_dim, 8), nn.ReLU(), nn.Linear(8, 784), nn.Tanh())


def build_discriminator():
    return nn.Sequential(nn.Linear(784, 8), nn.Dropout(0.3), nn.Linear(8, 1), nn.Sigmoid())


SMALL = {"build_generator": build_generator, "build_discriminator": build_discriminator}


def files(folder):
    """The bytes of every file in a folder and below."""
    paths = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def leftovers(*folders):
    """Files as a killed run leaves them: half a picture, half a checkpoint, a probe."""
    for folder, suffix in itertools.product(folders, (".png", ".npz", ".csv", ".gif", "")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f".minigan-{uuid.uuid4().hex}{suffix}").write_bytes(b"\x89PNG half of")


def fill_disk(monkeypatch, n, at, names=("",)):
    """Let the n-th completed write fail, and all later ones; or the n-th alone ("once")."""
    plain, count = os.replace, itertools.count()

    def replace(source, target):
        if any(str(target).endswith(name) for name in names):
            i = next(count)
            if i == n or (i > n and at == "for ever"):
                raise OSError(errno.ENOSPC, "No space left on device", str(source))
        plain(source, target)

    monkeypatch.setattr(os, "replace", replace)
