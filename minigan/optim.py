"""Optimizers: from a gradient g to a new parameter p.

Each class docstring has the textbook update, and `update` has its lines. `step` calls it for one
block of a parameter at a time. A block and its moments stay in the processor's cache from the first
line of the update to the last. Whole arrays would be read from memory again for every line.

On a GPU, `step` calls the kernel of the class, which has the same lines, once for each parameter.

AveragedModel is not an optimizer. It copies the parameters into a running average. Use it for
sampling, not for training.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from minigan import backend
from minigan.guards import pytorch
from minigan.guards.data import check_same_shape_and_dtype, class_name, not_negative, number
from minigan.nn.module import Module, Parameter, check_module
from minigan.ops.compiled import launch, on_gpu

BLOCK = 32768  # elements; five such blocks of float32 are 640 KiB
SQUARES = ("square_avg", "exp_avg_sq")  # the moments that are means of g²


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
        no_order = isinstance(params, (set, frozenset))
        if isinstance(params, Module) or callable(params):
            raise TypeError(
                f"an optimizer needs a list of Parameters, and not {class_name(params)}; write "
                f"{type(self).__name__}(network.parameters(), ...), with an instance of the class"
            )
        if not isinstance(params, Iterable) or isinstance(params, Parameter) or no_order:
            raise TypeError(
                f"an optimizer needs a list of Parameters, as module.parameters() gives, and not "
                f"{class_name(params)}{', which has no order' if no_order else ''}"
            )
        self.params = list(params)
        self.lr = lr
        self.weight_decay = weight_decay
        if not self.params:
            raise ValueError(
                "there are no parameters to learn: a module finds only those that are attributes "
                "of it or of its submodules, so put layers in nn.Sequential and not in a list"
            )
        if any(isinstance(p, dict) for p in self.params):
            raise ValueError("there are no groups of parameters here: make one optimizer for each")
        if not all(isinstance(p, Parameter) for p in self.params):
            raise ValueError(
                "an optimizer needs a list of Parameters, as module.parameters() gives"
            )
        if len(set(self.params)) < len(self.params):
            raise ValueError("a parameter is given twice, and would be updated twice in a step")
        self.state: list = [{} for _ in self.params]

    def __init_subclass__(cls):
        if "update" in vars(cls) and "kernel" not in vars(cls):
            cls.kernel = ""  # an inherited kernel would do other lines than this update

    def __setattr__(self, name, value):
        super().__setattr__(name, checked(self, name, value) if name in self.settings else value)

    def step(self):
        """Update every parameter that has a gradient.

        Raises ValueError or TypeError, before any update, for a gradient that does not fit its
        parameter, or a parameter that cannot be written to.
        """
        for i, p in enumerate(self.params):
            if p.grad is not None:
                check_update(i, p)
        for p, state in zip(self.params, self.state, strict=True):
            if p.grad is None:
                continue
            xp = backend.get_array_module(p.data)
            if not p.data.flags.c_contiguous:  # blocks are views of contiguous memory
                p.data = xp.ascontiguousarray(p.data)
            if not state:
                state["step"] = 0
                state.update({name: xp.zeros_like(p.data) for name in self.moments})
            state["step"] += 1
            moments = [state[name] for name in self.moments]
            update = self.launch if on_gpu(p.data) and self.kernel else self.update
            for block, g, *block_moments in blocks(p.data, p.grad.data, *moments):
                if self.weight_decay:
                    g = g + self.weight_decay * block
                update(state["step"], block, g, *block_moments)
            p.data = p.data  # counts as a new version

    def launch(self, step, p, g, *moments):
        """Do what `update` does by one launch of the kernel, on a GPU."""
        moments = dict(zip(self.symbols.split(), moments, strict=True))
        launch(self.kernel, f"p {self.symbols}", g=g, **self.numbers(step), p=p, **moments)

    def numbers(self, step) -> dict[str, float]:
        """The numbers that the kernel reads at this step, counted from 1."""
        raise NotImplementedError(f"{type(self).__name__} has a kernel, but no numbers for it")

    def update(self, step, p, g, *moments: Any, **unused: Any):
        raise NotImplementedError(f"{type(self).__name__} has no update")

    if not TYPE_CHECKING:  # or an editor would accept any name

        def __getattr__(self, name):
            raise pytorch.missing(type(self).__name__, name, pytorch.OPTIMIZER, self)

    def zero_grad(self, set_to_none=True):
        """Set all gradients to None, as PyTorch's set_to_none=True."""
        pytorch.check_no_effect({"set_to_none": set_to_none}, set_to_none=(True,))
        for p in self.params:
            p.grad = None

    def state_dict(self):
        """Return a copy of the settings and of each parameter's state."""
        states = {
            str(i): {
                k: v if k == "step" else np.array(backend.to_numpy(v)) for k, v in state.items()
            }
            for i, state in enumerate(self.state)
        }
        return {"state": states} | {name: getattr(self, name) for name in self.settings}

    def load_state_dict(self, state_dict):
        """Load a `state_dict`. Raises ValueError, and changes nothing, if it does not fit.

        A setting that an older state does not have gets its default.
        """
        kind = type(self).__name__
        n = len(self.params)
        state_dict = {"weight_decay": 0.0} | as_dict(f"a state of {kind}", state_dict)
        for name in "state", *self.settings:
            if name not in state_dict:
                raise ValueError(f"this is no state of {kind}: it has no {name}")
        saved = as_dict(f"the state of {kind}", state_dict["state"])
        if len(saved) != n:
            raise ValueError(f"state for {len(saved)} parameters, but there are {n}")
        if set(saved) != {str(i) for i in range(n)}:
            raise ValueError(f"the keys of the state must be '0' to '{n - 1}', not {list(saved)}")
        states = [self._checked_state(i, p, saved[str(i)]) for i, p in enumerate(self.params)]
        settings = {name: loaded(self, name, state_dict[name]) for name in self.settings}
        self.state = states
        for name, value in settings.items():
            setattr(self, name, value)

    def _checked_state(self, i, p, saved):
        """Return a copy of the saved state of parameter i; ValueError if it does not fit."""
        saved = as_dict(f"the state of parameter {i}", saved)
        if not saved:  # the parameter has had no gradient yet
            return {}
        if set(saved) != {"step", *self.moments}:
            names = sorted(map(str, saved))
            raise ValueError(f"state of parameter {i}: {names} is not {type(self).__name__}'s")
        state = {"step": count(f"step of parameter {i}", saved["step"], at_least=1)}
        for name in self.moments:
            check_moment(f"{name} of parameter {i}", p, saved[name], name in SQUARES)
            state[name] = backend.get_array_module(p.data).array(saved[name], order="C")
        return state


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
    kernel = "b = mu * b + g; p = p - lr * b;"
    symbols = "b"

    def __init__(self, params, lr, momentum: Any = 0.0, *, weight_decay: Any = 0.0):
        super().__init__(params, lr, weight_decay)
        self.momentum = momentum

    def update(self, step, p, g, b):
        b *= self.momentum
        b += g
        p -= self.lr * b

    def numbers(self, step):
        return {"mu": self.momentum, "lr": self.lr}


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
    kernel = "v = alpha * v + w * g * g; p = p - lr * g / (sqrt(v) + eps);"
    symbols = "v"

    def __init__(
        self, params, lr: Any = 0.01, alpha: Any = 0.99, eps: Any = 1e-8, weight_decay: Any = 0.0
    ):
        super().__init__(params, lr, weight_decay)
        self.alpha = alpha
        self.eps = eps

    def update(self, step, p, g, v):
        sqrt = backend.get_array_module(p).sqrt
        v *= self.alpha
        v += (1 - self.alpha) * g * g
        p -= self.lr * g / (sqrt(v) + self.eps)

    def numbers(self, step):
        return {"alpha": self.alpha, "w": 1 - self.alpha, "lr": self.lr, "eps": self.eps}


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
    kernel = """
        m = beta1 * m + w1 * g;
        v = beta2 * v + w2 * g * g;
        p = p - rate * m / (sqrt(v) + small);
    """
    symbols = "m v"

    def __init__(
        self,
        params,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: Any = 1e-8,
        weight_decay: Any = 0.0,
    ):
        super().__init__(params, lr, weight_decay)
        self.betas = betas
        self.eps = eps

    def update(self, step, p, g, m, v):
        sqrt = backend.get_array_module(p).sqrt
        lr = self.lr
        beta1, beta2 = self.betas
        eps = self.eps
        c = (1 - beta2**step) ** 0.5
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        p -= (lr * c / (1 - beta1**step)) * m / (sqrt(v) + c * eps)

    def numbers(self, step):
        beta1, beta2 = self.betas
        c = (1 - beta2**step) ** 0.5
        rate = self.lr * c / (1 - beta1**step)
        small = c * self.eps
        # 1 - β is computed here. In float32, 1 - 0.999 has an error of 0.005 %.
        return dict(beta1=beta1, w1=1 - beta1, beta2=beta2, w2=1 - beta2, rate=rate, small=small)


