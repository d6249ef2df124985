"""Initial weights and Adam in NumPy, for libraries without layers and optimizers.

A network is a list of layers. A layer is a tuple of float32 arrays: (W, b) with W of shape
(n_in, n_out), or (W, b, gamma, beta) if batch norm follows. Batch norm keeps no running averages
here, since training does not need them.
"""

import itertools
import math

import numpy as np
from sizes import d_sizes, g_sizes


def linear(rng, n_in, n_out):
    """(W, b), both U(±1/√n_in)"""
    bound = 1 / math.sqrt(n_in)
    return tuple(
        rng.uniform(-bound, bound, shape).astype(np.float32) for shape in ((n_in, n_out), (n_out,))
    )


def norm(n):
    """(gamma, beta), ones and zeros"""
    return np.ones(n, dtype=np.float32), np.zeros(n, dtype=np.float32)


def mlp_gan(rng, width=1.0, depth=0):
    """The layers of G and of D, of the sizes in sizes.py."""
    first, *middle, last = [linear(rng, i, o) for i, o in itertools.pairwise(g_sizes(width, depth))]
    G = [first, *[(W, b, *norm(len(b))) for W, b in middle], last]
    return G, [linear(rng, i, o) for i, o in itertools.pairwise(d_sizes(width, depth))]


class Adam:
    """Adam (Kingma & Ba 2015, Algorithm 1), with the formulas of autograd.misc.optimizers.

    params: a list of arrays, which `step` changes in place, given a list of their gradients.
    """

    def __init__(self, params, lr, betas, eps):
        self.params, self.lr, self.betas, self.eps = params, lr, betas, eps
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads):
        self.t += 1
        b1, b2 = self.betas
        for i, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            self.m[i] = (1 - b1) * g + b1 * self.m[i]
            self.v[i] = (1 - b2) * (g**2) + b2 * self.v[i]
            mhat = self.m[i] / (1 - b1**self.t)
            vhat = self.v[i] / (1 - b2**self.t)
            p -= self.lr * mhat / (np.sqrt(vhat) + self.eps)
