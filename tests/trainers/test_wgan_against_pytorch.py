"""WGAN and WGAN-GP train as in PyTorch: 10 × (5 critic steps + 1 generator step).

Both sides start from the same weights and see the same data, noise and ε, in float64.
"""

import numpy as np
import pytest

import minigan
from minigan import nn, optim
from minigan.trainers import WGAN, WGANGP

torch = pytest.importorskip("torch")

M, LATENT, PIXELS = 16, 8, 12


def networks():
    generator = nn.Sequential(
        nn.Linear(LATENT, 16),
        nn.BatchNorm1d(16),
        nn.LeakyReLU(0.2),
        nn.Linear(16, PIXELS),
        nn.Tanh(),
    )
    critic = nn.Sequential(
        nn.Linear(PIXELS, 20), nn.LeakyReLU(0.2), nn.Linear(20, 10), nn.ReLU(), nn.Linear(10, 1)
    )
    return generator.double(), critic.double()


def torch_networks(generator, critic):
    tnn = torch.nn
    g = tnn.Sequential(
        tnn.Linear(LATENT, 16),
        tnn.BatchNorm1d(16),
        tnn.LeakyReLU(0.2),
        tnn.Linear(16, PIXELS),
        tnn.Tanh(),
    )
    f = tnn.Sequential(
        tnn.Linear(PIXELS, 20),
        tnn.LeakyReLU(0.2),
        tnn.Linear(20, 10),
        tnn.ReLU(),
        tnn.Linear(10, 1),
    )
    for theirs, ours in ((g.double(), generator), (f.double(), critic)):
        theirs.load_state_dict({k: torch.as_tensor(v) for k, v in ours.state_dict().items()})
    return g, f


def draws():
    """The data, noise and ε of a run: 10 × (5 × (x, z, ε), z)."""
    rng = np.random.default_rng(7)
    return [
        (
            [
                (rng.uniform(-1, 1, (M, PIXELS)), rng.standard_normal((M, LATENT)), rng.random(M))
                for _ in range(5)
            ],
            rng.standard_normal((M, LATENT)),
        )
        for _ in range(10)
    ]


def torch_run(g, f, g_optimizer, f_optimizer, *, clip_value=None, penalty_weight=None):
    """Run Algorithm 1 of either paper in PyTorch. Returns the estimates of the distance."""
    estimates = []
    for critic_draws, z in draws():
        for x, noise, eps in critic_draws:
            x, eps = torch.as_tensor(x), torch.as_tensor(eps).reshape(-1, 1)
            with torch.no_grad():
                fake = g(torch.as_tensor(noise))
            distance = f(x).mean() - f(fake).mean()
            loss = -distance
            if penalty_weight is not None:
                x_hat = (eps * x + (1 - eps) * fake).requires_grad_()
                (grad,) = torch.autograd.grad(f(x_hat).sum(), x_hat, create_graph=True)
                loss = loss + penalty_weight * ((grad.norm(2, dim=1) - 1) ** 2).mean()
            f_optimizer.zero_grad()
            loss.backward()
            f_optimizer.step()
            if clip_value is not None:
                for p in f.parameters():
                    p.data.clamp_(-clip_value, clip_value)
            estimates.append(distance.item())
        g_optimizer.zero_grad()
        (-f(g(torch.as_tensor(z))).mean()).backward()
        g_optimizer.step()
    return estimates


def agree(ours, theirs):
    for name, array in theirs.state_dict().items():
        np.testing.assert_allclose(
            ours.state_dict()[name], array.numpy(), rtol=0, atol=1e-6, err_msg=name
        )


def test_wgan():
    G, f = networks()
    g_t, f_t = torch_networks(G, f)
    trainer = WGAN(
        G,
        f,
        optim.RMSprop(G.parameters(), 5e-3),
        optim.RMSprop(f.parameters(), 5e-3),
        clip_value=0.1,
    )
    estimates = []
    for critic_draws, z in draws():
        estimates += [trainer.critic_step(x, noise)["wasserstein"] for x, noise, _ in critic_draws]
        trainer.generator_step(z)
    expected = torch_run(
        g_t,
        f_t,
        torch.optim.RMSprop(g_t.parameters(), 5e-3),
        torch.optim.RMSprop(f_t.parameters(), 5e-3),
        clip_value=0.1,
    )
    np.testing.assert_allclose(estimates, expected, rtol=0, atol=1e-6)
    agree(G, g_t)
    agree(f, f_t)


@pytest.mark.parametrize("betas", [(0.0, 0.9), (0.5, 0.9)])
def test_wgan_gp(betas):
    G, f = networks()
    g_t, f_t = torch_networks(G, f)
    trainer = WGANGP(
        G, f, optim.Adam(G.parameters(), 1e-3, betas), optim.Adam(f.parameters(), 1e-3, betas)
    )
    estimates = []
    for critic_draws, z in draws():
        estimates += [trainer.critic_step(*draw)["wasserstein"] for draw in critic_draws]
        trainer.generator_step(z)
    expected = torch_run(
        g_t,
        f_t,
        torch.optim.Adam(g_t.parameters(), 1e-3, betas),
        torch.optim.Adam(f_t.parameters(), 1e-3, betas),
        penalty_weight=10.0,
    )
    np.testing.assert_allclose(estimates, expected, rtol=0, atol=1e-6)
    agree(G, g_t)
    agree(f, f_t)


def test_the_gradient_of_the_penalty_alone():
    _, f = networks()
    _, f_t = torch_networks(networks()[0], f)
    rng = np.random.default_rng(1)
    x, y, eps = (
        rng.standard_normal((M, PIXELS)),
        rng.standard_normal((M, PIXELS)),
        rng.random((M, 1)),
    )
    minigan.losses.gradient_penalty(f, x, y, eps).backward()
    x_hat = torch.as_tensor(eps * x + (1 - eps) * y).requires_grad_()
    (g,) = torch.autograd.grad(f_t(x_hat).sum(), x_hat, create_graph=True)
    ((g.norm(2, dim=1) - 1) ** 2).mean().backward()
    for ours, theirs in zip(f.parameters(), f_t.parameters(), strict=True):
        # A bias that is in no gradient of f has no gradient here. PyTorch gives it zeros.
        expected = 0 if theirs.grad is None else theirs.grad.numpy()
        found = 0 if ours.grad is None else ours.grad.data
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