class AveragedModel:
    """The running mean of a model's weights, named after PyTorch's class of this kind:

        a ← a + w (p - a)        w = 9 / (9 + steps so far), but at least 1 - decay

    The weights of the two players circle an equilibrium. The last weights of G are one point of the
    circle. Their mean is nearer to the centre and draws better samples (Yazıcı et al. 2019, "The
    Unusual Effectiveness of Averaging in GAN Training"). The training does not use it. w is larger
    at first, so that the mean forgets the initial weights (as TensorFlow's ExponentialMovingAverage
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

    def __init__(self, model, decay=0.999):
        check_module("what is to be averaged", model)
        self.decay = checked(self, "decay", decay)
        self.n_averaged = 0
        self.module = copy.deepcopy(model).eval().requires_grad_(False)

    def __call__(self, *inputs, **named):
        """Call the averaged model, `.module`."""
        return self.module(*inputs, **named)

    def update_parameters(self, model):
        """Add the model's present weights to the mean; ValueError for another structure."""
        check_module("what is to be averaged", model)
        means = self.module.parameters()
        new = model.parameters()
        shapes = [a.shape for a in means + self.module.buffers()]
        if shapes != [b.shape for b in new + model.buffers()]:
            raise ValueError("this is not the model, or one like it, that this average is of")
        w = max(1 - self.decay, 9 / (9 + self.n_averaged))
        self.n_averaged += 1
        for a, p in zip(means, new, strict=True):
            a.data += w * (p.data - a.data)
        for module, other in zip(self.module.modules(), model.modules(), strict=True):
            for name in module.buffer_names:
                a = getattr(module, name)
                b = getattr(other, name)
                # An integer is a count, which is copied.
                setattr(module, name, a + w * (b - a) if a.dtype.kind == "f" else b.copy())

    def state_dict(self):
        """Return the means, the number of steps and the decay, for `load_state_dict`."""
        module = self.module.state_dict()
        n = self.n_averaged
        return {"module": module, "n_averaged": n, "decay": self.decay}

    def load_state_dict(self, state_dict):
        """Load a `state_dict`. Raises ValueError, and changes nothing, if it does not fit."""
        state_dict = as_dict("a state of AveragedModel", state_dict)
        for name in "module", "n_averaged", "decay":
            if name not in state_dict:
                raise ValueError(f"this is no state of AveragedModel: it has no {name}")
        n = count("n_averaged", state_dict["n_averaged"], at_least=0)
        decay = loaded(self, "decay", state_dict["decay"])
        module = as_dict("the module of an AveragedModel's state", state_dict["module"])
        try:
            self.module.load_state_dict(module)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the module of an AveragedModel's state: {error.args[0]}") from error
        self.n_averaged = n
        self.decay = decay


