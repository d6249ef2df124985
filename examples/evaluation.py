"""Four scores of samples: what each one sees, and one case that fools it.

    python examples/evaluation.py

Parzen log-likelihood, Inception Score, Fréchet distance, precision and recall, on points in the
plane (and once in 20 dimensions). docs/evaluation.md has the formulas and these pictures. The
pictures show the first of five seeds. The program prints the median and the range of each number.
"""

import numpy as np
from theory_tools import new_figure, normal, save_figure, spread, theory_flags

from minigan import metrics
from minigan.datasets import mixtures
from minigan.runs import console

RING = mixtures.ring(std=0.05)
N = 1000  # points of each kind
LIMITS = {"xlim": (-1.7, 1.7), "ylim": (-1.7, 1.7), "aspect": "equal"}


def nearest(x, samples):
    """The mean distance of a point of x, (N, D), from its nearest sample, (M, D)"""
    return np.linalg.norm(x[:, None] - samples[None], axis=2).min(axis=1).mean()


def parzen(rng, path):
    """Left: σ makes a density of 8 samples. Right: blurred means beat true samples."""

    def draw(n):  # 20 "pixels" from 0 to 1
        return np.clip(0.5 + 0.1 * rng.standard_normal((n, 20)), 0, 1)

    train, validation, test = draw(5000), draw(500), draw(1000)
    kinds = {"perfect generator": draw(100)} | metrics.parzen_controls(train, 100)
    sigmas = np.linspace(0.05, 0.3, 26)
    scores = {}
    for name, found in kinds.items():
        result = metrics.parzen_log_likelihood(found, test, validation, sigmas=sigmas)
        scores[name] = result["log_likelihood"]
    assert scores["k-means centres"] > scores["perfect generator"] + 1
    centres, samples = kinds["k-means centres"], kinds["perfect generator"]
    assert nearest(test, centres) < nearest(test, samples)
    if path:
        figure, (axes,) = new_figure(1, 2, (8, 3.1))
        x, samples = np.linspace(-3, 3, 601), rng.standard_normal(8)
        for sigma in (0.1, 0.4, 1.5):
            density = normal(x[:, None], samples, sigma).mean(axis=1)
            axes[0].plot(x, density, label=f"σ = {sigma}", linewidth=1)
        axes[0].plot(x, normal(x, 0, 1), "k:", label="p_data")
        axes[0].plot(samples, np.zeros(8), "|", color="crimson", markersize=12, label="samples")
        axes[0].set(title="what it sees: Gaussians on the samples", xlabel="x")
        axes[0].legend(fontsize=7)
        axes[1].barh(list(scores), list(scores.values()), color=["C0", "C0", "crimson"])
        axes[1].set(title="what fools it: blurred means win", xlabel="log-likelihood, nats")
        save_figure(figure, path, dpi=72)
    return {f"Parzen, nats, {name}": score for name, score in scores.items()}


def probabilities(x):
    """p(y|x) of the 8 modes for points (N, 2): (N, 8), by the mixture's own densities"""
    squares = ((x[:, None] - RING.modes[None]) ** 2).sum(axis=2)
    logits = -(squares - squares.min(axis=1, keepdims=True)) / (2 * RING.std**2)
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True)


def inception_score(p):
    """exp of the mean over samples of KL(p(y|x) ‖ p(y)); p: (N, K), the probabilities p(y|x)"""
    marginal = p.mean(axis=0)
    terms = p * (np.log(np.maximum(p, 1e-300)) - np.log(np.maximum(marginal, 1e-300)))
    return np.exp(terms.sum(axis=1).mean())


def points(axes, samples, title):
    axes.plot(*RING.sample(500, np.random.default_rng(1)).T, ".", color="orange", markersize=2)
    axes.plot(*samples.T, ".", color="crimson", markersize=2)
    axes.set(title=title)


