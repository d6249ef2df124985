"""Figure 1 of the GAN paper from a real training: two densities, D, and the best possible D*.

    python examples/theory_figure1.py

Goodfellow et al. 2014, Figure 1, with p_data = N(2, 0.6²). G(z) = a z + b for z ~ N(0, 1). So p_g
is N(b, a²), and D*(x) = p_data/(p_data + p_g) is known at every step. The paper's four stages:

    (a) G has not moved, and D knows nothing yet
    (b) only D has been trained, until it is close to D*
    (c) G has followed the slope of D towards larger D(x)
    (d) after steps of both, p_g = p_data, and D is one half where there is data
"""

import numpy as np
from theory_tools import integral, new_figure, normal, save_figure, theory_flags

import minigan
from minigan import nn, optim
from minigan.runs import console, plots
from minigan.trainers import GAN

MEAN, STD = 2.0, 0.6  # of the data
X = np.linspace(-6, 6, 601)
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

    @property
    def answers(self):
        """D(x) along X"""
        with minigan.no_grad():
            return self.D(minigan.Tensor(X[:, None].astype(np.float32))).data[:, 0]

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


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=1500)
    game = Game()
    figure, panels = new_figure(1, 4, (14, 3.4))
    panels = panels[0]
    frames = []

    def stage(i, title):
        draw(panels[i], game, title)
        print(
            f"{title}: p_g = N({game.G.bias.item():.3f}, {abs(game.G.weight.item()):.3f}²), "
            f"mean |D - D*| = {game.distance(game.best):.3f}, |D - 1/2| = {game.distance(0.5):.3f}"
        )

    def frame(title):
        picture, axes = new_figure(1, 1, (4, 3.2))
        draw(axes[0, 0], game, title)
        axes[0, 0].legend(loc="upper left", fontsize=7)
        frames.append(args.out / "figure1" / f"{len(frames):03d}.png")
        save_figure(picture, frames[-1], dpi=70)

    stage(0, "(a) at first")
    for i in range(200):
        if i in (0, 5, 15, 40, 100):
            frame("D alone learns")
        game.d_step()
    stage(1, "(b) D near D*")
    assert game.distance(game.best) < 0.02

    slope_at_mean = np.interp(game.G.bias.item(), X, np.gradient(game.answers, X))
    before = game.G.bias.item()
    for i in range(40):
        if i % 10 == 0:
            frame("G follows D's slope")
        game.g_step()
    stage(2, "(c) G follows D")
    assert slope_at_mean > 0 and game.G.bias.item() > before + 0.3

    optimizers = [(o, o.lr) for o in (game.trainer.g_optimizer, game.trainer.d_optimizer)]
    for i in range(args.steps):
        for optimizer, lr in optimizers:
            optimizer.lr = optim.linear_decay(lr, i, args.steps)
        for _ in range(3):
            game.d_step()
        game.g_step()
        if i in (0, 5, 10, 20, 30) or i % (args.steps // 20) == 0:
            frame(f"in turn, step {i}")
    stage(3, "(d) D is 1/2")
    frame("p_g = p_data, D = 1/2")
    assert abs(game.G.bias.item() - MEAN) < 0.05
    assert abs(abs(game.G.weight.item()) - STD) < 0.05
    assert game.distance(0.5) < 0.02

    panels[0].legend(loc="upper left", fontsize=8)
    save_figure(figure, args.out / "figure1.png", dpi=80)
    plots.save_animation(args.out / "figure1.gif", frames)


if __name__ == "__main__":
    console.run(main)
