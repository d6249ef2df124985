"""The Parzen estimate agrees with a direct computation, and its controls work."""

import math
from pathlib import Path

import numpy as np
import pytest

from minigan import Tensor, datasets
from minigan.backend import rng
from minigan.metrics import parzen_controls, parzen_log_likelihood
from minigan.metrics.parzen import SIGMAS, k_means, log_densities
from minigan.metrics.rows import BLOCK

MNIST = Path(__file__).parents[2] / "examples" / "data" / "mnist"


def images(n, d=784):
    """Images in float32. About 80 % of the pixels are 0, as in digits."""
    return rng().random((n, d), dtype=np.float32) * (rng().random((n, d)) < 0.2)


def direct(x, samples, sigma):
    """log p(x) by its definition: the log of a mean of Gaussian densities."""
    x, samples, d = x.astype(np.float64), samples.astype(np.float64), x.shape[1]
    exponents = -((x[:, None] - samples) ** 2).sum(axis=2) / (2 * sigma**2)
    return np.logaddexp.reduce(exponents, axis=1) - math.log(
        len(samples) * (2 * math.pi * sigma**2) ** (d / 2)
    )


@pytest.mark.parametrize("sigma", [0.1, 0.2, 1.0])
def test_float32_products_give_the_direct_float64_evaluation(sigma):
    x, samples = images(40, 200), images(60, 200)
    np.testing.assert_allclose(
        log_densities(x, samples, [sigma])[:, 0], direct(x, samples, sigma), atol=1e-3
    )


def test_a_density_integrates_to_one():
    x = np.linspace(0, 1, 2001)[:, None]
    p = np.exp(log_densities(x, np.array([[0.3], [0.5], [0.52]]), [0.02, 0.05]))
    np.testing.assert_allclose(np.trapezoid(p, x, axis=0), 1, atol=1e-6)


def test_far_from_every_sample_it_is_finite_and_the_nearest_decides():
    x, samples, sigma = np.ones((1, 784)), np.zeros((3, 784)), 0.01
    samples[1:, 0] = [0.5, 1.0]
    expected = -783 / (2 * sigma**2) - math.log(3) - 784 * math.log(sigma * math.sqrt(2 * math.pi))
    np.testing.assert_allclose(log_densities(x, samples, [sigma]), expected)


def test_the_mean_its_standard_error_and_sigma():
    samples, test, validation = images(50, 30), images(BLOCK + 20, 30), images(40, 30)
    result = parzen_log_likelihood(samples, test, validation)
    by_sigma = [direct(validation, samples, sigma).mean() for sigma in SIGMAS]
    sigma = SIGMAS[np.argmax(by_sigma)]
    assert SIGMAS[0] < sigma < SIGMAS[-1]
    log_p = direct(test, samples, sigma)
    assert result == pytest.approx(
        {
            "log_likelihood": log_p.mean(),
            "standard_error": log_p.std() / math.sqrt(len(test)),
            "sigma": sigma,
        },
        rel=1e-5,
    )


def test_sigma_is_chosen_by_the_validation_images_and_not_by_the_test_images():
    samples, test = np.array([[0.5]]), np.array([[0.9]])
    near, far = np.array([[0.5]]), np.array([[1.0]])
    assert parzen_log_likelihood(samples, test, near)["sigma"] == SIGMAS[0]
    assert parzen_log_likelihood(samples, test, far)["sigma"] == pytest.approx(0.5, abs=0.06)


def test_the_sigmas_of_the_paper_s_code():
    np.testing.assert_allclose(SIGMAS[[0, 1, 2, 9]], [0.1, 0.12915, 0.16681, 1.0], rtol=1e-4)
    assert len(SIGMAS) == 10


def test_images_and_tensors_are_taken_for_rows_of_pixels():
    samples, test = images(5), images(7)
    rows = parzen_log_likelihood(samples, test, test)
    squares = parzen_log_likelihood(
        Tensor(samples.reshape(5, 28, 28)), test.reshape(7, 1, 28, 28), test
    )
    assert squares == rows


def test_numbers_of_16_bits_are_not_summed_in_16_bits():
    samples, test = images(5).astype(np.float16), images(7).astype(np.float16)
    expected = parzen_log_likelihood(*(x.astype(np.float64) for x in (samples, test, test)))
    assert parzen_log_likelihood(samples, test, test) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("place", ["samples", "test", "validation"])
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda x: x * 2 - 1, ValueError, r"{} must be pixels from 0 to 1, .* tanh"),
        (lambda x: x * np.nan, ValueError, "10 of the 10 numbers of {} are NaN"),
        (lambda x: x[:0], ValueError, r"{} must be \(N, D\), N at least 1"),
        (lambda x: x[0], ValueError, r"{} must be \(N, D\)"),
        (lambda x: x[:, :4], ValueError, r"the same number of columns: .*{} \(2, 4\)"),
        (lambda x: (x * 255).astype(np.uint8), TypeError, "{} must be floats, not uint8"),
    ],
)
def test_what_is_no_set_of_images(place, spoil, error, message):
    arrays = {name: np.full((2, 5), 0.25) for name in ("samples", "test", "validation")}
    arrays[place] = spoil(arrays[place])
    with pytest.raises(error, match=message.format(place)):
        parzen_log_likelihood(**arrays)


@pytest.mark.parametrize("sigmas", [[], [0.1, 0.0], [-1.0], [math.nan], [math.inf], 0.2])
def test_sigmas_that_are_none(sigmas):
    x = np.zeros((2, 5))
    with pytest.raises(ValueError, match="sigmas must be positive"):
        parzen_log_likelihood(x, x, x, sigmas=sigmas)


def test_k_means_beats_true_samples_which_is_the_metric_s_flaw():
    train, test = (
        datasets.to_float(datasets.mnist(MNIST, train=part)[0][:3000], 0.0)
        for part in (True, False)
    )
    controls = parzen_controls(train, 500)
    np.testing.assert_array_equal(controls["training images"], train[:500].reshape(500, 784))
    real, centres = (
        parzen_log_likelihood(samples, test[:500], test[500:1000])["log_likelihood"]
        for samples in controls.values()
    )
    assert centres > real + 20


def test_lloyd_s_iterations_by_hand():
    points, centres = rng().random((2 * BLOCK + 3, 2)), rng().random((6, 2))
    centres[5] = 9.0  # nobody's
    expected = centres.copy()
    for _ in range(3):
        nearest = np.array([((p - expected) ** 2).sum(axis=1).argmin() for p in points])
        means = [points[nearest == k].mean(axis=0) for k in range(5)]
        expected = np.array([*means, expected[5]])
    before = centres.copy()
    np.testing.assert_allclose(k_means(points, centres), expected)
    np.testing.assert_array_equal(centres, before)
    assert k_means(points.astype(np.float32), centres.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("n", [0, 11])
def test_more_controls_than_images(n):
    with pytest.raises(ValueError, match="n must be from 1 to the 10 training images"):
        parzen_controls(np.zeros((10, 4)), n)
