"""Optimizers, and 25 steps of a GAN, give PyTorch's numbers. Skipped without PyTorch."""

import numpy as np
import pytest
from agreement import RNG, assert_agree, assert_same_state, build_twice, torch

from minigan import losses, nn, optim
from minigan.trainers import GAN

OPTIMIZERS = {  # the name of the class in both libraries, and its settings
    "SGD": ("SGD", dict(lr=0.02)),
    "SGD with momentum": ("SGD", dict(lr=0.02, momentum=0.9)),
    "RMSprop": ("RMSprop", dict()),
    "RMSprop with settings": ("RMSprop", dict(lr=0.005, alpha=0.9, eps=1e-3)),
    "Adam": ("Adam", dict()),
    "Adam with settings": ("Adam", dict(lr=0.05, betas=(0.5, 0.9), eps=1e-3)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    """20 steps from the same point. In every third step b has no gradient and must not change."""
    name, settings = OPTIMIZERS[name]
    starts = RNG.standard_normal((3, 4)), RNG.standard_normal(5)
    steepness = 10.0 ** RNG.uniform(-3, 1, (3, 4))
    ours = [nn.Parameter(x.copy()) for x in starts]
    theirs = [torch.tensor(x, requires_grad=True) for x in starts]
    optimizer = getattr(optim, name)(ours, **settings)
    their_optimizer = getattr(torch.optim, name)(theirs, **settings)

    def loss(a, b, steepness):
        return (a * a * steepness).sum() + (b * b * b * b).sum() + a.mean() * b.mean()

    for step in range(20):
        optimizer.zero_grad()
        their_optimizer.zero_grad()
        loss(*ours, steepness).backward()
        loss(*theirs, torch.tensor(steepness)).backward()
        if step % 3 == 1:
            ours[1].grad = theirs[1].grad = None
        optimizer.step()
        their_optimizer.step()
        for p, t in zip(ours, theirs, strict=True):
            assert_agree(p, t)

    for state, t in zip(optimizer.state, theirs, strict=True):
        for moment, value in their_optimizer.state[t].items():
            if value is not None:  # as SGD's buffer is without momentum
                assert_agree(np.float64(state[moment]), value.double())


def build_generator(nn):
    return nn.Sequential(
        nn.Linear(4, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2), nn.Linear(16, 6), nn.Tanh()
    )


def build_discriminator(nn):
    return nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())


def train_in_torch(G, D, batches, *, real_label, minimax, k):
    """Algorithm 1 in PyTorch. Returns the report of each step."""
    g_optimizer = torch.optim.Adam(G.parameters(), lr=1e-2, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(D.parameters(), lr=1e-2, betas=(0.5, 0.999))
    bce = torch.nn.functional.binary_cross_entropy
    reports = []
    for step, (real, z, z_again) in enumerate(batches, start=1):
        d_optimizer.zero_grad()
        p_real, p_fake = D(real), D(G(z).detach())
        d_loss = bce(p_real, torch.full_like(p_real, real_label))
        d_loss = d_loss + bce(p_fake, torch.zeros_like(p_fake))
        d_loss.backward()
        d_optimizer.step()
        report = {"d_loss": d_loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
        if step % k == 0:
            g_optimizer.zero_grad()
            p_fake = D(G(z_again))
            if minimax:
                g_loss = (1 - p_fake).log().mean()
            else:
                g_loss = -p_fake.log().mean()
            g_loss.backward()
            g_optimizer.step()
            report["g_loss"] = g_loss
        reports.append({name: value.item() for name, value in report.items()})
    return reports


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("minimax", [False, True])
@pytest.mark.parametrize("real_label", [1.0, 0.9])
def test_25_steps_of_a_gan(real_label, minimax, k):
    (G, their_G), (D, their_D) = build_twice(build_generator), build_twice(build_discriminator)
    data = RNG.standard_normal((25, 8, 6)).clip(-1, 1)
    noise = RNG.standard_normal((50, 8, 4))  # D's and G's at each step

    gan = GAN(
        G,
        D,
        optim.Adam(G.parameters(), lr=1e-2, betas=(0.5, 0.999)),
        optim.Adam(D.parameters(), lr=1e-2, betas=(0.5, 0.999)),
        real_label=real_label,
        generator_loss=losses.minimax_generator_loss
        if minimax
        else losses.non_saturating_generator_loss,
        k=k,
    )
    reports = []
    for step, real in enumerate(data, start=1):
        report = gan.discriminator_step(real, noise[2 * step - 2])
        if step % k == 0:
            report |= gan.generator_step(noise[2 * step - 1])
        reports.append(report)

    weights = [p for p in (*their_G.parameters(), *their_D.parameters()) if p.ndim == 2]
    before = [p.detach().clone() for p in weights]
    batches = zip(*map(torch.tensor, (data, noise[::2], noise[1::2])), strict=True)
    their_reports = train_in_torch(
        their_G, their_D, batches, real_label=real_label, minimax=minimax, k=k
    )
    for p, start in zip(weights, before, strict=True):
        assert (p - start).abs().max() > 0.01, "nothing was learned, so nothing was compared"

    assert_same_state(G, their_G, tolerance=1e-6)
    assert_same_state(D, their_D, tolerance=1e-6)
    for report, theirs in zip(reports, their_reports, strict=True):
        assert set(report) == set(theirs)
        for name in report:
            assert_agree(np.float64(report[name]), np.float64(theirs[name]), tolerance=1e-6)
