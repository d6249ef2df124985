"""The five convolutional examples: their networks, weights and settings, and short runs.

The runs use smaller networks, because a step of the real ones takes about a second.
"""

import math
import os

import numpy as np
import pytest
from PIL import Image
from same import assert_same

import minigan
from minigan import nn, optim
from minigan.datasets import CIFAR10_CLASSES
from minigan.nn.norm import BatchNorm
from minigan.trainers import GAN, WGAN, WGANGP

NAMES = ["mnist_dcgan", "quickdraw_gan", "cifar_wgan", "cifar_wgan_gp", "faces_wgan_gp"]
every_example = pytest.mark.parametrize("name", NAMES)
SIZES = {"mnist_dcgan": (1, 32), "quickdraw_gan": (1, 28), "cifar_wgan": (3, 32)}
SIZES |= {"cifar_wgan_gp": (3, 32), "faces_wgan_gp": (1, 32)}  # without further flags
HORSE = CIFAR10_CLASSES.index("horse")


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="session")
def folders(data, tmp_path_factory):
    """The folder for --data of each example, with at least 20 images."""
    folders = {name: tmp_path_factory.mktemp(name) for name in NAMES} | {"mnist_dcgan": data}
    np.save(folders["quickdraw_gan"] / "cat.npy", pixels(20, 784))
    for i in range(1, 6):
        records = pixels(8, 3073)
        records[:, 0] = [HORSE, 0] * 4
        records[:, 1] = i
        records.tofile(folders["cifar_wgan"] / f"data_batch_{i}.bin")
        records.tofile(folders["cifar_wgan_gp"] / f"data_batch_{i}.bin")
    for i, image in enumerate(pixels(20, 40, 50, 3)):
        Image.fromarray(image).save(folders["faces_wgan_gp"] / f"{i}.png")
    return folders


@pytest.fixture
def recipe(set_up, folders, tmp_path):
    """A function that runs an example's loop, without minibatches as a rule, on a LoopRecord."""
    return lambda name, *flags, **options: set_up(
        name, tmp_path / "out", folders[name], *flags, **options
    )


def opponent(trainer):
    return trainer.discriminator if hasattr(trainer, "discriminator") else trainer.critic


# --- networks ----------------------------------------------------------------------------------

# (out, in, k, k) of convolutions, (in, out, k, k) of transposed ones, (out, in) of linear layers,
# and the scales of batch norm, (channels,), and of layer norm.
WEIGHTS = {
    "mnist_dcgan": (
        [
            *[(8192, 100), (128,), (128, 128, 3, 3), (128,), (64, 128, 3, 3), (64,)],
            (1, 64, 3, 3),
        ],
        [
            *[(16, 1, 3, 3), (32, 16, 3, 3), (32,), (64, 32, 3, 3), (64,), (128, 64, 3, 3)],
            *[(128,), (1, 512)],
        ],
    ),
    "quickdraw_gan": (
        [
            *[(3136, 100), (3136,), (128, 64, 5, 5), (128,), (64, 128, 5, 5), (64,)],
            *[(64, 64, 5, 5), (64,), (1, 64, 5, 5)],
        ],
        [(64, 1, 5, 5), (64, 64, 5, 5), (128, 64, 5, 5), (128, 128, 5, 5), (1, 2048)],
    ),
    "cifar_wgan": (
        [
            *[(4096, 100), (256,), (256, 128, 4, 4), (128,), (128, 64, 4, 4), (64,)],
            (64, 3, 4, 4),
        ],
        [(64, 3, 4, 4), (128, 64, 4, 4), (128,), (256, 128, 4, 4), (256,), (1, 4096)],
    ),
    "cifar_wgan_gp": (
        [
            *[(4096, 100), (256,), (256, 128, 4, 4), (128,), (128, 64, 4, 4), (64,)],
            (64, 3, 4, 4),
        ],
        [
            *[(64, 3, 4, 4), (128, 64, 4, 4), (128, 8, 8), (256, 128, 4, 4), (256, 4, 4)],
            (1, 4096),
        ],
    ),
    "faces_wgan_gp": (
        [
            *[(4096, 100), (256,), (128, 256, 3, 3), (128,), (64, 128, 3, 3), (64,)],
            *[(32, 64, 3, 3), (32,), (1, 32, 3, 3)],
        ],
        [(32, 1, 4, 4), (64, 32, 4, 4), (128, 64, 4, 4), (1, 2048)],
    ),
}
NO_BIAS = {
    "cifar_wgan": 2,
    "cifar_wgan_gp": 2,
    "faces_wgan_gp": 3,
}  # growing layers of G, before batch norm
NO_BIAS_IN_CRITIC = {"cifar_wgan": 2}


