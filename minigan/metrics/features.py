"""Compare two sets of samples by their features: their distance, and what each covers.

Any features will do. Those of a classifier are closer to what a person sees than pixels are.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import numpy as np

from minigan.metrics.rows import as_rows, check_widths, squared_distances

__all__ = ["frechet_distance", "precision_recall"]


def frechet_distance(a, b):
    """The squared Fréchet distance of two Gaussians with the means and covariances of a and b.

        ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½)      Heusel et al. 2017, arXiv:1706.08500, eq. 6

    a, b: features, (N, D) and (M, D). N and M must be at least 2 and should be much larger than D.
    Returns a float, which is 0 up to rounding for equal sets. Raises ValueError for other shapes or
    NaN.

    It is the FID only on the 2,048 features of the Inception network. Numbers from other features
    have another scale and cannot be compared with any FID.

    Flaws: it uses two moments, but features are not Gaussian. It is biased upwards. The bias falls
    with N and depends on the model (Chong & Forsyth 2020, arXiv:1911.07023). So compare only equal
    N, and compare with the value for real samples. It does not notice copies of training samples.

    >>> a = np.random.default_rng(0).standard_normal((1000, 2))
    >>> round(frechet_distance(a, a + [3.0, 4.0]), 6)
    25.0
    """
    a, b = as_rows("a", a, at_least=2), as_rows("b", b, at_least=2)
    check_widths(a=a, b=b)
    a, b = a.astype(np.float64), b.astype(np.float64)
    cov_a, cov_b = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    # Σ₁ Σ₂ has the eigenvalues of the symmetric matrix R Σ₂ R, R = Σ₁^½. None is negative.
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0))
    shift = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    distance = shift + np.trace(cov_a) + np.trace(cov_b) - 2 * roots.sum()
    return float(max(distance, 0.0))  # rounding can make a distance of 0 negative


def precision_recall(real, fake, k=3):
    """The share of fakes that lie among the real samples, and of real ones among the fakes.

    real, fake: features, (N, D) and (M, D). N and M must be larger than k.

    Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2. Each sample is the centre of a
    ball that reaches to its k-th nearest neighbour in the same set. The balls of a set together
    estimate the support of its distribution. Precision is the share of fakes in the balls of the
    real samples. Recall is the share of real samples in the balls of the fakes.

    Returns {"precision", "recall"}, each from 0 to 1. Raises ValueError for other shapes or NaN.
    The paper has k = 3 and 50,000 samples of each kind. The result depends on both numbers.

    Flaws (Naeem et al. 2020, arXiv:2002.09797): a single outlier has a large ball, which covers
    points that are unlike any sample. Equal distributions do not give 1, so score real samples too.

    >>> collapsed = np.array([[0.5], [0.6], [0.7], [0.8]])
    >>> precision_recall(np.array([[0.0], [1.0], [2.0], [3.0]]), collapsed, k=1)
    {'precision': 1.0, 'recall': 0.0}
    """
    real, fake = as_rows("real", real), as_rows("fake", fake)
    check_widths(real=real, fake=fake)
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(
            f"k must be from 1 to less than the numbers of samples, {len(real)} and {len(fake)}, "
            f"not {k}"
        )
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    real_radii, fake_radii = squared_radii(real, k), squared_radii(fake, k)
    among_real, among_fake = np.zeros(len(fake), dtype=bool), []
    start = 0
    for squares in squared_distances(real, fake):
        stop = start + len(squares)
        among_real |= (squares <= real_radii[start:stop, None]).any(axis=0)
        among_fake.append((squares <= fake_radii).any(axis=1))
        start = stop
    return {
        "precision": float(among_real.mean()),
        "recall": float(np.concatenate(among_fake).mean()),
    }


def squared_radii(x, k):
    """The squared distance of each row of x, (N, D), to its k-th nearest other row: (N,)"""
    # The 0-th nearest is the row itself.
    return np.concatenate([np.partition(s, k, axis=1)[:, k] for s in squared_distances(x, x)])
