"""The likelihood of test images under a Gaussian around each sample: the metric of the 2014 paper.

A generator gives samples, but no probabilities. A Parzen window turns samples into a density, and
the density is scored (Breuleux et al. 2011; Goodfellow et al. 2014, section 5).
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import math

import numpy as np

from minigan.metrics.rows import BLOCK, as_pixels, check_widths, squared_distances

__all__ = ["SIGMAS", "k_means", "parzen_controls", "parzen_log_likelihood"]

SIGMAS = np.logspace(-1, 0, 10)  # the candidates in the paper's code


def parzen_log_likelihood(samples, test, validation, *, sigmas=SIGMAS):
    """The mean log-likelihood of `test` under a Gaussian of standard deviation σ on each sample.

        log p(x) = log meanⱼ exp(-‖x - sⱼ‖² / 2σ²) - D log(σ √2π)

    samples: (N, D) or (N, ...), the generated samples. test, validation: real data of the same D.
    All are pixels from 0 to 1. σ is the one of `sigmas` that gives `validation` the largest mean.

    Returns {"log_likelihood": the mean over `test`, in nats, "standard_error": of that mean,
    "sigma"}. Raises ValueError for NaN, pixels out of range, shapes that do not fit or a σ that is
    not positive and finite, TypeError for integers.

    Source: Table 1 of Goodfellow et al. 2014, and parzen_ll.py of the code released with it. The
    protocol: 10,000 samples of the generator; the candidates SIGMAS; as `validation`, the first
    1,000 of the training images 50,000 to 59,999; as `test`, the 10,000 test images; as the
    standard error, std / √10,000. So G should be trained on the first 50,000 images only.
    (examples/mnist_gan_2014.py does so. The other examples train on all 60,000.) The paper's GAN
    has 225 ± 2.

    Flaws (Theis et al. 2016, arXiv:1511.01844): in 784 dimensions, 10,000 samples are too few for
    an estimate that is close to the likelihood. It also ranks models wrongly: k-means centres score
    higher than true samples, because it prefers blurred means of images to images. It does not
    notice copied samples. `parzen_controls` returns samples that show both. The standard error is
    over the test images, for one σ and one set of samples.

    >>> points = np.array([[0.2], [0.8]])
    >>> result = parzen_log_likelihood(points, points, points, sigmas=[0.1, 1.0])
    >>> {name: round(value, 3) for name, value in result.items()}
    {'log_likelihood': 0.69, 'standard_error': 0.0, 'sigma': 0.1}
    """
    samples, test = as_pixels("samples", samples), as_pixels("test", test)
    validation = as_pixels("validation", validation)
    check_widths(samples=samples, test=test, validation=validation)
    sigmas = np.asarray(sigmas, dtype=np.float64)
    if sigmas.ndim != 1 or not sigmas.size or not ((sigmas > 0) & np.isfinite(sigmas)).all():
        raise ValueError(f"sigmas must be positive and finite, one at least, not {sigmas}")
    sigma = sigmas[log_densities(validation, samples, sigmas).mean(axis=0).argmax()]
    log_p = log_densities(test, samples, [sigma])
    return {
        "log_likelihood": float(log_p.mean()),
        "standard_error": float(log_p.std() / math.sqrt(len(log_p))),
        "sigma": float(sigma),
    }


def log_densities(x, samples, sigmas):
    """log p(x) as above for each row of x, (M, D), and each σ: (M, number of σ), in float64."""
    blocks = []
    for squares in squared_distances(x, samples):
        nearest = squares.min(axis=1, keepdims=True)  # subtracted, so that no exp overflows
        columns = [
            np.log(np.exp((nearest - squares) / (2 * sigma**2)).mean(axis=1))
            - nearest[:, 0] / (2 * sigma**2)
            - x.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))
            for sigma in sigmas
        ]
        blocks.append(np.stack(columns, axis=1))
    return np.concatenate(blocks)


def parzen_controls(train, n=10_000):
    """Return two sets of samples that show what a Parzen score is worth.

    train: the training images, (M, ...) in random order, M at least n; pixels from 0 to 1.

    Returns {"training images": the first n images, "k-means centres": n centres of all M images},
    each (n, D). The first are real, so a perfect generator draws such samples. The second are
    blurred, but their score is higher. For 10,000 centres of MNIST one core takes two minutes.

    >>> images = np.random.default_rng(0).random((60, 4))
    >>> {name: samples.shape for name, samples in parzen_controls(images, 20).items()}
    {'training images': (20, 4), 'k-means centres': (20, 4)}
    """
    train = as_pixels("train", train)
    if not 1 <= n <= len(train):
        raise ValueError(f"n must be from 1 to the {len(train)} training images, not {n}")
    return {"training images": train[:n], "k-means centres": k_means(train, train[:n])}


def k_means(x, centres, iterations=3):
    """Run Lloyd's iterations on x, (N, D), from `centres`, (K, D); return the centres (Lloyd 1982).

    Each point is assigned to its nearest centre, and each centre moves to the mean of its points.
    Three iterations do most of the work. A centre without points does not move.

    >>> k_means(np.array([[0.0], [1.0], [5.0]]), np.array([[0.0], [5.0]]))
    array([[0.5],
           [5. ]])
    """
    for _ in range(iterations):
        # The nearest centre c has the largest x·c - ‖c‖²/2.
        half_squares = (centres**2).sum(axis=1) / 2
        blocks = (x[i : i + BLOCK] @ centres.T for i in range(0, len(x), BLOCK))
        nearest = np.concatenate([(block - half_squares).argmax(axis=1) for block in blocks])
        order = np.argsort(nearest, kind="stable")
        found, starts, counts = np.unique(nearest[order], return_index=True, return_counts=True)
        centres = centres.copy()
        centres[found] = np.add.reduceat(x[order], starts) / counts[:, None].astype(x.dtype)
    return centres
