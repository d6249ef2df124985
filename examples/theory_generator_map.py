"""A generator is a map that turns one density into another. It adds no randomness.

    python examples/theory_generator_map.py

A small network G maps z ~ N(0, 1) to x = G(z), whose density has two peaks. G is trained as a
GAN. The picture shows G as a curve over z, beside the increasing map that turns the normal density
exactly into that of the data, x = P_data⁻¹(Φ(z)). Where G is steep, x is rare. Where G is flat, x
is frequent: p_g(x) = Σ p(z)/|G′(z)| over all z with G(z) = x. The script compares this formula,
with G′ from minigan.grad, with a histogram of samples. The picture shows the first of five seeds.
"""

import numpy as np
from theory_tools import integral, new_figure, normal, save_figure, spread, theory_flags

import minigan
from minigan import nn, optim
from minigan.runs import console
from minigan.trainers import GAN

X = np.linspace(-4, 4, 4001)
Z = np.linspace(-5, 5, 20001)
BATCH = 256
p_data = 0.4 * normal(X, -1.2, 0.35) + 0.6 * normal(X, 1.2, 0.5)


def sample_data(n, rng):
    """(n, 1) float32"""
    left = rng.random(n) < 0.4
    x = np.where(left, -1.2, 1.2) + np.where(left, 0.35, 0.5) * rng.standard_normal(n)
    return x[:, None].astype(np.float32)


def cumulative(density, x):
    """The distribution function of a density on the points x, from 0 to 1"""
    steps = (density[1:] + density[:-1]) / 2 * np.diff(x)
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return total / total[-1]


def mlp(width=64):
    return nn.Sequential(
        nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)
    )


def density_of(G):
    """G(z) and G′(z) on Z, and p_g(x) = Σ p(z)/|G′(z)| on X, over all z with G(z) = x"""
    z = minigan.Tensor(Z[:, None], requires_grad=True)
    x = G(z)
    (slope,) = minigan.grad(x.sum(), z)  # G′(z) for each z, because G treats each z alone
    x, slope = x.data[:, 0], slope.data[:, 0]
    p_g = np.zeros(len(X))
    for i in np.flatnonzero(x[:-1] != x[1:]):  # between neighbouring z, G is taken as linear
        low, high = sorted((x[i], x[i + 1]))
        first, last = np.searchsorted(X, [low, high])
        p_g[first:last] += normal(Z[i], 0, 1) / abs((slope[i] + slope[i + 1]) / 2)
    return x, slope, p_g


def train(seed, steps):
    """A generator of float64 weights, trained as a GAN on the data"""
    minigan.seed(seed)
    rng = np.random.default_rng(seed)
    G, D = mlp(), nn.Sequential(*mlp(), nn.Sigmoid())
    rates = {
        optim.Adam(G.parameters(), 2e-3, betas=(0.5, 0.999)): 2e-3,
        optim.Adam(D.parameters(), 5e-3, betas=(0.5, 0.999)): 5e-3,
    }
    trainer = GAN(G, D, *rates, k=3)
    batches = (sample_data(BATCH, rng) for _ in range(steps))
    for _ in trainer.train(batches, lambda m: minigan.randn(m, 1)):
        for optimizer, rate in rates.items():
            optimizer.lr = optim.linear_decay(rate, trainer.steps, steps)
    return G.double()


def compare_with_a_count(G, p_g, edges):
    """A histogram of 200,000 samples, and its total difference from the density p_g"""
    samples = G(minigan.randn(200_000, 1, dtype=np.float64)).data[:, 0]
    counted = np.histogram(samples, edges, density=True)[0]
    predicted = np.diff(np.interp(edges, X, cumulative(p_g, X))) / np.diff(edges)
    return counted, abs(counted - predicted).sum() * (edges[1] - edges[0])


def distance(p_g):
    """The Wasserstein distance from the data: ∫ |P_g - P_data| dx, in one dimension"""
    return integral(abs(cumulative(p_g, X) - cumulative(p_data, X)), X)


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=3000, seeds=5)
    edges = np.linspace(-4, 4, 81)
    runs = []
    for seed in range(args.seed, args.seed + args.seeds):
        G = train(seed, args.steps)
        x, slope, p_g = density_of(G)
        counted, error = compare_with_a_count(G, p_g, edges)
        if not runs:
            drawn = x, slope, p_g, counted
        runs.append((integral(p_g, X), error, distance(p_g)))
    totals, errors, distances = np.transpose(runs)
    print(f"median and range over {args.seeds} seeds:")
    print(f"  ∫ p_g dx: {spread(totals, '.4f')}")
    print(f"  difference of formula and count, in all: {spread(errors, '.2%')}")
    at_first = distance(normal(X, 0, 1))
    print(
        f"  distance of p_g from the data: {spread(distances, '.3f')}, of N(0, 1): {at_first:.3f}"
    )

    x, slope, p_g, counted = drawn
    best = np.interp(cumulative(normal(Z, 0, 1), Z), cumulative(p_data, X), X)
    figure, axes = new_figure(2, 2, (7, 6.4))
    (map_, right), (below, empty) = axes
    map_.plot(Z, x, label="G(z), trained")
    map_.plot(Z, best, "k:", label="P_data⁻¹(Φ(z))")
    for z in np.linspace(-2, 2, 17):
        end = np.interp(z, Z, x)
        map_.plot([z, z, 3.2], [-3.2, end, end], color="grey", linewidth=0.4)
    map_.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), ylabel="x = G(z)")
    map_.legend(fontsize=8)
    right.fill_betweenx(X, p_data, alpha=0.4, color="grey", label="p_data")
    right.plot(p_g, X, label="p(z)/|G′(z)|")
    right.stairs(counted, edges, orientation="horizontal", color="crimson", label="counted")
    right.set(ylim=(-3.2, 3.2), title="what comes out")
    right.legend(fontsize=8)
    below.fill_between(Z, normal(Z, 0, 1), alpha=0.4, color="grey")
    below.set(xlim=(-3.2, 3.2), xlabel="z", title="what goes in: N(0, 1)")
    empty.plot(Z, slope, label="G′(z)")
    empty.set(xlim=(-3.2, 3.2), xlabel="z", title="G′: steep over the gap")
    save_figure(figure, args.out / "generator_map.png", dpi=80)
    assert max(abs(totals - 1)) < 0.01 and max(errors) < 0.03
    assert max(distances) < 0.25 * at_first


if __name__ == "__main__":
    console.run(main)
