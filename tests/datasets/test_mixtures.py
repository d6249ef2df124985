"""minigan.datasets.mixtures: the distributions in the plane."""

import math

import numpy as np
import pytest

from minigan.datasets.mixtures import Mixture, grid, ring, swiss_roll


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
