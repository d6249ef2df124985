"""The benchmark's works in PyTorch, as its users write them.

BENCHMARK_DEVICE=cuda makes them run on a GPU.
"""

import functools
import os

import networks
import torch
from sizes import (
    ADAM,
    BATCH,
    CHAIN,
    CHECK_BATCH,
    CHECK_SIZES,
    CLIP_VALUE,
    LATENT,
    N_CRITIC,
    PENALTY_WEIGHT,
    RMSPROP,
    WGAN_GP_ADAM,
)
from torch import nn

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
torch.backends.cuda.matmul.allow_tf32 = False  # float32 is float32, on a GPU as well
torch.backends.cudnn.allow_tf32 = False

torch.set_default_device(os.environ.get("BENCHMARK_DEVICE", "cpu"))

bce = nn.BCELoss()
generator = functools.partial(networks.generator, nn)
discriminator = functools.partial(networks.discriminator, nn)


def version():
    return torch.__version__


def load():
    if torch.get_default_device().type == "cuda" and not torch.cuda.is_available():
        raise ImportError(f"PyTorch {torch.__version__} finds no GPU")
    tiny()()


def mlp_gan(batch=BATCH, width=1.0, depth=0, **adam_settings):
    G, D = generator(width, depth), discriminator(width, depth)
    return gan(G, D, images(batch, 784), **adam_settings)


def dcgan(batch=BATCH, **adam_settings):
    return gan(*networks.dcgan(nn), images(batch, 1, 32, 32), **adam_settings)


def images(*shape):
    return 2 * torch.rand(shape) - 1


def gan(G, D, real, **adam_settings):
    """adam_settings: more settings of Adam, such as fused=True."""
    g_adam, d_adam = (torch.optim.Adam(net.parameters(), **ADAM, **adam_settings) for net in (G, D))
    ones, zeros = real.new_ones(len(real), 1), real.new_zeros(len(real), 1)

    def noise():
        return torch.randn(len(real), LATENT)

    def step():
        with torch.no_grad():
            fake = G(noise())
        d_loss = bce(D(real), ones) + bce(D(fake), zeros)
        descend(d_adam, d_loss)
        D.requires_grad_(False)  # as minigan does: no gradients that nobody needs
        g_loss = bce(D(G(noise())), ones)
        descend(g_adam, g_loss)
        D.requires_grad_(True)
        return d_loss.item(), g_loss.item()

    return step


def descend(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def wgan(batch=BATCH, **settings):
    """settings: further ones of RMSprop, such as foreach=False."""
    G, f = generator(), discriminator()[:-1]  # a critic has no Sigmoid
    g_optimizer, f_optimizer = (
        torch.optim.RMSprop(net.parameters(), **RMSPROP, **settings) for net in (G, f)
    )
    real = images(batch, 784)

    def step():
        for _ in range(N_CRITIC):
            with torch.no_grad():
                fake = G(torch.randn(batch, LATENT))
            f_loss = f(fake).mean() - f(real).mean()
            descend(f_optimizer, f_loss)
            with torch.no_grad():
                for w in f.parameters():
                    w.clamp_(-CLIP_VALUE, CLIP_VALUE)
        f.requires_grad_(False)
        g_loss = -f(G(torch.randn(batch, LATENT))).mean()
        descend(g_optimizer, g_loss)
        f.requires_grad_(True)
        return f_loss.item(), g_loss.item()

    return step


def wgan_gp(batch=BATCH, **adam_settings):
    G, f = generator(), discriminator()[:-1]  # a critic has no Sigmoid
    return wgan_gp_step(G, f, f, images(batch, 784), **adam_settings)


def wgan_gp_step(G, f, f_twice, real, **adam_settings):
    """f_twice: f in a form that can be differentiated twice. It has f's parameters."""
    g_adam, f_adam = (
        torch.optim.Adam(net.parameters(), **WGAN_GP_ADAM, **adam_settings) for net in (G, f)
    )
    batch = len(real)

    def step():
        for _ in range(N_CRITIC):
            with torch.no_grad():
                fake = G(torch.randn(batch, LATENT))
            eps = torch.rand(batch, 1)
            x_hat = (eps * real + (1 - eps) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(f_twice(x_hat).sum(), x_hat, create_graph=True)
            penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
            f_loss = f(fake).mean() - f(real).mean() + PENALTY_WEIGHT * penalty
            descend(f_adam, f_loss)
        f.requires_grad_(False)
        g_loss = -f(G(torch.randn(batch, LATENT))).mean()
        descend(g_adam, g_loss)
        f.requires_grad_(True)
        return f_loss.item(), g_loss.item()

    return step


def optimizer(**settings):
    """Adam over the parameters of both networks, whose gradients do not change."""
    parameters = [*generator().parameters(), *discriminator().parameters()]
    for p in parameters:
        p.grad = torch.randn_like(p)
    return torch.optim.Adam(parameters, **ADAM, **settings)


def adam(**settings):
    return optimizer(**settings).step


def update(parameters, **settings):
    p = torch.randn(parameters, requires_grad=True)
    p.grad = torch.randn(parameters)
    return torch.optim.Adam([p], **ADAM, **settings).step


def tiny(compiled=lambda function: function):
    net = networks.tiny(nn)
    x, target = torch.randn(1, 8), torch.ones(1, 1)
    loss_of = compiled(lambda x: bce(net(x), target))

    def step():
        net.zero_grad()
        loss = loss_of(x)
        loss.backward()
        return loss.item()

    return step


def tanh_chain(x, operations=CHAIN):
    for _ in range(operations // 2):
        x = torch.tanh(x)
        x = x * 0.999
    return x.sum()


def chain(operations=CHAIN, compiled=lambda function: function):
    x, loss_of = torch.randn(8, requires_grad=True), compiled(tanh_chain)

    def step():
        x.grad = None
        loss = loss_of(x, operations)
        loss.backward()
        return loss.item()

    return step


def gradcheck():
    net = networks.checked(nn)
    x = torch.randn(CHECK_BATCH, CHECK_SIZES[0], dtype=torch.float64, requires_grad=True)
    names, parameters = zip(*net.named_parameters(), strict=True)

    def output(x, *parameters):
        return torch.func.functional_call(net, dict(zip(names, parameters, strict=True)), x)

    def step():
        first = torch.autograd.gradcheck(output, (x, *parameters), fast_mode=True)
        return first and torch.autograd.gradgradcheck(output, (x, *parameters), fast_mode=True)

    return step
