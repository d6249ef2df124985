"""Three GANs on MNIST agree exactly with their sources: networks, weights, data, steps.

mnist_gan differs from its source in batch norm's eps, the learning rate and the running mean.
"""

import itertools
import os

import numpy as np
import pytest
from PIL import Image

import minigan
from minigan import losses, nn, optim

RECIPES = ["mnist_gan", "mnist_gan_tf1", "mnist_gan_keras"]
every_recipe = pytest.mark.parametrize("name", RECIPES)


@pytest.fixture
def recipe(set_up, tmp_path, data, large_data):
    """A function that runs an example's loop, without minibatches as a rule, on a LoopRecord."""

    def recipe(name, **options):
        folder = large_data if name == "mnist_gan_tf1" else data
        return set_up(name, tmp_path, folder, **options)

    return recipe


def shapes(network):
    """The layers of a network: the sizes of the linear ones, the names of the others."""
    return [
        (layer.in_features, layer.out_features)
        if isinstance(layer, nn.Linear)
        else type(layer).__name__
        for layer in network
    ]


def linears(network):
    return [layer for layer in network if isinstance(layer, nn.Linear)]


# --- networks ----------------------------------------------------------------------------------

LEAKY, NORM, DROP = "LeakyReLU", "BatchNorm1d", "Dropout"
NETWORKS = {
    "mnist_gan": (
        [
            *[(100, 128), LEAKY, (128, 256), NORM, LEAKY, (256, 512), NORM, LEAKY],
            *[(512, 1024), NORM, LEAKY, (1024, 784), "Tanh"],
        ],
        [(784, 512), LEAKY, (512, 256), LEAKY, (256, 1), "Sigmoid"],
    ),
    "mnist_gan_tf1": (
        [(128, 256), "ReLU", (256, 784), "Sigmoid"],
        [(784, 256), "ReLU", (256, 1), "Sigmoid"],
    ),
    "mnist_gan_keras": (
        [(100, 256), LEAKY, (256, 512), LEAKY, (512, 1024), LEAKY, (1024, 784), "Tanh"],
        [
            *[(784, 1024), LEAKY, DROP, (1024, 512), LEAKY, DROP],
            *[(512, 256), LEAKY, DROP, (256, 1), "Sigmoid"],
        ],
    ),
}


@every_recipe
def test_networks(recipe, name):
    trainer = recipe(name).trainer
    G, D = trainer.generator, trainer.discriminator
    assert (shapes(G), shapes(D)) == NETWORKS[name]
    for layer in (*G, *D):
        assert getattr(layer, "negative_slope", 0.2) == 0.2
        assert getattr(layer, "p", 0.3) == 0.3
        assert getattr(layer, "momentum", 0.1) == 0.1
        assert getattr(layer, "eps", 1e-5) == 1e-5  # and not the 0.8 of the known scripts
        assert layer.training


@every_recipe
def test_initial_weights(recipe, name):
    trainer = recipe(name).trainer
    for network in (trainer.generator, trainer.discriminator):
        for i, layer in enumerate(linears(network)):
            n_in, n_out = layer.in_features, layer.out_features
            W, n = layer.weight.data, layer.weight.size
            if name == "mnist_gan":
                bound, std = n_in**-0.5, (3 * n_in) ** -0.5
            elif name == "mnist_gan_tf1":
                bound, std = None, 0.01
            else:
                bound, std = (6 / (n_in + n_out)) ** 0.5, (2 / (n_in + n_out)) ** 0.5
                if i == 0:
                    bound, std = None, 0.02
            assert abs(W.mean()) < 5 * std / n**0.5
            assert abs(W.std() / std - 1) < 4 / (2 * n) ** 0.5
            if bound is not None:  # uniform
                assert 0.98 * bound < abs(W).max() <= bound * 1.000001
            elif n > 10_000:  # normal: 0.27 % are beyond three deviations
                assert 0.001 < (abs(W) > 3 * std).mean() < 0.005
            if name == "mnist_gan":
                assert abs(layer.bias.data).max() <= bound * 1.000001
            else:
                assert (layer.bias.data == 0).all()


