"""Three problems of GAN training, produced on purpose and measured.

    python examples/theory_troubles.py

1. Oscillation: with Adam's usual momentum (β₁ = 0.9), G moves from mode to mode around the ring,
   and both losses oscillate.
2. Mode collapse: at any time its samples lie on a few of the ring's 8 modes. The losses do not show
   it; metrics.mixture_scores does. With β₁ = 0.5, as in DCGAN, the same GAN finds all 8 modes.
3. A generator loss that does not measure quality: in a good run the distance between samples and
   data falls, but G's loss does not follow it. The estimate of a WGAN-GP follows it.

The distance is the Wasserstein distance of one-dimensional projections, averaged over directions
("sliced"; Rabin et al. 2011). No player sees it.
"""

import numpy as np
from theory_tools import new_figure, save_figure, theory_flags

import minigan
from minigan import metrics, nn, optim
from minigan.datasets import mixtures
from minigan.runs import console
from minigan.runs.plots import running_mean
from minigan.trainers import GAN, WGANGP

RING = mixtures.ring(std=0.05)
BATCH, WINDOW = 128, 10


def mlp(n_in, n_out, width=64):
    return nn.Sequential(
        nn.Linear(n_in, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, n_out),
    )


def noise(m):
    return minigan.randn(m, 2)


def sliced_wasserstein(x, y, directions=32):
    """The mean over directions of W₁ between projections; x and y have equally many points."""
    angle = np.pi * np.arange(directions) / directions
    u = np.stack([np.cos(angle), np.sin(angle)])
    return abs(np.sort(x @ u, axis=0) - np.sort(y @ u, axis=0)).mean()


def run(trainer, steps, seed):
    """Train on the ring. Every WINDOW steps, record mean reports, scores, distance and samples."""
    rng = np.random.default_rng([seed, 1])
    held_out = RING.sample(2000, rng)
    rows, window, pictures = [], [], []
    for report in trainer.train((RING.sample(BATCH, rng) for _ in range(steps)), noise):
        window.append(report)
        if trainer.steps % WINDOW == 0:
            with minigan.no_grad():
                samples = trainer.generator(noise(2000)).numpy()
            row = {"step": trainer.steps, "distance": sliced_wasserstein(samples, held_out)}
            for name in ("g_loss", "d_loss", "wasserstein"):
                values = [r[name] for r in window if name in r]
                row[name] = np.mean(values) if values else np.nan
            row |= metrics.mixture_scores(samples, RING.modes, RING.std)
            row["where"] = np.degrees(np.arctan2(*samples.mean(axis=0)[::-1])) % 360
            rows.append(row)
            pictures.append(samples[:500])
            window = []
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}, pictures


def correlation(x, y):
    """Pearson's correlation, over the steps at which both values are known"""
    known = ~(np.isnan(x) | np.isnan(y))
    return np.corrcoef(x[known], y[known])[0, 1]


def build_gan(beta1):
    G, D = mlp(2, 2), nn.Sequential(*mlp(2, 1), nn.Sigmoid())
    adams = (optim.Adam(net.parameters(), 1e-3, betas=(beta1, 0.999)) for net in (G, D))
    return GAN(G, D, *adams)


