"""Only the matrix products of a step, one after another, with PyTorch; see works_numpy.py."""

import functools

import torch
import works_numpy
import works_torch

version = works_torch.version
mlp_gan = functools.partial(works_numpy.mlp_gan, matrix=torch.randn)
wgan_gp = functools.partial(works_numpy.wgan_gp, matrix=torch.randn)


def load():
    torch.randn(8, 8) @ torch.randn(8, 8)
