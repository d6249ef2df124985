"""The works in JAX, as its users write them: the step of a player is one compiled function.

A player is (layers, m, v, t): its parameters, Adam's moments and the number of its steps. It is
"donated" to a step, so the new numbers use the memory of the old ones. A step draws its noise from
a key and t.
"""

from functools import partial

import by_hand
import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from networks_jax import (
    bce,
    dcgan_discriminator,
    dcgan_generator,
    dcgan_layers,
    discriminator,
    generator,
    mlp,
)
from sizes import ADAM, BATCH, CHAIN, LATENT, N_CRITIC, PENALTY_WEIGHT, WGAN_GP_ADAM


def version():
    return jax.__version__


def load():
    tiny()()


def mlp_gan(batch=BATCH, width=1.0, depth=0):
    rng = np.random.default_rng(0)
    steps = gan_steps(generator, discriminator, batch)
    return game(*steps, *by_hand.mlp_gan(rng, width, depth), pixels(rng, batch, 784))


def dcgan(batch=BATCH):
    rng = np.random.default_rng(0)
    steps = gan_steps(dcgan_generator, dcgan_discriminator, batch)
    return game(*steps, *dcgan_layers(rng), pixels(rng, batch, 1, 32, 32))


def wgan_gp(batch=BATCH):
    rng = np.random.default_rng(0)
    G, f = by_hand.mlp_gan(rng)
    return game(*wgan_gp_steps(batch), G, f, pixels(rng, batch, 784), n_critic=N_CRITIC)


def adam():
    rng = np.random.default_rng(0)
    both = player(by_hand.mlp_gan(rng))
    grads = jax.tree.map(lambda p: jnp.array(rng.standard_normal(p.shape, np.float32)), both[0])
    update = jax.jit(partial(adam_step, **ADAM), donate_argnums=0)

    def step():
        nonlocal both
        both = jax.block_until_ready(update(both, grads))

    return step


def tiny():
    rng = np.random.default_rng(0)
    layers = jax.tree.map(jnp.array, [by_hand.linear(rng, 8, 8), by_hand.linear(rng, 8, 1)])
    x = jnp.array(rng.standard_normal((1, 8), np.float32))
    backward = jax.jit(jax.value_and_grad(lambda layers: bce(discriminator(layers, x), 1)))

    def step():
        loss, _ = jax.block_until_ready(backward(layers))
        return float(loss)

    return step


def chain():
    x = jnp.linspace(0, 1, 8)

    @jax.jit
    @jax.value_and_grad
    def backward(y):
        for _ in range(CHAIN // 2):
            y = jnp.tanh(y)
            y = y * 0.999
        return y.sum()

    def step():
        y, _ = jax.block_until_ready(backward(x))
        return float(y)

    return step


def pixels(rng, *shape):
    return jnp.array(rng.uniform(-1, 1, shape).astype(np.float32))


def player(layers):
    layers = jax.tree.map(jnp.array, layers)
    m, v = (jax.tree.map(jnp.zeros_like, layers) for _ in range(2))
    return layers, m, v, jnp.array(0)


def adam_step(player, grads, lr, betas, eps):
    """Adam (Kingma & Ba 2015, Algorithm 1)"""
    layers, m, v, t = player
    b1, b2 = betas
    t = t + 1
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)

    def update(p, m, v):
        return p - lr * (m / (1 - b1**t)) / (jnp.sqrt(v / (1 - b2**t)) + eps)

    return jax.tree.map(update, layers, m, v), m, v, t


def game(d_step, g_step, g_layers, d_layers, real, n_critic=1):
    """A function that takes n_critic steps of D and one of G, and returns the losses."""
    g, d = player(g_layers), player(d_layers)
    d_key, g_key = random.split(random.key(0))

    def step():
        nonlocal g, d
        losses = []
        for _ in range(n_critic):
            d, loss = d_step(d, g[0], real, d_key)
            losses.append(loss)
        g, loss = g_step(g, d[0], g_key)
        return [float(loss) for loss in (*losses, loss)]

    return step


def gan_steps(generator, discriminator, batch):
    """The compiled steps of a GAN's D and G: (player, ...) -> the player after it, the loss."""

    @partial(jax.jit, donate_argnums=0)
    def d_step(d, g_layers, real, key):
        z_key, real_key, fake_key = random.split(random.fold_in(key, d[-1]), 3)
        fake = generator(g_layers, random.normal(z_key, (batch, LATENT)))

        def loss(layers):
            p_real = discriminator(layers, real, real_key)
            p_fake = discriminator(layers, fake, fake_key)
            return bce(p_real, 1) + bce(p_fake, 0)

        value, grads = jax.value_and_grad(loss)(d[0])
        return adam_step(d, grads, **ADAM), value

    @partial(jax.jit, donate_argnums=0)
    def g_step(g, d_layers, key):
        z_key, dropout_key = random.split(random.fold_in(key, g[-1]))
        z = random.normal(z_key, (batch, LATENT))

        def loss(layers):
            return bce(discriminator(d_layers, generator(layers, z), dropout_key), 1)

        value, grads = jax.value_and_grad(loss)(g[0])
        return adam_step(g, grads, **ADAM), value

    return d_step, g_step


def wgan_gp_steps(batch):
    """The same for a WGAN with a gradient penalty (Gulrajani et al. 2017, Algorithm 1)."""

    @partial(jax.jit, donate_argnums=0)
    def critic_step(f, g_layers, real, key):
        z_key, eps_key = random.split(random.fold_in(key, f[-1]))
        fake = generator(g_layers, random.normal(z_key, (batch, LATENT)))
        eps = random.uniform(eps_key, (batch, 1))
        x_hat = eps * real + (1 - eps) * fake

        def loss(layers):
            slopes = jax.grad(lambda x: mlp(layers, x).sum())(x_hat)
            penalty = ((jnp.linalg.norm(slopes, axis=1) - 1) ** 2).mean()
            distance = mlp(layers, real).mean() - mlp(layers, fake).mean()
            return PENALTY_WEIGHT * penalty - distance

        value, grads = jax.value_and_grad(loss)(f[0])
        return adam_step(f, grads, **WGAN_GP_ADAM), value

    @partial(jax.jit, donate_argnums=0)
    def g_step(g, f_layers, key):
        z = random.normal(random.fold_in(key, g[-1]), (batch, LATENT))
        value, grads = jax.value_and_grad(lambda g: -mlp(f_layers, generator(g, z)).mean())(g[0])
        return adam_step(g, grads, **WGAN_GP_ADAM), value

    return critic_step, g_step