# --- data, optimizers, settings ----------------------------------------------------------------


@every_recipe
def test_data_noise_and_pictures_have_the_range_of_the_generator(recipe, name):
    low = 0.0 if name == "mnist_gan_tf1" else -1.0
    batch = np.arange(256, dtype=np.uint8).repeat(28 * 28).reshape(256, 28, 28)
    made = recipe(name, batches=lambda images: [batch, np.zeros((2000, 28, 28), np.uint8)])
    (_, (real, _)), *_ = made.calls
    assert [step for step, _ in made.calls] == ["discriminator_step", "generator_step"] * 2
    assert real is made.reals[0]
    assert (real.shape, real.dtype) == ((256, 784), np.float32)
    np.testing.assert_allclose(real[:, 0], np.linspace(low, 1, 256), atol=1e-6)
    np.testing.assert_allclose(made.picture(real), batch / 255, atol=1e-6)

    latent_dim = 128 if name == "mnist_gan_tf1" else 100
    for _, (*_, z) in made.calls[2:]:  # of both players
        assert (z.shape, z.dtype) == ((2000, latent_dim), np.float32)
        assert abs(z.data.mean()) < 0.01
        assert abs(z.data.std() - 1) < 0.01  # normal, not uniform
        assert abs(z.data).max() > 3.5

    fake = made.trainer.generator(z[:8])
    assert fake.shape == (8, 784)
    assert low <= fake.data.min() <= fake.data.max() <= 1
    assert made.picture(fake.numpy()).shape == (8, 28, 28)


@every_recipe
def test_settings(recipe, name):
    made = recipe(name)
    trainer, args = made.trainer, made.args
    for optimizer, network in (
        (trainer.g_optimizer, trainer.generator),
        (trainer.d_optimizer, trainer.discriminator),
    ):
        assert type(optimizer) is optim.Adam
        assert optimizer.params == network.parameters()
        assert optimizer.lr == 2e-4
        b1 = {"mnist_gan": 0.0, "mnist_gan_tf1": 0.9, "mnist_gan_keras": 0.5}[name]
        assert optimizer.betas == (b1, 0.999)
        assert optimizer.eps == (1e-7 if name == "mnist_gan_keras" else 1e-8)
    batch_size = {"mnist_gan": 64, "mnist_gan_tf1": 100, "mnist_gan_keras": 128}[name]
    assert args.batch_size == batch_size
    assert (trainer.k, trainer.real_label) == (1, 0.9 if name == "mnist_gan_keras" else 1.0)
    assert trainer.generator_loss is losses.non_saturating_generator_loss


def test_tf1_leaves_out_the_first_5000_images(recipe, large_data):
    images, _ = minigan.datasets.mnist(large_data)
    made = recipe("mnist_gan_tf1")
    np.testing.assert_array_equal(made.images, images[5000:])
    assert made.fixed_noise.shape == (10, 128)


# --- steps -------------------------------------------------------------------------------------


def watched(network):
    """A list to which each later input of the network is added."""
    inputs, plain = [], network.forward

    def forward(x):
        inputs.append(x.data.copy())
        return plain(x)

    network.forward = forward
    return inputs


@pytest.fixture
def train(recipe):
    """A function that trains on n minibatches of 5 images, with the loop of the example.

    It returns the record of the loop, the inputs of the generator, and those of D.
    """

    def train(name, steps):
        inputs = []

        def watch(record):
            inputs.append(watched(record.trainer.generator))
            inputs.append(watched(record.trainer.discriminator))

        def batches(images):
            return [images[5 * i : 5 * i + 5] for i in range(steps)]

        return recipe(name, batches=batches, watch=watch, carry_out=True), *inputs

    return train


