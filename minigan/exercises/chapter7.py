"""Chapter 7: measure what a generator has learned."""

import numpy as np

from minigan.exercises.exercise import Exercise, Mistake, Seen, must
from minigan.exercises.rules import observe_function
from minigan.metrics import mixture_scores

# 7.1 modes


def right_scores(samples, modes, std):
    scores = mixture_scores(samples, modes, std)
    return scores["modes"], scores["high_quality"]


def mode_inputs(rng):
    """Samples at up to 4.2σ from K modes. At the last mode, all are farther away than 3σ."""
    for n, k in [(2, 2), (3, 2), (4, 2), (5, 3), (6, 3), (20, 4), (30, 4), (40, 5), (50, 6)]:
        std = rng.uniform(0.08, 0.25)
        angles = 2 * np.pi * (np.arange(k) + rng.uniform()) / k
        modes = 5 * std * np.sqrt(k) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        at = rng.integers(k, size=n)
        lengths = std * np.where(at == k - 1, rng.uniform(3.3, 4.2, n), rng.uniform(0.3, 4.2, n))
        turns = rng.uniform(0, 2 * np.pi, n)
        ways = lengths[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        yield {"samples": modes[at] + ways, "modes": modes, "std": round(std, 3)}


def observe_scores(answer, inputs, ask):
    given = (inputs["samples"], inputs["modes"], inputs["std"])
    scores = ask("mode_scores(samples, modes, std)", answer.mode_scores, *given)
    two = isinstance(scores, tuple) and len(scores) == 2
    yield must(two, "mode_scores has to return two numbers, as in `return modes, quality`.")
    yield Seen("the number of modes", scores[0])
    yield Seen("the high quality", scores[1])


def scores(good=None, modes=None, distance=None, share=None):
    """Wrong mode_scores, of which one part is another function."""
    good = good or (lambda d, std: d.min(axis=1) <= 3 * std)
    modes = modes or (lambda d, good: len(np.unique(d.argmin(axis=1)[good])))
    distance = distance or (lambda ways: np.sqrt((ways**2).sum(axis=2)))
    share = share or (lambda good: good.mean())

    def mode_scores(samples, centres, std):
        d = distance(samples[:, None, :] - centres[None, :, :])
        near = good(d, std)
        return modes(d, near), share(near)

    return {"mode_scores": mode_scores}


MODES = Exercise(
    number="7.1",
    name="modes",
    title="modes and high quality, solved and explained",
    names=("mode_scores",),
    right={"mode_scores": right_scores},
    inputs=mode_inputs,
    observe=observe_scores,
    mistakes=[
        Mistake(
            "Your number of modes counts samples that are not of high quality.",
            "Every sample has a nearest mode, also noise. A mode is covered only if a sample of "
            "high quality is there.",
            scores(modes=lambda d, good: len(np.unique(d.argmin(axis=1)))),
        ),
        Mistake(
            "Your number of modes is the number of samples of high quality.",
            "Many samples can be at one mode. np.unique counts each mode once.",
            scores(modes=lambda d, good: int(good.sum())),
        ),
        Mistake(
            "Your samples of high quality are those within 1σ.",
            "The limit is 3σ. In the plane, only 39 % of the data are within 1σ, and 99 % are "
            "within 3σ.",
            scores(good=lambda d, std: d.min(axis=1) <= std),
        ),
        Mistake(
            "Your limit is 3σ².",
            "std is the standard deviation σ itself, and a distance is compared with 3σ.",
            scores(good=lambda d, std: d.min(axis=1) <= 3 * std**2),
        ),
        Mistake(
            "Your distance is squared, and the limit is not.",
            "(ways**2).sum(axis=2) is the square of the distance. Take the root, or compare it "
            "with (3σ)².",
            scores(distance=lambda ways: (ways**2).sum(axis=2)),
        ),
        Mistake(
            "Your distance is the sum of the distances along both axes.",
            "The way is straight: the root of the sum of the squares.",
            scores(distance=lambda ways: np.abs(ways).sum(axis=2)),
        ),
        Mistake(
            "Your high quality is a number of samples.",
            "It is a share, from 0 to 1. So it can be compared between 100 samples and 2,500.",
            scores(share=lambda good: int(good.sum())),
        ),
        Mistake(
            "Your samples of high quality are those farther away than 3σ.",
            "A good sample is near its mode: the sign is <=.",
            scores(good=lambda d, std: d.min(axis=1) > 3 * std),
        ),
    ],
    guess=0.75,
    why_guess="0.5, 2 and 10 are within 3 of a mode. 4 is nearest to the mode 0, and 4 away.",
    shown="Shown: both numbers agree with minigan for {n} sets of samples.",
    fact="Real data do not have a high quality of 1. In the plane, 1.1 % of the samples of a "
    "Gaussian are farther away than 3σ.",
    hints=(
        "Which shape has the array of the distances from all N samples to all K modes?",
        "The nearest mode is distances.argmin(axis=1). Which of them have a good sample?",
        "np.unique(nearest[good]), and good.mean()",
    ),
    where=("minigan.metrics.mixtures.mixture_scores",),
    page="docs/mixtures.md#what-is-measured",
    off=("minigan.metrics.mixtures.mixture_scores",),
)


# 7.2 frechet


def root(a):
    values, vectors = np.linalg.eigh(a)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def cross_root(cov1, cov2):
    """A symmetric matrix with the trace of (Σ₁ Σ₂)^½."""
    return root(root(cov1) @ cov2 @ root(cov1))


def squared(way):
    return (way**2).sum()


def distance(shift=squared, cross=cross_root, factor=2.0, whole=lambda d: d):
    """A Fréchet distance, of which a part may be wrong."""

    def frechet_distance(mean1, cov1, mean2, cov2):
        traces = np.trace(cov1 + cov2 - factor * cross(cov1, cov2))
        return whole(shift(mean1 - mean2) + traces)

    return {"frechet_distance": frechet_distance}


def without_trace(mean1, cov1, mean2, cov2):
    return squared(mean1 - mean2) + cov1 + cov2 - 2 * cross_root(cov1, cov2)


def sum_of_elements(mean1, cov1, mean2, cov2):
    return squared(mean1 - mean2) + (cov1 + cov2 - 2 * cross_root(cov1, cov2)).sum()


def gaussian(rng, d):
    half = rng.normal(size=(d, d))
    return rng.normal(size=d), half @ half.T + 0.1 * np.eye(d)


def frechet_inputs(rng):
    for d in (1, 1, 2, 2, 2, 3, 3, 4, 5):
        mean1, cov1 = gaussian(rng, d)
        mean2, cov2 = gaussian(rng, d)
        yield {"mean1": mean1, "cov1": cov1, "mean2": mean2, "cov2": cov2}
    yield {"mean1": mean1, "cov1": cov1, "mean2": mean1, "cov2": cov1}  # equal: 0


FRECHET = Exercise(
    number="7.2",
    name="frechet",
    title="the Fréchet distance of two Gaussians",
    names=("frechet_distance",),
    right=distance(),
    inputs=frechet_inputs,
    observe=observe_function("frechet_distance", "mean1 cov1 mean2 cov2", "the number d²"),
    mistakes=[
        Mistake(
            "You take the root of each element of Σ₁ Σ₂.",
            "np.sqrt(A) is not the root of the matrix A. root(A) @ root(A) is A.",
            distance(cross=lambda a, b: np.sqrt(a @ b)),
        ),
        Mistake(
            "You use root(Σ₁) @ root(Σ₂).",
            "That is the root of Σ₁ Σ₂ only if Σ₁ Σ₂ = Σ₂ Σ₁. For matrices, the root of a product "
            "is in general not the product of the roots.",
            distance(cross=lambda a, b: root(a) @ root(b)),
        ),
        Mistake(
            "You call root(Σ₁ @ Σ₂), although this product is not symmetric.",
            "np.linalg.eigh reads only the lower triangle, and takes the upper one for its mirror "
            "image. The product root(Σ₁) @ Σ₂ @ root(Σ₁) is symmetric.",
            distance(cross=lambda a, b: root(a @ b)),
        ),
        Mistake(
            "You use only the variances, the diagonals of Σ₁ and Σ₂.",
            "That is right if no feature depends on another one. In general the root needs the "
            "whole matrices.",
            distance(cross=lambda a, b: np.diag(np.sqrt(np.diag(a) * np.diag(b)))),
        ),
        Mistake(
            "You multiply the matrices element by element.",
            "For arrays, * is the product of the elements. The product of matrices is @.",
            distance(cross=lambda a, b: root(root(a) * b * root(a))),
        ),
        Mistake(
            "Your distance has a matrix without its root.",
            "Σ₁^½ Σ₂ Σ₁^½ has the eigenvalues of Σ₁ Σ₂. The formula needs its root.",
            distance(cross=lambda a, b: a @ b),
        ),
        Mistake(
            "Your distance sums all elements of the matrices.",
            "The trace is the sum of the diagonal alone: np.trace.",
            {"frechet_distance": sum_of_elements},
        ),
        Mistake(
            "Your distance is a matrix.",
            "The formula takes the trace of the matrices, the sum of the diagonal: np.trace.",
            {"frechet_distance": without_trace},
        ),
        Mistake(
            "Your distance lacks the factor 2 of the root.",
            "It is like (σ₁ - σ₂)² = σ₁² + σ₂² - 2 σ₁ σ₂. Without the 2, equal Gaussians would not "
            "have the distance 0.",
            distance(factor=1.0),
        ),
        Mistake(
            "Your distance adds the root.",
            "It is subtracted, as in (σ₁ - σ₂)² = σ₁² + σ₂² - 2 σ₁ σ₂.",
            distance(factor=-2.0),
        ),
        Mistake(
            "Your distance has the length of μ₁ - μ₂, and not its square.",
            "np.linalg.norm takes a root. The formula has the sum of the squares.",
            distance(shift=lambda way: np.sqrt((way**2).sum())),
        ),
        Mistake(
            "Your distance has the mean of (μ₁ - μ₂)² over the features.",
            "‖ ‖² is the sum of the squares.",
            distance(shift=lambda way: (way**2).mean()),
        ),
        Mistake(
            "You return d, the root of the right number.",
            "The FID is d², the squared distance. So is the formula in the paper.",
            distance(whole=np.sqrt),
        ),
        Mistake(
            "Your distance leaves out the means.",
            "Two Gaussians of the same shape at different places would have the distance 0.",
            distance(shift=lambda way: 0.0),
        ),
        Mistake(
            "Your distance leaves out the covariances.",
            "‖μ₁ - μ₂‖² alone does not see whether G draws all samples at one point.",
            distance(cross=lambda a, b: (a + b) / 2),
        ),
    ],
    guess=4,
    why_guess="1 + 9 - 2 · 3. On a line it is (σ₁ - σ₂)², and (μ₁ - μ₂)² is added.",
    shown="Shown: d² is right for {n} pairs of Gaussians, also for two equal ones.",
    fact="The FID depends on the number of samples: few samples make it larger. So compare FIDs "
    "only if they were computed with equally many.",
    hints=(
        "What is the formula for D = 1, where a matrix is a number?",
        "Call root twice: for Σ₁, and for the symmetric product.",
        "np.trace(cov1 + cov2 - 2 * root(root(cov1) @ cov2 @ ...)), and the means",
    ),
    where=("minigan.metrics.features.frechet_distance",),
    page="docs/results.md#what-the-columns-are-worth",
    off=("minigan.metrics.features.frechet_distance",),
)


EXERCISES = [MODES, FRECHET]