def inception(rng, path):
    """Data, one mode, points far outside of the data, and one point in each mode"""
    data = RING.sample(N, rng)
    one_mode = RING.modes[0] + RING.std * rng.standard_normal((N, 2))
    cases = {"data": data, "one mode": one_mode, "far outside": 1.45 * data}
    cases["8 points"] = RING.modes[rng.integers(0, 8, N)]
    scores = {name: inception_score(probabilities(x)) for name, x in cases.items()}
    assert scores["one mode"] < 1.01 and min(scores["far outside"], scores["8 points"]) > 7.7
    if path:
        figure, (axes,) = new_figure(1, 3, (8.4, 3))
        for panel, name in zip(axes, ("one mode", "far outside", "8 points"), strict=True):
            points(panel, cases[name], f"{name}: {scores[name]:.2f}")
            panel.set(**LIMITS)
        save_figure(figure, path, dpi=68)
    return {f"Inception Score, {name}": score for name, score in scores.items()}


def frechet(rng, path):
    """A shift is seen exactly. A Gaussian with the moments of the ring is not seen."""
    data = RING.sample(N, rng)
    shifts = np.linspace(0, 1, 11)
    assert np.allclose([metrics.frechet_distance(data, data + [s, 0]) for s in shifts], shifts**2)
    root = np.linalg.cholesky(np.cov(data.T))
    gaussian = rng.standard_normal((N, 2)) @ root.T + data.mean(axis=0)
    lost = RING.modes[:4][rng.integers(0, 4, N)] + RING.std * rng.standard_normal((N, 2))
    missed, found = (metrics.frechet_distance(data, fake) for fake in (gaussian, lost))
    good = metrics.mixture_scores(gaussian, RING.modes, RING.std)["high_quality"]
    assert found > 0.3 and missed < 0.02 and good < 0.15
    if path:
        figure, (axes,) = new_figure(1, 2, (6.2, 3.1))
        points(axes[0], lost, f"four modes lost: {found:.2f}")
        points(axes[1], gaussian, f"a Gaussian: {missed:.3f}")
        for panel in axes:
            panel.set(**LIMITS)
        save_figure(figure, path, dpi=68)
    return {
        "Fréchet, four modes lost": found,
        "Fréchet, a Gaussian": missed,
        "share of the Gaussian within 3σ of a mode": good,
    }


def precision_and_recall(rng, path):
    """Few modes have a low recall. One outlier of the data makes every fake "precise"."""
    data = RING.sample(N, rng)
    few = RING.modes[:3][rng.integers(0, 3, N)] + RING.std * rng.standard_normal((N, 2))
    seen = metrics.precision_recall(data, few)
    fakes = np.array([2.2, 2.2]) + 0.3 * rng.standard_normal((N, 2))
    outlier = np.array([[3.0, 3.0]])
    before = metrics.precision_recall(data, fakes)["precision"]
    fooled = metrics.precision_recall(np.concatenate([data, outlier]), fakes)["precision"]
    assert seen["precision"] > 0.9 and seen["recall"] < 0.45 and before < 0.01 and fooled > 0.9
    if path:
        from matplotlib.patches import Circle

        figure, (axes,) = new_figure(1, 2, (6.6, 3.2))
        points(axes[0], few, f"precision {seen['precision']:.2f}, recall {seen['recall']:.2f}")
        axes[0].set(**LIMITS)
        points(axes[1], fakes, f"with one outlier: precision {fooled:.2f}")
        radius = np.sort(np.linalg.norm(data - outlier, axis=1))[2]  # to the third nearest
        axes[1].add_patch(Circle(outlier[0], radius, fill=False, linewidth=0.8))
        axes[1].plot(*outlier.T, "o", color="orange")
        axes[1].set(xlim=(-2, 6), ylim=(-2, 6), aspect="equal")
        for panel in axes:
            panel.title.set_fontsize(9)
        save_figure(figure, path, dpi=68)
    return {
        "precision, three of eight modes": seen["precision"],
        "recall, three of eight modes": seen["recall"],
        "precision, far from the data": before,
        "precision, far from the data, with one outlier": fooled,
    }


def main(argv=None):
    args = theory_flags(__doc__, argv, seeds=5)
    runs = []
    for seed in range(args.seed, args.seed + args.seeds):
        found = {}
        for score in (parzen, inception, frechet, precision_and_recall):
            path = args.out / f"{score.__name__}.png" if seed == args.seed else None
            found |= score(np.random.default_rng(seed), path)
        runs.append(found)
    print(f"median and range over {args.seeds} seeds:")
    for name in runs[0]:
        print(f"  {name}: {spread([run[name] for run in runs], '.3f')}")


if __name__ == "__main__":
    console.run(main)
