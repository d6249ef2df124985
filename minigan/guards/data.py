"""Check and convert what users pass in: data, indices, settings. Errors name what is wrong.

NumPy makes an array of almost anything. None becomes NaN, "1" becomes 1.0, a masked array loses its
mask, and a list of Tensors loses its history. The functions here raise an error instead.
"""

import copy
import math

import numpy as np

from minigan import backend

FLOATS = (np.dtype("float32"), np.dtype("float64"))  # what has a gradient

# PyTorch's keywords that have another name here, or no choice: {keyword: what to write}.
KEYWORDS = {
    "dim": "write axis=, NumPy's word",
    "keepdim": "write keepdims=, NumPy's word",
    "p": "the norm is the Euclidean one, so leave it out",
    "unbiased": "write correction=1 for True, correction=0 for False",
    "ddof": "write correction=, PyTorch's word",
    "dtype": "a result has the dtype of the Tensor; convert before, with x.double() or .astype",
    "out": "NumPy's functions do not record operations; write the method, as x.mean(axis)",
}

# What to write for a function of NumPy: {its name: the operator, the method or the operation}.
NUMPY = {
    "absolute": "abs(x)",
    "add": "x + y",
    "divide": "x / y",
    "equal": "x == y",
    "exp": "x.exp()",
    "greater": "x > y",
    "less": "x < y",
    "log": "x.log()",
    "matmul": "x @ y",
    "maximum": "ops.maximum(x, y)",
    "minimum": "ops.minimum(x, y)",
    "multiply": "x * y",
    "negative": "-x",
    "power": "x ** n",
    "sqrt": "x.sqrt()",
    "square": "x * x",
    "subtract": "x - y",
    "tanh": "x.tanh()",
}


def batch_size_for(n):
    """A batch size that n samples fill: the largest power of two that is at most n.

    >>> batch_size_for(60)
    32
    """
    return 1 << (n.bit_length() - 1)


def plain_array(data, like=None):
    """Convert numbers, lists of numbers or an array to a plain array; TypeError for anything else.

    Numbers, lists and float16 become float32. Another byte order becomes the machine's own.
    like: an array. Numbers and booleans take its dtype and its backend.

    >>> plain_array([1, 2])
    array([1., 2.], dtype=float32)
    """
    check_plain(data)
    on_gpu = backend.get_array_module(data) is not np
    try:
        array = data if on_gpu else np.asarray(data)
    except (ValueError, TypeError) as error:
        raise TypeError(f"{class_name(data)} makes no array of numbers: {error}") from error
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(f"data must be numbers; {class_name(data)} gives an array of {array.dtype}")
    has_dtype = on_gpu or hasattr(data, "__array__")
    dtype = array.dtype.newbyteorder("=") if has_dtype else np.dtype("float32")
    if dtype == np.float16:
        dtype = np.dtype("float32")
    is_number = not has_dtype or isinstance(data, np.generic)
    if like is not None and (is_number or dtype.kind == "b"):
        return backend.get_array_module(like).asarray(array, dtype=like.dtype)
    return backend.asarray(array, dtype=dtype) if is_number else array.astype(dtype, copy=False)


def plain_copy(data, dtype):
    """Copy `plain_array(data)`, in `dtype` unless that is None."""
    if isinstance(dtype, int):
        raise TypeError(
            f"tensor({data!r}, {dtype!r}): the second argument is the dtype, which has a name, as "
            "'float64'; for a Tensor of a shape, write minigan.zeros(64, 1)"
        )
    array = backend.asarray(plain_array(data))
    return array.astype(dtype or array.dtype)


def check_plain(data, inside="the data"):
    """Raise TypeError for data that NumPy would convert with a loss, also inside lists."""
    if isinstance(data, (list, tuple)):
        for item in data:
            check_plain(item, "a list")
    elif data is None or isinstance(data, (str, bytes, bytearray)):
        raise TypeError(f"a Tensor, an array or numbers are needed, not {data!r}")
    elif hasattr(data, "requires_grad"):
        raise TypeError(
            f"{inside} contains a {class_name(data)}, which would lose its history: for a list of "
            "Tensors use ops.stack or ops.concatenate, to drop the history use .detach(), for a "
            "tensor of PyTorch use .detach().cpu().numpy()"
        )
    elif isinstance(data, np.ma.MaskedArray):
        raise TypeError("a masked array would lose its mask: use .filled(value) or .compressed()")


def constructor_data(data, requires_grad):
    """Return plain_array(data); TypeError for an int, which PyTorch's Tensor(n) takes for a size.

    >>> constructor_data(0.5, False)
    array(0.5, dtype=float32)
    """
    if type(data) is int and isinstance(requires_grad, bool):  # see check_leaf for Tensor(64, 1)
        raise TypeError(
            f"Tensor({data}) has {data} elements in PyTorch; write Tensor({data}.0) for the "
            f"number, or minigan.zeros({data}) for a Tensor of this size"
        )
    return plain_array(data)


