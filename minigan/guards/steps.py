"""Checks of the trainers' settings and minibatches."""

import copy
import math
from functools import wraps

import numpy as np

from minigan import backend
from minigan.guards.data import named, number
from minigan.nn import Sequential, Sigmoid
from minigan.nn.module import check_module
from minigan.nn.norm import BatchNorm, BatchNorm1d, BatchNorm2d
from minigan.ops import elementwise, shape
from minigan.tensor import as_array

LOSSES = {"d_loss": "discriminator", "c_loss": "critic", "g_loss": "generator"}


def check_samples(real, fake):
    """Raise ValueError unless the samples of a minibatch have the shape of the generator's.

    real: the minibatch, (m, ...); fake: samples of the generator, (m, ...). Arrays or Tensors.

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


SIGMOID = (
    "the critic ends in a Sigmoid, but its scores must be free to take any value: it is no "
    "probability that it gives; leave the Sigmoid out"
)


def check_critic(critic, n_critic, warm_up):
    """Raise ValueError for a critic that ends in a Sigmoid, or for counts out of range."""
    check_module("the critic", critic)
    last = critic
    while type(last).forward is Sequential.forward and len(last):
        last = last[-1]
    if isinstance(last, Sigmoid):
        raise ValueError(SIGMOID)
    check_count("n_critic, the critic steps to a generator step,", n_critic, 1)
    check_count("warm_up, a number of generator steps,", warm_up, 0)


def check_count(what, value, least):
    """Raise TypeError or ValueError unless a setting is an integer of at least `least`."""
    if not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what} is {value!r}, not an integer")
    if value < least:
        raise ValueError(f"{what} is {value}, not {least} or more")


def checked_label(label):
    """Return real_label as a Python number; raise unless it is a constant in [0, 1]."""
    if getattr(label, "requires_grad", False):
        raise ValueError("the labels require a gradient, but they are constants; use .detach()")
    label = number("real_label must be a number", as_array(label))
    if not 0 <= label <= 1:
        raise ValueError(f"real_label must be from 0 to 1, not {label}")
    return label


def check_scores(scores):
    """Raise ValueError for scores that a Sigmoid made, for any class of the critic."""
    op = scores.op
    while isinstance(op, (shape.Reshape, shape.GetItem, shape.Transpose)):
        op = op.inputs[0].op
    if isinstance(op, elementwise.Sigmoid):
        raise ValueError(SIGMOID)


def undo_if_refused(step):
    """Decorate a trainer's step: if it raises, restore batch norm's running averages."""

    @wraps(step)
    def guarded(trainer, *args, **named):
        opponent = trainer.critic if hasattr(trainer, "critic") else trainer.discriminator
        before = [
            (module, name, kept(module, getattr(module, name)))
            for module in trainer.generator.modules() + opponent.modules()
            for name in module.buffer_names
        ]
        try:
            return step(trainer, *args, **named)
        except BaseException:
            for module, name, array in before:
                setattr(module, name, array)
            raise

    return guarded


def kept(module, array):
    """The array of a buffer, to be restored: a copy if the module may write into it."""
    return array if type(module) in (BatchNorm1d, BatchNorm2d) else copy.copy(array)


def check_function(what, value):
    """Raise TypeError unless a setting is a function."""
    if not callable(value):
        raise TypeError(f"{what} must be a function, not {named(value)}")


def check_minibatch(real):
    """Raise ValueError for a minibatch of fewer than two samples."""
    if len(real) < 2:
        raise ValueError(
            f"a minibatch of {len(real)}: the mean over fewer than two samples is no estimate of a "
            "distance; use a larger batch, and leave out a last one that is smaller (drop_last)"
        )


def check_no_batch_norm(critic):
    """Raise ValueError for a critic with batch norm: the gradient penalty does not apply to it."""
    for name, module in critic.named_modules():
        if isinstance(module, BatchNorm):
            raise ValueError(
                f"layer {name!r} of the critic is {module}: with batch norm a score depends on the "
                "whole batch, and the penalty is on each score's gradient with respect to its own "
                "sample; leave it out, or use LayerNorm"
            )


def check_optimizer(optimizer, network, player):
    """Raise TypeError or ValueError unless the optimizer updates the parameters of its player."""
    check_module(f"the {player}", network)
    if not hasattr(optimizer, "params"):
        raise TypeError(
            f"the {player}'s optimizer must be one of minigan.optim, not {optimizer!r}; the "
            "arguments are both networks, then both optimizers, each time the generator's first"
        )
    own = {id(p) for p in network.parameters()}
    if not all(id(p) in own for p in optimizer.params):
        raise ValueError(
            f"the {player}'s optimizer has parameters that are not the {player}'s; the arguments "
            "are both networks, then both optimizers, each time the generator's first"
        )


def checked_report(report, data):
    """Before an update: return the numbers of a step's report as floats.

    report: {name: a Tensor of one element}, the losses named as in LOSSES; data: the minibatch.
    All numbers cross from a GPU in one transfer, because each transfer waits for the GPU.
    Raises FloatingPointError if a loss is not finite.
    """
    xp = backend.get_array_module(data)
    numbers = xp.stack([x.data.reshape(()) for x in report.values()]).tolist()
    report = dict(zip(report, numbers, strict=True))
    for name, player in LOSSES.items():
        if name in report and not math.isfinite(report[name]):
            bad = int((~xp.isfinite(data)).sum())
            why = (
                f"{bad} of the {data.size} numbers of the minibatch are not finite; clean the data"
                if bad
                else "the minibatch is finite, so the networks have diverged; lower the learning "
                "rate, or find the first bad operation with minigan.detect_anomaly()"
            )
            raise FloatingPointError(
                f"{player}'s loss is {report[name]}: {why} (no parameter was updated)"
            )
    return report
