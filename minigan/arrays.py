"""What may become the array of a Tensor, and what is refused by name.

NumPy makes an array of almost anything: of None (a NaN), of text ("1" is 1.0), of a masked array
without its mask, of a list of Tensors without their history. This file does not.
"""

import copy
import math

import numpy as np

from minigan import backend

FLOATS = (np.dtype("float32"), np.dtype("float64"))  # what has a gradient

# Keywords of PyTorch for what has another name, or no choice, here.
KEYWORDS = {
    "dim": "write axis=, NumPy's word",
    "keepdim": "write keepdims=, NumPy's word",
    "p": "the norm is the Euclidean one, so leave it out",
    "unbiased": "write correction=1 for True, correction=0 for False",
}


def plain_array(data, like=None):
    """Numbers, lists of them or an array as a plain array; TypeError by name for anything else.

    Numbers and lists become float32, float16 too, and a foreign byte order the machine's own.
    like: an array; then numbers and booleans take its dtype and its backend.

    >>> plain_array([1, 2])
    array([1., 2.], dtype=float32)
    """
    check_plain(data)
    on_gpu = backend.get_array_module(data) is not np
    try:
        array = data if on_gpu else np.asarray(data)
    except (ValueError, TypeError) as error:
        raise TypeError(f"{named(data)} makes no array of numbers: {error}") from error
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(f"numbers are needed, and {named(data)} makes an array of {array.dtype}")
    has_dtype = on_gpu or hasattr(data, "__array__")
    dtype = array.dtype.newbyteorder("=") if has_dtype else np.dtype("float32")
    if dtype == np.float16:
        dtype = np.dtype("float32")
    is_number = not has_dtype or isinstance(data, np.generic)
    if like is not None and (is_number or dtype.kind == "b"):
        return backend.get_array_module(like).asarray(array, dtype=like.dtype)
    return backend.asarray(array, dtype=dtype) if is_number else array.astype(dtype, copy=False)


def plain_copy(data, dtype):
    """A copy of `plain_array(data)` in a dtype, or in its own if that is None."""
    array = backend.asarray(plain_array(data))
    return array.astype(dtype or array.dtype)


def check_plain(data, inside="the data"):
    """Refuse, also inside lists, what NumPy would take for numbers, losing something."""
    if isinstance(data, (list, tuple)):
        for item in data:
            check_plain(item, "a list")
    elif data is None or isinstance(data, (str, bytes, bytearray)):
        raise TypeError(f"a Tensor, an array or numbers are needed, not {data!r}")
    elif hasattr(data, "requires_grad"):
        raise TypeError(
            f"{inside} has a {named(data)} in it, which would lose its history: use ops.stack or "
            "ops.concatenate for a list of Tensors, .detach() for one without a history, and "
            ".detach().cpu().numpy() for one of PyTorch"
        )
    elif isinstance(data, np.ma.MaskedArray):
        raise TypeError("a masked array would lose its mask: use .filled(value) or .compressed()")


def new_data(array, requires_grad):
    """The array that is to become the data of a Tensor, as a plain one."""
    if hasattr(array, "requires_grad"):
        raise TypeError(
            "data is an array, and not a Tensor: write `p.data -= lr * p.grad.data`, or "
            "`with no_grad(): p -= lr * p.grad`"
        )
    array = plain_array(array)
    if requires_grad:
        check_float(array)
    return array


def one_element(x):
    """The one element of a Tensor as a Python number; ValueError if there is not exactly one."""
    if x.size != 1:
        raise ValueError(f"item() is for one element, and this tensor's shape is {x.shape}")
    return x.data.item()


def for_numpy(x):
    """The array of a Tensor that requires no gradient; TypeError for any other."""
    if x.requires_grad:
        raise TypeError("NumPy would not record what it does to this tensor: use .numpy()")
    return x.data


def check_float(array):
    """Raise TypeError for an array that cannot have a gradient."""
    if array.dtype not in FLOATS:
        raise TypeError(f"only floats have a gradient, and this data is {array.dtype}")


