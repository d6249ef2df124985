"""Choose the settings of mnist_gan.py: train with each, and score on images that were held out.

    python examples/studies/mnist_trials.py                        # all trials, and the table
    python examples/studies/mnist_trials.py --only default lr_4e-4 --seeds 1

A trial trains the two MLPs of mnist_gan.py on the first 50,000 training images. It is scored on the
last 10,000, so the test images stay unseen. A trial takes as long as 7 epochs with batches of 64,
or as 9 if its name ends so: a small batch gets more steps. Each trial leaves a .json in --out and
is not run again.

The table has a row for the last weights and one for each running mean of the same run.
"""

import examples_path  # noqa: F401
import mnist_gan
from mnist_scores import draw
from paths import MNIST

import minigan
from minigan import datasets, optim
from minigan.datasets import minibatches
from minigan.metrics import digit_scores, frechet_distance, parzen_log_likelihood
from minigan.metrics.digits import classify
from minigan.runs import console
from minigan.runs.files import check_writable
from minigan.runs.flags import read, user_path
from minigan.runs.results import run_trials, trial_parser
from minigan.trainers import GAN

LATENT_DIM = 100
DECAYS = 0.995, 0.999
DEFAULT = {
    "batch_size": 64,
    "steps": 6559,  # 7 epochs of 60,000 images
    "g_lr": 2e-4,
    "d_lr": 2e-4,
    "b1": 0.5,
    "b2": 0.999,
    "constant": 1.0,  # the share of the steps before the learning rates fall linearly to 0
}
SMALL_BATCH = {"batch_size": 32, "steps": 9400}  # as long as the default
NINE_EPOCHS = {"steps": 8433}
LARGE_BATCH = {"batch_size": 128, "steps": 6017}  # as long as nine epochs
TRIALS = {
    "default": {},
    "batch_32": SMALL_BATCH,
    "lr_4e-4": {"g_lr": 4e-4, "d_lr": 4e-4},
    "lr_6e-4": {"g_lr": 6e-4, "d_lr": 6e-4},
    "lr_4e-4_decay_half": {"g_lr": 4e-4, "d_lr": 4e-4, "constant": 0.5},
    "lr_6e-4_decay_half": {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 0.5},
    "lr_6e-4_decay_quarter": {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 0.75},
    "lr_6e-4_decay_epoch_5": {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 5 / 7},
    "lr_6e-4_decay_epoch_6": {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 6 / 7},
    "lr_8e-4_decay_epoch_5": {"g_lr": 8e-4, "d_lr": 8e-4, "constant": 5 / 7},
    "lr_8e-4_decay_epoch_6": {"g_lr": 8e-4, "d_lr": 8e-4, "constant": 6 / 7},
    "lr_6e-4_decay_epoch_4_of_9": NINE_EPOCHS | {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 4 / 9},
    "lr_6e-4_decay_epoch_6_of_9": NINE_EPOCHS | {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 6 / 9},
    "lr_6e-4_decay_epoch_7_of_9": NINE_EPOCHS | {"g_lr": 6e-4, "d_lr": 6e-4, "constant": 7 / 9},
    "d_lr_9e-4_decay_epoch_6_of_9": NINE_EPOCHS | {"g_lr": 6e-4, "d_lr": 9e-4, "constant": 6 / 9},
    "batch_128_lr_8e-4_of_9": LARGE_BATCH | {"g_lr": 8e-4, "d_lr": 8e-4, "constant": 6 / 9},
    "lr_4e-4_b2_0.99": {"g_lr": 4e-4, "d_lr": 4e-4, "b2": 0.99},
    "b1_0": {"b1": 0.0},
    "b1_0_lr_4e-4": {"b1": 0.0, "g_lr": 4e-4, "d_lr": 4e-4},
}
HEADINGS = ["trial", "seed", "weights", "KL of classes", "least and most frequent class"]
HEADINGS += ["confidence", "Parzen", "Fréchet"]


def train(settings, seed, images):
    """Train once. Returns {name of the weights: generator}."""
    minigan.seed(seed)
    G, D = mnist_gan.build_generator(LATENT_DIM), mnist_gan.build_discriminator()
    betas = settings["b1"], settings["b2"]
    g_optimizer = optim.Adam(G.parameters(), settings["g_lr"], betas=betas)
    d_optimizer = optim.Adam(D.parameters(), settings["d_lr"], betas=betas)
    trainer = GAN(G, D, g_optimizer, d_optimizer)
    averages = {f"mean {decay}": optim.AveragedModel(G, decay) for decay in DECAYS}
    steps = settings["steps"]
    start = steps * settings["constant"]
    epoch = 0
    while trainer.steps < steps:
        batches = minibatches(images, settings["batch_size"], seed=seed, epoch=epoch)
        for _ in trainer.train(map(prepare, batches), noise):
            for average in averages.values():
                average.update_parameters(G)
            if trainer.steps == steps:
                break
            if start < steps:
                step = trainer.steps
                g_optimizer.lr = optim.linear_decay(settings["g_lr"], step, steps, start=start)
                d_optimizer.lr = optim.linear_decay(settings["d_lr"], step, steps, start=start)
        epoch += 1
    return {"last": G.eval()} | {name: average.module for name, average in averages.items()}


def prepare(batch):
    """(N, 28, 28) uint8 -> (N, 784) pixels from -1 to 1"""
    return datasets.to_float(batch).reshape(-1, 784)


def noise(m):
    return minigan.randn(m, LATENT_DIM)


def score(generator, held_out, features):
    """The scores of 10,000 samples. held_out: (10000, 784), from 0 to 1; features: of those."""
    minigan.seed(0)
    samples = draw(mnist_gan, generator, LATENT_DIM, 10_000)
    parzen = parzen_log_likelihood(samples, held_out[1000:5000], held_out[:1000])
    digits = digit_scores(samples)
    return {
        "kl": digits["kl"],
        "least": digits["histogram"].min(),
        "most": digits["histogram"].max(),
        "confidence": digits["confidence"],
        "parzen": parzen["log_likelihood"],
        "frechet": frechet_distance(features, classify(samples)[0]),
    }


def table(results):
    """The scores of all trials in Markdown."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    for result in results:
        for weights, s in result["scores"].items():
            cells = [result["trial"], str(result["seed"]), weights, f"{s['kl']:.4f}"]
            cells += [f"{s['least']:.1%}, {s['most']:.1%}", f"{s['confidence']:.3f}"]
            cells += [f"{s['parzen']:.1f}", f"{s['frechet']:.2f}"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv=None):
    parser = trial_parser(__doc__, TRIALS, "runs/mnist_trials")
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of the MNIST files")
    args = parser.parse_args(argv)
    read(check_writable, args.out)
    images, _ = read(datasets.mnist, args.data)
    held_out = datasets.to_float(images[50_000:], 0.0).reshape(-1, 784)
    features, _ = classify(held_out)
    run_trials(
        args,
        {name: DEFAULT | changes for name, changes in TRIALS.items()},
        lambda settings, seed: train(settings, seed, images[:50_000]),
        lambda generator, _: score(generator, held_out, features),
        table,
    )


if __name__ == "__main__":
    console.run(main)