def new_data(array, requires_grad):
    """Return the new array for a Tensor's `data` as a plain array; TypeError for a Tensor."""
    if hasattr(array, "requires_grad"):
        raise TypeError(
            "data must be an array, not a Tensor: write `p.data -= lr * p.grad.data`, or "
            "`with no_grad(): p -= lr * p.grad`"
        )
    array = plain_array(array)
    if requires_grad:
        check_float(array)
    return array


def one_element(x):
    """The one element of a Tensor as a Python number; ValueError if there is not exactly one."""
    if x._data.size != 1:
        raise ValueError(f"item() needs exactly one element; this tensor has shape {x.shape}")
    return x.data.item()


def for_numpy(x):
    """The array of a Tensor that requires no gradient; TypeError for any other."""
    if x.requires_grad:
        raise TypeError(
            "NumPy does not record operations on a Tensor that requires a gradient: use .numpy() "
            "for the numbers alone, or a method of the Tensor"
        )
    return x.data


def check_float(array):
    """Raise TypeError for an array that cannot have a gradient."""
    if array.dtype not in FLOATS:
        raise TypeError(f"only floats have a gradient, but this data is {array.dtype}")


def new_values(values, old):
    """Return the values on the backend of the array `old`; raise unless they fit into it."""
    values = backend.get_array_module(old).asarray(plain_array(values, old))
    check_same_shape_and_dtype(old, values)
    return values


def check_same_shape_and_dtype(old, new):
    """Raise ValueError or TypeError unless the arrays have the same shape and dtype."""
    if new.shape != old.shape:
        raise ValueError(f"the shape is {old.shape}, but the new data has shape {new.shape}")
    if new.dtype != old.dtype:
        raise TypeError(f"the dtype is {old.dtype}, but the new data has dtype {new.dtype}")


# What PyTorch does with the arguments by position that minigan does not take.
BY_POSITION = {
    "norm": "takes the order of the norm first",
    "max": "also returns the indices for max(axis), and compares two tensors for max(y)",
    "min": "also returns the indices for min(axis), and compares two tensors for min(y)",
    "nn.Upsample": "takes the size of the result first",
}


def check_keyword(method, keyword, positional):
    """Raise TypeError for a positional argument to which PyTorch gives another meaning."""
    if positional:
        given = ", ".join(repr(x) if np.ndim(x) == 0 else class_name(x) for x in positional)
        text = f"{method}({given}): PyTorch {BY_POSITION[method]}; write {method}({keyword}=...)"
        if method in ("max", "min"):
            text += f", or ops.{method}imum(x, y)"
        raise TypeError(text)


def checked_flag(what, value):
    """Return a setting that is True or False; TypeError for anything else, as 0, 1 and None."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} must be True or False, not {value!r}")
    return bool(value)


def check_reduction(axis, keepdims, other):
    """Raise TypeError for arguments of a reduction that PyTorch or NumPy reads otherwise."""
    if other:
        refuse_keywords(other)
    if isinstance(axis, bool):
        raise TypeError(f"axis must be an integer or several, not {axis}; for keepdims, name it")
    if not isinstance(keepdims, (bool, np.bool_)):
        raise TypeError(
            f"keepdims must be True or False, not {keepdims!r}; for several axes write a tuple, "
            f"as in axis=({axis}, {keepdims})"
        )


def check_list(name, tensors, axis):
    """Raise TypeError for name(x, y), where a list of Tensors and an axis are needed."""
    if hasattr(axis, "requires_grad") or not hasattr(tensors, "__len__"):
        raise TypeError(
            f"{name} takes a list of Tensors, and then the axis, as in {name}([x, y], 0)"
        )


def check_transpose(shape, axes):
    """Raise TypeError for x.transpose(i, j) unless PyTorch, which exchanges i and j, agrees.

    transpose(1, 0) of a matrix means the same in both. transpose(0, 1) changes nothing in NumPy.
    """
    n = len(shape)
    if n < 2 or len(axes) != 2 or not all(isinstance(axis, (int, np.integer)) for axis in axes):
        return
    i, j = (axis % n for axis in axes)
    out_of_range = any(not -n <= axis < n for axis in axes)
    if out_of_range or i == j or (n, i, j) == (2, 1, 0):  # NumPy's own error, or one meaning
        return
    order = list(range(n))
    order[i] = j
    order[j] = i
    raise TypeError(
        f"transpose{tuple(axes)} of a Tensor of shape {shape} exchanges two axes in PyTorch, and "
        f"is the order of all axes in NumPy; write x.transpose{tuple(order)} to exchange them"
    )


def check_loss_reduction(reduction):
    """Raise ValueError for a reduction of a loss that PyTorch does not have."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')


