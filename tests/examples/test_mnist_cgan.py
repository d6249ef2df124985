"""The conditional GAN: its labels, exact resuming, and the check of its samples."""

import inspect
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from same import assert_same

import minigan
from minigan import datasets, nn
from minigan.trainers import GAN

ROOT = Path(__file__).parents[2]
MNIST = ROOT / "examples" / "data" / "mnist"
PAGE = ROOT / "docs" / "conditional.md"
ORDER = np.random.default_rng(0).permutation(200)


@pytest.fixture
def cgan(example):
    return example("mnist_cgan")


@pytest.fixture
def made(set_up, tmp_path, data):
    """A record of the example's loop on the 200 images of `data`, in another order, and on 64."""
    return set_up("mnist_cgan", tmp_path, data, batches=lambda rows: [rows[ORDER], rows[:64]])


def shapes(network):
    return [(type(layer), *(p.shape for p in layer.parameters())) for layer in network]


def test_the_networks_are_those_of_mnist_gan_with_ten_more_inputs(example, made):
    plain = example("mnist_gan")
    for network, other, inputs in (
        (made.trainer.generator, plain.build_generator(100), 100),
        (made.trainer.discriminator, plain.build_discriminator(), 784),
    ):
        assert (network[0].in_features, other[0].in_features) == (inputs + 10, inputs)
        assert network[0].out_features == other[0].out_features
        assert shapes(network)[1:] == shapes(other)[1:]
    assert type(made.trainer) is GAN


def test_each_real_image_has_its_own_label(made, data):
    images, labels = datasets.mnist(data)
    (step, (real, _)), *_ = made.calls
    assert step == "discriminator_step" and real is made.reals[0]
    assert (real.shape, real.dtype) == ((200, 794), np.float32)
    np.testing.assert_array_equal(real[:, 784:].argmax(axis=1), labels[ORDER])
    np.testing.assert_array_equal(real[:, 784:].sum(axis=1), 1)
    np.testing.assert_allclose(made.picture(real), images[ORDER] / 255, atol=1e-6)


def test_noise_has_labels_in_equal_shares_one_row_of_the_grid_for_each_digit(made):
    z = made.fixed_noise
    assert (z.shape, z.dtype) == ((100, 110), np.float32)
    assert abs(z.data[:, :100].std() - 1) < 0.05
    np.testing.assert_array_equal(z.data[:, 100:], np.eye(10).repeat(10, axis=0))
    (_, (_, z_of_d)), (_, (z_of_g,)) = made.calls[2:]
    assert (z_of_d.data[:, :100] != z_of_g.data[:, :100]).all()
    for z in (z_of_d, z_of_g):
        assert set(z.data[:, 100:].sum(axis=0)) == {6, 7}


def test_the_generator_hands_its_labels_on(made):
    z = made.fixed_noise[::5]
    fake = made.trainer.generator(z)
    assert fake.shape == (20, 794)
    np.testing.assert_array_equal(fake.data[:, 784:], z.data[:, 100:])
    assert abs(fake.data[:, :784]).max() <= 1


def test_the_label_changes_the_image_and_the_answer(made):
    G, D = made.trainer.generator.eval(), made.trainer.discriminator
    z = made.fixed_noise.data[::10].copy()
    z[:, :100] = z[0, :100]
    samples = G(minigan.Tensor(z)).numpy()
    assert len(np.unique(samples[:, :784], axis=0)) == 10
    samples[:, :784] = samples[0, :784]
    assert len(np.unique(D(minigan.Tensor(samples)).numpy())) == 10


def test_a_run_that_goes_on_ends_bit_for_bit_where_it_would_have(
    cgan, run_example, data, tmp_path, capsys
):
    def build_generator(latent_dim):
        return cgan.ConditionalGenerator(nn.Linear(latent_dim + 10, 784), nn.Tanh())

    small = {"build_generator": build_generator, "read_rates": partial(cgan.read_rates, n=100)}

    def run(out, *flags):
        minigan.seed(99)  # whatever came before, --seed alone decides
        flags = "--batch_size", 32, "--sample_interval", 4, *flags
        return run_example("mnist_cgan", *flags, data=data, out=tmp_path / out, **small)

    whole = run("whole", "--n_epochs", 2)
    printed = capsys.readouterr().out
    parts = run("parts", "--n_epochs", 1)
    run("parts", "--n_epochs", 2, "--resume")
    states = [minigan.load(out / "checkpoint.npz") for out in (whole, parts)]
    assert states[0]["steps"] == 12
    assert_same(*states)
    for name in ("losses.csv", "samples.png"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()

    lines = printed.splitlines()[-3:]
    assert lines[0] == "samples that the classifier reads as the digit asked for:"
    assert capsys.readouterr().out.splitlines()[-3:] == lines  # the same weights and noise


class Painter(nn.Sequential):
    """A generator that returns for each row of noise the image `paint(label)`."""

    def __init__(self, paint):
        super().__init__(nn.Linear(110, 784))
        self.paint = paint

    def forward(self, z):
        pixels = np.stack([self.paint(label) for label in z.data[:, -10:].argmax(axis=1)])
        return minigan.Tensor(np.concatenate([pixels, z.data[:, -10:]], axis=1))


def test_read_rates_of_generators_that_are_right_wrong_and_stuck(cgan):
    images, labels = datasets.mnist(MNIST, train=False)
    pixels = datasets.to_float(images).reshape(-1, 784)
    first = [iter(pixels[labels == digit][:20]) for digit in range(10)]
    rates = cgan.read_rates(Painter(lambda digit: next(first[digit])), n=200)
    assert rates.shape == (10,) and rates.min() >= 0.95
    first = [pixels[labels == digit][0] for digit in range(10)]
    rates = cgan.read_rates(Painter(lambda digit: first[(digit + 1) % 10]), n=20)
    np.testing.assert_array_equal(rates, 0)
    rates = cgan.read_rates(Painter(lambda digit: first[3]), n=50)
    np.testing.assert_array_equal(rates, np.eye(10)[3])


def test_mnist_scores_takes_its_runs(example, cgan):
    generator = cgan.build_generator(7).eval()
    samples = example("mnist_scores").draw(cgan, generator, generator[0].in_features, 30)
    assert samples.shape == (30, 784) and 0 <= samples.min() <= samples.max() <= 1


def test_the_page_shows_the_generator_as_it_is(cgan):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code.strip() == inspect.getsource(cgan.ConditionalGenerator).strip()
