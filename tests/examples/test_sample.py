"""sample.py: what it draws for the runs of every example, and the calls that it refuses."""

import re
import sys

import numpy as np
import pytest
from example_runs import EXAMPLES, files
from PIL import Image

import minigan
from minigan import nn

FLAGS = {"latent_dim": 5, "size": 32, "channels": 3, "growth": "transposed"}
TRAIN_GENERATORS = sorted(
    path.stem for path in EXAMPLES.glob("*.py") if "fixed_noise=" in path.read_text("utf-8")
)


@pytest.fixture
def run(example, tmp_path):
    """A function that writes a run of an example: an untrained generator, or the one given."""

    def run(name, generator=None, **changes):
        minigan.seed(0)
        module = example(name)
        if generator is None:
            parameters = module.build_generator.__code__.co_varnames
            generator = module.build_generator(**{k: FLAGS[k] for k in FLAGS if k in parameters})
        state = {"example": name, "flags": FLAGS, "steps": 7, "generator": generator.state_dict()}
        folder = tmp_path / "a run"
        folder.mkdir()
        minigan.save(state | changes, folder / "checkpoint.npz")
        return folder

    return run


@pytest.fixture
def sample(example, tmp_path, monkeypatch):
    """A function that calls sample.py in an empty folder, and returns the pictures as arrays."""
    monkeypatch.chdir(tmp_path)

    def sample(folder, *flags, out="runs/sample/a run"):
        example("sample").main([str(folder), *map(str, flags)])
        place = tmp_path / out
        images = [np.asarray(Image.open(path)) for path in sorted((place / "images").iterdir())]
        grid = np.asarray(Image.open(place / "grid.png"))
        return np.array(images), grid, np.asarray(Image.open(place / "interpolation.png"))

    return sample


def cut(picture, size, columns):
    """The images of a picture that `save_images` wrote with a scale of 2."""
    picture, step = picture[::2, ::2], size + 2
    rows = (len(picture) - 2) // step
    return np.array(
        [
            picture[2 + y * step :, 2 + x * step :][:size, :size]
            for y in range(rows)
            for x in range(columns)
        ]
    )


def test_there_are_examples_to_draw_from():
    assert len(TRAIN_GENERATORS) == 12
    assert {"mnist_gan", "mnist_cgan", "faces_wgan_gp"} <= set(TRAIN_GENERATORS)


@pytest.mark.parametrize("name", TRAIN_GENERATORS)
def test_every_example_that_trains_a_generator_has_its_pictures(
    run, sample, example, name, capsys, monkeypatch
):
    monkeypatch.setattr(example("sample"), "STEPS", 3)  # fewer images than 12 for each walk
    folder = run(name)
    before = files(folder)
    images, grid, walks = sample(folder, "--n_samples", 10)
    assert files(folder) == before
    size, colour = images.shape[1], images.ndim == 4
    assert images.shape == (10, size, size, 3)[: 4 if colour else 3]
    assert size == (32 if name in ("mnist_dcgan", "faces_wgan_gp") or "cifar" in name else 28)
    assert colour == (name == "faces_wgan_gp" or "cifar" in name)
    assert len(np.unique(images.reshape(10, -1), axis=0)) == 10
    np.testing.assert_array_equal(cut(grid, size, 4)[:10], images)
    walks = cut(walks, size, 3)
    assert len(walks) == 8 * 3
    line, arc = walks.reshape(4, 2, 3, -1).swapaxes(0, 1)
    np.testing.assert_allclose(line[:, [0, -1]], arc[:, [0, -1]], atol=1)  # rounding
    assert (line[:, 0] != line[:, -1]).any(axis=1).all()
    assert capsys.readouterr().out == "10 samples after 7 steps are in runs/sample/a run\n"


def test_pictures_are_what_the_generator_makes_of_its_noise(run, sample, example):
    folder = run("mnist_gan_2014")
    images, _, _ = sample(folder, "--n_samples", 3, "--seed", 4)
    module = example("mnist_gan_2014")
    G = module.build_generator(5)
    G.load_state_dict(minigan.load(folder / "checkpoint.npz")["generator"])
    minigan.seed(4)
    pixels = G(module.draw_noise(3, 5)).numpy().reshape(3, 28, 28)
    np.testing.assert_array_equal(images, np.rint(pixels * 255))


