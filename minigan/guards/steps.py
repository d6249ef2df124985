"""Checks of the trainers' settings and minibatches."""

import copy
import math
import warnings
from functools import partial, wraps

import numpy as np

from minigan import backend
from minigan.guards.data import class_name, number
from minigan.guards.interrupts import make_changes
from minigan.nn import Sequential, Sigmoid
from minigan.nn.module import Parameter, check_module
from minigan.nn.norm import BatchNorm, BatchNorm1d, BatchNorm2d
from minigan.ops import arithmetic, elementwise, reduce, shape
from minigan.switches import no_grad, switches
from minigan.tensor import as_array, as_tensor

# Operations behind which `check_no_sigmoid` looks: of the loss, and of the scores.
SUMS = (arithmetic.Add, arithmetic.Sub, arithmetic.Mul, arithmetic.Neg, reduce.Mean)
SHAPES = (shape.Reshape, shape.GetItem, shape.Transpose)
WRONG_SAMPLES = "expected a minibatch of shape"  # how the error of `check_samples` begins
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
    found = np.shape(as_array(real))
    sample = fake.shape[1:]
    if len(found) == len(sample) + 1 and found[1:] == sample:
        return
    expected = f"(m, {', '.join(map(str, sample))})" if sample else "(m,)"
    if found == sample:
        remedy = (
            ", which is one sample; pass minibatches, for example "
            "datasets.minibatches(data, 64, seed=0)"
        )
    else:
        remedy = "; reshape the data, or change the generator"
    raise ValueError(
        f"{WRONG_SAMPLES} {expected}, as the generator makes them, found {found}{remedy}"
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


def check_no_sigmoid(loss):
    """Raise ValueError for a critic's loss of scores that a Sigmoid made, for any class of critic.

    The loss is a sum of means of scores. So the scores are behind sums, which are single numbers.
    """
    ahead = [loss]
    while ahead:
        x = ahead.pop()
        if isinstance(x.op, elementwise.Sigmoid):
            raise ValueError(SIGMOID)
        if isinstance(x.op, SUMS if x.ndim == 0 else SHAPES):
            ahead += x.op.inputs


def checked_step(step):
    """Decorate a trainer's step: convert and check what comes in, and undo a step that raises.

    Each argument becomes a Tensor. If the step raises an error before its update, batch norm's
    running averages are restored, so that nothing has changed. A step that refuses its minibatch
    does so before its update, in `checked_report`. If Ctrl-C comes inside the update, some
    parameters are new. Then the step counts as one.
    """
    names = step.__code__.co_varnames[1 : step.__code__.co_argcount]  # real, z, ...

    @wraps(step)
    def checked(trainer, *args, **keywords):
        args = [as_tensor(x) for x in args]
        keywords = {name: as_tensor(x) for name, x in keywords.items()}
        inputs = dict(zip(names, args, strict=False)) | keywords
        if hasattr(trainer, "critic") and "real" in inputs:
            check_minibatch(inputs["real"])
        before = Before(trainer, "real" in inputs)
        try:
            try:
                return step(trainer, *args, **keywords)
            except BaseException as error:
                reason = wrong_samples(trainer, inputs) if isinstance(error, ValueError) else None
                before.settle()
                if reason is None or str(reason) == str(error):
                    raise
                raise reason from error
        except BaseException:
            before.settle()  # again, if Ctrl-C came inside the first `except`
            raise

    return checked


def training(train):
    """Decorate a trainer's `train`, a generator: warn if it is called and makes no step."""

    @wraps(train)
    def made(trainer, *args, **named):
        return Training(train(trainer, *args, **named), type(trainer).__name__)

    return made


class Training:
    """What `train` returns: an iterator over the reports. `for` runs the generator itself."""

    def __init__(self, reports, trainer):
        self.reports = reports
        self.trainer = trainer
        self.begun = False

    def __iter__(self):
        self.begun = True
        return self.reports

    def __next__(self):
        return next(iter(self))

    def close(self):
        self.reports.close()

    def __del__(self):
        if not self.begun:
            warnings.warn(
                f"{self.trainer}.train was called, but made no step, because it is a generator; "
                "write `for report in trainer.train(minibatches, noise):`",
                RuntimeWarning,
                stacklevel=2,
            )


class Before:
    """The state before a step, for the case that the step does not reach its end."""

    def __init__(self, trainer, learns_from_data):
        self.trainer = trainer
        self.learns_from_data = learns_from_data  # a step that trainer.steps counts
        self.steps = getattr(trainer, "steps", None)
        self.no_grad = switches.no_grad
        opponent = trainer.critic if hasattr(trainer, "critic") else trainer.discriminator
        self.parameters = []
        self.buffers = []  # (module, name, array)
        for module in trainer.generator.modules() + opponent.modules():
            # Batch norm makes new arrays. Another module may write into its own, which are copied.
            makes_new = type(module) in (BatchNorm1d, BatchNorm2d)
            for name in module.buffer_names:
                array = getattr(module, name)
                self.buffers.append((module, name, array if makes_new else copy.copy(array)))
            self.parameters += [p for p in vars(module).values() if isinstance(p, Parameter)]
        self.versions = self.present_versions()
        self.learning = [p for p in self.parameters if p.requires_grad]

    def present_versions(self):
        return [p._version[0] for p in self.parameters]

    def settle(self):
        """Undo the step if no parameter has changed; else do what must follow the change."""
        changes = [partial(setattr, p, "_requires_grad", True) for p in self.learning]
        changes.append(partial(vars(switches).update, no_grad=self.no_grad))
        if self.present_versions() == self.versions:
            changes += [partial(object.__setattr__, *buffer) for buffer in self.buffers]
            if self.steps is not None:
                changes.append(partial(setattr, self.trainer, "steps", self.steps))
        elif self.learns_from_data:
            if self.steps is not None:
                changes.append(partial(setattr, self.trainer, "steps", self.steps + 1))
            if hasattr(self.trainer, "clip_value"):
                c = float(self.trainer.clip_value)
                for w in self.trainer.critic.parameters():
                    w.data = w.data.clip(-c, c)
        make_changes(changes)


def wrong_samples(trainer, inputs):
    """After an error: the ValueError for a minibatch of another shape than G's samples, or None.

    A layer that such a minibatch reaches first raises an error that does not name the generator.
    """
    if not {"real", "z"} <= inputs.keys():
        return None
    random_state = backend.rng().bit_generator.state
    try:
        with no_grad():
            fake = trainer.generator(inputs["z"])
        check_samples(inputs["real"], fake)
    except ValueError as error:
        return error if str(error).startswith(WRONG_SAMPLES) else None
    except Exception:  # the generator's own error, which the step has raised
        return None
    finally:
        backend.rng().bit_generator.state = random_state
    return None


def check_function(what, value):
    """Raise TypeError unless a setting is a function."""
    if not callable(value):
        raise TypeError(f"{what} must be a function, not {class_name(value)}")


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


def checked_report(report, inputs, fake=None):
    """Before an update: return the numbers of a step's report as floats, if the step may go on.

    report: {name: a Tensor of one element}, the losses named as in LOSSES.
    inputs: the minibatch `real`, or the noise z of a generator's step.
    fake: the samples of the generator, in a step that takes a minibatch.
    All numbers cross from a GPU in one transfer, because each transfer waits for the GPU.
    Raises ValueError for a minibatch of another shape than the generator's samples, and for scores
    of a critic that a Sigmoid made. Raises FloatingPointError if a loss is not finite.
    """
    if fake is not None:
        check_samples(inputs, fake)
    if "c_loss" in report:
        check_no_sigmoid(report["c_loss"])
    data = inputs.data
    xp = backend.get_array_module(data)
    numbers = xp.stack([x.data.reshape(()) for x in report.values()]).tolist()
    report = dict(zip(report, numbers, strict=True))
    for name, player in LOSSES.items():
        if name in report and not math.isfinite(report[name]):
            bad = int((~xp.isfinite(data)).sum())
            what = "noise" if fake is None else "minibatch"
            if bad:
                remedy = "clean the data" if what == "minibatch" else "draw finite numbers"
                why = f"{bad} of the {data.size} numbers of the {what} are not finite; {remedy}"
            else:
                why = (
                    f"the {what} is finite, so the networks have diverged; lower the learning "
                    "rate, or find the first bad operation with minigan.detect_anomaly()"
                )
            raise FloatingPointError(
                f"{player}'s loss is {report[name]}: {why} (no parameter was updated)"
            )
    return report
