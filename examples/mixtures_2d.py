"""GAN, WGAN and WGAN-GP on Gaussians in the plane, where a lost mode can be seen and counted.

    python examples/mixtures_2d.py                        # everything: about an hour and a half
    python examples/mixtures_2d.py --data ring --models wgan_gp --seeds 1

Trains each model on each data set from each of several seeds and prints the table of PacGAN (Lin et
al. 2018, Table 1): modes covered, share of high-quality samples, reverse KL. The first seed's run is
also drawn: samples, moving over what the discriminator or critic makes of the plane.

Every run leaves a .json in --out; those that are there are not run again. Ctrl-C is always safe.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import minigan
from minigan import metrics, mixtures, nn, optim, plot
from minigan.files import atomic_write
from minigan.trainers import GAN, WGAN, WGANGP

DATA = {"ring": mixtures.ring(), "grid": mixtures.grid(), "swiss_roll": None}
MODELS = ("gan", "wgan", "wgan_gp")
N_SAMPLES = 2500  # that the scores are measured on, as in VEEGAN and PacGAN
PUBLISHED = """\
PacGAN's table     GAN       ring   6.3 ± 0.5 of 8     98.2 %      grid  17.3 ± 0.8 of 25    94.8 %
                   PacGAN4   ring   7.8       of 8     95.9 %      grid  24.8       of 25    93.6 %"""


def mlp(n_in, n_out, width):
    """Three hidden layers of ReLUs: (N, n_in) -> (N, n_out)"""
    return nn.Sequential(
        nn.Linear(n_in, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, n_out),
    )


def build(model, lr, width):
    """A trainer with the same two networks for every model, and its paper's kind of optimizer."""
    G, D = mlp(2, 2, width), mlp(2, 1, width)
    if model == "gan":
        D = nn.Sequential(*D, nn.Sigmoid())
        optimizers = [optim.Adam(m.parameters(), lr, betas=(0.5, 0.999)) for m in (G, D)]
        return GAN(G, D, *optimizers)
    if model == "wgan":
        optimizers = [optim.RMSprop(m.parameters(), lr) for m in (G, D)]
        return WGAN(G, D, *optimizers, clip_value=0.1)
    optimizers = [optim.Adam(m.parameters(), lr, betas=(0.5, 0.9)) for m in (G, D)]
    return WGANGP(G, D, *optimizers, penalty_weight=0.1)


def draw(name, n, rng):
    """n points of the data set: (n, 2) float32"""
    return mixtures.swiss_roll(n, rng) if name == "swiss_roll" else DATA[name].sample(n, rng)


def train(name, model, seed, args, on_frame=None):
    """One run from scratch; what to write of it in the table."""
    minigan.seed(seed)
    rng = np.random.default_rng([seed, 1])  # of the data
    trainer = build(model, args.lr, args.width)
    noise = lambda m: minigan.randn(m, 2)  # noqa: E731
    batches = (draw(name, args.batch_size, rng) for _ in range(args.steps))
    curve, started = [], time.perf_counter()
    every = max(1, args.steps // 40)
    for report in trainer.train(batches, noise):
        for optimizer in vars(trainer).values():
            if isinstance(optimizer, optim.Optimizer):
                optimizer.lr = args.lr * (1 - trainer.steps / args.steps)
        if trainer.steps % every == 0:
            samples = generate(trainer.generator, N_SAMPLES)
            curve.append({"step": trainer.steps, **report, **score(name, samples)})
            if on_frame:
                on_frame(trainer, samples)
    seconds = time.perf_counter() - started
    samples = generate(trainer.generator, N_SAMPLES)
    return {"seconds": seconds, **score(name, samples), "curve": curve}
