"""GAN, WGAN and WGAN-GP on Gaussians in the plane, where a lost mode can be seen and counted.

    python examples/mixtures_2d.py                                    # the whole table
    python examples/mixtures_2d.py --data ring --models wgan_gp --seeds 1

Trains each model on each data set from each of several seeds and prints the table of PacGAN (Lin
et al. 2018, Table 1): modes covered, share of high-quality samples, reverse KL. An animation of the
first seed's run shows the samples over the output of the discriminator or critic.

Every run leaves a .json in --out. A run whose .json is there is not run again, so the program can
be stopped at any time.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np

import minigan
from minigan import metrics, nn, optim
from minigan.datasets import mixtures
from minigan.metrics.diagnosis import Diagnosis
from minigan.runs import console, plots
from minigan.runs.files import atomic_write, check_writable, locked_folder, remove_leftovers
from minigan.runs.flags import read, user_path
from minigan.runs.results import load_result, save_result
from minigan.trainers import GAN, WGAN, WGANGP

# The grid is shrunk to the size of the ring, as in WGAN-GP's own experiments: spacing and σ alike,
# so the scores stay the same. One weight of the penalty then suits both.
SHRINK = 1 / math.sqrt(8)
GRID = mixtures.grid(spacing=2 * SHRINK, std=0.05 * SHRINK)
DATA = {"ring": mixtures.ring(), "grid": GRID, "swiss_roll": None}
MODELS = {"gan": "GAN", "wgan": "WGAN", "wgan_gp": "WGAN-GP"}
STEPS = {"ring": 20_000, "grid": 30_000, "swiss_roll": 10_000}  # of D
MORE_STEPS = {("grid", "wgan_gp"): 60_000}  # this model still improves after 30,000
SETTINGS = {  # the learning rate falls to 0, in a line; the WGAN's RMSprop has no b1
    "gan": {"lr": 5e-4, "b1": 0.5, "batch_size": 128, "average": 0.0},
    "wgan": {"lr": 5e-4, "batch_size": 128, "average": 0.0},
    "wgan_gp": {"lr": 2e-3, "b1": 0.0, "batch_size": 256, "average": 0.999},
}
FLAGS = {  # of these settings
    "batch_size": (int, "samples in a minibatch"),
    "b1": (float, "Adam's first decay rate, for the mean gradient"),
    "average": (float, "decay of the running mean of G's weights, which is scored; 0: no mean"),
}
N_CRITIC = {"gan": 1, "wgan": 5, "wgan_gp": 2}  # steps of D to one of G
N_SAMPLES = 2500  # that are scored, as in VEEGAN and PacGAN
FRAMES = 30
PUBLISHED = [  # data, model, source, modes, high quality
    ("ring", "GAN", "PacGAN, Table 1", "6.3 ± 0.5", "98.2"),
    ("ring", "PacGAN4", "PacGAN, Table 1", "7.8", "95.9"),
    ("grid", "GAN", "PacGAN, Table 1", "17.3 ± 0.8", "94.8"),
    ("grid", "PacGAN4", "PacGAN, Table 1", "24.8", "93.6"),
]


def mlp(n_in, n_out, width, hidden_layers=3):
    """Hidden layers of ReLUs, and a linear layer: (N, n_in) -> (N, n_out)"""
    layers = [nn.Linear(n_in, width), nn.ReLU()]
    for _ in range(hidden_layers - 1):
        layers += [nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*nn.Sequential(*layers).apply(initialize), nn.Linear(width, n_out))


def initialize(layer):
    """U(±√(6/fan_in)), He et al. 2015: ReLUs pass its variance on, and shrink the default's."""
    if isinstance(layer, nn.Linear):
        bound = math.sqrt(6 / layer.in_features)
        nn.init.uniform_(layer.weight, -bound, bound)


def build(model, width, lr, b1=None):
    """A trainer of one model; the networks are the same for all. b1: Adam's first decay rate."""
    G, D = mlp(2, 2, width), mlp(2, 1, width)
    if model == "gan":
        D = nn.Sequential(*D, nn.Sigmoid())
        return GAN(G, D, *(optim.Adam(net.parameters(), lr, betas=(b1, 0.999)) for net in (G, D)))
    if model == "wgan":
        optimizers = (optim.RMSprop(net.parameters(), lr) for net in (G, D))
        return WGAN(G, D, *optimizers, clip_value=0.1, n_critic=N_CRITIC[model])
    adams = (optim.Adam(net.parameters(), lr, betas=(b1, 0.9)) for net in (G, D))
    return WGANGP(G, D, *adams, penalty_weight=0.1, n_critic=N_CRITIC[model])


