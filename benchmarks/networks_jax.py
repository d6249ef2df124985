"""The networks of works_jax.py, as functions of their layers and an input, and their loss.

The layers are those of by_hand.py. A convolution is a (W, b) with W of shape (out, in, 3, 3).
"""

import by_hand
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, random
from sizes import LATENT

DROPOUT = 0.25


def generator(layers, z):
    """(N, 100) noise -> (N, 784) pixels from -1 to 1"""
    return jnp.tanh(mlp(layers, z))


def discriminator(layers, x, key=None):
    """(N, 784) pixels -> (N, 1), the probability that each image is real; the key is not needed"""
    return jax.nn.sigmoid(mlp(layers, x))


def mlp(layers, x):
    *hidden, (W_last, b_last) = layers
    for W, b, *norm in hidden:
        x = x @ W + b
        x = leaky_relu(batch_norm(x, *norm) if norm else x)
    return x @ W_last + b_last


def dcgan_layers(rng):
    """The layers of G and of D, with the initial weights of examples/mnist_dcgan.py."""

    def conv(n_in, n_out):
        bound = 1 / (9 * n_in) ** 0.5
        W = 0.02 * rng.standard_normal((n_out, n_in, 3, 3), dtype=np.float32)
        return W, rng.uniform(-bound, bound, n_out).astype(np.float32)

    def norm(n):
        gamma = 1 + 0.02 * rng.standard_normal(n, dtype=np.float32)
        return gamma, np.zeros(n, dtype=np.float32)

    G = [
        by_hand.linear(rng, LATENT, 128 * 8 * 8), norm(128),
        conv(128, 128), norm(128), conv(128, 64), norm(64), conv(64, 1),
    ]  # fmt: skip
    D = [
        conv(1, 16), conv(16, 32), norm(32), conv(32, 64), norm(64), conv(64, 128), norm(128),
        by_hand.linear(rng, 128 * 2 * 2, 1),
    ]  # fmt: skip
    return G, D


def dcgan_generator(layers, z):
    """(N, 100) noise -> (N, 1, 32, 32) pixels from -1 to 1"""
    (W, b), norm1, conv1, norm2, conv2, norm3, conv3 = layers
    x = batch_norm((z @ W + b).reshape(-1, 128, 8, 8), *norm1)
    x = leaky_relu(batch_norm(conv(upsample(x), *conv1), *norm2))
    x = leaky_relu(batch_norm(conv(upsample(x), *conv2), *norm3))
    return jnp.tanh(conv(x, *conv3))


def dcgan_discriminator(layers, x, key):
    """(N, 1, 32, 32) pixels -> (N, 1), the probability that each image is real"""
    conv1, conv2, norm2, conv3, norm3, conv4, norm4, (W, b) = layers
    key1, key2, key3, key4 = random.split(key, 4)
    x = dropout2d(leaky_relu(conv(x, *conv1, stride=2)), key1)
    x = batch_norm(dropout2d(leaky_relu(conv(x, *conv2, stride=2)), key2), *norm2)
    x = batch_norm(dropout2d(leaky_relu(conv(x, *conv3, stride=2)), key3), *norm3)
    x = batch_norm(dropout2d(leaky_relu(conv(x, *conv4, stride=2)), key4), *norm4)
    return jax.nn.sigmoid(x.reshape(len(x), -1) @ W + b)


def leaky_relu(x):
    return jax.nn.leaky_relu(x, 0.2)


def conv(x, W, b, stride=1):
    padding = [(1, 1), (1, 1)]
    return lax.conv_general_dilated(x, W, (stride, stride), padding) + b[:, None, None]  # NCHW


def upsample(x):
    return x.repeat(2, axis=2).repeat(2, axis=3)


def dropout2d(x, key):
    kept = random.bernoulli(key, 1 - DROPOUT, (*x.shape[:2], 1, 1))
    return x * kept / (1 - DROPOUT)


def batch_norm(x, gamma, beta, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    gamma, beta = (a.reshape(-1, *[1] * (x.ndim - 2)) for a in (gamma, beta))
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return gamma * (x - mean) * lax.rsqrt(var + eps) + beta


def bce(p, target):
    """-mean(t log p + (1 - t) log(1 - p)), each logarithm at least -100, as in PyTorch."""

    def log(p):  # the inner `where` keeps the slope of the branch not taken finite
        return jnp.where(p > 0, jnp.log(jnp.where(p > 0, p, 1)), -100)

    return -(target * log(p) + (1 - target) * log(1 - p)).mean()
