"""The works in MyGrad, as its users write them, with the functions of mygrad.nnet.

The layers are those of by_hand.py, made of Tensors. MyGrad has no optimizer, so Adam is by_hand's,
and no work measures it. It has no second derivatives, so there is no gradient penalty.

MyGrad turns a Python number into a float64 Tensor. With NumPy 2, all results then become float64.
So the numbers here are np.float32. leaky_relu is written here, because mygrad.nnet's has such
numbers.
"""

import math

import by_hand
import mygrad as mg
import numpy as np
from mygrad.nnet import batchnorm, sigmoid
from sizes import ADAM, BATCH, CHAIN, LATENT

ONE, SLOPE, TINY = np.float32(1), np.float32(0.2), np.float32(math.exp(-87))

mg.turn_memory_guarding_off()  # its documentation's advice for speed, once a program works


def version():
    return mg.__version__


def load():
    tiny()()


def mlp_gan(batch=BATCH, width=1.0, depth=0):
    rng = np.random.default_rng(0)
    G, D = (tensors(layers) for layers in by_hand.mlp_gan(rng, width, depth))
    real = rng.uniform(-1, 1, (batch, 784)).astype(np.float32)
    g_adam, d_adam = (by_hand.Adam(arrays(layers), **ADAM) for layers in (G, D))

    def noise():
        return rng.standard_normal((batch, LATENT), dtype=np.float32)

    def step():
        return d_step(D, G, d_adam, real, noise()), g_step(G, D, g_adam, noise())

    return step


def tiny():
    rng = np.random.default_rng(0)
    layers = tensors([by_hand.linear(rng, 8, 8), by_hand.linear(rng, 8, 1)])
    x = rng.standard_normal((1, 8), np.float32)

    def step():
        loss = bce(discriminator(layers, x), 1)
        loss.backward()
        return loss.item()

    return step


def chain():
    x = mg.tensor(np.linspace(0, 1, 8, dtype=np.float32))
    shrink = np.float32(0.999)

    def step():
        y = x
        for _ in range(CHAIN // 2):
            y = mg.tanh(y)
            y = y * shrink
        y = y.sum()
        y.backward()
        return y.item()

    return step


def d_step(D, G, optimizer, real, z):
    with mg.no_autodiff:
        fake = generator(G, z).data
    loss = bce(discriminator(D, real), 1) + bce(discriminator(D, fake), 0)
    loss.backward()
    optimizer.step(gradients(D))
    return loss.item()


def g_step(G, D, optimizer, z):
    frozen = [[p.data for p in layer] for layer in D]  # arrays are constants
    loss = bce(discriminator(frozen, generator(G, z)), 1)
    loss.backward()
    optimizer.step(gradients(G))
    return loss.item()


def generator(layers, z):
    return mg.tanh(mlp(layers, z))


def discriminator(layers, x):
    return sigmoid(mlp(layers, x))


def mlp(layers, x):
    *hidden, (W_last, b_last) = layers
    for W, b, *norm in hidden:
        x = mg.matmul(x, W) + b
        if norm:
            gamma, beta = norm
            x = batchnorm(x, gamma=gamma, beta=beta, eps=1e-5)
        x = leaky_relu(x)
    return mg.matmul(x, W_last) + b_last


def leaky_relu(x):
    return mg.maximum(x, SLOPE * x)


def bce(p, target):
    """-mean(t log p + (1 - t) log(1 - p)), each logarithm at least -87.

    (PyTorch's limit is -100. Here the slope would be 1/e⁻¹⁰⁰, too large for float32.)
    """
    t = np.float32(target)
    log_p, log_q = (mg.log(mg.clip(q, TINY, ONE)) for q in (p, ONE - p))
    return -(t * log_p + (ONE - t) * log_q).mean()


def tensors(layers):
    return [tuple(mg.tensor(array) for array in layer) for layer in layers]


def arrays(layers):
    """The arrays of the Tensors. An optimizer changes them in place."""
    return [p.data for layer in layers for p in layer]


def gradients(layers):
    return [p.grad for layer in layers for p in layer]