def test_the_running_mean_draws_and_a_seed_gives_the_same_pictures(run, sample):
    G, mean = (nn.Sequential(nn.Linear(5, 8), nn.Linear(8, 784)) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        folder = run("mnist_gan", G, average={"module": mean.state_dict()})
        patch.setattr(sys.modules["mnist_gan"], "build_generator", lambda latent_dim: mean)
        images, *others = sample(folder, "--n_samples", 2)
        again = sample(folder, "--n_samples", 2)
        other = sample(folder, "--n_samples", 2, "--seed", 1)
    for a, b in zip((images, *others), again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (images != other[0]).any()
    minigan.seed(0)
    expected = mean(minigan.randn(2, 5)).numpy().reshape(2, 28, 28)
    np.testing.assert_array_equal(images, np.rint(np.clip((expected + 1) / 2, 0, 1) * 255))


@pytest.mark.parametrize(
    ("flags", "digits"),
    [
        ((), [0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9]),
        (("--labels", 7), [7] * 12),
        (("--labels", 3, 1, 8), [3] * 4 + [1] * 4 + [8] * 4),
    ],
)
def test_a_conditional_generator_draws_the_labels_that_are_asked_for(
    run, sample, example, monkeypatch, flags, digits
):
    """The generator draws label d as the grey 25 d, and noise adds to the first pixels only."""
    cgan = example("mnist_cgan")
    G = cgan.ConditionalGenerator(nn.Linear(15, 784, bias=False))
    W = np.zeros((784, 15), np.float32)
    W[:, 5:] = 50 * np.arange(10) / 255 - 1
    W[:20, :5] = 0.05
    G[0].weight.data = W
    monkeypatch.setattr(cgan, "build_generator", lambda latent_dim: G)
    images, _, walks = sample(run("mnist_cgan", G), "--n_samples", 12, *flags)
    np.testing.assert_array_equal(images[:, -1, -1], 25 * np.array(digits))
    assert len(np.unique(images[:, 0, 0])) > 1
    rows = cut(walks, 28, 12)[:, -1, -1].reshape(4, 24)
    assert (rows == rows[:, :1]).all()  # the label stays along a walk
    assert set(rows[:, 0] // 25) <= set(digits)


@pytest.mark.parametrize(
    ("name", "flags", "message"),
    [
        (
            "mnist_gan",
            ["--labels", "3"],
            r"--labels: the generator of mnist_gan\.py takes no labels",
        ),
        ("mnist_cgan", ["--labels", "3", "10"], "--labels must be from 0 to 9, not 10"),
        ("mnist_cgan", ["--labels", "-1"], "--labels must be from 0 to 9, not -1"),
        ("mnist_gan", ["--n_samples", "0"], "--n_samples must be at least 1, not 0"),
        ("mnist_gan", ["--seed", "-1"], "--seed must not be negative"),
    ],
)
def test_flags_that_do_not_fit(run, example, tmp_path, capsys, name, flags, message):
    folder = run(name)
    with pytest.raises(SystemExit):
        example("sample").main([str(folder), *flags, "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
    assert re.search(message, capsys.readouterr().err)


def test_pictures_come_into_the_run_s_folder_only_if_it_is_asked_for(
    run, sample, example, tmp_path, monkeypatch, capsys
):
    folder = run("mnist_gan")
    before = files(folder)
    monkeypatch.chdir(folder)  # the default would be in the run's folder
    with pytest.raises(SystemExit):
        example("sample").main(["."])
    assert (
        "--out is needed, because its default, runs/sample/a run, is in" in capsys.readouterr().err
    )
    assert files(folder) == before
    monkeypatch.chdir(tmp_path)
    sample(folder, "--n_samples", 2, "--out", folder, out="a run")
    after = files(folder)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {
        "images/0000.png",
        "images/0001.png",
        "grid.png",
        "interpolation.png",
    }


def test_images_of_an_earlier_call_are_not_mixed_with_the_new_ones(run, sample, capsys):
    folder = run("mnist_gan")
    assert len(sample(folder, "--n_samples", 3)[0]) == 3
    with pytest.raises(SystemExit):
        sample(folder, "--n_samples", 2)
    assert "holds 1 images of an earlier call" in capsys.readouterr().err
    assert len(sample(folder, "--n_samples", 3, "--seed", 1)[0]) == 3


@pytest.mark.parametrize(
    "place", ["evil", "../evil", "{folder}/evil", "a run.evil", "studies.evil"]
)
def test_a_checkpoint_cannot_name_a_file_that_is_imported(
    run, example, tmp_path, monkeypatch, place
):
    monkeypatch.syspath_prepend(tmp_path)
    folder = run("mnist_gan")
    for path in (tmp_path / "evil.py", folder / "evil.py"):
        path.write_text(f"open({str(tmp_path / 'was here')!r}, 'w')\n")
    state = minigan.load(folder / "checkpoint.npz")
    minigan.save(state | {"example": place.format(folder=folder)}, folder / "checkpoint.npz")
    with pytest.raises(SystemExit, match="none of these examples"):
        example("sample").main([str(folder), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "was here").exists() and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["mixtures_2d", "paths", "sample"])
def test_a_run_without_a_generator(run, example, tmp_path, name):
    folder = run("mnist_gan")
    state = minigan.load(folder / "checkpoint.npz")
    minigan.save(state | {"example": name}, folder / "checkpoint.npz")
    with pytest.raises(SystemExit, match=rf"a run of {name}\.py, which has no build_generator"):
        example("sample").main([str(folder), "--out", str(tmp_path / "out")])
