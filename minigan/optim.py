"""Optimizers: from a gradient g to a new parameter p.

Each class docstring has the textbook update, and `update` has its lines. `step` calls it for one
block of a parameter at a time. A block and its moments stay in the processor's cache from the first
line of the update to the last. Whole arrays would be read from memory again for every line.

The same lines are texts in ops/compiled.py. On a GPU, `step` runs a compiled text once for each
parameter. On a CPU it does so for a parameter of more than BLOCK numbers, if Numba is installed and
no debugger is there.

AveragedModel is not an optimizer. It copies the parameters into a running average. Use it for
sampling, not for training.
"""

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan import backend
from minigan.guards import pytorch
from minigan.guards.accepted import check_no_effect
from minigan.guards.interrupts import make_changes
from minigan.guards.state import (
    check_same_structure,
    check_update,
    checked_average_state,
    checked_optimizer_state,
    checked_parameters,
    checked_setting,
)
from minigan.nn.module import Parameter, check_module
from minigan.ops import compiled

# PyTorch's settings of every optimizer that have one value here.
NO_EFFECT = {"maximize": (False,), "foreach": (False,), "fused": (False,)}
NO_EFFECT |= {"capturable": (False,), "differentiable": (False,)}
BLOCK = 32768  # elements; five such blocks of float32 are 640 KiB
updates_with = compiled.updates_with  # () -> "numba" or "numpy"


class Optimizer:
    """The base of the optimizers: a list of parameters, and a state for each.

    A setting can be changed at any time, as in `optimizer.lr = 1e-4`. It is checked when it is set.
    weight_decay: λ of the term λ/2 p² that is added to the loss. So g becomes g + λ p.

    A subclass writes `update(step, p, g, *moments)`. A GPU runs its `kernel` instead, if there is
    one, with the `numbers` of the step.
    """

    # The names of the arrays in a parameter's state (PyTorch's), and of attributes that are saved.
    moments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("lr", "weight_decay")
    kernel = ""  # `update` for one element of p, g and the moments
    symbols = ""  # the names of the moments in `kernel`

    def __init__(self, params, lr, weight_decay: Any = 0.0):
        self.params = checked_parameters(params, self, Parameter)
        self.lr = lr
        self.weight_decay = weight_decay
        self.state: list = [{} for _ in self.params]

    def __init_subclass__(cls):
        if "update" in vars(cls) and "kernel" not in vars(cls):
            cls.kernel = ""  # an inherited kernel would do other lines than this update

    def __setattr__(self, name, value):
        if name in self.settings:
            value = checked_setting(self, name, value)
        super().__setattr__(name, value)

    def step(self):
        """Update every parameter that has a gradient.

        Raises ValueError or TypeError, before any update, for a gradient that does not fit its
        parameter, or a parameter that cannot be written to.
        """
        for i, p in enumerate(self.params):
            if p.grad is not None:
                check_update(i, p)
                if p.data.size > BLOCK:
                    compiled.prepare_update(self, p.data)  # before any change
        for p, state in zip(self.params, self.state, strict=True):
            if p.grad is not None:
                self.update_in_blocks(p, state)

    def update_in_blocks(self, p, state):
        """Update one parameter and its state, block by block."""
        xp = backend.get_array_module(p.data)
        if not p.data.flags.c_contiguous:  # blocks are views of contiguous memory
            p.data = xp.ascontiguousarray(p.data)
        # They are zeros at the first step. There may be too little memory for them.
        moments = [state[name] if state else xp.zeros_like(p.data) for name in self.moments]
        p._mark_changed()
        step = state.get("step", 0) + 1
        # One call: Ctrl-C cannot leave a state without its moments.
        state.update({"step": step} | dict(zip(self.moments, moments, strict=True)))
        may_be_compiled = p.data.size > BLOCK or xp is not np
        if may_be_compiled and compiled.run_update(self, step, p.data, p.grad.data, *moments):
            return
        for block, g, *block_moments in blocks(p.data, p.grad.data, *moments):
            if self.weight_decay:
                g = g + self.weight_decay * block
            self.update(step, block, g, *block_moments)

    def numbers(self, step) -> dict[str, float]:
        """The numbers that the kernel reads at this step, counted from 1."""
        raise NotImplementedError(f"{type(self).__name__} has a kernel, but no numbers for it")

    def update(self, step, p, g, *moments: Any, **unused: Any):
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def __repr__(self):
        settings = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.settings)
        return f"{type(self).__name__}({len(self.params)} parameters, {settings})"

    if not TYPE_CHECKING:  # or an editor would accept any name

        def __getattr__(self, name):
            raise pytorch.missing(type(self).__name__, name, pytorch.OPTIMIZER, self)

    def zero_grad(self, set_to_none=True):
        """Set all gradients to None, as PyTorch's set_to_none=True."""
        check_no_effect({"set_to_none": set_to_none}, set_to_none=(True,))
        for p in self.params:
            p.grad = None

    def state_dict(self):
        """Return a copy of the settings and of each parameter's state."""
        states = {
            str(i): {
                name: value if name == "step" else np.array(backend.to_numpy(value))
                for name, value in state.items()
            }
            for i, state in enumerate(self.state)
        }
        return {"state": states} | {name: getattr(self, name) for name in self.settings}

    def load_state_dict(self, state_dict):
        """Load a `state_dict`. Raises ValueError, and changes nothing, if it does not fit.

        A setting that an older state does not have gets its default.
        """
        states, settings = checked_optimizer_state(self, state_dict)
        vars(self).update(settings, state=states)  # one call, which Ctrl-C cannot leave half done


