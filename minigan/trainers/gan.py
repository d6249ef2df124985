"""The generative adversarial network.

Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1:

    for number of training iterations do
        for k steps do
            Sample m noise samples z from the prior, and m examples x from the data.
            Update D by ascending   ∇ 1/m Σ [log D(x) + log(1 - D(G(z)))]
        Sample m noise samples z from the prior.
        Update G by descending  ∇ 1/m Σ log(1 - D(G(z)))
"""

from minigan import losses
from minigan.guards.steps import (
    check_count,
    check_function,
    check_optimizer,
    check_samples,
    checked_label,
    checked_report,
    undo_if_refused,
)
from minigan.nn import frozen
from minigan.switches import no_grad
from minigan.tensor import as_tensor


class GAN:
    """The two players, their optimizers, and a step of each.

    generator: a Module, noise (m, ...) -> samples like the data.
    discriminator: a Module, samples -> (m, 1), the probability that each is real.
    k: discriminator steps per generator step.
    real_label: 0.9 for one-sided label smoothing.
    generator_loss: losses.non_saturating_generator_loss, from section 3 of the paper, or
    losses.minimax_generator_loss, from the last line of the algorithm.

    >>> import numpy as np
    >>> from minigan import nn, optim, randn
    >>> G, D = nn.Linear(2, 1), nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    >>> gan = GAN(G, D, optim.SGD(G.parameters(), lr=0.1), optim.SGD(D.parameters(), lr=0.1))
    >>> list(gan.discriminator_step(np.ones((4, 1), dtype="float32"), randn(4, 2)))
    ['d_loss', 'D(x)', 'D(G(z))']
    >>> list(gan.generator_step(randn(4, 2)))
    ['g_loss']
    """

    def __init__(
        self,
        generator,
        discriminator,
        g_optimizer,
        d_optimizer,
        *,
        k=1,
        real_label=1.0,
        generator_loss=losses.non_saturating_generator_loss,
    ):
        real_label = checked_label(real_label)
        check_count("k, the discriminator steps to a generator step,", k, 1)
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(d_optimizer, discriminator, "discriminator")
        self.generator, self.g_optimizer = generator, g_optimizer
        self.discriminator, self.d_optimizer = discriminator, d_optimizer
        check_function("generator_loss, such as losses.minimax_generator_loss,", generator_loss)
        self.k, self.real_label, self.generator_loss = k, real_label, generator_loss
        self.steps = 0  # discriminator steps

    @undo_if_refused
    def discriminator_step(self, real, z):
        """Update D once by gradient ascent, on a minibatch `real` of data and on G(z)."""
        real, z = as_tensor(real), as_tensor(z)
        with no_grad():  # G is fixed
            fake = self.generator(z)
        check_samples(real, fake)
        p_real = self.discriminator(real)
        p_fake = self.discriminator(fake)
        loss = losses.discriminator_loss(p_real, p_fake, self.real_label)
        report = {"d_loss": loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
        report = checked_report(report, real.data)

        self.d_optimizer.zero_grad()
        loss.backward()
        self.d_optimizer.step()
        self.steps += 1
        return report

    @undo_if_refused
    def generator_step(self, z):
        """Update G once by gradient descent, on the noise z."""
        z = as_tensor(z)
        with frozen(self.discriminator):  # D is fixed
            p_fake = self.discriminator(self.generator(z))
            loss = self.generator_loss(p_fake)
            report = checked_report({"g_loss": loss}, z.data)

            self.g_optimizer.zero_grad()
            loss.backward()
        self.g_optimizer.step()
        return report

    def train(self, minibatches, noise):
        """Algorithm 1: D on every minibatch, G after every k-th. Yields the reports.

        minibatches: arrays of data (m, ...); noise: a function of m that draws z, (m, ...).
        """
        check_function("noise, which is called with m,", noise)
        for real in minibatches:
            report = self.discriminator_step(real, noise(len(real)))
            if self.steps % self.k == 0:
                report |= self.generator_step(noise(len(real)))
            yield report