@every_example
def test_shapes_of_images_scores_and_weights(recipe, name):
    trainer = recipe(name).trainer
    G, D = trainer.generator, opponent(trainer)
    images = G(minigan.randn(3, 100))
    assert images.shape == (3, SIZES[name][0], SIZES[name][1], SIZES[name][1])
    assert -1 <= images.data.min() < images.data.max() <= 1
    scores = D(images)
    assert scores.shape == (3, 1)
    assert isinstance(D[-1], nn.Sigmoid) == hasattr(trainer, "discriminator")
    for network, weights, no_bias in zip(
        (G, D), WEIGHTS[name], (NO_BIAS, NO_BIAS_IN_CRITIC), strict=True
    ):
        named = [(key.split(".")[-1], p.shape) for key, p in network.named_parameters()]
        assert [shape for key, shape in named if key == "weight"] == weights
        biases = sum(key == "bias" for key, _ in named)
        assert biases == len(weights) - no_bias.get(name, 0)


@pytest.mark.parametrize(
    ("name", "in_generator", "in_discriminator"),
    [
        # 100·8192+8192, 2·128, 9·128·128+128, 2·128, 9·128·64+64, 2·64, 9·64+1
        # 9·16+16, 9·16·32+32, 2·32, 9·32·64+64, 2·64, 9·64·128+128, 2·128, 512+1
        ("mnist_dcgan", 1_049_985, 98_113),
        # 100·3136+3136, 2·3136, 25·64·128+128, 2·128, 25·128·64+64, 2·64, 25·64·64+64, 2·64, 1601
        # 25·64+64, 25·64·64+64, 25·64·128+128, 25·128·128+128, 2048+1
        ("quickdraw_gan", 837_377, 720_833),
    ],
)
def test_number_of_parameters_is_the_source_s(recipe, name, in_generator, in_discriminator):
    trainer = recipe(name).trainer
    assert sum(p.size for p in trainer.generator.parameters()) == in_generator
    assert sum(p.size for p in trainer.discriminator.parameters()) == in_discriminator


@every_example
def test_settings_of_the_layers(recipe, name):
    trainer = recipe(name).trainer
    layers = [*trainer.generator, *opponent(trainer)]
    for layer in layers:
        assert layer.training
        assert getattr(layer, "negative_slope", 0.2) == 0.2
        assert getattr(layer, "momentum", 0.1) == 0.1
        assert getattr(layer, "eps", 1e-5) == 1e-5
    dropout = {type(layer): layer.p for layer in layers if isinstance(layer, nn.Dropout)}
    expected = {"mnist_dcgan": {nn.Dropout2d: 0.25}, "quickdraw_gan": {nn.Dropout: 0.4}}
    assert dropout == expected.get(name, {})


# The means of what is drawn from N(mean, 0.02²); the other layers keep their own first weights.
DRAWN = {
    "mnist_dcgan": {nn.Conv2d: 0.0, nn.BatchNorm2d: 1.0},
    "quickdraw_gan": {nn.Conv2d: 0.0, nn.Linear: 0.0},
    "cifar_wgan": {nn.Conv2d: 0.0, nn.ConvTranspose2d: 0.0, nn.BatchNorm2d: 1.0},
    "cifar_wgan_gp": {nn.Conv2d: 0.0, nn.ConvTranspose2d: 0.0, nn.BatchNorm2d: 1.0},
    "faces_wgan_gp": {},
}


