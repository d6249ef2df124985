"""The distributions in the plane, and the scores of samples beside their modes."""

import math

import numpy as np
import pytest

from minigan.metrics import mixture_scores
from minigan.mixtures import Mixture, grid, ring, swiss_roll


def test_the_modes_are_those_of_veegan_and_pacgan():
    assert ring().modes.shape == (8, 2) and ring().std == 0.01
    np.testing.assert_allclose(np.linalg.norm(ring().modes, axis=1), 1)
    np.testing.assert_allclose(ring().modes[2], [0, 1], atol=1e-12)
    assert grid().std == 0.05
    assert {tuple(mode) for mode in grid().modes} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }


def test_samples_have_the_mixture_s_moments():
    mixture = Mixture([[0, 0], [10, 4]], std=0.5)
    points = mixture.sample(20_000, np.random.default_rng(0))
    assert points.shape == (20_000, 2) and points.dtype == np.float32
    right = points[points[:, 0] > 5]
    assert len(right) / len(points) == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(right.mean(axis=0), [10, 4], atol=0.02)
    np.testing.assert_allclose(right.std(axis=0), 0.5, atol=0.02)


def test_the_same_generator_gives_the_same_samples():
    one, two = (ring().sample(5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_real_data_score_as_the_normal_distribution_says():
    mixture = grid()
    points = mixture.sample(50_000, np.random.default_rng(0))
    scores = mixture_scores(points, mixture.modes, mixture.std)
    assert scores["modes"] == 25
    assert scores["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.003)
    assert 0 <= scores["reverse_kl"] < 0.002


def test_the_scores_of_a_collapsed_generator_and_of_one_that_misses():
    mixture = ring()
    scores = mixture_scores(np.repeat(mixture.modes[:1], 9, axis=0), mixture.modes, mixture.std)
    assert scores["modes"] == 1 and scores["high_quality"] == 1
    assert scores["reverse_kl"] == pytest.approx(math.log(8))
    scores = mixture_scores(np.zeros((9, 2)), mixture.modes, mixture.std)
    assert scores["modes"] == 0 and scores["high_quality"] == 0 and math.isnan(scores["reverse_kl"])


def test_three_sigma_is_the_border():
    scores = mixture_scores(np.array([[0.29, 0.0], [0.31, 0.0]]), np.zeros((1, 2)), 0.1)
    assert scores["high_quality"] == 0.5


def test_the_swiss_roll_lies_along_its_spiral():
    points = swiss_roll(500, np.random.default_rng(0), noise=0.0) * 7.5
    t = np.linalg.norm(points, axis=1)
    assert t.min() >= 1.5 * math.pi - 1e-5 and t.max() <= 4.5 * math.pi + 1e-5
    np.testing.assert_allclose(points[:, 0], t * np.cos(t), atol=1e-4)
    np.testing.assert_allclose(points[:, 1], t * np.sin(t), atol=1e-4)


@pytest.mark.parametrize("modes", [np.zeros((0, 2)), np.zeros((3, 3)), np.zeros(2)])
def test_modes_of_a_wrong_shape(modes):
    with pytest.raises(ValueError, match="modes must be"):
        Mixture(modes, 0.1)


def test_a_negative_width():
    with pytest.raises(ValueError, match="std must be 0 or more"):
        ring(std=-0.1)


@pytest.mark.parametrize("shape", [(0, 2), (3, 3), (3,)])
def test_scores_of_samples_of_a_wrong_shape(shape):
    with pytest.raises(ValueError, match="samples of shape"):
        mixture_scores(np.zeros(shape), ring().modes, 0.01)
