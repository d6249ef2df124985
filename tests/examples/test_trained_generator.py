"""The example that uses a trained generator: its pictures, its walks, and what it refuses."""

import numpy as np
import pytest

import minigan


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


def test_averaged_weights_are_taken_where_there_are_such(example):
    best_weights = example("trained_generator").best_weights
    assert best_weights({"generator": "last"}) == "last"
    assert best_weights({"generator": "last", "average": {"module": "mean"}}) == "mean"


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "checkpoint.npz"),
        ({"example": "mnist_dcgan"}, "a run of mnist_dcgan, not of one of"),
        ({"step": 3}, "a run of None"),
    ],
)
def test_what_is_no_such_run(main, tmp_path, state, message):
    if state is not None:
        minigan.save(state, tmp_path / "checkpoint.npz")
    with pytest.raises(SystemExit, match=message):
        main("--run", tmp_path)


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


def test_nearest_finds_the_image_itself_first(example):
    images = np.random.default_rng(0).random((20, 784), dtype=np.float32)
    order, distances = example("trained_generator").nearest(images[5:8], images, 3)
    assert order[:, 0].tolist() == [5, 6, 7]
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-2)
    exact = np.linalg.norm(images[order[0, 1]] - images[5])
    np.testing.assert_allclose(distances[0, 1], exact, rtol=1e-4)
