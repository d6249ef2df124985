"""The GAN that `run` trains on a ring of 8 Gaussians. Exercises take the place of its steps."""

import time

import numpy as np

import minigan
from minigan import losses, nn, optim
from minigan.autograd import grad
from minigan.datasets import mixtures
from minigan.tensor import Tensor, as_array

RING = mixtures.ring(std=0.05)
BATCH = 128
REPORTS = 8  # lines that a training prints
FIRST = 20  # steps, after which a training says how long it will take
WEIGHT = 0.1  # λ of the penalty; docs/mixtures.md says why it is not 10


class Scale(nn.Module):
    """y = x · weight, a factor for each coordinate: (N, 2) -> (N, 2)"""

    def __init__(self, size):
        self.weight = nn.Parameter(np.ones(size, dtype=np.float32))

    def forward(self, x):
        return x * self.weight  # (N, 2)(2,) -> (N, 2): a broadcast


def network(n_out, width=64):
    """(N, 2) -> (N, n_out)"""
    return nn.Sequential(
        nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, n_out)
    )


# The steps. Exercises of the chapters 4 and 5 take their place.


def discriminator_step(G, D, opt_D, real, z):
    """Update D once. D(x) is a logit, (N, 1). Return the loss."""
    fake = G(z).detach()  # (N, 2)
    loss = losses.binary_cross_entropy_with_logits(D(real), 1.0)
    loss = loss + losses.binary_cross_entropy_with_logits(D(fake), 0.0)
    opt_D.zero_grad()
    loss.backward()
    opt_D.step()
    return loss


def generator_step(G, D, opt_G, z):
    """Update G once, with the non-saturating loss. Return the loss."""
    loss = losses.binary_cross_entropy_with_logits(D(G(z)), 1.0)
    opt_G.zero_grad()
    loss.backward()
    opt_G.step()
    return loss


# The same for a WGAN-GP.


def interpolate(real, fake, eps):
    """x̂ = ε x + (1 - ε) G(z): (N, 2), (N, 2), (N,) -> (N, 2), all of them arrays"""
    eps = eps[:, None]  # (N, 1)
    return eps * real + (1 - eps) * fake


def penalty(f, x_hat):
    """mean (‖∇f(x̂)‖ - 1)² for a Tensor x̂"""
    (g,) = grad(f(x_hat).sum(), x_hat, create_graph=True)  # (N, 2)
    return ((g.norm(axis=1) - 1) ** 2).mean()


def gradient_penalty(f, real, fake, eps):
    """losses.gradient_penalty, made of the two functions above."""
    x_hat = interpolate(as_array(real), as_array(fake), as_array(eps))
    return penalty(f, Tensor(x_hat, requires_grad=True))


def critic_step(G, f, opt_f, real, z, eps, weight):
    """Update f once. f(x) is a score, (N, 1). Return the loss."""
    fake = G(z).detach()  # (N, 2)
    penalty = losses.gradient_penalty(f, real, fake, eps)
    loss = f(fake).mean() - f(real).mean() + weight * penalty
    opt_f.zero_grad()
    loss.backward()
    opt_f.step()
    return loss


def wasserstein_generator_step(G, f, opt_G, z):
    """Update G once with the loss -mean f(G(z)). Return the loss."""
    loss = -f(G(z)).mean()
    opt_G.zero_grad()
    loss.backward()
    opt_G.step()
    return loss


def train_gan(steps):
    """Train G and D in turns. Return 2,500 samples of G, (2500, 2)."""
    minigan.seed(0)
    rng = np.random.default_rng(0)
    G = nn.Sequential(network(2), Scale(2))
    D = network(1)
    opt_G = optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    opt_D = optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
    start = time.monotonic()
    for step in range(1, steps + 1):
        real = Tensor(RING.sample(BATCH, rng))
        d_loss = discriminator_step(G, D, opt_D, real, minigan.randn(BATCH, 2))
        g_loss = generator_step(G, D, opt_G, minigan.randn(BATCH, 2))
        report(step, steps, start, f"loss of D {float(d_loss):.3f}, of G {float(g_loss):.3f}")
    return samples_of(G)


def train_wgan_gp(steps):
    """Train G and the critic f, with two steps of f for each step of G. Return samples of G."""
    minigan.seed(0)
    rng = np.random.default_rng(0)
    G = nn.Sequential(network(2), Scale(2))
    f = network(1)
    opt_G = optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
    opt_f = optim.Adam(f.parameters(), lr=1e-3, betas=(0.0, 0.9))
    start = time.monotonic()
    for step in range(1, steps + 1):
        real = Tensor(RING.sample(BATCH, rng))
        eps = minigan.rand(BATCH).numpy()
        f_loss = critic_step(G, f, opt_f, real, minigan.randn(BATCH, 2), eps, WEIGHT)
        if step % 2 == 0:
            wasserstein_generator_step(G, f, opt_G, minigan.randn(BATCH, 2))
        report(step, steps, start, f"loss of the critic {float(f_loss):.3f}")
    return samples_of(G)


def report(step, steps, start, text):
    """Print some of the steps, and early how long the others take. start: the time of step 0."""
    left = (steps - step) * (time.monotonic() - start) / step  # seconds
    if step == FIRST and steps >= REPORTS * FIRST:
        print(f"{steps:,} steps: about {left:.0f} seconds", flush=True)
    if step % max(1, steps // REPORTS) == 0:
        print(f"step {step}: {text}", flush=True)


def samples_of(G):
    with minigan.no_grad():
        return G(minigan.randn(2500, 2)).numpy()
