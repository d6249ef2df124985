"""The small pictures of the course in docs/theory/, and the formulas that they show.

    python examples/theory_drawings.py

Each function draws one picture, and checks its formula first:

    game      z → G → D ← x: who sees what
    logs      the two terms of V, for one answer of D
    envelope  V is linear in p_g, and the largest of these lines is C(G), which is convex
    mixture   two densities, their mixture, and the integrand of JSD
    penalty   one- and two-sided penalty, and the slope of the best critic of two points
    hinge     three losses of D as functions of its score
"""

import math

import numpy as np
from theory_tools import integral, new_figure, normal, save_figure, theory_flags

import minigan
from minigan.runs import console

X = np.linspace(-8, 8, 4001)


def game(path):
    figure, axes = new_figure(1, 1, (7.5, 2.4))
    panel = axes[0, 0]
    boxes = [(0.6, 1.5, "noise z"), (2.6, 1.5, "G"), (4.9, 1.5, "fake G(z)")]
    boxes += [(4.9, 0.4, "data x"), (7.2, 0.95, "D"), (9.2, 0.95, "0 to 1:\nis it data?")]
    for x, y, text in boxes:
        player = text in ("G", "D")
        style = {"boxstyle": "round,pad=0.5", "facecolor": "C0" if player else "white"}
        colour = "white" if player else "black"
        panel.text(x, y, text, ha="center", va="center", bbox=style, color=colour, fontsize=10)
    arrows = [((1.15, 1.5), (2.35, 1.5)), ((2.85, 1.5), (4.3, 1.5)), ((5.5, 1.4), (6.95, 1.05))]
    arrows += [((5.4, 0.45), (6.95, 0.85)), ((7.45, 0.95), (8.55, 0.95))]
    for start, end in arrows:
        panel.annotate("", end, start, arrowprops={"arrowstyle": "->"})
    panel.annotate(
        "",
        (2.6, 1.85),
        (7.2, 1.35),
        arrowprops={"arrowstyle": "->", "color": "crimson", "connectionstyle": "arc3,rad=0.3"},
    )
    panel.text(5, 2.32, "the gradient, through D to G", color="crimson", ha="center", fontsize=9)
    panel.set(xlim=(0, 10), ylim=(0, 2.6))
    panel.axis("off")
    save_figure(figure, path, dpi=80)


def logs(path):
    y = np.linspace(0.001, 0.999, 999)
    figure, axes = new_figure(1, 2, (8, 3.2))
    left, right = axes[0]
    left.plot(y, np.log(y), label="log D(x), for data")
    left.plot(y, np.log(1 - y), label="log(1 − D(x)), for fakes")
    left.plot([0.5, 0.5], [-5, math.log(0.5)], "k:", linewidth=0.8)
    left.set(ylim=(-5, 0.2), xlabel="D(x)", title="the two terms of V")
    left.legend(fontsize=8)
    for a, b in ((1, 1), (3, 1), (1, 4)):
        best = a / (a + b)
        total = a * np.log(y) + b * np.log(1 - y)
        assert abs(y[total.argmax()] - best) < 0.001
        line = right.plot(y, total, label=f"a = {a}, b = {b}: best at {best:.2f}")[0]
        right.plot(best, total.max(), "o", color=line.get_color())
    right.set(ylim=(-10, 0), xlabel="y", title="a log y + b log(1 − y)")
    right.legend(fontsize=8)
    save_figure(figure, path, dpi=72)


P_HEADS = 0.3  # of the data, a coin


def coin_value(t, y):
    """V for a coin that shows heads with probability t. y: D's two answers, for heads and tails"""
    real = P_HEADS * np.log(y[0]) + (1 - P_HEADS) * np.log(y[1])
    return real + t * np.log(1 - y[0]) + (1 - t) * np.log(1 - y[1])


def best_answers(t):
    return np.array([P_HEADS / (P_HEADS + t), (1 - P_HEADS) / (2 - P_HEADS - t)])


def envelope(path):
    t = np.linspace(0.01, 0.99, 99)
    C = np.array([coin_value(s, best_answers(s)) for s in t])
    assert abs(t[C.argmin()] - P_HEADS) < 1e-9 and np.isclose(C.min(), -math.log(4))
    assert (np.diff(C, 2) > 0).all()  # convex
    figure, axes = new_figure(1, 1, (7, 3.4))
    panel = axes[0, 0]
    for s in (0.05, 0.15, 0.3, 0.5, 0.7, 0.9):
        line = coin_value(t, best_answers(s))
        assert (line <= C + 1e-12).all()
        # The slope of C is that of V at the best D, which is held fixed.
        slope = (coin_value(0.9, best_answers(s)) - coin_value(0.1, best_answers(s))) / 0.8
        h = 1e-5
        ends = [coin_value(s + d, best_answers(s + d)) for d in (-h, h)]
        assert np.isclose(slope, (ends[1] - ends[0]) / (2 * h), atol=1e-8)
        panel.plot(t, line, linewidth=0.9, label=f"V for the D of t = {s}")
    panel.plot(t, C, "k", linewidth=2, label="C: the largest V")
    panel.plot(P_HEADS, -math.log(4), "*", color="gold", markersize=13, zorder=5)
    panel.set(ylim=(-2.2, -0.8), xlabel="t: how often G's coin shows heads")
    panel.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))
    save_figure(figure, path, dpi=72)


