"""The Wasserstein generative adversarial network.

Arjovsky et al. 2017, "Wasserstein GAN", Algorithm 1 (there f is called f_w, and G is g_θ):

    1  while θ has not converged do
    2      for n_critic steps do
    3          Sample m noise samples z from the prior, and m examples x from the data.
    4          Update f by ascending   ∇ 1/m Σ [f(x) - f(G(z))], then clip its weights to [-c, c]
    5      Sample m noise samples z from the prior.
    6      Update G by descending  ∇ -1/m Σ f(G(z))

A comment such as `# 4: Update f` names the line of the algorithm that a line of code carries out.
"""

from minigan import losses
from minigan.guards.data import number
from minigan.guards.steps import (
    check_critic,
    check_function,
    check_optimizer,
    checked_report,
    checked_step,
    training,
)
from minigan.nn import frozen
from minigan.switches import no_grad
from minigan.trainers.warm_up import generator_is_due


class WGAN:
    """The two players, their optimizers, and a step of each.

    generator: a Module, noise (m, ...) -> samples like the data.
    critic: a Module, samples -> (m, 1), scores that may be any number: no Sigmoid at the end.
    clip_value: c. With weights in [-c, c] the critic's slope is at most some K, which is not known.
    Then the report's "wasserstein", mean f(x) - mean f(G(z)), is at most K times the Wasserstein
    distance between the data and the fakes.
    n_critic: critic steps per generator step.
    warm_up: this many generator steps, the first ones, wait for 100 critic steps each, so that G
    first follows a critic that is near its best (25 in the authors' code; not in the algorithm).

    The paper's optimizers are RMSprop(..., lr=5e-5); with momentum, it found, training is unstable.
    Raises ValueError for a setting out of its range or a critic that ends in a Sigmoid; and in
    critic_step, for a minibatch of one, since a mean over one sample is no estimate of a distance.

    >>> import numpy as np
    >>> from minigan import nn, optim, randn
    >>> G, f = nn.Linear(2, 1), nn.Linear(1, 1)
    >>> wgan = WGAN(G, f, optim.RMSprop(G.parameters()), optim.RMSprop(f.parameters()))
    >>> list(wgan.critic_step(np.ones((4, 1), dtype="float32"), randn(4, 2)))
    ['c_loss', 'wasserstein']
    >>> list(wgan.generator_step(randn(4, 2)))
    ['g_loss']
    """

    def __init__(
        self,
        generator,
        critic,
        g_optimizer,
        c_optimizer,
        *,
        clip_value=0.01,
        n_critic=5,
        warm_up=0,
    ):
        check_critic(critic, n_critic, warm_up)
        clip_value = number("clip_value must be a number", clip_value)
        if not clip_value > 0:
            raise ValueError(
                f"clip_value, the bound of the critic's weights, is {clip_value}, not > 0"
            )
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(c_optimizer, critic, "critic")
        self.generator = generator
        self.g_optimizer = g_optimizer
        self.critic = critic
        self.c_optimizer = c_optimizer
        self.clip_value = clip_value
        self.n_critic = n_critic
        self.warm_up = warm_up
        self.steps = 0  # critic steps

    @checked_step  # makes Tensors of the arguments
    def critic_step(self, real, z):
        """Update f once by gradient ascent, on a minibatch `real` of data and on G(z)."""
        with no_grad():  # G is fixed
            fake = self.generator(z)  # (m, ...)
        real_scores = self.critic(real)  # (m, 1)
        fake_scores = self.critic(fake)  # (m, 1)
        # The loss is minus the sum of line 4: its descent is the ascent of the sum.
        loss = losses.wasserstein_critic_loss(real_scores, fake_scores)  # 4: 1/m Σ [...]
        report = {"c_loss": loss}
        report = checked_report(report, real, fake)  # as floats; an error if one is not finite

        self.c_optimizer.zero_grad()
        loss.backward()  # 4: ∇
        self.c_optimizer.step()  # 4: Update f by ascending
        c = float(self.clip_value)
        for w in self.critic.parameters():
            w.data = w.data.clip(-c, c)  # 4: then clip its weights to [-c, c]
        self.steps += 1
        return report | {"wasserstein": -report["c_loss"]}

    @checked_step
    def generator_step(self, z):
        """Update G once by gradient descent, on the noise z."""
        with frozen(self.critic):  # f is fixed
            fake_scores = self.critic(self.generator(z))  # (m, 1)
            loss = losses.wasserstein_generator_loss(fake_scores)  # 6: -1/m Σ ...
            report = checked_report({"g_loss": loss}, z)

            self.g_optimizer.zero_grad()
            loss.backward()  # 6: ∇
        self.g_optimizer.step()  # 6: Update G by descending
        return report

    @training  # warns if no step is made
    def train(self, minibatches, noise):
        """Algorithm 1: f on every minibatch, G after n_critic. Yields the reports.

        minibatches: arrays of data (m, ...); noise: a function of m that draws z, (m, ...).
        """
        check_function("noise, which is called with m,", noise)
        for real in minibatches:  # 1: while θ has not converged; 3: m examples x
            z = noise(len(real))  # 3: Sample m noise samples z
            report = self.critic_step(real, z)
            if generator_is_due(self.steps, self.n_critic, self.warm_up):  # 2: for n_critic steps
                z = noise(len(real))  # 5: Sample m noise samples z
                report |= self.generator_step(z)
            yield report
