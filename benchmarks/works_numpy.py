"""Only the matrix products of a step in NumPy, one after another.

`x @ W.T` is a layer's forward pass, `gy.T @ x` the gradient of its weight, and `gy @ W` that of its
input. A layer whose input needs no gradient has no product of the last kind.
"""

import itertools

import environment  # before NumPy
import numpy as np
from sizes import BATCH, N_CRITIC, d_sizes, g_sizes


def version():
    return f"{np.__version__} ({environment.blas()})"


def load():
    matrix(8, 8) @ matrix(8, 8)


def matrix(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def layers(sizes, batch, matrix):
    """(x, W, gy) of each layer."""
    return [
        (matrix(batch, n_in), matrix(n_out, n_in), matrix(batch, n_out))
        for n_in, n_out in itertools.pairwise(sizes)
    ]


def products(outputs, weight_gradients, input_gradients):
    for x, W, _ in outputs:
        x @ W.T
    for x, _, gy in weight_gradients:
        gy.T @ x
    for _, W, gy in input_gradients:
        gy @ W


def mlp_gan(batch=BATCH, width=1.0, depth=0, matrix=matrix, products=products):
    G, D = (layers(sizes(width, depth), batch, matrix) for sizes in (g_sizes, d_sizes))

    def step():
        products([*G, *D, *D], [*D, *D], [*D[1:], *D[1:]])  # D, on real and on fake samples
        products([*G, *D], G, [*D, *G[1:]])  # G, with D frozen

    return step


def wgan_gp(batch=BATCH, matrix=matrix, products=products):
    G, f = layers(g_sizes(), batch, matrix), layers(d_sizes(), batch, matrix)

    def step():
        for _ in range(N_CRITIC):
            products([*G, *f, *f], [*f, *f], [*f[1:], *f[1:]])  # f(x) and f(G(z))
            products(f, [], f)  # ∇f(x̂): a pass forward, and one back to the input
            products(f[:-1], f, [])  # that pass back differentiated, which goes forward again
        products([*G, *f], G, [*f, *G[1:]])  # G, with f frozen

    return step