@every_example
def test_initial_weights(recipe, name):
    trainer = recipe(name).trainer
    for layer in (*trainer.generator, *opponent(trainer)):
        if not hasattr(layer, "weight"):
            continue
        W, is_norm = layer.weight.data, isinstance(layer, (BatchNorm, nn.LayerNorm))
        bound = math.prod(W.shape[1:]) ** -0.5  # 1/√fan_in
        means = [mean for kind, mean in DRAWN[name].items() if isinstance(layer, kind)]
        if means:
            assert abs(W.mean() - means[0]) < 5 * 0.02 / W.size**0.5
            assert abs(W.std() / 0.02 - 1) < 5 / (2 * W.size) ** 0.5
            if W.size > 10_000:  # 0.27 % are beyond three deviations
                assert 0.001 < (abs(W - means[0]) > 0.06).mean() < 0.005
        elif is_norm:
            assert (W == 1).all()
        else:
            assert 0.97 * bound < abs(W).max() <= bound * 1.000001
        if is_norm or name == "quickdraw_gan":
            assert (layer.bias.data == 0).all()


def test_transposed_growth_gives_images_of_the_same_shape(recipe):
    G = recipe("quickdraw_gan", "--growth", "transposed").trainer.generator
    growing = [layer for layer in G if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.weight.shape for layer in growing] == [(64, 128, 5, 5), (128, 64, 5, 5)]
    assert abs(growing[0].weight.data.std() / 0.02 - 1) < 0.02
    assert (growing[0].bias.data == 0).all()
    assert G(minigan.randn(2, 100)).shape == (2, 1, 28, 28)


@pytest.mark.parametrize(("size", "channels"), [(64, 1), (64, 3), (32, 3)])
def test_faces_of_another_size_and_in_colour(recipe, size, channels):
    made = recipe("faces_wgan_gp", "--size", size, "--channels", channels)
    assert made.images.shape == (20, channels, size, size)
    G, f = made.trainer.generator, made.trainer.critic
    images = G(minigan.randn(2, 100))
    assert images.shape == (2, channels, size, size)
    assert f(images).shape == (2, 1)
    assert f[-1].in_features == 16 * 4 * size  # from 4 × 4 pixels, their channels 128 or 256


# --- settings and data -------------------------------------------------------------------------

KERAS = {"alpha": 0.9, "eps": 1e-7}
OPTIMIZERS = {  # G's, and D's or the critic's
    "mnist_dcgan": [(optim.Adam, {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8})] * 2,
    "quickdraw_gan": [(optim.RMSprop, {"lr": lr, **KERAS}) for lr in (4e-4, 8e-4)],
    "cifar_wgan": [(optim.RMSprop, {"lr": 2e-4, "alpha": 0.99, "eps": 1e-8})] * 2,
    "cifar_wgan_gp": [(optim.Adam, {"lr": 2e-4, "betas": (0.0, 0.9), "eps": 1e-8})] * 2,
    "faces_wgan_gp": [(optim.Adam, {"lr": 2e-4, "betas": (0.0, 0.9), "eps": 1e-8})] * 2,
}


BATCH_SIZES = {"mnist_dcgan": 32, "cifar_wgan": 16, "cifar_wgan_gp": 16}


def optimizers(trainer):
    d = trainer.d_optimizer if hasattr(trainer, "discriminator") else trainer.c_optimizer
    return [(trainer.g_optimizer, trainer.generator), (d, opponent(trainer))]


@every_example
def test_settings_of_the_training(recipe, name):
    made = recipe(name)
    trainer = made.trainer
    for (optimizer, network), (kind, settings) in zip(
        optimizers(trainer), OPTIMIZERS[name], strict=True
    ):
        assert type(optimizer) is kind
        assert optimizer.params == network.parameters()
        assert {key: getattr(optimizer, key) for key in settings} == settings
    assert made.args.batch_size == BATCH_SIZES.get(name, 64)
    assert getattr(trainer, "k", 1) == 1
    assert getattr(trainer, "real_label", 1.0) == 1.0
    assert getattr(trainer, "n_critic", 5) == (2 if name.startswith("cifar") else 5)
    assert getattr(trainer, "clip_value", 0.01) == 0.01
    assert getattr(trainer, "penalty_weight", 10.0) == 10.0