def blocks(*arrays):
    """Return slices of BLOCK elements of arrays of one size, as lists of writable views.

    On a GPU a block is the whole array.
    """
    xp = backend.get_array_module(*arrays)
    flat = [a.reshape(-1) for a in arrays]
    if xp is not np or flat[0].size <= BLOCK:
        return [flat]
    return [[a[i : i + BLOCK] for a in flat] for i in range(0, flat[0].size, BLOCK)]


def checked(owner, name, value):
    """Return the setting `name` as Python numbers; TypeError or ValueError if it is invalid."""
    what = f"{type(owner).__name__}: {name}"
    if name == "betas":
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise ValueError(f"{what} must be two numbers, not {value!r}")
        return tuple(checked(owner, f"beta{i + 1}", beta) for i, beta in enumerate(value))
    if name in ("lr", "eps", "weight_decay"):
        return not_negative(what, value)
    value = number(f"{what} must be a number", value)
    if not 0 <= value < 1:
        raise ValueError(f"{what} must be in [0, 1), not {value}")
    return value


def loaded(owner, name, value):
    """Return the setting `name` of a state; ValueError if it is invalid."""
    try:
        return checked(owner, name, value)
    except TypeError as error:
        raise ValueError(str(error)) from error


def as_dict(what, value):
    """Return a copy of a dict; ValueError for anything else."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be a dict, as state_dict() gives, not {class_name(value)}")
    return dict(value)


def count(what, value, at_least):
    """Return a count of a state as an int; ValueError unless it is an integer >= at_least."""
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or value < at_least:
        raise ValueError(f"{what} must be an integer of at least {at_least}, not {value!r}")
    return int(value)


def check_moment(what, p, moment, is_square):
    """Raise ValueError unless an array can be a moment of the parameter p."""
    if type(moment) not in (np.ndarray, type(p.data)):
        raise ValueError(f"{what} must be an array, not {class_name(moment)}")
    if moment.shape != p.shape or moment.dtype != p.dtype:
        raise ValueError(
            f"{what} is {moment.dtype} of shape {moment.shape}, but the parameter is {p.dtype} of "
            f"shape {p.shape}"
        )
    xp = backend.get_array_module(moment)
    if not xp.isfinite(moment).all():
        raise ValueError(f"{what} is not finite")
    if is_square and (moment < 0).any():
        raise ValueError(f"{what} is a mean of squares, but has numbers below 0")


def check_update(i, p):
    """Raise an error unless parameter i can be updated by its gradient."""
    try:
        check_same_shape_and_dtype(p.data, p.grad.data)
    except (TypeError, ValueError) as error:
        raise type(error)(f"parameter {i} and its gradient: {error}") from None
    if not getattr(p.data.flags, "writeable", True):
        raise ValueError(
            f"parameter {i}, of shape {p.shape}, is read-only; give it its own array with "
            "p.data = p.data.copy()"
        )


if not TYPE_CHECKING:  # or an editor would accept any name

    def __getattr__(name):
        raise pytorch.missing("minigan.optim", name, pytorch.OPTIM)
