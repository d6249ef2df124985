"""Three problems of GAN training, produced on purpose and measured.

    python examples/theory_troubles.py

1. Oscillation: with Adam's usual momentum (β₁ = 0.9), G's samples move from place to place around
   a ring of 8 modes, and both losses oscillate.
2. Mode collapse: in such a run the samples lie on a few of the 8 modes, for some seeds to the end.
   The losses do not show it; metrics.mixture_scores does. With β₁ = 0.5, as in DCGAN, the same GAN
   finds all 8 modes.
3. A generator loss that does not measure quality: in a good run the distance between samples and
   data falls, but G's loss does not follow it. The estimate of a WGAN-GP falls with the distance.
   Near the end, when the distance falls slowly, it does not follow it either.

The distance is the Wasserstein distance of one-dimensional projections, averaged over directions
("sliced"; Rabin et al. 2011). No player sees it.

The picture shows the first of five seeds. The program prints the numbers of all of them.
"""

import numpy as np
from theory_tools import new_figure, save_figure, spread, theory_flags

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


BUILD = {
    "GAN, β₁ = 0.9": lambda: build_gan(0.9),
    "GAN, β₁ = 0.5": lambda: build_gan(0.5),
    "WGAN-GP": build_wgan_gp,
}


def turns(history, first, last):
    """How often the samples' centre goes around in these steps, counterclockwise minus clockwise"""
    where = history["where"][(history["step"] >= first) & (history["step"] <= last)]
    return ((np.diff(where) + 180) % 360 - 180).sum() / 360


def correlation_after(history, name, step):
    """The correlation of a column with the distance, over the steps after this one"""
    late = history["step"] > step
    return correlation(history[name][late], history["distance"][late])


def print_table(runs, steps):
    """Print the numbers of sections 1 and 2 for each seed. runs: {seed: {model: history}}"""
    third = steps // 3
    print(f"1. β₁ = 0.9, after step {third}:")
    print("   seed   modes   steps with 0 to 2   turns to and after the middle   D's loss")
    for seed, run in runs.items():
        history = run["GAN, β₁ = 0.9"]
        late = history["step"] > third
        modes, loss = history["modes"][late], history["d_loss"][late]
        middle = (third + steps) // 2
        first, second = turns(history, third, middle), turns(history, middle, steps)
        print(
            f"   {seed:4}{np.median(modes):8.0f}{np.mean(modes <= 2):19.0%}"
            f"{first:+21.1f}{second:+11.1f}{loss.min():15.2f} to {loss.max():.2f}"
        )
    print("2. modes covered, of 8 (median over the same steps), for each seed:")
    for model in BUILD:
        covered = [np.median(r[model]["modes"][r[model]["step"] > third]) for r in runs.values()]
        print(f"   {model:14} {' '.join(f'{modes:.0f}' for modes in covered)}")


def print_correlations(runs, steps):
    """Print the numbers of section 3, and return the correlations after step 100."""
    print("3. correlation with the distance, median and range over the seeds:")
    found = {}
    for model, name in (("GAN, β₁ = 0.5", "g_loss"), ("WGAN-GP", "wasserstein")):
        for step in (100, steps // 2):
            values = [correlation_after(run[model], name, step) for run in runs.values()]
            print(f"   {model}, {name}, after step {step}: {spread(values, '+.2f')}")
            found[name, step] = values
        at_end = [run[model]["distance"][-10:].mean() for run in runs.values()]
        print(f"   {model}, distance at the end: {spread(at_end)}")
    return found


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=2000, seeds=5)
    runs = {}
    for seed in range(args.seed, args.seed + args.seeds):
        runs[seed] = {}
        for name, build in BUILD.items():
            minigan.seed(seed)
            runs[seed][name], pictures = run(build(), args.steps, seed)
            if (seed, name) == (args.seed, "GAN, β₁ = 0.9"):
                bad_pictures = pictures
    print_table(runs, args.steps)
    found = print_correlations(runs, args.steps)
    drawn = runs[args.seed]
    bad, gan, wgan_gp = drawn.values()
    learning = wgan_gp["step"] > 100  # before that, G waits while the critic learns

    figure, axes = new_figure(3, 3, (11, 8.5))
    for i, name in enumerate(("d_loss", "g_loss")):
        axes[0, 0].plot(bad["step"], bad[name], color=f"C{i}", linewidth=0.8, label=name)
    axes[0, 0].set(title="1. β₁ = 0.9: both losses swing", xlabel="step")
    axes[0, 0].legend(fontsize=8)
    axes[0, 1].plot(bad["step"], bad["where"], ".", markersize=3)
    axes[0, 1].set(title="1. where the samples' centre is", xlabel="step", ylabel="degrees")
    axes[0, 1].set(xlim=(args.steps * 2 // 3, args.steps), yticks=range(0, 361, 90))
    for name, history in drawn.items():
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
        (axes[2, 0], gan, "g_loss", "3. GAN, β₁ = 0.5"),
        (axes[2, 1], wgan_gp, "wasserstein", "3. WGAN-GP"),
    )
    for panel, history, name, title in pairs:
        panel.plot(history["step"], history[name], color="C1", label=name)
        early, late = (correlation_after(history, name, step) for step in (100, args.steps // 2))
        panel.set(title=f"{title}: correlation {early:+.2f}, late {late:+.2f}", xlabel="step")
        panel.title.set_fontsize(9)
        beside = panel.twinx()
        beside.plot(history["step"], history["distance"], color="C0", label="distance to the data")
        panel.legend(handles=panel.lines + beside.lines, fontsize=8)
    axes[2, 2].plot(gan["distance"], running_mean(gan["g_loss"], 5), ".", label="GAN's g_loss")
    estimate, distance = wgan_gp["wasserstein"][learning], wgan_gp["distance"][learning]
    axes[2, 2].plot(distance, estimate, ".", label="WGAN-GP's estimate")
    axes[2, 2].set(title="3. what they tell of the distance", xlabel="distance to the data")
    axes[2, 2].legend(fontsize=8)
    save_figure(figure, args.out / "troubles.png", dpi=75)

    late = bad["step"] > args.steps // 3
    for bad, gan, wgan_gp in (histories.values() for histories in runs.values()):
        assert np.median(gan["modes"][late]) == np.median(wgan_gp["modes"][late]) == 8
        assert bad["modes"][late].mean() < gan["modes"][late].mean()
        assert np.ptp(bad["d_loss"][late]) > 0.3
    assert min(found["wasserstein", 100]) > 0.9 and max(found["g_loss", 100]) < 0.6


if __name__ == "__main__":
    console.run(main)