def new_values(values, old):
    """The values that are to overwrite an array, where it is; raises as `check_same`."""
    values = backend.get_array_module(old).asarray(plain_array(values, old))
    check_same(old, values)
    return values


def check_same(old, new):
    """Raise ValueError or TypeError if the values of one array cannot replace those of another."""
    if new.shape != old.shape:
        raise ValueError(f"the shape is {old.shape}, and the new data's is {new.shape}")
    if new.dtype != old.dtype:
        raise TypeError(f"the dtype is {old.dtype}, and the new data's is {new.dtype}")


def check_keyword(method, keyword, positional):
    """Raise TypeError: PyTorch gives another meaning to this argument, so it must be named."""
    if positional:
        raise TypeError(
            f"{method}({', '.join(map(repr, positional))}): PyTorch means something else by this "
            f"argument; write {method}({keyword}=...)"
        )


def refused(keywords):
    """Raise TypeError for the first of some keywords, naming minigan's word for it."""
    name, value = next(iter(keywords.items()))
    if name in KEYWORDS:
        raise TypeError(f"{name}={value!r}: {KEYWORDS[name]}")
    raise TypeError(f"there is no argument {name}=")


def number(rule, value):
    """A setting as a Python number: a NumPy scalar would change the dtype of float32 results.

    rule: what the TypeError says, as in "eps must be a number".
    """
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, (int, float)):
        raise TypeError(f"{rule}, not {named(value)}")
    return value


def not_negative(what, value):
    """A setting as a Python number; ValueError unless it is 0 or more, and finite."""
    value = number(f"{what} must be a number", value)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{what} must be 0 or more, and finite, and is {value}")
    return value


def log_of_base(base):
    """log a of aˣ = e^(x log a), where a is a number and x a Tensor."""
    base = number("** with a Tensor as its exponent takes a number as its base", base)
    if not base > 0:
        raise ValueError(f"the base of ** must be > 0 if the exponent is a Tensor, not {base}")
    return math.log(base)


def named(data):
    """The class of `data`, with its module, for an error message."""
    kind = type(data)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def plain_index(index):
    """An index as a tuple of plain parts. Lists, arrays and Tensors in it are copied."""
    parts = index if isinstance(index, tuple) else (index,)
    parts = [part.data if hasattr(part, "requires_grad") else part for part in parts]
    check_plain([part for part in parts if isinstance(part, (list, np.ma.MaskedArray))])
    return tuple(copy.deepcopy(part) if hasattr(part, "copy") else part for part in parts)


def plain_condition(condition, xp):
    """A copy of a boolean array for the array module xp; TypeError for another dtype."""
    check_plain(condition, "the condition")
    condition = xp.array(condition)
    if condition.dtype != bool:
        raise TypeError(f"where: the condition must be boolean, not {condition.dtype}")
    return condition


def bounds(low, high):
    """The bounds of `clip` as Python numbers or None; ValueError if none of them is a number."""
    if low is None and high is None:
        raise ValueError("clip needs a bound: min, max or both")
    if low != low or high != high:
        raise ValueError(f"a bound of clip must be a number, not nan: {low}, {high}")
    rule = "a bound of clip must be a number"
    return [None if bound is None else number(rule, bound) for bound in (low, high)]


def check_shape(shape):
    """The shape; ValueError for negative sizes other than -1."""
    if any(n < -1 for n in shape):
        raise ValueError(f"a shape has no negative sizes but one -1, not {shape}")
    return shape


def flat_shape(shape, start):
    """The shape after `flatten(start)`."""
    n = max(1, len(shape))
    if not -n <= start < n:
        raise ValueError(f"flatten: a tensor of shape {shape} has no axis {start}")
    return (*shape[: start % n], math.prod(shape[start % n :]))


def check_correction(correction, n):
    """Raise unless the correction of a variance of n elements is given, and less than n."""
    if correction is None:
        raise TypeError("var needs correction=: 1 is PyTorch's default (n - 1), 0 is NumPy's (n)")
    if not correction < n:
        raise ValueError(f"var: the correction {correction} is not less than the {n} elements")
