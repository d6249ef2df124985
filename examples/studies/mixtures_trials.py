"""Choose the settings of the WGAN-GP on the grid of mixtures_2d.py: train with each, and score.

    python examples/studies/mixtures_trials.py                       # all trials, and the table
    python examples/studies/mixtures_trials.py --only base batch_256 --seeds 100 101

The seed 100 is not one of the seeds of mixtures_2d.py. A trial has 30,000 critic steps, half of
those of mixtures_2d.py. Its scores are those of 50,000 samples. The standard error of the share of
high-quality samples is then 0.1 points. The distance is that of a sample from the nearest mode, as
the median over the samples. It is 1.18σ in the data. Each trial leaves a .json in --out and is not
run again.
"""

import examples_path  # noqa: F401
import numpy as np
from mixtures_2d import GRID, draw, mlp, score

import minigan
from minigan import optim
from minigan.runs import console
from minigan.runs.files import check_writable
from minigan.runs.flags import read
from minigan.runs.results import run_trials, trial_parser
from minigan.trainers import WGANGP

N_SAMPLES = 50_000
NOISES = {  # of shape (m, latent_dim)
    "normal": minigan.randn,
    "normal_times_3": lambda *shape: 3 * minigan.randn(*shape),
    "uniform": lambda *shape: 2 * minigan.rand(*shape) - 1,
}
BASE = {
    "steps": 30_000,
    "batch_size": 128,
    "latent_dim": 2,
    "noise": "normal",
    "width": 128,
    "hidden_layers": 3,
    "lr": 2e-3,  # it falls to 0, in a line
    "b1": 0.0,
    "b2": 0.9,
    "penalty_weight": 0.1,
    "n_critic": 2,
}
TRIALS = {
    "base": {},
    "lr_1e-3": {"lr": 1e-3},
    "penalty_0.03": {"penalty_weight": 0.03},
    "one_critic_step": {"n_critic": 1},
    "five_critic_steps": {"n_critic": 5},
    "latent_8": {"latent_dim": 8},
    "noise_times_3": {"noise": "normal_times_3"},
    "noise_uniform": {"noise": "uniform"},
    "width_256": {"width": 256},
    "four_layers": {"hidden_layers": 4},
    "batch_256": {"batch_size": 256},
    "batch_256_b1_0.5": {"batch_size": 256, "b1": 0.5},
    "batch_256_b2_0.99": {"batch_size": 256, "b2": 0.99},
    "batch_256_lr_3e-3": {"batch_size": 256, "lr": 3e-3},
    "batch_256_lr_5e-3": {"batch_size": 256, "lr": 5e-3},
    "batch_256_four_layers": {"batch_size": 256, "hidden_layers": 4},
}


def train(settings, seed):
    """Train once. Returns {name of the weights: generator}."""
    minigan.seed(seed)
    rng = np.random.default_rng([seed, 1])  # draws the data
    width, depth = settings["width"], settings["hidden_layers"]
    G, f = mlp(settings["latent_dim"], 2, width, depth), mlp(2, 1, width, depth)
    betas, lr, steps = (settings["b1"], settings["b2"]), settings["lr"], settings["steps"]
    g_optimizer = optim.Adam(G.parameters(), lr, betas=betas)
    f_optimizer = optim.Adam(f.parameters(), lr, betas=betas)
    game = {name: settings[name] for name in ("penalty_weight", "n_critic")}
    trainer = WGANGP(G, f, g_optimizer, f_optimizer, **game)
    average = optim.AveragedModel(G, 0.999)
    noise, latent_dim = NOISES[settings["noise"]], settings["latent_dim"]
    batches = (draw("grid", settings["batch_size"], rng) for _ in range(steps))
    for report in trainer.train(batches, lambda m: noise(m, latent_dim)):
        g_optimizer.lr = f_optimizer.lr = optim.linear_decay(lr, trainer.steps, steps)
        if "g_loss" in report:
            average.update_parameters(G)
    return {"last": G, "mean 0.999": average.module}


def score_of(generator, settings):
    minigan.seed(0)
    with minigan.no_grad():
        z = NOISES[settings["noise"]](N_SAMPLES, settings["latent_dim"])
        samples = generator(z).numpy()
    distances = np.linalg.norm(samples[:, None] - GRID.modes, axis=2).min(axis=1)
    return score("grid", samples) | {"distance": float(np.median(distances) / GRID.std)}


def table(results):
    """The scores of all trials in Markdown."""
    headings = "trial", "seed", "weights", "modes", "high quality, %", "reverse KL", "distance, σ"
    headings += ("CPU minutes",)
    lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for result in results:
        for weights, s in result["scores"].items():
            cells = [result["trial"], str(result["seed"]), weights, str(s["modes"])]
            cells += [
                f"{100 * s['high_quality']:.1f}",
                f"{s['reverse_kl']:.4f}",
                f"{s['distance']:.2f}",
            ]
            lines.append(f"| {' | '.join(cells)} | {result['cpu_seconds'] / 60:.1f} |")
    return "\n".join(lines)


def main(argv=None):
    args = trial_parser(__doc__, TRIALS, "runs/mixtures_trials").parse_args(argv)
    read(check_writable, args.out)
    settings = {name: BASE | changes for name, changes in TRIALS.items()}
    run_trials(args, settings, train, score_of, table)


if __name__ == "__main__":
    console.run(main)
