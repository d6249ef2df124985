"""The effect of ε = 0.8 in batch norm: the same GAN trained with 0.8 and with 1e-5.

    python examples/studies/batch_norm_eps.py              # train both, then draw
    python examples/studies/batch_norm_eps.py --eps 0.8    # train one, for two terminals at once

Well-known scripts write BatchNorm1d(n, 0.8) in this generator (mnist_gan.py's, of PyTorch-GAN).
They mean a momentum, but the second argument is ε, in y = γ (x - μ) / √(σ² + ε) + β. If σ² is much
smaller than 0.8, the layer hardly normalises. Its output has the standard deviation √(σ²/(σ² + ε))
instead of 1, and it multiplies a gradient by 1/√(σ² + ε) instead of 1/σ. The script computes both
for the initial weights, layer by layer, and compares them with measured values.

Then it trains both. Each epoch leaves its generator in --out. A classifier reads the digits of
2,000 samples. Run the script again to resume; --n_epochs 0 draws the epochs that exist.
"""

import argparse
import math
import os
from pathlib import Path

import examples_path  # noqa: F401
import mnist_gan
import numpy as np
from paths import MNIST
from theory_tools import new_figure, save_figure

import minigan
from minigan import datasets, metrics, nn, optim, randn
from minigan.datasets import to_float
from minigan.metrics.digits import save_weights
from minigan.runs import console, plots
from minigan.runs.files import check_writable, remove_leftovers
from minigan.runs.finished import as_float32
from minigan.runs.flags import parse_flags, read, user_path
from minigan.runs.run import Run
from minigan.trainers import GAN

EPS = (0.8, 1e-5)
LATENT_DIM = 100
N_SAMPLES = 2000  # samples to score, from the same noise at every epoch


def build_generator(eps):
    """mnist_gan.py's, with this ε in its batch norm"""
    G = mnist_gan.build_generator(LATENT_DIM)
    for layer in batch_norms(G):
        layer.eps = eps
    return G


def batch_norms(G):
    return [layer for layer in G if isinstance(layer, nn.BatchNorm1d)]


# --- before the first step -----------------------------------------------------------------------


def measured_deviations(G, z):
    """The standard deviation over the noise after every layer, as root mean square over units"""
    deviations, x = [], minigan.Tensor(z)
    with minigan.no_grad():
        for layer in G:
            x = layer(x)
            deviations.append(math.sqrt(x.data.var(axis=0).mean()))
    return deviations


def predicted_variances(G):
    """The squares of these, from the formulas, for noise of variance 1 and the initial weights

    Linear: weights U(±1/√n) have a variance of 1/(3n), and n of them are summed: a third.
    BatchNorm: γ is 1, so σ² becomes σ²/(σ² + ε).
    LeakyReLU of slope a, of x ~ N(0, s²): (1 + a²)/2 s² - (1 - a)²/(2π) s², its mean square less
    the square of its mean; for a = 0.2 that is 0.418 s².
    """
    variances, v = [], 1.0
    for layer in G:
        if isinstance(layer, nn.Linear):
            v /= 3
        elif isinstance(layer, nn.BatchNorm1d):
            v /= v + layer.eps
        else:
            a = layer.negative_slope
            v *= (1 + a**2) / 2 - (1 - a) ** 2 / (2 * math.pi)
        variances.append(v)
    return variances


def predicted_gain(G):
    """The factor by which the batch norms multiply a gradient: the product of 1/√(σ² + ε)"""
    before = zip(G, [1.0, *predicted_variances(G)], strict=False)  # each layer and its input's σ²
    return math.prod(
        (v + layer.eps) ** -0.5 for layer, v in before if isinstance(layer, nn.BatchNorm1d)
    )


def gradient_norm(G, z, gy):
    """The norm of the gradient of Σ gy · G(z) in the weights of G's first layer"""
    (gradient,) = minigan.grad((G(z) * gy).sum(), [G[0].weight])
    return float(np.linalg.norm(gradient.numpy()))


def fixed_draws():
    """The noise z for all figures, (N, 100), and a gradient of the pixels for each, (N, 784)"""
    rng = np.random.default_rng(0)
    shapes = (N_SAMPLES, LATENT_DIM), (N_SAMPLES, 784)
    return [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]