def draw(name, n, rng):
    """n points of the data set: (n, 2) float32"""
    return mixtures.swiss_roll(n, rng) if DATA[name] is None else DATA[name].sample(n, rng)


def noise(m):
    return minigan.randn(m, 2)


def generate(generator, n=N_SAMPLES):
    with minigan.no_grad():
        return generator(noise(n)).numpy()


def score(name, samples):
    if DATA[name] is None:
        return {}
    return metrics.mixture_scores(samples, DATA[name].modes, DATA[name].std)


def settings_of(name, model, seed, args):
    """The settings of a run, which its result names. Flags replace the model's own settings."""
    settings = {"data": name, "model": model, "seed": seed, "width": args.width}
    settings["steps"] = MORE_STEPS.get((name, model), STEPS[name])
    settings |= SETTINGS[model]
    flags = {flag: getattr(args, flag) for flag in ("steps", *FLAGS)}
    return settings | {k: v for k, v in flags.items() if k in settings and v is not None}


def train(settings, film=None):
    """One run from scratch. Returns its settings, scores, time, and the scores on the way."""
    name, model, seed = (settings[key] for key in ("data", "model", "seed"))
    steps, lr, decay = (settings[key] for key in ("steps", "lr", "average"))
    minigan.seed(seed)
    rng = np.random.default_rng([seed, 1])  # draws the data
    trainer = build(model, settings["width"], lr, settings.get("b1"))
    optimizers = [v for v in vars(trainer).values() if isinstance(v, optim.Optimizer)]
    G = trainer.generator
    average = optim.AveragedModel(G, decay) if decay else None
    diagnosis = Diagnosis(draw(name, N_SAMPLES, np.random.default_rng(0)))
    every = math.ceil(steps / FRAMES)
    curve, started, busy = [], time.perf_counter(), time.process_time()
    batches = (draw(name, settings["batch_size"], rng) for _ in range(steps))
    for report in trainer.train(batches, noise):
        for optimizer in optimizers:
            optimizer.lr = optim.linear_decay(lr, trainer.steps, steps)
        if average and "g_loss" in report:
            average.update_parameters(G)
        told = diagnosis.watch(trainer.steps, report)
        if trainer.steps % every == 0 or trainer.steps == steps:
            samples = generate(average.module if average else G)
            curve.append({"step": trainer.steps, **report, **score(name, samples)})
            told += diagnosis.look(trainer.steps, samples)
            if film:
                told += draw_picture(film.add, trainer, samples)
        for sentence in told:
            print(f"{name}, {model}, seed {seed}: {sentence}", flush=True)
    seconds = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - busy}
    return settings | seconds | score(name, samples) | {"curve": curve}


def draw_picture(draw, *args):
    """Call `draw`. A run needs no pictures: if one cannot be written, return a sentence, [str]."""
    try:
        draw(*args)
    except (OSError, ValueError) as error:  # ValueError: there is nothing to animate
        return [f"no picture: {error}"]
    return []


