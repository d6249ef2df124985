"""The classifier of digits in minigan, and what its scores can tell."""

import math
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import backend, datasets
from minigan.metrics import build_digit_classifier, digit_classifier, digit_scores
from minigan.metrics.digits import WEIGHTS, classify, save_weights

DATA = Path(__file__).parents[2] / "examples" / "data"


@pytest.fixture(scope="session")
def test_set():
    """All of MNIST's test images, pixels from 0 to 1, and their labels."""
    images, labels = datasets.mnist(DATA / "mnist", train=False)
    return datasets.to_float(images, 0.0), labels


def test_it_is_right_on_99_percent_of_the_test_images(test_set):
    images, labels = test_set
    features, p = classify(images)
    assert (features.shape, p.shape) == ((10_000, 64), (10_000, 10))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    assert (p.argmax(axis=1) == labels).mean() >= 0.99


def test_it_sees_the_digit_under_the_noise_that_small_generators_leave(test_set):
    images, labels = test_set
    rng = np.random.default_rng(0)
    noisy = np.clip(images[:1000] + 0.15 * rng.standard_normal((1000, 28, 28)), 0, 1)
    _, p = classify(noisy)
    assert (p.argmax(axis=1) == labels[:1000]).mean() > 0.97


def test_its_weights_are_small_and_part_of_the_package():
    assert resources.files("minigan.metrics").joinpath("digits.npz").is_file()
    assert WEIGHTS.stat().st_size < 500_000
    dtypes = {array.dtype for array in minigan.load(WEIGHTS).values()}
    assert dtypes == {np.dtype("float16"), np.dtype("int64")}


def test_a_run_that_is_scored_draws_the_same_numbers_as_one_that_is_not():
    minigan.seed(3)
    expected = backend.rng().random(4)
    minigan.seed(3)
    digit_classifier()
    np.testing.assert_array_equal(backend.rng().random(4), expected)


def test_every_call_gives_a_classifier_of_its_own_in_eval_mode():
    first, second = digit_classifier(), digit_classifier()
    assert not any(module.training for module in second.modules())
    before = second[0].weight.data.copy()
    first[0].weight.data *= 0
    np.testing.assert_array_equal(second[0].weight.data, before)
    np.testing.assert_array_equal(digit_classifier()[0].weight.data, before)


def test_weights_written_and_read_again_are_those_of_float16(tmp_path):
    classifier = build_digit_classifier()
    classifier[1].running_mean += 0.3
    save_weights(classifier, tmp_path / "digits.npz")
    again = digit_classifier(tmp_path / "digits.npz").state_dict()
    for name, array in classifier.state_dict().items():
        assert again[name].dtype == array.dtype
        np.testing.assert_allclose(again[name], array, rtol=1e-3, atol=1e-6)


def test_damaged_weights_are_refused_by_name(tmp_path):
    whole = WEIGHTS.read_bytes()
    for name, content in {
        "altered": whole[:60_000] + bytes([whole[60_000] ^ 1]) + whole[60_001:],
        "cut": whole[:-1000],
        "pointer": b"version https://git-lfs.github.com/spec/v1\n",
    }.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(content)
        with pytest.raises(minigan.CheckpointError, match=f"{name}.npz"):
            digit_classifier(path)
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        digit_classifier(tmp_path / "none.npz")


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "digits.npz"
    minigan.save(minigan.load(DATA / "mnist_gan" / "checkpoint.npz")["generator"], path)
    with pytest.raises(KeyError, match=r"missing: .*unknown: "):
        digit_classifier(path)


def test_the_three_shapes_of_images_score_the_same(test_set):
    images = test_set[0][:600]  # more than goes through at a time
    scores = digit_scores(images)
    assert list(scores) == ["histogram", "kl", "confidence"]
    for shape in ((600, 784), (600, 1, 28, 28)):
        same = digit_scores(minigan.Tensor(images.reshape(shape)))
        np.testing.assert_array_equal(same.pop("histogram"), scores["histogram"])
        assert same == {"kl": scores["kl"], "confidence": scores["confidence"]}


def test_the_histogram_and_its_kl(test_set):
    images, labels = test_set
    scores = digit_scores(images)
    np.testing.assert_allclose(scores["histogram"], np.bincount(labels) / 10_000, atol=0.003)
    assert scores["kl"] < 0.004
    assert scores["confidence"] > 0.98

    halves = np.concatenate([images[labels == 3][:300], images[labels == 7][:300]])
    scores = digit_scores(halves)
    assert scores["histogram"][[3, 7]].sum() > 0.98
    assert scores["kl"] == pytest.approx(math.log(5), abs=0.1)
    assert digit_scores(images[:1])["kl"] == pytest.approx(math.log(10))


def test_what_the_scores_beside_real_images_see(test_set):
    images, labels = test_set
    real, other = images[:1000], images[1000:2000]
    rng = np.random.default_rng(0)
    noisy = np.clip(other + rng.normal(0, 0.4, other.shape).astype(np.float32), 0, 1)
    one_class = images[labels == 1][:1000]
    itself, floor, noise, collapsed = (
        digit_scores(fake, real) for fake in (real, other, noisy, one_class)
    )
    assert itself["frechet"] < 1e-3
    assert itself["precision"] == itself["recall"] == 1
    assert 3 * floor["frechet"] < min(noise["frechet"], collapsed["frechet"])
    assert floor["precision"] > 0.7 and floor["recall"] > 0.7
    assert noise["precision"] < floor["precision"] - 0.1
    assert collapsed["precision"] > 0.7 and collapsed["recall"] < 0.3


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((3, 32, 32)), ValueError, r"\(N, 784\), .* not \(3, 32, 32\)"),
        (np.zeros((0, 784)), ValueError, "N at least 1"),
        (np.zeros((0, 28, 28)), ValueError, "{} must be .*N at least 1"),
        (np.full((3, 784), 255.0), ValueError, "from 255 to 255; .*divide by 255"),
        ([[0] * 784], TypeError, "{} must be floats, not int64"),
        (np.zeros(784), ValueError, r"not \(784,\)"),
        (np.full((3, 784), -0.5), ValueError, "pixels from 0 to 1, .* from -0.5 to -0.5"),
        (np.full((3, 784), np.nan), ValueError, "2352 of the 2352 numbers of {} are NaN"),
        (np.zeros((3, 784), dtype=np.uint8), TypeError, "{} must be floats, not uint8; .*to_float"),
    ],
)
def test_what_are_no_images_of_digits(images, error, message):
    good = np.zeros((5, 784))
    with pytest.raises(error, match=message.format("images")):
        digit_scores(images)
    with pytest.raises(error, match=message.format("real")):
        digit_scores(good, images)


def test_lists_are_taken_for_arrays():
    scores = digit_scores([[0.0] * 784] * 3)
    assert scores["kl"] == digit_scores(np.zeros((3, 784)))["kl"]


@pytest.mark.parametrize(("n", "m"), [(5, 3), (3, 5)])
def test_too_few_to_be_compared(n, m):
    with pytest.raises(ValueError, match=f"at least 4 images and 4 real ones, not {n} and {m}"):
        digit_scores(np.zeros((n, 784)), np.zeros((m, 784)))