class SGD(Optimizer):
    """Stochastic gradient descent with momentum μ, as in PyTorch (Sutskever et al. 2013, eq. 1-2):

        b ← μ b + g          (b = g at the first step)
        p ← p - lr b

    >>> p = Parameter([1.0]); p.sum().backward()
    >>> SGD([p], lr=0.1).step(); round(p.item(), 6)
    0.9
    """

    moments = ("momentum_buffer",)
    settings = ("lr", "momentum", "weight_decay")

    def __init__(self, params, lr, momentum: Any = 0.0, *, weight_decay: Any = 0.0, **other):
        check_no_effect(other, dampening=(0,), nesterov=(False,), **NO_EFFECT)
        super().__init__(params, lr, weight_decay)
        self.momentum = momentum

    def update(self, step, p, g, b):
        b *= self.momentum
        b += g
        p -= self.lr * b

    # The same lines as a text, which can be compiled: change both.
    kernel, symbols, numbers = compiled.same_lines(update, compiled.SGD)


class RMSprop(Optimizer):
    """RMSprop (Hinton's lecture 6e, 2012), with PyTorch's place for ε:

        v ← α v + (1 - α) g²
        p ← p - lr g / (√v + ε)

    >>> p = Parameter([1.0]); p.sum().backward()
    >>> RMSprop([p], lr=0.01).step(); round(p.item(), 6)
    0.9
    """

    moments = ("square_avg",)
    settings = ("lr", "alpha", "eps", "weight_decay")

    def __init__(
        self,
        params,
        lr: Any = 0.01,
        alpha: Any = 0.99,
        eps: Any = 1e-8,
        weight_decay: Any = 0.0,
        **other,
    ):
        check_no_effect(other, momentum=(0,), centered=(False,), **NO_EFFECT)
        super().__init__(params, lr, weight_decay)
        self.alpha = alpha
        self.eps = eps

    def update(self, step, p, g, v):
        sqrt = backend.get_array_module(p).sqrt
        v *= self.alpha
        v += (1 - self.alpha) * g * g
        p -= self.lr * g / (sqrt(v) + self.eps)

    # The same lines as a text, which can be compiled: change both.
    kernel, symbols, numbers = compiled.same_lines(update, compiled.RMSPROP)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, Algorithm 1), t counting the steps:

        m ← β₁ m + (1 - β₁) g            m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²           v̂ = v / (1 - β₂ᵗ)
        p ← p - lr m̂ / (√v̂ + ε)

    `update` has the numbers taken together: with c = √(1 - β₂ᵗ) the last line is
    p ← p - (lr c / (1 - β₁ᵗ)) m / (√v + c ε).

    >>> p = Parameter([1.0]); p.sum().backward()
    >>> Adam([p], lr=0.1).step(); round(p.item(), 6)
    0.9
    """

    moments = ("exp_avg", "exp_avg_sq")
    settings = ("lr", "betas", "eps", "weight_decay")

    def __init__(
        self,
        params,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: Any = 1e-8,
        weight_decay: Any = 0.0,
        **other,
    ):
        check_no_effect(other, amsgrad=(False,), **NO_EFFECT)
        super().__init__(params, lr, weight_decay)
        self.betas = betas
        self.eps = eps

    def update(self, step, p, g, m, v):
        sqrt = backend.get_array_module(p).sqrt
        lr = self.lr
        beta1, beta2 = self.betas
        eps = self.eps
        c = (1 - beta2**step) ** 0.5
        v *= beta2
        v += (1 - beta2) * g * g
        m *= beta1  # after v: Ctrl-C in between must not leave a new m beside an old, smaller v
        m += (1 - beta1) * g
        p -= (lr * c / (1 - beta1**step)) * m / (sqrt(v) + c * eps)

    # The same lines as a text, which can be compiled: change both.
    kernel, symbols, numbers = compiled.same_lines(update, compiled.ADAM)


def linear_decay(lr, step, end, start=0):
    """The learning rate after `step` steps: lr up to `start`, then a line that is 0 at `end`.

    >>> optimizer = SGD([Parameter([1.0])], lr=0.1)
    >>> for step in range(4):
    ...     optimizer.lr = linear_decay(0.1, step, end=4, start=2)
    ...     print(optimizer.lr)
    0.1
    0.1
    0.1
    0.05
    """
    if step < start:
        return lr
    if start == 0:
        return lr * (1 - step / end)
    # The same line, rounded as in version 0.2, so that its runs resume bit for bit.
    return lr * (end - step) / (end - start)


class AveragedModel:
    """The running mean of a model's weights, named after PyTorch's class of this kind:

        a ← a + w (p - a)        w = 9 / (9 + steps so far), but at least 1 - decay

    The weights of the two players often move around an equilibrium. The last weights of G are one
    point on the way. Their mean often draws better samples (Yazıcı et al. 2019, "The Unusual
    Effectiveness of Averaging in GAN Training"). The training does not use it. w is larger at
    first, so that the mean forgets the initial weights (as TensorFlow's ExponentialMovingAverage
    does).

    model: the Module to follow. `.module` is a copy that holds the means, in eval mode. Batch
    norm's running averages are averaged as well.
    decay: 0.999 averages over about the last thousand steps. In the first 9 / (1 - decay) steps
    (9,000) it averages over about the last ninth of them.
    Raises ValueError for a decay outside [0, 1).

    >>> from minigan import nn
    >>> model = nn.Linear(1, 1)
    >>> average = AveragedModel(model, decay=0.5)
    >>> for value in 0.0, 1.0:
    ...     _ = model.weight.copy_(np.float32([[value]]))
    ...     average.update_parameters(model)
    >>> round(average.module.weight.item(), 6)       # 9/10 of the way from 0 to 1
    0.9
    """

    # ops/compiled.py takes it for an optimizer whose parameter is a, and whose gradient is p.
    moments = ()
    weight_decay = 0.0

    def __init__(self, model, decay=0.999):
        check_module("what is to be averaged", model)
        self.decay = checked_setting(self, "decay", decay)
        self.n_averaged = 0
        self.module = copy.deepcopy(model).eval().requires_grad_(False)

    def __call__(self, *inputs, **named):
        """Call the averaged model, `.module`."""
        return self.module(*inputs, **named)

    def update_parameters(self, model):
        """Add the model's present weights to the mean; ValueError for another structure."""
        check_module("what is to be averaged", model)
        check_same_structure(self.module, model)
        n = self.n_averaged
        w = self.weight(n)
        pairs = list(zip(self.module.parameters(), model.parameters(), strict=True))
        for a, _ in pairs:
            if a.data.size > BLOCK:
                compiled.prepare_update(self, a.data)  # before any change
        for a, p in pairs:
            xp = backend.get_array_module(a.data)
            if not a.data.flags.c_contiguous:  # blocks are views of contiguous memory
                a.data = xp.ascontiguousarray(a.data)
            a._mark_changed()
            may_be_compiled = a.data.size > BLOCK and xp is np
            if may_be_compiled and compiled.run_update(self, n, a.data, p.data):
                continue
            for block in blocks(a.data, p.data):
                self.update(n, *block)
        for module, other in zip(self.module.modules(), model.modules(), strict=True):
            for name in module.buffer_names:
                a = getattr(module, name)
                b = getattr(other, name)
                # An integer is a count, which is copied.
                setattr(module, name, a + w * (b - a) if a.dtype.kind == "f" else b.copy())
        self.n_averaged += 1  # last: after an interrupt, the next call has the same w

    def weight(self, n):
        """w after n steps."""
        # TensorFlow's decay after m updates is (1 + m) / (10 + m). Let m = n - 1. Then 1 minus this
        # decay is 9 / (9 + n). It is 1 for n = 0, so that the mean forgets the initial weights.
        return max(1 - self.decay, 9 / (9 + n))

    def update(self, n, a, p):
        a += self.weight(n) * (p - a)

    # The same line as a text, which can be compiled: change both.
    compiled.same_lines(update, compiled.AVERAGE)

    def state_dict(self):
        """Return the means, the number of steps and the decay, for `load_state_dict`."""
        module = self.module.state_dict()
        return {"module": module, "n_averaged": self.n_averaged, "decay": self.decay}

    def load_state_dict(self, state_dict):
        """Load a `state_dict`. Raises ValueError, and changes nothing, if it does not fit."""
        module, n, decay = checked_average_state(self, state_dict)
        try:
            changes = self.module._loading(module)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the module of an AveragedModel's state: {error.args[0]}") from error
        make_changes([*changes, partial(vars(self).update, n_averaged=n, decay=decay)])


def blocks(*arrays):
    """Return slices of BLOCK elements of arrays of one size, as lists of writable views.

    On a GPU a block is the whole array.
    """
    xp = backend.get_array_module(*arrays)
    flat = [a.reshape(-1) for a in arrays]
    if xp is not np or flat[0].size <= BLOCK:
        return [flat]
    return [[a[i : i + BLOCK] for a in flat] for i in range(0, flat[0].size, BLOCK)]


if not TYPE_CHECKING:  # or an editor would accept any name

    def __getattr__(name):
        raise pytorch.missing("minigan.optim", name, pytorch.OPTIM)