def compare_first_weights():
    """Print the predicted and measured values, and assert that they agree."""
    z, gy = fixed_draws()
    deviations, gradients, gains = [], [], []
    print("before training: standard deviation over z after each layer, measured (predicted)")
    for eps in EPS:
        minigan.seed(0)
        G = build_generator(eps)[:-1]  # without the Tanh
        measured, predicted = measured_deviations(G, z), np.sqrt(predicted_variances(G))
        pairs = zip(G, measured, predicted, strict=True)
        shown = [(m, p) for layer, m, p in pairs if not isinstance(layer, nn.LeakyReLU)]
        print(f"  ε = {eps:<5g} ", *(f"{m:.3f} ({p:.3f})" for m, p in shown))
        np.testing.assert_allclose(measured, predicted, rtol=0.05)
        deviations.append(measured[-1])
        gradients.append(gradient_norm(G, z, gy))
        gains.append(predicted_gain(G))
    less = deviations[1] / deviations[0]
    weaker, predicted = gradients[1] / gradients[0], gains[1] / gains[0]
    print(f"with ε = {EPS[0]} the output varies {less:.1f} times less with z, and a gradient comes")
    print(f"  back to the first layer {weaker:.1f} times smaller (predicted: {predicted:.1f})\n")
    assert less > 20
    np.testing.assert_allclose(weaker, predicted, rtol=0.1)


# --- training ------------------------------------------------------------------------------------


def train(eps, out, n_epochs, data):
    """Train with this ε, or resume its run. Return whether it is complete."""
    flags = [f"--eps={eps}", f"--n_epochs={n_epochs}", f"--out={out}", f"--data={data}"]
    if os.path.exists(out / "checkpoint.npz"):
        flags.append("--resume")
    settings = dict(batch_size=64, lr=2e-4, b1=0.5, b2=0.999, sample_interval=1)
    args = parse_flags(__file__, __doc__, flags, eps=eps, n_epochs=n_epochs, **settings)
    images, _ = read(datasets.mnist, data)
    args.sample_interval = len(images) // args.batch_size  # an epoch
    G, D = build_generator(eps), mnist_gan.build_discriminator()
    gan = GAN(
        G,
        D,
        optim.Adam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        optim.Adam(D.parameters(), args.lr, betas=(args.b1, args.b2)),
    )
    generators = check_writable(out / "generators")
    fixed_noise = randn(100, LATENT_DIM)
    with Run(args, gan, fixed_noise=fixed_noise, picture=mnist_gan.to_pixels) as run:
        remove_leftovers(generators)
        for batch in run.minibatches(images):  # (64, 28, 28), uint8
            real = to_float(batch).reshape(-1, 784)
            report = gan.discriminator_step(real, randn(len(real), LATENT_DIM))
            report |= gan.generator_step(randn(len(real), LATENT_DIM))
            if gan.steps % args.sample_interval == 0:
                save_weights(G, generators / f"{gan.steps:06d}.npz")  # in float16
            run.log(report, real)
    return run.complete


# --- results -------------------------------------------------------------------------------------


def load_weights(G, path):
    """Give G the weights of a snapshot. Raises ValueError, naming the file, if they do not fit."""
    state = minigan.load(path)
    try:
        G.load_state_dict({k: as_float32(v) for k, v in state.items()})
    except Exception as error:  # wrong content can raise anything
        raise ValueError(f"{path} does not fit the generator: {error}") from error


