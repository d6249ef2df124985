"""The cheapest transport plan between two sets of points, and a critic that proves it.

    python examples/theory_transport.py

Six points x carry one sixth of the earth each, and six points y need it. The program tries all 720
ways to send each x to one y, and takes the cheapest. Its mean length is the Wasserstein distance W.
Then it builds a function f with a slope of at most 1, and mean f(x) - mean f(y) is W, too. This is
the theorem of Kantorovich and Rubinstein for these points. The proof is in
docs/theory/07_wasserstein.md, and `potentials` is its only step that needs more than one line.
"""

import itertools

import numpy as np
from theory_tools import new_figure, save_figure, theory_flags

from minigan.runs import console

N = 6  # points of each kind


def lengths(x, y):
    """d[i, j] = ‖xᵢ - yⱼ‖ for points (n, 2) and (m, 2): (n, m)"""
    return np.linalg.norm(x[:, None] - y[None], axis=2)


def cheapest_plan(d):
    """Return for each x the number of its y, (n,), so that the mean length is smallest."""
    plans = np.array(list(itertools.permutations(range(len(d)))))
    return plans[d[np.arange(len(d)), plans].sum(axis=1).argmin()]


def potentials(d):
    """Return v, (n,), with vᵢ + dᵢᵢ ≤ vⱼ + dᵢⱼ for all i and j. The cheapest plan is xᵢ to yᵢ.

    vᵢ is the length of the shortest path from point 0 to point i. The step from j to i has the
    length dᵢⱼ - dᵢᵢ, which may be negative. No round trip has a negative length, because then
    another plan would be cheaper. So n - 1 rounds find the shortest paths (Bellman and Ford).
    """
    steps = d - np.diag(d)[:, None]  # from j (column) to i (row)
    v = steps[:, 0]
    for _ in range(len(d) - 1):
        v = np.minimum(v, (v + steps).min(axis=1))
    return v


def critic(points, y, v):
    """f(x) = minⱼ (vⱼ + ‖x - yⱼ‖) for points (n, 2): (n,). Each term has slope 1, so f has, too."""
    return (v + lengths(points, y)).min(axis=1)


def random_critics(x, y, rng, n):
    """mean f(x) - mean f(y) for n random functions f with a slope of at most 1: (n,)"""
    found = []
    for _ in range(n):
        centres, heights = rng.uniform(0, 4, (8, 2)), rng.uniform(0, 2, 8)
        f = critic(np.concatenate([x, y]), centres, heights) * rng.choice([-1, 1])
        found.append(f[: len(x)].mean() - f[len(x) :].mean())
    return np.array(found)


def draw_plan(axes, x, y):
    for start, end in zip(x, y, strict=True):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "linewidth": 1})
    axes.plot(*x.T, "o", color="orange", label="x, data")
    axes.plot(*y.T, "s", color="crimson", label="y, fakes")
    axes.set(xlim=(0, 4), ylim=(0, 4), aspect="equal")


def main(argv=None):
    args = theory_flags(__doc__, argv)
    rng = np.random.default_rng(args.seed)
    x, y = rng.uniform(0, 3, (N, 2)), rng.uniform(0.5, 4, (N, 2))
    y = y[cheapest_plan(lengths(x, y))]  # now xᵢ goes to yᵢ
    d = lengths(x, y)
    W = np.diag(d).mean()
    print(f"the cheapest of 720 plans: W = {W:.4f}")
    others = [d[np.arange(N), rng.permutation(N)].mean() for _ in range(1000)]
    print(f"1,000 random plans: {min(others):.4f} to {max(others):.4f}")
    assert min(others) > W - 1e-12

    v = potentials(d)
    assert (v + np.diag(d) <= (v + d).min(axis=1) + 1e-12).all()
    f_x, f_y = critic(x, y, v), critic(y, y, v)
    print(f"the critic f: mean f(x) - mean f(y) = {f_x.mean() - f_y.mean():.4f}")
    assert np.isclose(f_x.mean() - f_y.mean(), W, rtol=1e-12)
    a, b = rng.uniform(0, 4, (2, 10_000, 2))
    slopes = abs(critic(a, y, v) - critic(b, y, v)) / np.linalg.norm(a - b, axis=1)
    print(f"its slope between 10,000 pairs of points: at most {slopes.max():.4f}")
    assert slopes.max() <= 1 + 1e-9
    tried = random_critics(x, y, rng, 1000)
    print(f"1,000 random critics with a slope of at most 1: {tried.min():.4f} to {tried.max():.4f}")
    assert tried.max() < W

    figure, (axes,) = new_figure(1, 2, (7.6, 3.5))
    draw_plan(axes[0], x, y)
    axes[0].set_title(f"the cheapest plan, W = {W:.2f}")
    axes[0].legend(fontsize=8)
    grid = np.linspace(0, 4, 81)
    points = np.stack(np.meshgrid(grid, grid), axis=2)
    levels = axes[1].contour(
        grid, grid, critic(points.reshape(-1, 2), y, v).reshape(81, 81), levels=10, cmap="Blues_r"
    )
    figure.colorbar(levels, ax=axes[1])
    draw_plan(axes[1], x, y)
    axes[1].set_title("a best critic f: slope 1 along each arrow")
    save_figure(figure, args.out / "transport.png", dpi=72)


if __name__ == "__main__":
    console.run(main)
