"""Checks of optimizers and running averages: their parameters, their settings, a saved state.

`optim.py` calls these functions. They take the optimizer or the average that is checked, or parts
of it.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from minigan import backend
from minigan.guards.data import check_same_shape_and_dtype, class_name, not_negative, number

SQUARES = ("square_avg", "exp_avg_sq")  # the moments that are means of g²


def checked_parameters(params, optimizer, Parameter):
    """Return the parameters as a list; TypeError or ValueError unless an optimizer can take them.

    Parameter: the class, which this module cannot import.
    """
    if callable(params):  # a Module, or a class of Modules
        raise TypeError(
            f"an optimizer needs a list of Parameters, and not {class_name(params)}; write "
            f"{type(optimizer).__name__}(network.parameters(), ...), with an instance of the class"
        )
    no_order = isinstance(params, (set, frozenset))
    if not isinstance(params, Iterable) or isinstance(params, Parameter) or no_order:
        raise TypeError(
            f"an optimizer needs a list of Parameters, as module.parameters() gives, and not "
            f"{class_name(params)}{', which has no order' if no_order else ''}"
        )
    params = list(params)
    if not params:
        raise ValueError(
            "there are no parameters to learn: a module finds only those that are attributes "
            "of it or of its submodules, so put layers in nn.Sequential and not in a list"
        )
    if any(isinstance(p, dict) for p in params):
        raise ValueError("there are no groups of parameters here: make one optimizer for each")
    if not all(isinstance(p, Parameter) for p in params):
        raise ValueError("an optimizer needs a list of Parameters, as module.parameters() gives")
    if len(set(params)) < len(params):
        raise ValueError("a parameter is given twice, and would be updated twice in a step")
    return params


def checked_setting(owner, name, value):
    """Return the setting `name` as Python numbers; TypeError or ValueError if it is invalid."""
    what = f"{type(owner).__name__}: {name}"
    if name == "betas":
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise ValueError(f"{what} must be two numbers, not {value!r}")
        return tuple(checked_setting(owner, f"beta{i + 1}", beta) for i, beta in enumerate(value))
    if name in ("lr", "eps", "weight_decay"):
        return not_negative(what, value)
    value = number(f"{what} must be a number", value)
    if not 0 <= value < 1:
        raise ValueError(f"{what} must be in [0, 1), not {value}")
    return value


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


def check_same_structure(average, model):
    """Raise ValueError unless two modules have parameters and buffers of the same shapes."""
    shapes = [a.shape for a in average.parameters() + average.buffers()]
    if shapes != [b.shape for b in model.parameters() + model.buffers()]:
        raise ValueError("this is not the model, or one like it, that this average is of")


# A state that was saved. An error here is a ValueError, whatever the state holds.


def checked_optimizer_state(optimizer, state_dict):
    """Return copies of a saved state: (the state of each parameter, {setting: value}).

    Raises ValueError if it does not fit. weight_decay, which an older state does not have, is 0.
    """
    kind = type(optimizer).__name__
    n = len(optimizer.params)
    state_dict = {"weight_decay": 0.0} | checked_dict(f"a state of {kind}", state_dict)
    for name in "state", *optimizer.settings:
        if name not in state_dict:
            raise ValueError(f"this is no state of {kind}: it has no {name}")
    saved = checked_dict(f"the state of {kind}", state_dict["state"])
    if len(saved) != n:
        raise ValueError(f"state for {len(saved)} parameters, but there are {n}")
    if set(saved) != {str(i) for i in range(n)}:
        raise ValueError(f"the keys of the state must be '0' to '{n - 1}', not {list(saved)}")
    states = [checked_state(optimizer, i, saved[str(i)]) for i in range(n)]
    settings = {
        name: checked_saved_setting(optimizer, name, state_dict[name])
        for name in optimizer.settings
    }
    return states, settings


def checked_state(optimizer, i, saved):
    """Return a copy of the saved state of parameter i; ValueError if it does not fit."""
    saved = checked_dict(f"the state of parameter {i}", saved)
    if not saved:  # the parameter has had no gradient yet
        return {}
    if set(saved) != {"step", *optimizer.moments}:
        names = sorted(map(str, saved))
        raise ValueError(f"state of parameter {i}: {names} is not {type(optimizer).__name__}'s")
    p = optimizer.params[i]
    state = {"step": checked_count(f"step of parameter {i}", saved["step"], at_least=1)}
    for name in optimizer.moments:
        check_moment(f"{name} of parameter {i}", p, saved[name], name in SQUARES)
        state[name] = backend.get_array_module(p.data).array(saved[name], order="C")
    return state


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


def checked_average_state(average, state_dict):
    """Return the module, the number of steps and the decay of a saved average; or ValueError."""
    state_dict = checked_dict("a state of AveragedModel", state_dict)
    for name in "module", "n_averaged", "decay":
        if name not in state_dict:
            raise ValueError(f"this is no state of AveragedModel: it has no {name}")
    n = checked_count("n_averaged", state_dict["n_averaged"], at_least=0)
    decay = checked_saved_setting(average, "decay", state_dict["decay"])
    module = checked_dict("the module of an AveragedModel's state", state_dict["module"])
    return module, n, decay


def checked_saved_setting(owner, name, value):
    """Return the setting `name` of a state; ValueError if it is invalid."""
    try:
        return checked_setting(owner, name, value)
    except TypeError as error:
        raise ValueError(str(error)) from error


def checked_dict(what, value):
    """Return a copy of a dict; ValueError for anything else."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be a dict, as state_dict() gives, not {class_name(value)}")
    return dict(value)


def checked_count(what, value, at_least):
    """Return a count of a state as an int; ValueError unless it is an integer >= at_least."""
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or value < at_least:
        raise ValueError(f"{what} must be an integer of at least {at_least}, not {value!r}")
    return int(value)