class Film:
    """Frames of the samples over the surface of the discriminator, and an animation of them."""

    def __init__(self, name, folder):
        self.data = draw(name, 1000, np.random.default_rng(0))
        self.limit = 1.2 * abs(self.data).max()
        line = np.linspace(-self.limit, self.limit, 60, dtype=np.float32)
        self.x, self.y = np.meshgrid(line, line)
        self.folder = folder
        self.pictures = []
        remove_leftovers(folder)

    def add(self, trainer, samples):
        from matplotlib.figure import Figure

        player = trainer.discriminator if isinstance(trainer, GAN) else trainer.critic
        points = np.stack([self.x.ravel(), self.y.ravel()], axis=1)
        with minigan.no_grad():
            surface = player(minigan.Tensor(points)).numpy().reshape(self.x.shape)
        figure = Figure(figsize=(3.2, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.contourf(self.x, self.y, surface, levels=9, cmap="Blues_r")
        axes.scatter(*self.data.T, s=1, color="orange")
        axes.scatter(*samples[:1000].T, s=1, color="crimson")
        axes.set(
            xlim=(-self.limit, self.limit), ylim=(-self.limit, self.limit), xticks=[], yticks=[]
        )
        axes.set_aspect("equal")
        axes.set_title(f"step {trainer.steps}", fontsize=9)
        picture = self.folder / f"{trainer.steps:06d}.png"
        check_writable(self.folder)
        with atomic_write(picture) as temporary:
            figure.savefig(temporary, dpi=90)
        self.pictures.append(picture)  # only if it was written, for the animation

    def save(self, path):
        plots.save_animation(path, self.pictures)


def table(results):
    """Means ± standard deviations over the seeds, the worst seed, and published values."""
    headings = [
        "data",
        "model",
        "steps of D, of G",
        "seeds",
        "modes",
        "high quality, %",
        "reverse KL",
    ]
    headings += ["CPU minutes a run"]
    lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    scored = [run for run in results if DATA[run["data"]] is not None]
    for name in dict.fromkeys(run["data"] for run in scored):
        for model, title in MODELS.items():
            runs = [run for run in scored if (run["data"], run["model"]) == (name, model)]
            if not runs:
                continue
            modes, quality, kl, seconds = (
                np.array([run[key] for run in runs])
                for key in ("modes", "high_quality", "reverse_kl", "cpu_seconds")
            )
            steps = runs[0]["steps"]
            lines.append(
                f"| {name} | {title} | {steps:,}, {steps // N_CRITIC[model]:,} | {len(runs)} | "
                f"{modes.mean():.1f} ± "
                f"{modes.std():.1f}, worst {modes.min()} | {100 * quality.mean():.1f}, worst "
                f"{100 * quality.min():.1f} | "
                f"{kl.mean():.3f} | {seconds.mean() / 60:.1f} |"
            )
        for data, model, source, modes, quality in PUBLISHED:
            if data == name:
                lines.append(f"| {name} | {model} ({source}) | | | {modes} | {quality} | | |")
    return "\n".join(lines)


def mixtures_flags(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=DATA, default=["ring", "grid"])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", type=int, default=5, help="runs of each (default: 5)")
    steps = f"{STEPS}; 60,000 for wgan_gp on the grid"
    parser.add_argument("--steps", type=int, help=f"of D (default: {steps})")
    for flag, (kind, what) in FLAGS.items():
        default = ", ".join(
            f"{of[flag]} for {model}" for model, of in SETTINGS.items() if flag in of
        )
        parser.add_argument(f"--{flag}", type=kind, help=f"{what} (default: {default})")
    parser.add_argument("--width", type=int, default=128, help="of hidden layers (default: 128)")
    parser.add_argument("--out", type=user_path, default=Path("runs/mixtures_2d"))
    args = parser.parse_args(argv)
    least = {"seeds": 1, "steps": 1, "batch_size": 2, "width": 1}  # the mean of one score is none
    for name, n in least.items():
        if getattr(args, name) is not None and getattr(args, name) < n:
            parser.error(f"--{name} must be at least {n}, not {getattr(args, name)}")
    for name in ("average", "b1"):
        value = getattr(args, name)
        if value is not None and not 0 <= value < 1:
            parser.error(f"--{name} must be at least 0 and less than 1, not {value}")
    read(check_writable, args.out)
    return args


def main(argv=None):
    args = mixtures_flags(argv)
    with locked_folder(args.out):
        remove_leftovers(args.out)
        run_all(args)


def run_all(args):
    """Train what has no result in --out yet, and print the table."""
    results = []
    for seed in range(args.seeds):
        for name in args.data:
            for model in args.models:
                run = f"{name}-{model}-{seed}"
                path = args.out / f"{run}.json"
                settings = settings_of(name, model, seed, args)
                if not path.exists():
                    film = Film(name, args.out / run) if seed == 0 else None
                    result = train(settings, film)
                    save_result(path, result)
                    if film:
                        for sentence in draw_picture(film.save, args.out / f"{run}.gif"):
                            print(sentence)
                results.append(read(load_result, path, settings, table))
                told = (f"{k} {v}" for k, v in results[-1].items() if k != "curve")
                print(", ".join(told), flush=True)
    print(table(results))


if __name__ == "__main__":
    console.run(main)