def score(eps, snapshots):
    """Return the scores of each epoch's generator, the last samples, and the last generator."""
    z, _ = fixed_draws()
    G = build_generator(eps).eval()
    rows = []
    for path in snapshots:
        read(load_weights, G, path)
        with minigan.no_grad():
            images = mnist_gan.to_pixels(G(minigan.Tensor(z)).numpy())
        scores = metrics.digit_scores(images)
        variances = [layer.running_var for layer in batch_norms(G)]
        rows.append(
            {
                "shares": scores["histogram"],
                "kl": scores["kl"],
                "confidence": scores["confidence"],
                "shrinkage": [np.sqrt(v / (v + eps)).mean() for v in variances],
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}, images, G


def tell(eps, history, G):
    """Print the table: digits, and the standard deviation after each of the three batch norms."""
    print(f"ε = {eps:g}\nepoch   most frequent   rarest     KL      confidence   √(σ²/(σ² + ε))")
    n = len(history["kl"])
    for i in sorted({e - 1 for e in (1, 2, 5, 10, 20, 40, 80, 160, n) if e <= n}):
        shares = history["shares"][i]
        most, least = shares.argmax(), shares.argmin()
        passed = " ".join(f"{s:.2f}" for s in history["shrinkage"][i])
        print(
            f"{i + 1:5}   {most}: {shares[most]:6.1%}      {least}: {shares[least]:5.1%}   "
            f"{history['kl'][i]:.3f}   {history['confidence'][i]:.3f}        {passed}"
        )
    z, gy = fixed_draws()
    G = G[:-1].train()
    deviations = zip(G, measured_deviations(G, z), strict=True)
    shown = [f"{d:.3f}" for layer, d in deviations if not isinstance(layer, nn.LeakyReLU)]
    print("standard deviation over z after each layer:", *shown)
    print(f"norm of the first layer's gradient: {gradient_norm(G, z, gy):.0f}\n")


def draw(path, arms):
    """Draw the picture: one column for each ε, and a third that compares them.

    Upper row: the digits' shares over the epochs for each ε, and their KL from equal shares.
    Lower row: the last epoch's samples for each ε, and √(σ²/(σ² + ε)) over the epochs.
    """
    figure, axes = new_figure(2, 3, (13, 7.5))
    for i, (eps, (history, images, _)) in enumerate(arms.items()):
        epochs = np.arange(1, len(history["kl"]) + 1)
        shares = axes[0, i]
        shares.stackplot(epochs, history["shares"].T, colors=[f"C{digit}" for digit in range(10)])
        last = history["shares"][-1]
        for digit, top in enumerate(last.cumsum()):
            if last[digit] > 0.02:  # a smaller share has no room for its label
                shares.text(epochs[-1], top - last[digit] / 2, f" {digit}", va="center")
        shares.set(
            title=f"ε = {eps:g}: which digits", xlabel="epoch", ylabel="share of the samples"
        )
        shares.set(xlim=(1, max(2, len(epochs))), ylim=(0, 1))
        axes[1, i].imshow(plots.tile(images[:100]), cmap="gray")
        axes[1, i].set(title=f"ε = {eps:g}: epoch {len(epochs)}", xticks=[], yticks=[])
        axes[0, 2].plot(epochs, history["kl"], color=f"C{i}", label=f"ε = {eps:g}")
        for j, style in enumerate(("-", "--", ":")):
            label = f"ε = {eps:g}, batch norm {j + 1}"
            values = history["shrinkage"][:, j]
            axes[1, 2].plot(epochs, values, style, color=f"C{i}", label=label)
    axes[0, 2].set(title="KL from equal shares", xlabel="epoch", ylabel="nats", ylim=(0, None))
    axes[1, 2].set(title="√(σ²/(σ² + ε)), mean over units", xlabel="epoch", ylim=(0, 1.05))
    axes[0, 2].legend()
    axes[1, 2].legend(fontsize=7)
    save_figure(figure, path)


def draw_both(folders, out):
    """Print the tables and draw the picture for the epochs that both runs have."""
    names = [{path.name for path in folders[eps].glob("generators/[0-9]*.npz")} for eps in EPS]
    if not any(names):
        return
    epochs = sorted(set.intersection(*names))
    if not epochs:
        raise SystemExit(f"error: there is no epoch of both in {out}: train them, or see --out")
    arms = {eps: score(eps, [folders[eps] / "generators" / name for name in epochs]) for eps in EPS}
    for eps, (history, _, G) in arms.items():
        tell(eps, history, G)
    draw(out / "batch_norm_eps.png", arms)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--n_epochs", type=int, default=40, help="epochs (default: 40); 0: draw those that exist"
    )
    parser.add_argument(
        "--eps", type=float, choices=EPS, help="train only with this ε, and draw no picture"
    )
    parser.add_argument("--data", type=user_path, default=MNIST, help="folder of the MNIST files")
    parser.add_argument("--out", type=user_path, default=Path("runs/batch_norm_eps"))
    args = parser.parse_args(argv)
    if args.n_epochs < 0:
        parser.error(f"--n_epochs must be at least 0, not {args.n_epochs}")
    if args.n_epochs == 0 and args.eps is not None:
        parser.error("--n_epochs 0 draws the runs of both ε: leave out --eps")
    compare_first_weights()
    folders = {eps: args.out / f"eps_{eps:g}" for eps in EPS}
    if args.n_epochs != 0:
        for eps in EPS if args.eps is None else [args.eps]:
            if not train(eps, folders[eps], args.n_epochs, args.data):
                return  # stopped
    if args.eps is None:
        draw_both(folders, args.out)


if __name__ == "__main__":
    console.run(main)