def build_wgan_gp():
    G, f = mlp(2, 2), mlp(2, 1)
    g_optimizer = optim.Adam(G.parameters(), 1e-4, betas=(0.5, 0.9))  # slow, so that f keeps up
    f_optimizer = optim.Adam(f.parameters(), 1e-3, betas=(0.5, 0.9))
    return WGANGP(G, f, g_optimizer, f_optimizer, penalty_weight=1.0, warm_up=1)


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=2000)
    runs = {}
    for name, build in {
        "GAN, β₁ = 0.9": lambda: build_gan(0.9),
        "GAN, β₁ = 0.5": lambda: build_gan(0.5),
        "WGAN-GP": build_wgan_gp,
    }.items():
        minigan.seed(args.seed)
        runs[name], pictures = run(build(), args.steps, args.seed)
        if name == "GAN, β₁ = 0.9":
            bad_pictures = pictures
    bad, gan, wgan_gp = runs.values()

    late = bad["step"] > args.steps // 3
    turned = abs((np.diff(bad["where"][late]) + 180) % 360 - 180).sum() / 360
    low, high = bad["d_loss"][late].min(), bad["d_loss"][late].max()
    print(f"1. the samples' centre went round {turned:.1f} times in {late.sum() * WINDOW} steps,")
    print(f"   and D's loss from {low:.2f} to {high:.2f}")
    for name, history in runs.items():
        print(f"2. {name}: {np.median(history['modes'][late]):.0f} of 8 modes covered (median)")
    learning = wgan_gp["step"] > 100  # before that, G waits while the critic learns
    of_gan, of_wgan_gp = (
        correlation(history[name][learning], history["distance"][learning])
        for history, name in ((gan, "g_loss"), (wgan_gp, "wasserstein"))
    )
    print(f"3. correlation with the distance: {of_gan:+.2f} of the GAN's generator loss,")
    print(f"   {of_wgan_gp:+.2f} of the WGAN-GP's estimate")

    figure, axes = new_figure(3, 3, (11, 8.5))
    for i, name in enumerate(("d_loss", "g_loss")):
        axes[0, 0].plot(bad["step"], bad[name], color=f"C{i}", linewidth=0.8, label=name)
    axes[0, 0].set(title="1. β₁ = 0.9: both losses swing", xlabel="step")
    axes[0, 0].legend(fontsize=8)
    axes[0, 1].plot(bad["step"], bad["where"], ".", markersize=3)
    axes[0, 1].set(title="1. where the samples' centre is", xlabel="step", ylabel="degrees")
    axes[0, 1].set(xlim=(args.steps * 2 // 3, args.steps), yticks=range(0, 361, 90))
    for name, history in runs.items():
        axes[0, 2].plot(history["step"], history["modes"], linewidth=0.8, label=name)
    axes[0, 2].set(title="2. modes covered, of 8", xlabel="step", ylim=(-0.3, 8.3))
    axes[0, 2].legend(fontsize=8)
    for panel, i in zip(axes[1], (-7, -4, -1), strict=True):
        panel.scatter(*RING.sample(500, np.random.default_rng(0)).T, s=2, color="orange")
        panel.scatter(*bad_pictures[i].T, s=2, color="crimson")
        panel.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        panel.set_title(f"2. β₁ = 0.9, step {bad['step'][i]}")
        panel.set_aspect("equal")
    pairs = (
        (axes[2, 0], gan, "g_loss", f"3. GAN: correlation {of_gan:+.2f}"),
        (axes[2, 1], wgan_gp, "wasserstein", f"3. WGAN-GP: correlation {of_wgan_gp:+.2f}"),
    )
    for panel, history, name, title in pairs:
        panel.plot(history["step"], history[name], color="C1", label=name)
        panel.set(title=title, xlabel="step")
        beside = panel.twinx()
        beside.plot(history["step"], history["distance"], color="C0", label="distance to the data")
        panel.legend(handles=panel.lines + beside.lines, fontsize=8)
    axes[2, 2].plot(gan["distance"], running_mean(gan["g_loss"], 5), ".", label="GAN's g_loss")
    estimate, distance = wgan_gp["wasserstein"][learning], wgan_gp["distance"][learning]
    axes[2, 2].plot(distance, estimate, ".", label="WGAN-GP's estimate")
    axes[2, 2].set(title="3. what they tell of the distance", xlabel="distance to the data")
    axes[2, 2].legend(fontsize=8)
    save_figure(figure, args.out / "troubles.png", dpi=75)

    assert turned > 2 and high - low > 0.5 and np.median(bad["modes"][late]) <= 4
    assert np.median(gan["modes"][late]) == np.median(wgan_gp["modes"][late]) == 8
    assert of_wgan_gp > 0.9 and of_gan < 0.6


if __name__ == "__main__":
    console.run(main)
