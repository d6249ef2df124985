"""The benchmark's works in minigan. Each function here returns a function that makes one step.

MINIGAN_BACKEND=cupy makes them run on a GPU. On a CPU, NumPy updates the parameters, also where
Numba is installed. works_minigan_fast.py has the works with Numba.
"""

import functools
import os
import sys
from pathlib import Path

import environment  # before NumPy
import networks
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

import minigan
from minigan import backend, losses, nn, optim, rand, randn
from minigan.trainers import GAN, WGAN, WGANGP

os.environ["MINIGAN_COMPILED"] = "0"  # NumPy updates the parameters
sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

generator = functools.partial(networks.generator, nn)
discriminator = functools.partial(networks.discriminator, nn)


def version():
    xp = backend.current()
    on = f"NumPy ({environment.blas()})" if xp.__name__ == "numpy" else f"CuPy {xp.__version__}"
    return f"{minigan.__version__} on {on}"


def load():
    tiny()()


def images(*shape):
    """A minibatch of random numbers from -1 to 1, in place of data."""
    return 2 * rand(*shape).data - 1


def mlp_gan(batch=BATCH, width=1.0, depth=0):
    return gan(generator(width, depth), discriminator(width, depth), images(batch, 784))


def dcgan(batch=BATCH):
    import mnist_dcgan

    G, D = mnist_dcgan.build_generator(LATENT), mnist_dcgan.build_discriminator()
    return gan(G, D, images(batch, 1, mnist_dcgan.SIZE, mnist_dcgan.SIZE))


def gan(G, D, real):
    trainer = GAN(G, D, *(optim.Adam(net.parameters(), **ADAM) for net in (G, D)))

    def step():
        report = trainer.discriminator_step(real, randn(len(real), LATENT))
        return report | trainer.generator_step(randn(len(real), LATENT))

    return step


def wgan(batch=BATCH):
    G, f = generator(), discriminator()[:-1]  # a critic has no Sigmoid
    rmsprops = [optim.RMSprop(net.parameters(), **RMSPROP) for net in (G, f)]
    trainer = WGAN(G, f, *rmsprops, clip_value=CLIP_VALUE)
    real = images(batch, 784)

    def step():
        for _ in range(N_CRITIC):
            report = trainer.critic_step(real, randn(batch, LATENT))
        return report | trainer.generator_step(randn(batch, LATENT))

    return step


def wgan_gp(batch=BATCH):
    G, f = generator(), discriminator()[:-1]  # a critic has no Sigmoid
    adams = [optim.Adam(net.parameters(), **WGAN_GP_ADAM) for net in (G, f)]
    trainer = WGANGP(G, f, *adams, penalty_weight=PENALTY_WEIGHT)
    real = images(batch, 784)

    def step():
        for _ in range(N_CRITIC):
            report = trainer.critic_step(real, randn(batch, LATENT), rand(batch))
        return report | trainer.generator_step(randn(batch, LATENT))

    return step


def adam():
    parameters = generator().parameters() + discriminator().parameters()
    for p in parameters:
        p.grad = randn(p.shape)
    return optim.Adam(parameters, **ADAM).step


def update(parameters):
    """Adam on one parameter of so many numbers."""
    p = nn.Parameter(randn(parameters).data)
    p.grad = randn(parameters)
    return optim.Adam([p], **ADAM).step


def tiny():
    net = networks.tiny(nn)
    x = randn(1, 8)

    def step():
        net.zero_grad()
        loss = losses.binary_cross_entropy(net(x), 1.0)
        loss.backward()
        return loss.item()

    return step


def chain(operations=CHAIN):
    x = randn(8).requires_grad_()

    def step():
        x.grad = None
        y = x
        for _ in range(operations // 2):
            y = y.tanh()
            y = y * 0.999
        loss = y.sum()
        loss.backward()
        return loss.item()

    return step


def gradcheck():
    net = networks.checked(nn)
    x = randn(CHECK_BATCH, CHECK_SIZES[0], dtype="float64")

    def step():
        return minigan.gradcheck(net, [x], mode="directional", directions=1)

    return step
