"""The works in HIPS autograd, as its users write them: NumPy functions, and their gradients.

The layers are those of by_hand.py. With NumPy 2, some of autograd's gradient rules turn float32
into float64 (mean, maximum, where and powers). There the formula is written in another way.
"""

import itertools
import math
from importlib.metadata import version as installed_version

import autograd.numpy as np
import by_hand
from autograd import grad, value_and_grad
from autograd.scipy.special import expit
from autograd.test_util import check_grads
from sizes import (
    ADAM,
    BATCH,
    CHAIN,
    CHECK_BATCH,
    CHECK_SIZES,
    LATENT,
    N_CRITIC,
    PENALTY_WEIGHT,
    WGAN_GP_ADAM,
)


def version():
    return installed_version("autograd")


def load():
    tiny()()


def mlp_gan(batch=BATCH, width=1.0, depth=0):
    rng = np.random.default_rng(0)
    G, D = by_hand.mlp_gan(rng, width, depth)
    real = pixels(rng, batch)
    g_adam, d_adam = (by_hand.Adam(arrays(layers), **ADAM) for layers in (G, D))

    def step():
        d = d_step(D, G, d_adam, real, noise(rng, batch))
        return d, g_step(G, D, g_adam, noise(rng, batch))

    return step


def wgan_gp(batch=BATCH):
    rng = np.random.default_rng(0)
    G, f = by_hand.mlp_gan(rng)
    real = pixels(rng, batch)
    g_adam, f_adam = (by_hand.Adam(arrays(layers), **WGAN_GP_ADAM) for layers in (G, f))

    def step():
        losses = []
        for _ in range(N_CRITIC):
            eps = rng.random((batch, 1), dtype=np.float32)
            losses.append(critic_step(f, G, f_adam, real, noise(rng, batch), eps))
        z = noise(rng, batch)
        loss, grads = value_and_grad(wgan_g_loss)(G, f, z)
        g_adam.step(arrays(grads))
        return [*losses, float(loss)]

    return step


def adam():
    rng = np.random.default_rng(0)
    params = [p for layers in by_hand.mlp_gan(rng) for p in arrays(layers)]
    grads = [rng.standard_normal(p.shape, np.float32) for p in params]
    optimizer = by_hand.Adam(params, **ADAM)
    return lambda: optimizer.step(grads)


def tiny():
    rng = np.random.default_rng(0)
    layers = [by_hand.linear(rng, 8, 8), by_hand.linear(rng, 8, 1)]
    x = rng.standard_normal((1, 8), np.float32)
    backward = value_and_grad(lambda layers: bce(discriminator(layers, x), 1))
    return lambda: float(backward(layers)[0])


def chain():
    x = np.linspace(0, 1, 8, dtype=np.float32)

    @value_and_grad
    def backward(y):
        for _ in range(CHAIN // 2):
            y = np.tanh(y)
            y = y * 0.999
        return np.sum(y)

    return lambda: float(backward(x)[0])


def gradcheck():
    rng = np.random.default_rng(0)
    layers = [by_hand.linear(rng, i, o) for i, o in itertools.pairwise(CHECK_SIZES)]
    layers = [(W.astype(float), b.astype(float)) for W, b in layers]
    x = rng.standard_normal((CHECK_BATCH, CHECK_SIZES[0]))

    def net(x, layers):
        *hidden, last = layers
        for W, b in hidden:
            x = np.tanh(x @ W + b)
        W, b = last
        return x @ W + b

    check = check_grads(net, (0, 1), modes=["rev"], order=2)
    return lambda: check(x, layers)


def d_step(D, G, optimizer, real, z):
    loss, grads = value_and_grad(d_loss)(D, real, generator(G, z))
    optimizer.step(arrays(grads))
    return float(loss)


def g_step(G, D, optimizer, z):
    loss, grads = value_and_grad(g_loss)(G, D, z)
    optimizer.step(arrays(grads))
    return float(loss)


def critic_step(f, G, optimizer, real, z, eps):
    loss, grads = value_and_grad(critic_loss)(f, real, generator(G, z), eps)
    optimizer.step(arrays(grads))
    return float(loss)


def d_loss(D, real, fake):
    return bce(discriminator(D, real), 1) + bce(discriminator(D, fake), 0)


def g_loss(G, D, z):
    return bce(discriminator(D, generator(G, z)), 1)


def critic_loss(f, real, fake, eps):
    slopes = grad(lambda x: np.sum(mlp(f, x)))(eps * real + (1 - eps) * fake)
    excess = np.sqrt(np.sum(slopes * slopes, axis=1)) - 1
    distance = mean(mlp(f, real)) - mean(mlp(f, fake))
    return PENALTY_WEIGHT * mean(excess * excess) - distance


def wgan_g_loss(G, f, z):
    return -mean(mlp(f, generator(G, z)))


def generator(layers, z):
    return np.tanh(mlp(layers, z))


def discriminator(layers, x):
    return expit(mlp(layers, x))


def mlp(layers, x):
    last = len(layers) - 1
    for i, (W, b, *norm) in enumerate(layers):
        x = x @ W + b
        if norm:
            x = batch_norm(x, *norm)
        if i < last:
            x = x * ((x > 0) * np.float32(0.8) + np.float32(0.2))
    return x


def batch_norm(x, gamma, beta, eps=1e-5):
    centred = x - mean(x, axis=0)
    return gamma * (centred / np.sqrt(mean(centred * centred, axis=0) + eps)) + beta


def mean(x, axis=None):
    return np.sum(x, axis) / (x.size if axis is None else x.shape[axis])


def bce(p, target):
    """-mean(t log p + (1 - t) log(1 - p)), each logarithm at least -87.

    (PyTorch's limit is -100. Here the slope would be 1/e⁻¹⁰⁰, too large for float32.)
    """
    log_p, log_q = (np.log(np.clip(q, math.exp(-87), 1)) for q in (p, 1 - p))
    return -mean(target * log_p + (1 - target) * log_q)


def arrays(layers):
    return [array for layer in layers for array in layer]


def pixels(rng, batch):
    return rng.uniform(-1, 1, (batch, 784)).astype(np.float32)


def noise(rng, batch):
    return rng.standard_normal((batch, LATENT), dtype=np.float32)