def test_tf1_generator_steps_on_the_noise_that_the_discriminator_has_just_seen(train):
    made, noise, seen = train("mnist_gan_tf1", 3)
    reports = made.reports
    assert len(noise) == 6
    for i, real in enumerate(made.reals):
        np.testing.assert_array_equal(noise[2 * i], noise[2 * i + 1])
        np.testing.assert_array_equal(seen[3 * i], real)
    assert (noise[0] != noise[2]).all()  # another minibatch, another noise
    assert [set(r) for r in reports] == [{"d_loss", "D(x)", "D(G(z))", "g_loss"}] * 3
    assert made.trainer.steps == 3
    # D(x) is near 0.5 at first, so both losses are what a player who guesses pays.
    assert reports[0]["d_loss"] == pytest.approx(2 * np.log(2), abs=0.1)
    assert reports[0]["g_loss"] == pytest.approx(np.log(2), abs=0.1)


def test_keras_discriminator_sees_one_batch_of_real_and_generated_samples(train):
    made, noise, seen = train("mnist_gan_keras", 2)
    assert [x.shape for x in seen] == [(10, 784), (5, 784)] * 2  # D's step and G's, through D
    for i, real in enumerate(made.reals):
        np.testing.assert_array_equal(seen[2 * i][:5], real)
    assert all((a != b).all() for a, b in itertools.pairwise(noise))  # each step its own


def test_keras_discriminator_step_by_hand(example):
    """One step. The loss is the mean cross-entropy of both halves, with labels 0.9 and 0."""
    rng = np.random.default_rng(0)
    real, z, lr, m = rng.standard_normal((5, 2)), rng.standard_normal((5, 3)), 0.1, 5
    G = nn.Linear(3, 2).double()
    D = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()).double()
    gan = example("mnist_gan_keras").ConcatenatedGAN(
        G,
        D,
        optim.SGD(G.parameters(), lr),
        optim.SGD(D.parameters(), lr),
        real_label=0.9,
    )
    w, c = (p.data.copy() for p in D.parameters())
    before = G.state_dict()
    report = gan.discriminator_step(real, z)

    x = np.concatenate([real, z @ G.weight.data.T + G.bias.data])
    t = np.array([[0.9]] * m + [[0.0]] * m)
    p = 1 / (1 + np.exp(-(x @ w.T + c)))
    g = (p - t) / (2 * m)
    # To 1e-7, because the recipe's 0.9 is a float32.
    np.testing.assert_allclose(D[0].weight.data, w - lr * g.T @ x, rtol=1e-7)
    np.testing.assert_allclose(D[0].bias.data, c - lr * g.sum(axis=0), rtol=1e-7)
    assert all((a == before[name]).all() for name, a in G.state_dict().items())
    assert report == pytest.approx(
        {
            "d_loss": -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)),
            "D(x)": p[:m].mean(),
            "D(G(z))": p[m:].mean(),
        }
    )

    after = D.state_dict()
    gan.generator_step(z)  # through the frozen D
    assert all((a == after[name]).all() for name, a in D.state_dict().items())
    assert any((a != before[name]).any() for name, a in G.state_dict().items())


# --- a short run of each -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "steps", "rows"), [("mnist_gan_tf1", 3, 1), ("mnist_gan_keras", 2, 10)]
)
def test_short_run(run_example, tmp_path, data, large_data, name, steps, rows):
    folder = large_data if name == "mnist_gan_tf1" else data
    flags = "--n_epochs", 1, "--batch_size", 100
    out = run_example(name, *flags, out=tmp_path / "out", data=folder)
    assert minigan.load(out / "checkpoint.npz")["steps"] == steps
    assert len((out / "losses.csv").read_text().splitlines()) == 1 + steps
    with Image.open(out / "samples" / "000000.png") as first:
        assert first.size == (10 * 30 + 2, rows * 30 + 2)
    assert {"losses.png", "samples.gif", "samples.png"} < set(os.listdir(out))
