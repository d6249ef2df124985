"""The generative adversarial network.

Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1:

    1  for number of training iterations do
    2      for k steps do
    3          Sample m noise samples z from the prior, and m examples x from the data.
    4          Update D by ascending   ∇ 1/m Σ [log D(x) + log(1 - D(G(z)))]
    5      Sample m noise samples z from the prior.
    6      Update G by descending  ∇ 1/m Σ log(1 - D(G(z)))

A comment such as `# 4: Update D` names the line of the algorithm that a line of code carries out.
"""

from minigan import losses
from minigan.guards.steps import (
    check_count,
    check_function,
    check_optimizer,
    checked_label,
    checked_report,
    checked_step,
    training,
)
from minigan.nn import frozen
from minigan.switches import no_grad


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
        check_function("generator_loss, such as losses.minimax_generator_loss,", generator_loss)
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(d_optimizer, discriminator, "discriminator")
        self.generator = generator
        self.g_optimizer = g_optimizer
        self.discriminator = discriminator
        self.d_optimizer = d_optimizer
        self.k = k
        self.real_label = real_label
        self.generator_loss = generator_loss
        self.steps = 0  # discriminator steps

    @checked_step  # makes Tensors of the arguments
    def discriminator_step(self, real, z):
        """Update D once by gradient ascent, on a minibatch `real` of data and on G(z)."""
        with no_grad():  # G is fixed
            fake = self.generator(z)  # (m, ...)
        p_real = self.discriminator(real)  # (m, 1)
        p_fake = self.discriminator(fake)  # (m, 1)
        # The loss is minus the sum of line 4: its descent is the ascent of the sum.
        loss = losses.discriminator_loss(p_real, p_fake, self.real_label)  # 4: 1/m Σ [...]
        report = {"d_loss": loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
        report = checked_report(report, real, fake)  # as floats; an error if one is not finite

        self.d_optimizer.zero_grad()
        loss.backward()  # 4: ∇
        self.d_optimizer.step()  # 4: Update D by ascending
        self.steps += 1
        return report

    @checked_step
    def generator_step(self, z):
        """Update G once by gradient descent, on the noise z."""
        with frozen(self.discriminator):  # D is fixed
            p_fake = self.discriminator(self.generator(z))  # (m, 1)
            loss = self.generator_loss(p_fake)  # 6: 1/m Σ ...; or -log D(G(z)) of section 3
            report = checked_report({"g_loss": loss}, z)

            self.g_optimizer.zero_grad()
            loss.backward()  # 6: ∇
        self.g_optimizer.step()  # 6: Update G by descending
        return report

    @training  # warns if no step is made
    def train(self, minibatches, noise):
        """Algorithm 1: D on every minibatch, G after every k-th. Yields the reports.

        minibatches: arrays of data (m, ...); noise: a function of m that draws z, (m, ...).
        """
        check_function("noise, which is called with m,", noise)
        for real in minibatches:  # 1: for number of training iterations; 3: m examples x
            z = noise(len(real))  # 3: Sample m noise samples z
            report = self.discriminator_step(real, z)
            if self.steps % self.k == 0:  # 2: for k steps
                z = noise(len(real))  # 5: Sample m noise samples z
                report |= self.generator_step(z)
            yield report