@pytest.mark.parametrize(
    ("name", "flags", "rates"),
    [
        ("mnist_dcgan", ("--lr", 0.1), [0.1, 0.1]),
        ("quickdraw_gan", ("--g_lr", 0.1, "--d_lr", 0.2), [0.1, 0.2]),
        ("cifar_wgan", ("--lr", 0.1), [0.1, 0.1]),
        ("cifar_wgan_gp", ("--lr", 0.1), [0.1, 0.1]),
        ("faces_wgan_gp", ("--lr", 0.1), [0.1, 0.1]),
    ],
)
def test_learning_rates_reach_their_optimizers(recipe, name, flags, rates):
    found = optimizers(recipe(name, *flags).trainer)
    assert [optimizer.lr for optimizer, _ in found] == rates


@every_example
def test_data_noise_and_pictures_fit_the_networks(recipe, name):
    channels, size = SIZES[name]
    many = np.zeros((2000, channels, size, size), np.uint8)
    made = recipe(name, batches=lambda images: [images, many])
    images = made.images
    assert images.shape[1:] == (channels, size, size)
    (_, (real, *_)), (_, (_, z, *eps)) = (
        call for call in made.calls if call[0] != "generator_step"
    )
    assert real is made.reals[0] and real.dtype == np.float32
    np.testing.assert_allclose(real, images / 127.5 - 1, atol=1e-6)
    assert (z.shape, z.dtype) == ((2000, 100), np.float32)
    assert abs(z.data.std() - 1) < 0.01  # normal
    assert abs(z.data).max() > 3.5
    if name.endswith("_gp"):
        assert (eps[0].shape, eps[0].dtype) == ((2000,), np.float32)
        assert 0 <= eps[0].data.min() < 0.01 and 0.99 < eps[0].data.max() < 1
    in_order = images[:, 0] if channels == 1 else images.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(made.picture(real), in_order / 255, atol=1e-6)


def test_dcgan_scales_the_digits_to_32_pixels(example):
    ramp = np.tile(np.arange(0, 252, 9, dtype=np.uint8), (2, 28, 1))
    scaled = example("mnist_dcgan").resize(ramp)
    assert (scaled.shape, scaled.dtype) == ((2, 1, 32, 32), np.uint8)
    between = (np.arange(32) + 0.5) * 28 / 32 - 0.5  # where the new pixels' middles are
    expected = 9 * between.clip(0, 27)
    np.testing.assert_allclose(scaled[0, 0, 5, 1:-1], expected[1:-1], atol=1)


