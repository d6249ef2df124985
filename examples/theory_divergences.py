"""What G's objective measures: JSD, and where it saturates.

    python examples/theory_divergences.py

Goodfellow et al. 2014, section 4: for a fixed G the best D is D*(x) = p_data/(p_data + p_g), and
V(D*, G) = -log 4 + 2 JSD(p_data, p_g). The script checks both by numerical integration. Then it
moves p_g away from p_data. KL and reverse KL explode. JSD approaches log 2, and its slope
approaches 0. So a far generator learns nothing from the minimax loss and the best D. From the loss
-log D(G(z)) and the same D it gets a slope of about the mean m of p_g, which is that of
KL(p_g ‖ p_data) - 2 JSD (Arjovsky & Bottou 2017, Theorem 2.5). The Wasserstein distance (Arjovsky
et al. 2017) keeps a slope of 1.
"""

import math

import numpy as np
from theory_tools import integral, new_figure, normal, save_figure, theory_flags

import minigan
from minigan import Tensor
from minigan.runs import console

X = np.linspace(-12, 24, 20001)  # the points of the integrals
TINY = 1e-200  # keeps logarithms finite if a density underflows

STD = 0.5  # of p_g, while it moves; p_data is N(0, 1)
p = normal(X, 0.0, 1.0) + TINY


def V(D, p, q):
    """E_p[log D(x)] + E_q[log(1 - D(x))]"""
    return integral(p * np.log(np.maximum(D, TINY)) + q * np.log(np.maximum(1 - D, TINY)), X)


def kl(p, q):
    """KL(p ‖ q) = ∫ p log(p/q) dx"""
    return integral(p * (np.log(p) - np.log(q)), X)


def jsd(p, q):
    """JSD(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q)/2"""
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


def wasserstein(p, q):
    """W₁(p, q) = ∫ |P(x) - Q(x)| dx, for P and Q the distribution functions (in one dimension)"""
    dx = X[1] - X[0]
    return integral(abs(np.cumsum(p - q)) * dx, X)


def moving_density(mean):
    """The mean of p_g as a Tensor m, and the density of p_g at the points X as a function of m"""
    m = Tensor(np.array(mean), requires_grad=True)
    z = (Tensor(X) - m) / STD
    return m, (z * z * -0.5).exp() / (STD * math.sqrt(2 * math.pi)) + TINY


def jsd_slope(mean):
    """d JSD / d mean, by minigan: the gradient for a generator that can only shift p_g"""
    m, q = moving_density(mean)
    half = (q + p) / 2
    integrand = (p * (np.log(p) - half.log()) + q * (q.log() - half.log())) / 2
    (g,) = minigan.grad(integrand.sum() * (X[1] - X[0]), m)
    return g.item()


def non_saturating_slope(mean):
    """d/d mean of -E[log D(G(z))] for a fixed D, which is the best one for this mean"""
    m, q = moving_density(mean)
    log_best = -np.log1p(q.data / p)  # log D*, as an array: D does not move with m
    (g,) = minigan.grad((q * -log_best).sum() * (X[1] - X[0]), m)
    return g.item()


def by_differences(divergence, means, h=1e-4):
    """d divergence / d mean, by central differences"""
    ends = [[divergence(p, normal(X, m + s, STD) + TINY) for m in means] for s in (h, -h)]
    return np.subtract(*ends) / (2 * h)


def main(argv=None):
    args = theory_flags(__doc__, argv, points=49)
    rng = np.random.default_rng(args.seed)
    worst = 0.0
    for mean, std in [(0.0, 1.0), (0.5, 1.0), (1.0, 2.0), (3.0, 0.5), (6.0, 1.0)]:
        q = normal(X, mean, std) + TINY
        best = p / (p + q)
        value, formula = V(best, p, q), -math.log(4) + 2 * jsd(p, q)
        print(f"p_g = N({mean}, {std}²):  V(D*, G) = {value:.10f}, formula {formula:.10f}")
        worst = max(worst, abs(value - formula))
        for _ in range(20):  # no other D does better
            bump = rng.uniform(-0.9, 0.9) * np.exp(-((X - rng.uniform(-3, 5)) ** 2))
            assert V(best + bump * best * (1 - best), p, q) < value
    assert worst < 1e-9

    means = np.linspace(0, 12, args.points)
    qs = [normal(X, mean, STD) + TINY for mean in means]
    curves = {
        "KL(p_data ‖ p_g)": [kl(p, q) for q in qs],
        "KL(p_g ‖ p_data)": [kl(q, p) for q in qs],
        "JSD": [jsd(p, q) for q in qs],
        "Wasserstein": [wasserstein(p, q) for q in qs],
    }
    # The closed forms for Gaussians
    forward = math.log(STD) + (1 + means**2) / (2 * STD**2) - 0.5
    reverse = -math.log(STD) + (STD**2 + means**2) / 2 - 0.5
    assert np.allclose(curves["KL(p_data ‖ p_g)"], forward, rtol=1e-4)
    assert np.allclose(curves["KL(p_g ‖ p_data)"], reverse, rtol=1e-6)
    slopes = {
        "JSD": np.array([jsd_slope(mean) for mean in means]),
        "-log D": np.array([non_saturating_slope(mean) for mean in means]),
        "Wasserstein": by_differences(wasserstein, means),
    }
    assert np.allclose(slopes["JSD"], by_differences(jsd, means), atol=1e-8)
    far = means >= 8
    missing = max(abs(math.log(2) - np.array(curves["JSD"])[far]))
    print(f"from a distance of 8 on, JSD is within {missing:.1e} of log 2, and its slope is")
    print(f"under {slopes['JSD'][far].max():.1e}; Wasserstein's is", end=" ")
    print(f"{slopes['Wasserstein'][far].min():.6f} or more")
    # Theorem 2.5: the slope of KL(p_g ‖ p_data) is the mean
    assert np.allclose(slopes["-log D"], means - 2 * slopes["JSD"], atol=1e-6)
    difference = abs(slopes["-log D"] - means)[far].max()
    print(f"with -log D and the best D, the slope differs from m by under {difference:.1e} there")
    assert slopes["JSD"][far].max() < 1e-5 and slopes["Wasserstein"][far].min() > 0.999

    figure, axes = new_figure(1, 3, (12, 3.6))
    axes = axes[0]
    axes[0].fill_between(X, p, alpha=0.4, color="grey", label="p_data")
    for mean in (0, 4, 8):
        axes[0].plot(X, normal(X, mean, STD), label=f"p_g, mean {mean}")
    axes[0].set(xlim=(-4, 12), ylim=(0, 1.3), title="p_g moves away", xlabel="x")
    for name, values in curves.items():
        axes[1].plot(means, values, label=name)
    axes[1].axhline(math.log(2), color="grey", linestyle=":", label="log 2")
    axes[1].set(ylim=(0, 12), title="divergence", xlabel="mean of p_g")
    for name, values in slopes.items():
        axes[2].plot(means, values, label=name)
    axes[2].set(title="its slope: what moves p_g back", xlabel="mean of p_g")
    for panel in axes:
        panel.legend(fontsize=8)
        panel.grid(alpha=0.3)
    save_figure(figure, args.out / "divergences.png")


if __name__ == "__main__":
    console.run(main)
