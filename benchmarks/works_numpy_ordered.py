"""The matrix products of works_numpy.py, in minigan's order and in the same parts."""

import functools

import works_numpy

from minigan.ops.matmul import MatMul, row_major

version, load = works_numpy.version, works_numpy.load


def products(outputs, weight_gradients, input_gradients):
    for x, W, _ in outputs:
        MatMul()(x, W.T)
    for x, _, gy in weight_gradients:
        row_major(gy.T, x)
    for _, W, gy in input_gradients:
        MatMul()(gy, W)


mlp_gan = functools.partial(works_numpy.mlp_gan, products=products)
wgan_gp = functools.partial(works_numpy.wgan_gp, products=products)
