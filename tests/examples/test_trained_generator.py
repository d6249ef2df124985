"""trained_generator.py: its pictures, its interpolations, and the runs that it refuses."""

from pathlib import Path

import numpy as np
import pytest

import minigan

EXAMPLES = Path(__file__).parents[2] / "examples"
RUN = minigan.load(EXAMPLES / "data" / "mnist_gan" / "checkpoint.npz")


@pytest.fixture
def main(example, data, tmp_path, capsys):
    pytest.importorskip("matplotlib")

    def main(*flags):
        flags = [*map(str, flags), "--data", str(data), "--out", str(tmp_path / "out")]
        example("trained_generator").main(flags)
        return capsys.readouterr().out, {path.name for path in (tmp_path / "out").iterdir()}

    return main


def test_the_generator_that_comes_with_minigan(main):
    out, files = main()
    assert "generated" in out
    assert files == {"samples.png", "interpolation.png", "neighbours.png"}


@pytest.mark.parametrize("name", ["mnist_wgan", "mnist_gan_keras"])
def test_a_run_of_ones_own(main, run_example, data, tmp_path, name):
    run = run_example(name, "--n_epochs", 1, "--latent_dim", 5, out=tmp_path / "run", data=data)
    assert main("--run", run)[1] >= {"samples.png"}


def test_the_export_of_a_run_is_small_and_has_the_best_weights(
    main, run_example, data, tmp_path, example
):
    flags = "--n_epochs", 1, "--average", 0.9, "--latent_dim", 5
    run = run_example("mnist_gan", *flags, out=tmp_path / "run", data=data)
    main("--run", run, "--export", tmp_path / "small")
    load = example("trained_generator").load
    G, D = load(run)[1:]
    for network, exported in zip((G, D), load(tmp_path / "small")[1:], strict=True):
        for array, rounded in zip(
            network.state_dict().values(), exported.state_dict().values(), strict=True
        ):
            np.testing.assert_allclose(rounded, array, rtol=1e-3, atol=1e-6)
    sizes = [(folder / "checkpoint.npz").stat().st_size for folder in (run, tmp_path / "small")]
    assert sizes[1] < sizes[0] / 6
    assert list(minigan.load(tmp_path / "small" / "checkpoint.npz")) == list(RUN)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "checkpoint.npz"),
        ({"example": "mnist_dcgan"}, "a run of mnist_dcgan, not of one of"),
        ({"step": 3}, "a run of None"),
        ({"example": "mnist_gan"}, "lacks flags, generator, steps"),
        (RUN | {"flags": {}}, r"does not fit mnist_gan\.py: no flag latent_dim"),
        (RUN | {"example": "mnist_wgan"}, r"does not fit mnist_wgan\.py: no critic"),
    ],
)
def test_what_is_no_such_run(main, tmp_path, state, message):
    if state is not None:
        minigan.save(state, tmp_path / "checkpoint.npz")
    with pytest.raises(SystemExit, match=message):
        main("--run", tmp_path)


def test_out_and_seed_that_will_not_do(example, tmp_path, capsys):
    main = example("trained_generator").main
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit, match=r"error: .*cannot write in this folder"):
        main(["--out", str(tmp_path / "file" / "deeper")])
    with pytest.raises(SystemExit):
        main(["--seed", "-1"])
    assert "--seed must not be negative" in capsys.readouterr().err


def test_walks_begin_and_end_where_they_should_and_an_arc_keeps_the_norm(example):
    walks = example("trained_generator")
    a, b = np.random.default_rng(0).standard_normal((2, 100))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    for walk in (walks.lerp, walks.slerp):
        np.testing.assert_allclose(walk(a, b, 0), a)
        np.testing.assert_allclose(walk(a, b, 1), b)
    for t in (0.2, 0.5):
        np.testing.assert_allclose(np.linalg.norm(walks.slerp(a, b, t)), np.linalg.norm(a))
    assert np.linalg.norm(walks.lerp(a, b, 0.5)) < 0.8 * np.linalg.norm(a)


@pytest.mark.parametrize("factor", [1.0, -1.0, 2.5])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_walks_between_noises_on_one_line_are_straight(example, factor, size):
    """There is no single arc between them. With one number of noise, this is every pair."""
    walks = example("trained_generator")
    a = np.random.default_rng(0).standard_normal((1, size), dtype=np.float32)
    line, arc = walks.walks(a, factor * a, 5).reshape(2, 5, size)
    np.testing.assert_allclose(arc, line, atol=1e-6)
    np.testing.assert_allclose(line[[0, -1]], [a[0], factor * a[0]], rtol=1e-6)


def test_nearest_finds_the_image_itself_first(example):
    images = np.random.default_rng(0).random((600, 784), dtype=np.float32)  # more than a block
    everyone = np.linalg.norm(images[:, None, :50] - images[None, :, :50], axis=2)
    order, distances = example("trained_generator").nearest(images[:, :50], images[:, :50], 4)
    np.testing.assert_array_equal(order[:, 1:], everyone.argsort(axis=1)[:, 1:4])
    np.testing.assert_allclose(distances[:, 1:], np.sort(everyone, axis=1)[:, 1:4], rtol=1e-4)
    order, distances = example("trained_generator").nearest(images[5:8], images, 3)
    assert order[:, 0].tolist() == [5, 6, 7]
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-2)
    exact = np.linalg.norm(images[order[0, 1]] - images[5])
    np.testing.assert_allclose(distances[0, 1], exact, rtol=1e-4)