def test_cifar_s_images_are_those_of_the_category(recipe, folders, set_up, tmp_path):
    images = recipe("cifar_wgan").images
    assert len(images) == 20  # four horses in each of five files
    assert sorted(set(images[:, 0, 0, 0].tolist())) == [1, 2, 3, 4, 5]
    assert len(recipe("cifar_wgan", "--category", "airplane").images) == 20
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    os.symlink(folders["cifar_wgan"], unpacked / "cifar-10-batches-bin")
    again = set_up("cifar_wgan", tmp_path / "out", unpacked).images
    np.testing.assert_array_equal(again, images)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_one_s_own(set_up, tmp_path, channels):
    array = pixels(6, 32, 32, channels)
    np.save(tmp_path / "mine.npy", array)
    faces = set_up("faces_wgan_gp", tmp_path, tmp_path / "mine.npy", "--channels", channels)
    np.testing.assert_array_equal(faces.images, array.transpose(0, 3, 1, 2))
    cifar = set_up("cifar_wgan", tmp_path, tmp_path / "mine.npy").images
    np.testing.assert_array_equal(cifar, array.transpose(0, 3, 1, 2).repeat(3 // channels, axis=1))


def test_other_bin_files_do_not_make_a_folder_one_of_cifar(example, tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("weights.bin", "deep/weights.bin", "backup.tar.gz"):
        (tmp_path / name).write_bytes(b"no images")
    Image.fromarray(pixels(40, 50, 3)).save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match=r"left out 3 of 4 files \(2 \.bin, 1 \.gz"):
        images = example("cifar_wgan").load("horse", tmp_path)
    assert images.shape == (1, 3, 32, 32)
    (tmp_path / "data_batch_1.bin").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"data_batch_2\.bin .*found neither"):
        example("cifar_wgan").load("horse", tmp_path)


# --- steps -------------------------------------------------------------------------------------


@every_example
def test_a_step_moves_every_weight(recipe, name):
    before = []

    def parameters_of(trainer):
        parameters = [*trainer.generator.parameters(), *opponent(trainer).parameters()]
        if not hasattr(trainer, "discriminator"):
            del parameters[-1]  # what is added to all of a critic's scores changes no distance
        return parameters

    made = recipe(
        name,
        *([] if name in ("mnist_dcgan", "quickdraw_gan") else ["--n_critic", 1]),
        batches=lambda images: [images[:4]],
        watch=lambda record: before.extend(p.data.copy() for p in parameters_of(record.trainer)),
        carry_out=True,
    )
    trainer = made.trainer
    parameters = parameters_of(trainer)
    (report,) = made.reports
    assert all(map(math.isfinite, report.values()))
    for p, then in zip(parameters, before, strict=True):
        assert (p.data != then).any()
    if isinstance(trainer, WGAN):
        assert max(abs(p.data).max() for p in trainer.critic.parameters()) <= np.float32(0.01)


def tiny_players():
    """Players of 4 × 4 images with batch norm and dropout, and an optimizer for each."""
    minigan.seed(0)
    G = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
    D = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.Dropout2d(0.25),
        nn.Flatten(),
        nn.Linear(8, 1),
        nn.Sigmoid(),
    )
    return G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters())


def test_the_dcgan_generates_once_for_both_players(example):
    G, D, *adams = tiny_players()
    trainer, made, seen = example("mnist_dcgan").SameFakesGAN(G, D, *adams), [], []
    generate, answer = G.forward, D.forward
    G.forward = lambda z: made.append(generate(z)) or made[-1]
    D.forward = lambda x: seen.append(x.data.copy()) or answer(x)
    real = np.zeros((2, 5, 1, 4, 4), dtype=np.float32)
    reports = [trainer.step(batch, minigan.randn(5, 3)) for batch in real]
    assert [list(report) for report in reports] == [["d_loss", "D(x)", "D(G(z))", "g_loss"]] * 2
    assert (len(made), len(seen), trainer.steps) == (2, 6, 2)
    for i, fake in enumerate(made):
        for x, expected in zip(seen[3 * i :], (fake.data, real[i], fake.data), strict=False):
            np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("spoilt", ["data", "noise"])
def test_a_batch_that_the_dcgan_refuses_changes_nothing(example, spoilt):
    real = np.zeros((5, 1, 4, 4), dtype=np.float32)
    z = np.ones((5, 3), dtype=np.float32)
    (real if spoilt == "data" else z)[0] = np.nan
    G, D, *adams = tiny_players()
    before = G.state_dict(), D.state_dict()
    trainer = example("mnist_dcgan").SameFakesGAN(G, D, *adams)
    with pytest.raises(FloatingPointError, match="loss is nan"):
        trainer.step(real, z)
    assert_same((G.state_dict(), D.state_dict()), before)
    assert trainer.steps == 0


