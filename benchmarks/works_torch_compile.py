"""PyTorch with torch.compile: the networks become C++. Adam is eager, except in `adam`."""

import functools

import networks
import torch
import works_torch
from sizes import BATCH

version = works_torch.version
tiny = functools.partial(works_torch.tiny, compiled=torch.compile)
chain = functools.partial(works_torch.chain, compiled=torch.compile)


def load():
    tiny()()


def mlp_gan(batch=BATCH, width=1.0, depth=0):
    nets = works_torch.generator(width, depth), works_torch.discriminator(width, depth)
    return works_torch.gan(*map(torch.compile, nets), works_torch.images(batch, 784))


def dcgan(batch=BATCH):
    nets = networks.dcgan(works_torch.nn)
    return works_torch.gan(*map(torch.compile, nets), works_torch.images(batch, 1, 32, 32))


def wgan_gp(batch=BATCH):
    # What it compiles cannot be differentiated twice, so the penalty calls the critic itself.
    G, f = works_torch.generator(), works_torch.discriminator()[:-1]
    real = works_torch.images(batch, 784)
    return works_torch.wgan_gp_step(torch.compile(G), torch.compile(f), f, real)


def adam():
    return torch.compile(works_torch.optimizer().step)