def refuse_numpy(ufunc, method, settings):
    """Raise the TypeError for a function of NumPy, such as np.log, that is called on a Tensor."""
    name = f"np.{ufunc.__name__}" if method == "__call__" else f"np.{ufunc.__name__}.{method}"
    if "out" in settings:  # array += tensor calls np.add(array, tensor, out=array)
        raise TypeError(
            f"{name} cannot write a Tensor into an array: use the array of the Tensor, .data, as "
            "in p.data -= lr * p.grad.data"
        )
    remedy = NUMPY.get(ufunc.__name__) if method == "__call__" and not settings else None
    if remedy is None:
        remedy = f"{name}(x.numpy()), which computes with the numbers and has no gradient"
    raise TypeError(f"{name} does not record operations on a Tensor: write {remedy}")


def refuse_keywords(keywords):
    """Raise TypeError for the first keyword. The message gives minigan's name for it."""
    if "out" in keywords:  # np.mean(x) calls x.mean(axis=None, dtype=None, out=None)
        keywords = {"out": keywords["out"]}
    name, value = next(iter(keywords.items()))
    if name in KEYWORDS:
        text = "" if value is None else f"{name}={value!r}: "
        raise TypeError(f"{text}{KEYWORDS[name]}")
    raise TypeError(f"there is no argument {name}=")


def number(rule, value):
    """Return a setting as a Python number: a NumPy scalar would change the dtype of results.

    rule: the start of the TypeError's message, as in "eps must be a number".
    """
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool):  # a flag of another argument, perhaps, as in LeakyReLU(True)
        raise TypeError(f"{rule}, not {value}")
    if not isinstance(value, (int, float)):
        raise TypeError(f"{rule}, not {class_name(value)}")
    return value


def not_negative(what, value):
    """Return a setting as a Python number; ValueError unless it is finite and at least 0."""
    value = number(f"{what} must be a number", value)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{what} must be 0 or more, and finite, and is {value}")
    return value


def log_of_base(base):
    """Return log a, for aˣ = e^(x log a), where a is a number and x a Tensor."""
    base = number("the base of ** must be a number if the exponent is a Tensor", base)
    if not base > 0:
        raise ValueError(f"the base of ** must be > 0 if the exponent is a Tensor, not {base}")
    return math.log(base)


def class_name(data):
    """Return the class name of `data`, with its module, for an error message."""
    kind = type(data)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def plain_index(index):
    """Return an index as a tuple of plain parts. Lists, arrays and Tensors in it are copied."""
    parts = index if isinstance(index, tuple) else (index,)
    parts = [part.data if hasattr(part, "requires_grad") else part for part in parts]
    check_plain([part for part in parts if isinstance(part, (list, np.ma.MaskedArray))])
    for part in parts:
        if getattr(part, "dtype", np.dtype(bool)).kind == "f":
            raise IndexError(
                f"an index must be of integers or booleans, not {part.dtype}; write "
                "np.array([0, 1]), because the lists of a Tensor become float32"
            )
    return tuple(copy.deepcopy(part) if hasattr(part, "copy") else part for part in parts)


def plain_condition(condition, xp):
    """Copy a boolean array to the array module xp; TypeError for another dtype."""
    check_plain(condition, "the condition")
    condition = xp.array(condition)
    if condition.dtype != bool:
        raise TypeError(f"where: the condition must be boolean, not {condition.dtype}")
    return condition


def checked_bounds(low, high):
    """Return the bounds of `clip` as Python numbers or None; ValueError if both are None."""
    if low is None and high is None:
        raise ValueError("clip needs at least one bound: min, max or both")
    if low != low or high != high:
        raise ValueError(f"a bound of clip must not be nan: {low}, {high}")
    rule = "a bound of clip must be a number"
    return [None if bound is None else number(rule, bound) for bound in (low, high)]


def checked_shape(shape):
    """Return the shape; ValueError for negative sizes other than one -1."""
    if any(n < -1 for n in shape):
        raise ValueError(f"a shape may have one -1 and no other negative size, not {shape}")
    return shape


def flat_shape(shape, start, end):
    """Return the shape after `flatten(start, end)`; ValueError for an axis out of range."""
    n = max(1, len(shape))
    for axis in start, end:
        if not -n <= axis < n:
            raise ValueError(f"flatten: a tensor of shape {shape} has no axis {axis}")
    first = start % n
    last = end % n
    if first > last:
        raise ValueError(f"flatten: the first axis, {start}, is after the last, {end}")
    return (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])


def check_correction(correction, n):
    """Raise an error unless `correction`, for a variance of n elements, is given and below n."""
    if correction is None:
        raise TypeError("var needs correction=: 1 is PyTorch's default (n - 1), 0 is NumPy's (n)")
    if not correction < n:
        raise ValueError(f"var: correction must be less than the {n} elements, not {correction}")