def small_generator(channels, size):
    def build(latent_dim, *settings):
        return nn.Sequential(
            nn.Linear(latent_dim, 2 * (size // 4) ** 2),
            nn.Unflatten(1, (2, size // 4, size // 4)),
            nn.UpsampleConv2d(2, 2, 3),
            nn.BatchNorm2d(2),
            nn.ReLU(),
            nn.ConvTranspose2d(2, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    return build


def small_discriminator(channels, size):
    """With dropout, so that every step draws from the generator of random numbers."""

    def build(*settings):
        return nn.Sequential(
            nn.Conv2d(channels, 2, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.4),
            nn.Flatten(),
            nn.Linear(2 * (size // 2) ** 2, 1),
        )

    return build


@pytest.fixture
def run_small(run_example, folders):
    """A function that runs an example on small networks, for images of (channels, size)."""

    def run(name, *flags, out, shape):
        generator, critic = small_generator(*shape), small_discriminator(*shape)
        changes = {"build_critic": critic}
        if name in ("mnist_dcgan", "quickdraw_gan"):
            changes = {"build_discriminator": lambda: nn.Sequential(*critic(), nn.Sigmoid())}
        return run_example(
            name, *flags, out=out, data=folders[name], build_generator=generator, **changes
        )

    return run


REPORTS = {
    GAN: ["d_loss", "D(x)", "D(G(z))", "g_loss"],
    WGAN: ["c_loss", "wasserstein", "g_loss"],
    WGANGP: ["c_loss", "wasserstein", "penalty", "gradient norm", "g_loss"],
}


@pytest.mark.parametrize(
    ("name", "flags", "shape", "trainer"),
    [
        ("mnist_dcgan", ("--n_epochs", 1, "--batch_size", 64), (1, 32), GAN),
        ("quickdraw_gan", ("--n_steps", 3, "--batch_size", 8), (1, 28), GAN),
        ("cifar_wgan", ("--n_steps", 3, "--batch_size", 8, "--n_critic", 3), (3, 32), WGAN),
        ("cifar_wgan_gp", ("--n_steps", 3, "--batch_size", 8, "--n_critic", 3), (3, 32), WGANGP),
        ("faces_wgan_gp", ("--n_steps", 3, "--batch_size", 8, "--n_critic", 3), (1, 32), WGANGP),
        (
            "faces_wgan_gp",
            ("--n_steps", 3, "--batch_size", 8, "--n_critic", 3, "--size", 64, "--channels", 3),
            (3, 64),
            WGANGP,
        ),
    ],
)
def test_files_of_a_run(run_small, tmp_path, name, flags, shape, trainer):
    out = run_small(name, *flags, out=tmp_path / "out", shape=shape)
    files = ["checkpoint.npz", "losses.csv", "losses.png", "samples", "samples.gif", "samples.png"]
    files += ["samples_last.png"] * (name in ("mnist_dcgan", "cifar_wgan", "cifar_wgan_gp"))
    assert sorted(os.listdir(out)) == files
    assert sorted(os.listdir(out / "samples")) == ["000000.png", "000003.png"]
    state = minigan.load(out / "checkpoint.npz")
    assert (state["steps"], state["example"]) == (3, name)
    header, *rows = (out / "losses.csv").read_text().splitlines()
    assert header.split(",") == ["step", *REPORTS[trainer]]
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3"]
    channels, size = shape
    with Image.open(out / "samples" / "000003.png") as grid:
        assert grid.size == (10 * (size + 2) + 2, 10 * (size + 2) + 2)
        colours = np.asarray(grid.convert("RGB"))
    assert colours.std() > 10
    assert (colours[..., 0] == colours[..., 2]).all() == (channels == 1)


def test_resumed_run_equals_a_longer_one(run_small, tmp_path):
    """Equal to the last bit, with batch norm, dropout and RMSprop, in the middle of an epoch."""
    flags = "--batch_size", 8, "--sample_interval", 4
    out, whole = (tmp_path / name for name in ("out", "whole"))
    run_small("quickdraw_gan", *flags, "--n_steps", 7, out=whole, shape=(1, 28))
    run_small("quickdraw_gan", *flags, "--n_steps", 3, out=out, shape=(1, 28))
    run_small("quickdraw_gan", *flags, "--n_steps", 7, "--resume", out=out, shape=(1, 28))
    state = minigan.load(whole / "checkpoint.npz")
    assert state["generator"]["3.num_batches_tracked"] == 2 * 7
    assert state["d_optimizer"]["state"]["0"]["square_avg"].any()
    assert_same(minigan.load(out / "checkpoint.npz"), state)
    for name in ("losses.csv", "samples.png"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
