"""mnist_gan_2014.py agrees exactly with its source: networks, weights, data, schedules, step."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from same import assert_same

import minigan
from minigan import datasets, nn, optim

NAME = "mnist_gan_2014"
MNIST = Path(__file__).parents[2] / "examples" / "data" / "mnist"


@pytest.fixture
def recipe(set_up, tmp_path, data):
    """The record of a loop without minibatches, with the 200 images of `data`."""
    return set_up(NAME, tmp_path, data)


# --- networks, weights, data -------------------------------------------------------------------


def test_networks(recipe):
    trainer = recipe.trainer
    G, D = trainer.generator, trainer.discriminator
    assert [type(layer).__name__ for layer in G] == [*["Linear", "ReLU"] * 2, "Linear", "Sigmoid"]
    assert [p.shape for p in G.parameters()] == [
        *[(1200, 100), (1200,), (1200, 1200), (1200,), (784, 1200), (784,)]
    ]
    # Dropout is on the inputs of each layer of D, and nowhere in G.
    layers = [*["Dropout", "Maxout"] * 2, "Dropout", "Linear", "Sigmoid"]
    assert [type(layer).__name__ for layer in D] == layers
    assert [layer.p for layer in D if isinstance(layer, nn.Dropout)] == [0.2, 0.5, 0.5]
    maxouts = [layer for layer in D if isinstance(layer, nn.Maxout)]
    assert [(layer.out_features, layer.num_pieces) for layer in maxouts] == [(240, 5), (240, 5)]
    assert [p.shape for p in D.parameters()] == [
        *[(1200, 784), (1200,), (1200, 240), (1200,), (1, 240), (1,)]
    ]
    assert all(layer.training for layer in (*G, *D))


def test_initial_weights(recipe):
    trainer = recipe.trainer
    for network, bound in ((trainer.generator, 0.05), (trainer.discriminator, 0.005)):
        *parameters, last_bias = network.parameters()
        for p in parameters:
            if p.ndim == 1:
                assert (p.data == 0).all()
            else:
                std = bound / 3**0.5  # of a uniform distribution
                assert 0.98 * bound < abs(p.data).max() <= bound * 1.000001
                assert abs(p.data.mean()) < 5 * std / p.size**0.5
                assert abs(p.data.std() / std - 1) < 5 / (2 * p.size) ** 0.5
    assert (last_bias.data == 0).all()  # D's; G's has a test of its own


def test_generator_without_data_starts_at_a_half(example):
    G = example(NAME).build_generator(7)
    assert (G[-2].bias.data == 0).all()
    assert G(minigan.rand(3, 7)).shape == (3, 784)


def test_output_bias_gives_the_mean_of_the_first_50000_images(set_up, tmp_path):
    images, _ = datasets.mnist(MNIST)
    recipe = set_up(NAME, tmp_path, MNIST)
    np.testing.assert_array_equal(recipe.images, images[:50_000])
    mean = images[:50_000].reshape(-1, 784).mean(axis=0) / 255
    assert (mean == 0).any()  # the corners, which would be log(0)
    bias = recipe.trainer.generator[-2].bias
    assert (bias.shape, bias.dtype) == ((784,), np.float32)
    np.testing.assert_allclose(1 / (1 + np.exp(-bias.data.astype(float))), mean, atol=2e-7)
    assert bias.data.min() == pytest.approx(np.log(1e-7), rel=1e-6)


def test_pixels_that_are_never_black_or_always_white_have_a_finite_bias(example):
    module = example(NAME)
    G = module.build_generator(2)
    images = np.full((2, 28, 28), 255, np.uint8)
    images[:, :14] = 0
    module.start_at_the_mean(G, images)
    np.testing.assert_allclose(G[-2].bias.data, np.repeat([-1, 1], 392) * 16.118, rtol=1e-4)


def test_data_noise_and_pictures_have_the_range_of_the_generator(set_up, tmp_path, data):
    batch = np.arange(256, dtype=np.uint8).repeat(28 * 28).reshape(256, 28, 28)
    batches = [batch, np.zeros((2000, 28, 28), np.uint8)]
    recipe = set_up(NAME, tmp_path, data, batches=lambda images: batches)
    assert [step for step, _ in recipe.calls] == ["step", "step"]
    (_, (real, _)), (_, (_, z)) = recipe.calls
    assert real is recipe.reals[0]
    assert (real.shape, real.dtype) == ((256, 784), np.float32)
    np.testing.assert_allclose(real[:, 0], np.linspace(0, 1, 256), atol=1e-6)
    np.testing.assert_allclose(recipe.picture(real), batch / 255, atol=1e-6)

    assert (z.shape, z.dtype) == ((2000, 100), np.float32)
    assert abs(z.data.mean()) < 0.01
    assert abs(z.data.std() - 1) < 0.01
    assert 1.73 < abs(z.data).max() <= 3**0.5  # uniform, of variance 1
    assert recipe.picture(recipe.trainer.generator(z[:8]).numpy()).shape == (8, 28, 28)


# --- schedules ---------------------------------------------------------------------------------


def test_settings(recipe):
    trainer = recipe.trainer
    for optimizer, network in (
        (trainer.g_optimizer, trainer.generator),
        (trainer.d_optimizer, trainer.discriminator),
    ):
        assert type(optimizer) is optim.SGD
        assert optimizer.params == network.parameters()
    assert (recipe.args.batch_size, recipe.args.lr) == (100, 0.1)


def test_learning_rate_is_divided_at_every_step_down_to_its_least(example):
    learning_rate = example(NAME).learning_rate
    rates = [learning_rate(0.1, step) for step in range(1001)]
    assert rates[0] == 0.1
    np.testing.assert_allclose(np.divide(rates[:-1], rates[1:]), 1.000004, rtol=1e-12)
    assert learning_rate(0.1, 2_878_200) > 1e-6  # log(1e5) / log(1.000004) is 2,878,237
    assert learning_rate(0.1, 2_878_300) == learning_rate(0.1, 10**12) == 1e-6


def test_momentum_rises_from_the_first_epoch_to_the_250th(example):
    momenta = [example(NAME).momentum(epoch) for epoch in range(300)]
    assert momenta[0] == 0.5
    np.testing.assert_allclose(np.diff(momenta[:250]), 0.2 / 249, rtol=1e-9)
    np.testing.assert_allclose(momenta[249:], 0.7, rtol=1e-12)


def schedule(set_up, out, data, *flags, start, n):
    """[(learning rate, momentum)] of both optimizers in n steps of the loop, from step `start`."""
    found = []

    def batches(images):
        for _ in range(n):
            yield images[:50]

    def watch(record):
        gan = record.trainer

        def step(real, z):
            rates = {(o.lr, o.momentum) for o in (gan.g_optimizer, gan.d_optimizer)}
            found.extend(rates)
            assert len(rates) == 1  # both optimizers have the same
            return {}

        gan.step = step

    set_up(NAME, out, data, *flags, batches=batches, start=start, watch=watch)
    return found


def test_schedules_follow_the_count_of_steps(set_up, data, tmp_path):
    """For both optimizers, from any step at which a run continues."""
    flags = "--lr", 0.3, "--batch_size", 50  # the 200 images are 4 minibatches
    found = schedule(set_up, tmp_path, data, *flags, start=1002, n=8)
    rates = [0.3 / 1.000004 ** (1002 + i) for i in range(8)]
    assert [lr for lr, _ in found] == pytest.approx(rates, rel=1e-12)
    epochs = [(momentum - 0.5) / 0.2 * 249 for _, momentum in found]
    assert epochs == pytest.approx([min(e, 249) for e in [250, 250, *[251] * 4, 252, 252]])
    found = schedule(set_up, tmp_path, data, *flags, start=0, n=6)
    assert found[0] == (0.3, 0.5)
    epochs = [(momentum - 0.5) / 0.2 * 249 for _, momentum in found]
    assert epochs == pytest.approx([0, 0, 0, 0, 1, 1])


def test_an_epoch_of_mnist_has_500_steps(set_up, tmp_path):
    found = schedule(set_up, tmp_path, MNIST, start=499, n=2)
    assert [momentum for _, momentum in found] == pytest.approx([0.5, 0.5 + 0.2 / 249])


# --- the step ----------------------------------------------------------------------------------


class Masks(nn.Module):
    """A dropout that can be repeated: it multiplies its inputs by these masks in turn."""

    def __init__(self, masks):
        self.masks = iter(masks)

    def forward(self, x):
        return x * minigan.Tensor(next(self.masks))


def players(masks=None, lr=0.1):
    """G, D and their optimizers, in float64. D is the masks and then one neuron."""
    minigan.seed(0)
    G = nn.Sequential(nn.Linear(3, 2), nn.Sigmoid()).double()
    dropout = [] if masks is None else [Masks(masks)]
    D = nn.Sequential(*dropout, nn.Linear(2, 1), nn.Sigmoid()).double()
    return G, D, optim.SGD(G.parameters(), lr), optim.SGD(D.parameters(), lr)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_both_players_step_at_once_by_hand(example):
    """Three steps. Both gradients are taken at the old weights, and SGD has momentum."""
    m, steps, rng = 6, 3, np.random.default_rng(0)
    reals, zs = rng.standard_normal((steps, m, 2)), rng.standard_normal((steps, m, 3))
    masks = 2.0 * (rng.random((steps, 2, m, 2)) < 0.5)  # in each step one for the data, one for G
    G, D, *sgd = players(masks.reshape(-1, m, 2))
    module = example(NAME)
    gan = module.SimultaneousGAN(G, D, *sgd)
    V, b, w, c = weights = [p.data.copy() for p in (*G.parameters(), *D.parameters())]
    moments = [np.zeros_like(p) for p in weights]
    for i in range(steps):
        for optimizer in sgd:  # two steps to an epoch
            optimizer.lr, optimizer.momentum = module.learning_rate(0.1, i), module.momentum(i // 2)
        report = gan.step(reals[i], zs[i])
        (real, z), (mask_real, mask_fake) = (reals[i], zs[i]), masks[i]
        fake = sigmoid(z @ V.T + b)
        x1, x0 = real * mask_real, fake * mask_fake
        p1, p0 = sigmoid(x1 @ w.T + c), sigmoid(x0 @ w.T + c)
        d_loss = -0.5 * (np.log(p1).mean() + np.log(1 - p0).mean())
        answers = {"D(x)": p1.mean(), "D(G(z))": p0.mean()}
        expected = {"d_loss": d_loss, **answers, "g_loss": -np.log(p0).mean()}
        assert report == pytest.approx(expected, rel=1e-12)

        d1, d0 = (p1 - 1) / (2 * m), p0 / (2 * m)  # of D's loss, before D's sigmoid
        s = ((p0 - 1) / m @ w * mask_fake) * fake * (1 - fake)  # of G's, before G's sigmoids
        gradients = [s.T @ z, s.sum(axis=0), d1.T @ x1 + d0.T @ x0, (d1 + d0).sum(axis=0)]
        mu, lr = 0.5 + 0.2 * (i // 2) / 249, 0.1 / 1.000004**i
        parameters = [*G.parameters(), *D.parameters()]
        for p, old, moment, g in zip(parameters, weights, moments, gradients, strict=True):
            np.testing.assert_allclose(p.grad.data, g, rtol=1e-12)
            moment[...] = mu * moment + g
            old -= lr * moment
            np.testing.assert_allclose(p.data, old, rtol=1e-12)
    assert gan.steps == steps


@pytest.mark.parametrize(("spoilt", "player"), [("data", "discriminator"), ("noise", "generator")])
def test_a_loss_that_is_not_finite_updates_nobody(example, spoilt, player):
    real, z = np.zeros((4, 2)), np.zeros((4, 3))
    (real if spoilt == "data" else z)[0, 0] = np.nan
    G, D, *sgd = players()
    before = G.state_dict() | D.state_dict()
    gan = example(NAME).SimultaneousGAN(G, D, *sgd)
    with pytest.raises(FloatingPointError, match="loss is nan"):
        gan.step(real, z)
    assert_same(G.state_dict() | D.state_dict(), before)
    assert gan.steps == 0


# --- a short run -------------------------------------------------------------------------------


def small_generator(latent_dim):
    return nn.Sequential(nn.Linear(latent_dim, 784), nn.Sigmoid())


def small_discriminator():
    return nn.Sequential(
        nn.Dropout(0.2), nn.Maxout(784, 4, num_pieces=2), nn.Linear(4, 1), nn.Sigmoid()
    )


def test_files_and_resuming(run_example, data, tmp_path):
    """A run that is resumed in the middle of an epoch ends with the same bits."""
    flags = "--batch_size", 32, "--sample_interval", 4
    small = {"build_generator": small_generator, "build_discriminator": small_discriminator}

    def run(out, *more):
        return run_example(NAME, *flags, *more, data=data, out=tmp_path / out, **small)

    whole = run("whole", "--n_epochs", 3)
    parts = run("parts", "--n_epochs", 1)
    run("parts", "--n_epochs", 3, "--resume")
    state = minigan.load(whole / "checkpoint.npz")
    assert state["steps"] == 18
    for optimizer in ("g_optimizer", "d_optimizer"):
        assert state[optimizer]["lr"] == pytest.approx(0.1 / 1.000004**17, rel=1e-12)
        assert state[optimizer]["momentum"] == pytest.approx(0.5 + 0.2 * 2 / 249, rel=1e-12)
    assert_same(minigan.load(parts / "checkpoint.npz"), state)
    for name in ("losses.csv", "samples.png"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()
    assert (whole / "losses.csv").read_text().startswith("step,d_loss,D(x),D(G(z)),g_loss")
    with Image.open(whole / "samples" / "000000.png") as first:
        assert first.size == (10 * 30 + 2, 10 * 30 + 2)
