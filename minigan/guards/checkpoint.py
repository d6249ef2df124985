"""Checks of a checkpoint that a run goes on from. A damaged one may hold anything."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import numpy as np


def check_like(expected, found, name="the checkpoint"):
    """Raise ValueError unless `found` is of the same kind as `expected`: types, lengths, shapes.

    Keys that one of two dicts lacks are left to `load_state_dict`, which knows which it needs.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in expected.keys() & found.keys():
            check_like(expected[key], found[key], f"{name}[{key!r}]")
    elif isinstance(expected, np.ndarray) and isinstance(found, np.ndarray):
        if (expected.shape, expected.dtype) != (found.shape, found.dtype):
            raise ValueError(
                f"{name} must be {expected.dtype} of shape {expected.shape}, not {found.dtype} of "
                f"shape {found.shape}"
            )
        check_sound(found, name)
    elif isinstance(expected, (list, tuple)) and isinstance(found, (list, tuple)):
        if len(expected) != len(found):
            raise ValueError(f"{name} must have {len(expected)} values, not {len(found)}")
        for i, (e, f) in enumerate(zip(expected, found, strict=True)):
            check_like(e, f, f"{name}[{i}]")
    elif type(expected) is not type(found) and (type(expected), type(found)) != (float, int):
        raise ValueError(f"{name} must be {expected!r} or the like, not {found!r}")


def check_sound(value, name):
    """Raise ValueError unless arrays are finite, numbers from 0 to 2⁵³, and steps integers."""
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        if key == "step" and type(item) is not int:  # an optimizer's
            raise ValueError(f"{name}['step'] must be an integer, not {item!r}")
        check_sound(item, f"{name}[{key!r}]")
    if isinstance(value, np.ndarray) and not np.isfinite(value).all():
        raise ValueError(f"{name} has a value that is not finite")
    if isinstance(value, str) or (isinstance(value, (int, float)) and not 0 <= value <= 2**53):
        raise ValueError(f"{name} must be a number from 0 to 2⁵³, not {value!r}")
