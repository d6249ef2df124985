"""minigan.metrics.mixtures: the scores of samples from a mixture with known modes."""

import math

import numpy as np
import pytest

from minigan.datasets.mixtures import grid, ring
from minigan.metrics import mixture_scores


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


@pytest.mark.parametrize("std", [0, -0.1, math.nan, math.inf])
def test_a_std_that_is_none(std):
    with pytest.raises(ValueError, match="std must be positive and finite"):
        mixture_scores(np.zeros((3, 2)), ring().modes, std)


def test_samples_or_modes_that_are_nan():
    good, bad = np.zeros((3, 2)), np.full((1, 2), np.nan)
    with pytest.raises(ValueError, match="2 of the 2 numbers of samples are NaN"):
        mixture_scores(bad, good, 0.01)
    with pytest.raises(ValueError, match="2 of the 2 numbers of modes are NaN"):
        mixture_scores(good, bad, 0.01)


@pytest.mark.parametrize("shape", [(0, 2), (3, 3), (3,)])
def test_scores_of_samples_of_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"samples (must be \(N, D\)|\(3, 3\), modes \(8, 2\))"):
        mixture_scores(np.zeros(shape), ring().modes, 0.01)
