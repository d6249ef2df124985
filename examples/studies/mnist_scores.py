"""Score generated digits: the metrics of minigan.metrics for runs of the MNIST examples.

    python examples/studies/mnist_scores.py                     # the generator in the repository
    python examples/studies/mnist_scores.py runs/mnist_gan runs/mnist_dcgan --out scores.md
    python examples/studies/mnist_scores.py mnist_gan=FOLDER    # a run that names no example
    python examples/studies/mnist_scores.py --train             # docs/results.md: 100 min of CPU

Prints a table in Markdown. A row compares 10,000 samples of a run with the 10,000 test images. A
run with averaged weights has a second row for them. The first two rows are controls that no
generator made: training images, which are as good as samples can be, and centres of k-means, which
show a flaw of the Parzen estimate. The controls take three minutes, and each other row takes one.
The files of minigan/metrics explain the columns.
"""

import argparse
import importlib
import time
from collections import Counter
from pathlib import Path

import examples_path  # noqa: F401
import numpy as np
from paths import EXAMPLES, MNIST, TRAINED

import minigan
from minigan import datasets
from minigan.metrics import digit_scores, parzen_controls, parzen_log_likelihood
from minigan.runs import console
from minigan.runs.files import atomic_write
from minigan.runs.finished import FinishedRun, OtherExampleError
from minigan.runs.flags import check_flags, check_out_file, read, user_path

RUNS = Path("runs/mnist_scores")
TABLE = {  # what --train trains: a folder for each, the example and its flags
    "mnist_gan_2014": ("mnist_gan_2014", []),
    "mnist_gan": ("mnist_gan", []),
    "mnist_gan_20_epochs": ("mnist_gan", ["--n_epochs", "20", "--b1", "0.5"]),
    "mnist_wgan_gp": ("mnist_wgan_gp", ["--average", "0.999"]),
    "mnist_dcgan": ("mnist_dcgan", []),
}
HEADINGS = [
    "samples of",
    "steps of D, of G",
    "min of CPU",
    "Parzen log-likelihood, nats",
    "σ",
    "KL of classes, nats",
]
HEADINGS += ["least and most frequent class", "confidence", "Fréchet", "precision", "recall"]
BATCH = 500  # samples at a time


def train(name, out, data):
    """Train the run of TABLE in the folder `out`, or go on with it.

    Returns the minutes of CPU of all threads, or None if a part of it was there already.
    """
    example, flags = TABLE[name]
    flags = [*flags, "--out", str(out), "--data", str(data)]
    begun = (out / "checkpoint.npz").exists()
    start = time.process_time()
    if not importlib.import_module(example).main([*flags, "--resume"] if begun else flags):
        raise SystemExit("go on with the same command")
    return None if begun else (time.process_time() - start) / 60


def load(path):
    """A run, given as its folder or as EXAMPLE=FOLDER.

    Returns (the example's module, {name of a row: generator in eval mode}, the state): a generator
    of the last weights, and one of the averaged weights if the run has such. Raises ValueError if
    it is no such run.
    """
    names = sorted(path.stem for path in EXAMPLES.glob("mnist_*gan*.py"))
    name, _, folder = path.partition("=")
    if not folder or name not in names:
        name, folder = None, path
    try:
        run = FinishedRun(folder, EXAMPLES, names, name)
    except OtherExampleError as error:
        raise ValueError(
            f"{error}; if it is one of those, but does not say so, write EXAMPLE={path}"
        ) from error
    name, state = run.module.__name__, run.state
    generators = {name: run.network("generator")}
    if "average" in state:
        averaged = run.network("generator", state["average"]["module"])
        generators[f"{name}, averaged weights"] = averaged
    return run.module, generators, state


def draw(example, generator, latent_dim, n):
    """n samples of the generator as pixels from 0 to 1, (n, 784).

    An example has `to_pixels(samples)`, from what its generator makes to (N, 28, 28) of 0 to 1; and
    `draw_noise(n, latent_dim)`, if that takes anything but normal noise.
    """
    draw_noise = getattr(example, "draw_noise", minigan.randn)
    with minigan.no_grad():
        samples = [
            generator(draw_noise(min(BATCH, n - start), latent_dim)).numpy()
            for start in range(0, n, BATCH)
        ]
    return example.to_pixels(np.concatenate(samples)).reshape(n, 784)


def steps_of_both(state):
    """The steps of D and of G as text. A run counts those of D."""
    of_d = state["steps"]
    return f"{of_d:,}, {of_d // state['flags'].get('n_critic', 1):,}"


def score(samples, train, test):
    """The cells of a row that follow its name, steps and time; samples: (N, 784), from 0 to 1."""
    parzen = parzen_log_likelihood(samples, test, train[50_000:51_000])
    digits = digit_scores(samples, test[: len(samples)])
    least, most = digits["histogram"].min(), digits["histogram"].max()
    return [
        f"{parzen['log_likelihood']:.1f} ± {parzen['standard_error']:.1f}",
        f"{parzen['sigma']:.3f}",
        f"{digits['kl']:.4f}",
        f"{least:.1%}, {most:.1%}",
        *(f"{digits[name]:.3f}" for name in ("confidence", "frechet", "precision", "recall")),
    ]


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"folders (default: {TRAINED})")
    parser.add_argument("--train", action="store_true", help=f"also train {', '.join(TABLE)}")
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of the MNIST files")
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise")
    parser.add_argument("--n_samples", type=int, default=10_000, help="samples of each run")
    parser.add_argument("--out", type=user_path, help="write the table to this file")
    args = parser.parse_args(argv)
    check_flags(parser, args)
    if not 10 <= args.n_samples <= 10_000:
        parser.error(f"--n_samples must be from 10 to 10,000, not {args.n_samples}")
    if args.out:
        read(check_out_file, args.out)
    images, _ = read(datasets.mnist, args.data)
    test_images, _ = read(datasets.mnist, args.data, train=False)
    if len(images) < 51_000 or len(test_images) < args.n_samples:
        raise SystemExit(
            f"error: 51,000 training images and {args.n_samples:,} test images are needed, and "
            f"{args.data} has {len(images):,} and {len(test_images):,}"
        )
    minutes = {}
    for name in TABLE if args.train else ():
        minutes[str(RUNS / name)] = train(name, RUNS / name, args.data)
    paths = [*minutes, *args.runs] or [str(TRAINED)]
    runs = {path: read(load, path) for path in paths}
    times = Counter(name for _, generators, _ in runs.values() for name in generators)
    train_pixels = datasets.to_float(images, 0.0).reshape(-1, 784)
    test_pixels = datasets.to_float(test_images, 0.0).reshape(-1, 784)

    lines = []

    def tell(cells):
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)

    tell(HEADINGS)
    tell(["---"] * len(HEADINGS))
    for name, samples in parzen_controls(train_pixels[:50_000], args.n_samples).items():
        tell([name, "", "", *score(samples, train_pixels, test_pixels)])
    for path, (example, generators, state) in runs.items():
        trained = f"{minutes[path]:.0f}" if minutes.get(path) else ""
        for name, generator in generators.items():
            minigan.seed(args.seed)
            samples = draw(example, generator, generator[0].in_features, args.n_samples)
            cells = score(samples, train_pixels, test_pixels)
            title = f"{name} ({path})" if times[name] > 1 else name
            tell([title, steps_of_both(state), trained, *cells])
    if args.out:
        with atomic_write(args.out) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    console.run(main)
