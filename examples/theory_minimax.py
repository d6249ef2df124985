"""Two players on one function: steps that find a saddle point, and steps that do not.

    python examples/theory_minimax.py

x descends and y ascends f(x, y) = x² + 2xy - 3y² + 4x + 5y + 6, each by its own gradient, as G
and D do on V. f is convex in x and concave in y, and both reach the saddle (-17/8, 1/8). On the
bilinear f(x, y) = xy, simultaneous steps multiply the distance from the saddle by √(1 + step²) each
time. If the players take turns, they circle the saddle forever. But the mean of their positions
approaches the saddle. This is a reason to draw samples with the running mean of the weights.
"""

import numpy as np
from theory_tools import new_figure, save_figure, theory_flags

import minigan
from minigan.runs import console


def quadratic(x, y):
    return x * x + 2 * x * y - 3 * y * y + 4 * x + 5 * y + 6


def bilinear(x, y):
    return x * y


def play(f, start, step, n, *, in_turn=False):
    """The path of n steps of x ← x - step ∂f/∂x, y ← y + step ∂f/∂y: (n + 1, 2)"""
    x, y = (minigan.tensor(value, "float64", requires_grad=True) for value in start)
    path = [start]
    for _ in range(n):
        gx, gy = minigan.grad(f(x, y), [x, y])
        x.data = x.data - step * gx.data
        if in_turn:
            (gy,) = minigan.grad(f(x, y), y)
        y.data = y.data + step * gy.data
        path.append((x.item(), y.item()))
    return np.array(path)


def draw(axes, f, path, saddle, title):
    low, high = path.min(axis=0), path.max(axis=0)
    margin = 0.15 * (high - low).max()
    x, y = np.meshgrid(
        np.linspace(low[0] - margin, high[0] + margin, 100),
        np.linspace(low[1] - margin, high[1] + margin, 100),
    )
    axes.contourf(x, y, f(x, y), levels=20, cmap="Blues")
    axes.plot(*path.T, ".-", color="crimson", markersize=4, linewidth=0.8)
    axes.plot(*path[0], "o", color="black", label="start")
    axes.plot(*saddle, "*", color="gold", markersize=12, label="saddle", zorder=5)
    axes.set(title=title, xlabel="x descends", ylabel="y ascends")
    axes.set_aspect("equal")
    axes.legend(loc="lower left", fontsize=8)


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=200)

    start, step, saddle = (-1.0, -0.5), 0.1, np.array([-17 / 8, 1 / 8])
    path = play(quadratic, start, step, args.steps)
    print(f"quadratic: after one step x = {path[1, 0]:.10g}, y = {path[1, 1]:.10g}")
    print(f"           after {args.steps}: x = {path[-1, 0]:.6f}, y = {path[-1, 1]:.6f}")
    # ∂f/∂x = 2x + 2y + 4 = 1 and ∂f/∂y = 2x - 6y + 5 = 6 at the start
    assert np.allclose(path[1], [-1.1, 0.1], rtol=0, atol=1e-12)
    distance = np.linalg.norm(path - saddle, axis=1)
    assert distance[-1] < 1e-4 * distance[0]

    at_once = play(bilinear, (1.0, 0.0), step, args.steps)
    radius = np.linalg.norm(at_once, axis=1)
    print(f"bilinear:  at once, the distance from (0, 0) grows from 1 to {radius[-1]:.4f}")
    assert np.allclose(radius, (1 + step**2) ** (np.arange(args.steps + 1) / 2), rtol=1e-12)

    in_turn = play(bilinear, (1.0, 0.0), step, args.steps, in_turn=True)
    # A turn does not change x² + y² - step x y, so the path stays on an ellipse.
    x, y = in_turn.T
    radius = np.hypot(x, y)
    print(f"           in turn, it stays from {radius.min():.4f} to {radius.max():.4f}")
    assert np.allclose(x * x + y * y - step * x * y, 1, rtol=1e-12)

    # x moves by -step y and y by step x. So the sum of one player's values is the other's path.
    mean = np.array([x[1:].mean(), y[:-1].mean()])
    print(f"           and the mean of all of them is ({mean[0]:.4f}, {mean[1]:.4f})")
    bounded = np.array([y[-1] - y[0], x[0] - x[-1]])
    assert np.allclose(mean, bounded / (step * args.steps), rtol=1e-9)

    figure, axes = new_figure(1, 3, (11, 3.8))
    draw(axes[0, 0], quadratic, path[:60], saddle, "quadratic: to the saddle")
    draw(axes[0, 1], bilinear, at_once, (0, 0), "xy, both at once: outward")
    draw(axes[0, 2], bilinear, in_turn, (0, 0), "xy, in turn: round and round")
    save_figure(figure, args.out / "minimax.png")


if __name__ == "__main__":
    console.run(main)