def mixture(path):
    p, q = normal(X, -1, 1), normal(X, 1.5, 0.6)
    m = (p + q) / 2
    parts = p * np.log(p / m) / 2, q * np.log(q / m) / 2
    jsd = integral(parts[0] + parts[1], X)
    print(f"N(-1, 1²) and N(1.5, 0.6²): JSD = {jsd:.4f}, and log 2 = {math.log(2):.4f}")
    value = integral(p * np.log(p / (p + q)) + q * np.log(q / (p + q)), X)  # V(D*, G)
    assert np.isclose(value, -math.log(4) + 2 * jsd, rtol=1e-9) and 0 < jsd < math.log(2)
    assert (m >= p / 2).all()
    figure, axes = new_figure(1, 2, (8.5, 3.2))
    left, right = axes[0]
    left.plot(X, p, label="p_data")
    left.plot(X, q, label="p_g")
    left.plot(X, m, "k--", label="m = (p_data + p_g)/2")
    left.set(xlim=(-4.5, 4.5), xlabel="x", title="two densities and their mixture")
    left.legend(fontsize=8)
    right.fill_between(X, parts[0], alpha=0.5, label="½ p_data log(p_data/m)")
    right.fill_between(X, parts[1], alpha=0.5, label="½ p_g log(p_g/m)")
    right.axhline(0, color="black", linewidth=0.5)
    right.set(xlim=(-4.5, 4.5), xlabel="x", title=f"their areas add up to JSD = {jsd:.3f}")
    right.legend(fontsize=8)
    save_figure(figure, path, dpi=72)


def best_slope(distance, weight, one_sided):
    """The slope s that a critic of two points learns: it ascends s · distance - weight · penalty.

    Two points have the given distance, and the critic has the slope s between them.
    """
    s = minigan.tensor(3.0, "float64", requires_grad=True)
    for _ in range(60):
        excess = (s - 1).relu() if one_sided else s - 1
        (g,) = minigan.grad(s * distance - weight * excess * excess, s)
        s.data = s.data + 0.2 / weight * g.data
    return s.item()


def penalty(path):
    s = np.linspace(0, 2, 201)
    figure, axes = new_figure(1, 2, (8, 3.2))
    left, right = axes[0]
    left.plot(s, (s - 1) ** 2, label="two-sided: (s − 1)²")
    left.plot(s, np.maximum(s - 1, 0) ** 2, "--", label="one-sided: max(s − 1, 0)²")
    left.set(xlabel="s, the norm of the critic's gradient", title="the penalty")
    left.legend(fontsize=8)
    distances = np.array([0.25, 1.0, 2.0, 4.0])
    for weight in (1.0, 10.0):
        right.plot([0, 4], [1, 1 + 4 / (2 * weight)], label=f"1 + W/(2λ), λ = {weight:.0f}")
        for one_sided, marker, size in ((False, "o", 9), (True, "x", 5)):
            found = np.array([best_slope(d, weight, one_sided) for d in distances])
            assert np.allclose(found, 1 + distances / (2 * weight), rtol=1e-6)
            right.plot(distances, found, marker, color="black", mfc="none", markersize=size)
    right.set(xlabel="W, the distance of the two points", title="the slope of the best critic")
    right.legend(fontsize=8)
    save_figure(figure, path, dpi=72)


def hinge(path):
    s = np.linspace(-4, 4, 401)
    figure, axes = new_figure(1, 2, (8, 3.2))
    cases = (axes[0, 0], 1, "data", "−log D"), (axes[0, 1], -1, "fakes", "−log(1 − D)")
    for panel, sign, title, log in cases:
        panel.plot(s, np.logaddexp(0, -sign * s), label=f"GAN: {log}")
        panel.plot(s, np.maximum(0, 1 - sign * s), label="hinge")
        panel.plot(s, -sign * s, "--", label="WGAN")
        panel.set(ylim=(-4.2, 5.2), xlabel="D's score s", title=f"D's loss for {title}")
        panel.legend(fontsize=8)
    save_figure(figure, path, dpi=72)


def main(argv=None):
    args = theory_flags(__doc__, argv)
    for draw in (game, logs, envelope, mixture, penalty, hinge):
        draw(args.out / f"{draw.__name__}.png")


if __name__ == "__main__":
    console.run(main)
