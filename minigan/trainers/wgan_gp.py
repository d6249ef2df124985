"""The Wasserstein generative adversarial network with a gradient penalty.

Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", Algorithm 1 (D is called f here):

    1  while θ has not converged do
    2      for n_critic steps do
    3          Sample m noise samples z from the prior, m examples x, and m numbers ε ~ U[0, 1].
    4          x̂ = ε x + (1 - ε) G(z)
    5          Update f by descending  ∇ 1/m Σ [f(G(z)) - f(x) + λ (‖∇f(x̂)‖ - 1)²]
    6      Sample m noise samples z from the prior.
    7      Update G by descending  ∇ -1/m Σ f(G(z))

A comment such as `# 5: Update f` names the line of the algorithm that a line of code carries out.
"""

from minigan import losses
from minigan.guards.data import number
from minigan.guards.steps import (
    check_critic,
    check_function,
    check_no_batch_norm,
    check_optimizer,
    checked_report,
    checked_step,
    training,
)
from minigan.nn import frozen
from minigan.switches import no_grad
from minigan.tensor import as_tensor, rand
from minigan.trainers.warm_up import generator_is_due


class WGANGP:
    """The two players, their optimizers, and a step of each.

    generator: a Module, noise (m, ...) -> samples like the data.
    critic: a Module, samples -> (m, 1), scores that may be any number: no Sigmoid at the end. It
    treats samples independently: no batch norm, for which LayerNorm is the substitute.
    penalty_weight: λ. 10 is the paper's for images; on 2-D mixtures it takes 0.1.
    n_critic: critic steps per generator step.
    warm_up: this many generator steps, the first ones, wait for 100 critic steps each, so that G
    first follows a critic that is near its best (WGAN's authors' 25; not in the algorithm).

    The algorithm's optimizers are Adam(..., lr=1e-4, betas=(0.0, 0.9)); the paper's experiments on
    small networks and MNIST have betas=(0.5, 0.9).
    Raises ValueError for a setting out of its range, or a critic as above.

    >>> import numpy as np
    >>> from minigan import nn, optim, rand, randn
    >>> G, f = nn.Linear(2, 1), nn.Linear(1, 1)
    >>> wgan_gp = WGANGP(G, f, optim.Adam(G.parameters()), optim.Adam(f.parameters()))
    >>> list(wgan_gp.critic_step(np.ones((4, 1), dtype="float32"), randn(4, 2), rand(4)))
    ['c_loss', 'wasserstein', 'penalty', 'gradient norm']
    >>> list(wgan_gp.generator_step(randn(4, 2)))
    ['g_loss']
    """

    def __init__(
        self,
        generator,
        critic,
        g_optimizer,
        c_optimizer,
        *,
        penalty_weight=10.0,
        n_critic=5,
        warm_up=0,
    ):
        check_critic(critic, n_critic, warm_up)
        check_no_batch_norm(critic)
        penalty_weight = number("penalty_weight must be a number", penalty_weight)
        if not penalty_weight >= 0:
            raise ValueError(f"penalty_weight, λ, is {penalty_weight}, not 0 or more")
        check_optimizer(g_optimizer, generator, "generator")
        check_optimizer(c_optimizer, critic, "critic")
        self.generator = generator
        self.g_optimizer = g_optimizer
        self.critic = critic
        self.c_optimizer = c_optimizer
        self.penalty_weight = penalty_weight
        self.n_critic = n_critic
        self.warm_up = warm_up
        self.steps = 0  # critic steps

    @checked_step  # makes Tensors of the arguments
    def critic_step(self, real, z, eps):
        """Update f once by gradient descent, on a minibatch `real` of data and on G(z).

        eps: the numbers ε of x̂ = ε x + (1 - ε) G(z), (m,), from U[0, 1].
        Raises ValueError for an eps of another shape or range, and for fewer than two samples: a
        mean over one is no estimate of a distance.
        """
        with no_grad():  # G is fixed
            fake = self.generator(z)  # (m, ...)
        real_scores = self.critic(real)  # (m, 1)
        fake_scores = self.critic(fake)  # (m, 1)
        penalty, norms = losses.gradient_penalty(  # 4: x̂ = ...; 5: (‖∇f(x̂)‖ - 1)²
            self.critic, real, fake, eps, return_norms=True
        )
        wasserstein = real_scores.mean() - fake_scores.mean()
        loss = self.penalty_weight * penalty - wasserstein  # 5: 1/m Σ [...]
        report = {"c_loss": loss, "wasserstein": wasserstein, "penalty": penalty}
        report = checked_report(report | {"gradient norm": norms.mean()}, real, fake)

        self.c_optimizer.zero_grad()
        loss.backward()  # 5: ∇
        self.c_optimizer.step()  # 5: Update f by descending
        self.steps += 1
        return report

    @checked_step
    def generator_step(self, z):
        """Update G once by gradient descent, on the noise z."""
        with frozen(self.critic):  # f is fixed
            fake_scores = self.critic(self.generator(z))  # (m, 1)
            loss = losses.wasserstein_generator_loss(fake_scores)  # 7: -1/m Σ ...
            report = checked_report({"g_loss": loss}, z)

            self.g_optimizer.zero_grad()
            loss.backward()  # 7: ∇
        self.g_optimizer.step()  # 7: Update G by descending
        return report

    @training  # warns if no step is made
    def train(self, minibatches, noise):
        """Algorithm 1: f on every minibatch, G after n_critic. Yields the reports.

        minibatches: arrays of data (m, ...); noise: a function of m that draws z, (m, ...).
        """
        check_function("noise, which is called with m,", noise)
        for real in minibatches:  # 1: while θ has not converged; 3: m examples x
            eps = rand(len(real), dtype=as_tensor(real).dtype)  # 3: m numbers ε ~ U[0, 1]
            z = noise(len(real))  # 3: Sample m noise samples z
            report = self.critic_step(real, z, eps)
            if generator_is_due(self.steps, self.n_critic, self.warm_up):  # 2: for n_critic steps
                z = noise(len(real))  # 6: Sample m noise samples z
                report |= self.generator_step(z)
            yield report
