"""Figure 1 of the GAN paper from a real training: two densities, D, and the best possible D*.

    python examples/theory_figure1.py

Goodfellow et al. 2014, Figure 1, with p_data = N(2, 0.6²). G(z) = a z + b for z ~ N(0, 1). So p_g
is N(b, a²), and D*(x) = p_data/(p_data + p_g) is known at every step. The paper's four stages:

    (a) G has not moved, and D knows nothing yet
    (b) only D has been trained, until it is close to D*
    (c) G has followed the slope of D, which stayed as it was in (b)
    (d) after steps of both, p_g is close to p_data, and D is one half where there is data

The picture shows the first of five seeds. The program prints the numbers of all of them.
"""

import numpy as np
from theory_tools import integral, new_figure, normal, save_figure, spread, theory_flags

import minigan
from minigan import nn, optim
from minigan.runs import console, plots
from minigan.trainers import GAN

MEAN, STD = 2.0, 0.6  # of the data
X = np.linspace(-6, 6, 601)
Z = np.linspace(-5, 5, 2001)
BATCH = 256


class Game:
    """The two players, and their distances from the values of the theory."""

    def __init__(self):
        self.G = nn.Linear(1, 1)
        nn.init.constant_(self.G.weight, 1.0)
        nn.init.constant_(self.G.bias, -1.5)
        self.D = nn.Sequential(
            nn.Linear(1, 32),
            nn.Tanh(),
            nn.Linear(32, 32),
            nn.Tanh(),
            nn.Linear(32, 1),
            nn.Sigmoid(),
        )
        g_optimizer = optim.Adam(self.G.parameters(), 2e-2, betas=(0.5, 0.999))
        d_optimizer = optim.Adam(self.D.parameters(), 1e-2, betas=(0.5, 0.999))
        self.trainer = GAN(self.G, self.D, g_optimizer, d_optimizer)

    def d_step(self):
        real = MEAN + STD * minigan.randn(BATCH, 1).data
        self.trainer.discriminator_step(real, minigan.randn(BATCH, 1))

    def g_step(self):
        self.trainer.generator_step(minigan.randn(BATCH, 1))

    @property
    def p_g(self):
        return normal(X, self.G.bias.item(), abs(self.G.weight.item()))

    def judge(self, x):
        """D(x) for an array x"""
        with minigan.no_grad():
            return self.D(minigan.Tensor(x[:, None].astype(np.float32))).data[:, 0]

    @property
    def answers(self):
        """D(x) along X"""
        return self.judge(X)

    @property
    def samples(self):
        """G(z) along Z"""
        return self.G.weight.item() * Z + self.G.bias.item()

    def distance(self, target):
        """The mean of |D(x) - target| over x, half from the data and half from G"""
        return integral(abs(self.answers - target) * (p_data + self.p_g) / 2, X)

    @property
    def best(self):
        return p_data / (p_data + self.p_g + 1e-300)


p_data = normal(X, MEAN, STD)


def draw(axes, game, title):
    a, b = game.G.weight.item(), game.G.bias.item()
    axes.plot(X, p_data, "k:", label="p_data")
    axes.plot(X, game.p_g, color="green", label="p_g")
    axes.plot(X, game.answers, color="C0", linestyle="--", label="D")
    axes.plot(X, game.best, color="C0", alpha=0.35, linewidth=3, label="D*")
    for z in np.linspace(-2, 2, 9):  # G's map, from the noise below to the samples above
        axes.annotate(
            "", (a * z + b, -0.12), (z, -0.42), arrowprops={"arrowstyle": "->", "linewidth": 0.5}
        )
    axes.text(-5.8, -0.45, "z", fontsize=8)
    axes.text(-5.8, -0.15, "x = G(z)", fontsize=8)
    axes.axhline(-0.1, color="black", linewidth=0.5)
    axes.axhline(-0.44, color="black", linewidth=0.5)
    axes.set(xlim=(-6, 6), ylim=(-0.5, 1.05), title=title)


def train(steps, stage, frame):
    """Train a new game. It calls `stage` at the four stages, and `frame` on the way.

    Returns the numbers of this run.
    """
    game = Game()
    stage(game, 0, "(a) at first")
    for i in range(200):
        if i in (0, 5, 15, 40, 100):
            frame(game, "D alone learns")
        game.d_step()
    stage(game, 1, "(b) D near D*")
    numbers = {"(b) mean |D - D*|": game.distance(game.best)}

    x = game.samples
    before = game.judge(x)
    for i in range(40):
        if i % 10 == 0:
            frame(game, "G follows D's slope")
        game.g_step()
    stage(game, 2, "(c) G follows D")
    p_z = normal(Z, 0, 1)
    rises = game.judge(game.samples) > before
    numbers["(c) share of samples with a larger D than in (b)"] = integral(p_z * rises, Z)
    numbers["(c) share of samples that moved to the right"] = integral(p_z * (game.samples > x), Z)

    optimizers = [(o, o.lr) for o in (game.trainer.g_optimizer, game.trainer.d_optimizer)]
    for i in range(steps):
        for optimizer, lr in optimizers:
            optimizer.lr = optim.linear_decay(lr, i, steps)
        for _ in range(3):
            game.d_step()
        game.g_step()
        if i in (0, 5, 10, 20, 30) or i % (steps // 20) == 0:
            frame(game, f"in turn, step {i}")
    stage(game, 3, "(d) D is 1/2")
    frame(game, "D = 1/2 near the data")
    numbers["(d) mean of p_g"] = game.G.bias.item()
    numbers["(d) standard deviation of p_g"] = abs(game.G.weight.item())
    numbers["(d) mean |D - 1/2|"] = game.distance(0.5)
    return numbers


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=1500, seeds=5)
    figure, panels = new_figure(1, 4, (14, 3.4))
    panels = panels[0]
    frames = []

    def stage(game, i, title):
        draw(panels[i], game, title)
        print(f"{title}: p_g = N({game.G.bias.item():.3f}, {abs(game.G.weight.item()):.3f}²)")

    def frame(game, title):
        picture, axes = new_figure(1, 1, (4, 3.2))
        draw(axes[0, 0], game, title)
        axes[0, 0].legend(loc="upper left", fontsize=7)
        frames.append(args.out / "figure1" / f"{len(frames):03d}.png")
        save_figure(picture, frames[-1], dpi=70)

    runs = [train(args.steps, stage, frame)]
    for seed in range(args.seed + 1, args.seed + args.seeds):
        minigan.seed(seed)
        runs.append(train(args.steps, lambda *args: None, lambda *args: None))
    print(f"median and range over {args.seeds} seeds:")
    found = {name: [run[name] for run in runs] for name in runs[0]}
    for name, values in found.items():
        print(f"  {name}: {spread(values, '.4f')}")

    panels[0].legend(loc="upper left", fontsize=8)
    save_figure(figure, args.out / "figure1.png", dpi=80)
    plots.save_animation(args.out / "figure1.gif", frames)

    b, rises, to_the_right, mean, std, half = found.values()
    assert max(b) < 0.02
    assert min(rises) > 0.8 and min(to_the_right) > 0.8
    assert max(np.abs(np.array(mean) - MEAN)) < 0.05
    assert max(np.abs(np.array(std) - STD)) < 0.05
    assert max(half) < 0.02


if __name__ == "__main__":
    console.run(main)
