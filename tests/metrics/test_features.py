"""The Fréchet distance agrees with exact formulas; precision and recall with a direct count."""

import numpy as np
import pytest

from minigan.backend import rng
from minigan.metrics import frechet_distance, precision_recall
from minigan.metrics.rows import BLOCK


def with_moments(mean, cov, n=500):
    """n samples with exactly this mean and covariance."""
    x = rng().standard_normal((n, len(mean)))
    x -= x.mean(axis=0)
    x = np.linalg.solve(np.linalg.cholesky(np.cov(x.T).reshape(len(mean), -1)), x.T)
    return (np.linalg.cholesky(np.asarray(cov)) @ x).T + mean


def random_cov(d):
    a = rng().standard_normal((d, 2 * d))
    return a @ a.T / d


def test_of_gaussians_on_a_line_it_is_the_distance_of_means_and_deviations():
    a, b = with_moments([1.0], [[4.0]]), with_moments([-2.0], [[0.25]])
    assert frechet_distance(a, b) == pytest.approx(3**2 + (2 - 0.5) ** 2)


def test_of_covariances_with_the_same_axes():
    axes, _ = np.linalg.qr(rng().standard_normal((3, 3)))
    x, y = np.array([1.0, 4.0, 9.0]), np.array([9.0, 1.0, 0.25])
    a = with_moments([0, 0, 0], axes @ np.diag(x) @ axes.T)
    b = with_moments([0, 0, 2], axes @ np.diag(y) @ axes.T)
    assert frechet_distance(a, b) == pytest.approx(4 + ((x**0.5 - y**0.5) ** 2).sum())


def test_of_any_covariances_by_the_eigenvalues_of_their_product():
    x, y, means = random_cov(6), random_cov(6), rng().standard_normal((2, 6))
    root = np.sqrt(np.linalg.eigvals(x @ y).real).sum()
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(x + y) - 2 * root
    a, b = with_moments(means[0], x), with_moments(means[1], y)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)


def test_of_a_set_and_itself_it_is_0_with_fewer_samples_than_dimensions_too():
    for n in (500, 5):
        a = rng().standard_normal((n, 20)).astype(np.float32)
        assert 0 <= frechet_distance(a, a) < 1e-5
        assert frechet_distance(a, a + 1) == pytest.approx(20, abs=1e-3)


def balls(centres, points, k):
    """Whether each point is in a ball. A centre's ball reaches to its k-th nearest other centre."""
    inside = np.zeros(len(points), dtype=bool)
    for i, c in enumerate(centres):
        others = np.delete(centres, i, axis=0)
        radius = np.sort(np.linalg.norm(others - c, axis=1))[k - 1]
        inside |= np.linalg.norm(points - c, axis=1) <= radius
    return inside


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_one_ball_at_a_time(k):
    real = rng().standard_normal((BLOCK + 30, 4))
    fake = 0.4 * rng().standard_normal((BLOCK + 70, 4)) + [2.0, 0, 0, 0]
    scores = precision_recall(real, fake, k)
    assert scores["precision"] == balls(real, fake, k).mean()
    assert scores["recall"] == balls(fake, real, k).mean()
    assert 0 < scores["recall"] < scores["precision"] < 1


def test_what_either_of_the_two_sees():
    real = rng().standard_normal((400, 2))
    assert precision_recall(real, real) == {"precision": 1.0, "recall": 1.0}
    assert precision_recall(real, real + 100) == {"precision": 0.0, "recall": 0.0}
    collapsed = real[:1] + 1e-3 * rng().standard_normal((400, 2))
    scores = precision_recall(real, collapsed)
    assert scores["precision"] > 0.99 and scores["recall"] < 0.01
    half_noise = np.concatenate([real, 100 + 100 * np.arange(800).reshape(400, 2)])
    assert precision_recall(real, half_noise)["precision"] == 0.5


@pytest.mark.parametrize("compare", [frechet_distance, precision_recall])
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda x: x[:, :2], ValueError, "the same number of columns"),
        (lambda x: x[0], ValueError, r"must be \(N, D\)"),
        (lambda x: x[:1], ValueError, "at least 2|numbers of samples, 9 and 1"),
        (lambda x: x / 0, ValueError, "27 of the 27 numbers of (b|fake) are NaN or infinite"),
        (lambda x: x.astype(int), TypeError, "(b|fake) must be floats, not int64"),
    ],
)
def test_what_are_no_features(compare, spoil, error, message):
    x = np.ones((9, 3))
    with np.errstate(divide="ignore"), pytest.raises(error, match=message):
        compare(x, spoil(x))


@pytest.mark.parametrize("k", [0, 9])
def test_k_out_of_range(k):
    with pytest.raises(ValueError, match=r"k must be from 1 to less than .* 9 and 10, not"):
        precision_recall(np.ones((9, 2)), np.ones((10, 2)), k)
