"""Checks of the trainers' settings and minibatches, and when a Wasserstein generator moves."""

import numpy as np

from minigan.nn import Sigmoid
from minigan.nn.norm import BatchNorm
from minigan.tensor import as_array

WARM_UP_STEPS = 100  # of the critic, before each of the first generator steps, as the authors do


def check_samples(real, fake):
    """Raise ValueError unless a minibatch holds samples of the shape that the generator makes.

    real: the minibatch, (m, ...); fake: what the generator made, (m, ...). Arrays or Tensors.

    >>> import numpy as np
    >>> check_samples(np.zeros((64, 784)), np.zeros((64, 784)))
    >>> check_samples(np.zeros(784), np.zeros((784, 784)))
    Traceback (most recent call last):
    ValueError: expected a minibatch of shape (m, 784), as the generator makes them, found (784,),
    which is one sample; pass minibatches, for example datasets.minibatches(data, 64, seed=0)
    """
    shape, sample = np.shape(as_array(real)), fake.shape[1:]
    if len(shape) == len(sample) + 1 and shape[1:] == sample:
        return
    expected = f"(m, {', '.join(map(str, sample))})" if sample else "(m,)"
    if shape == sample:
        remedy = (
            ", which is one sample; pass minibatches, for example "
            "datasets.minibatches(data, 64, seed=0)"
        )
    else:
        remedy = "; reshape the data, or change the generator"
    raise ValueError(
        f"expected a minibatch of shape {expected}, as the generator makes them, found "
        f"{shape}{remedy}"
    )


def check_critic(critic, n_critic, warm_up):
    """Raise ValueError for a critic that gives probabilities, or for counts out of range."""
    if isinstance(critic.modules()[-1], Sigmoid):
        raise ValueError(
            "the critic ends in a Sigmoid, but its scores must be free to take any value: it is no "
            "probability that it gives; leave the Sigmoid out"
        )
    if n_critic < 1:
        raise ValueError(
            f"n_critic, the critic steps to a generator step, is {n_critic}, not 1 or more"
        )
    if warm_up < 0:
        raise ValueError(f"warm_up, a number of generator steps, is {warm_up}, not 0 or more")


def check_minibatch(real):
    """Raise ValueError for a minibatch that is too small to tell how far apart two sets are."""
    if len(real) < 2:
        raise ValueError(
            f"a minibatch of {len(real)}: the mean over fewer than two samples is no estimate of a "
            "distance; use a larger batch, and leave out a last one that is smaller (drop_last)"
        )


def check_no_batch_norm(critic):
    """Raise ValueError for a critic to which a gradient penalty cannot be applied."""
    for name, module in critic.named_modules():
        if isinstance(module, BatchNorm):
            raise ValueError(
                f"layer {name!r} of the critic is {module}: with batch norm a score depends on the "
                "whole batch, and the penalty is on each score's gradient with respect to its own "
                "sample; leave it out, or use LayerNorm"
            )


def generator_is_due(steps, n_critic, warm_up):
    """After this many critic steps in all: is it the generator's turn?

    >>> [n for n in range(1, 216) if generator_is_due(n, n_critic=5, warm_up=2)]
    [100, 200, 205, 210, 215]
    """
    long = warm_up * WARM_UP_STEPS
    if steps <= long:
        return steps % WARM_UP_STEPS == 0
    return (steps - long) % n_critic == 0
