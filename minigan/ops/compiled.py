"""Kernels: formulas as texts, which CuPy compiles for a GPU and Numba for a CPU.

The text of a kernel has the same lines as the code in NumPy, for one element. It may write `sqrt`
and the operators of arithmetic. `T` is the dtype of the arrays: `T g = ...` makes a new variable.

On a GPU, each line would need one or two launches, which start a computation. A kernel is one
launch. For small arrays, the launches take most of the time.

On a CPU, NumPy passes over the arrays for each line. A compiled loop passes once. It does the same
operations in the same order, so it gives the same bits. Only a NaN may be another NaN, and NumPy's
warnings about overflow are missing. Only the updates of large parameters are compiled, and only
where Numba is installed. A debugger stops in the lines for NumPy, so they run if there is one.

Tests: tests/ops/test_compiled.py.
"""

import math
import re
import threading
import warnings
from collections import deque
from contextlib import suppress
from copy import copy
from functools import cache
from itertools import combinations
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np

from minigan import backend
from minigan.guards.compiler import different_numbers, has_numba, may_compile, same_bits

# --- the texts ---------------------------------------------------------------------------------

# Of one element of batch norm's input gradient; see ops/norm.py.
INPUT_GRADIENT = "gx = gamma * s * (gy - mean_g - gx * s * mean_gx);"

# Of one channel of BatchNorm.track; see nn/norm.py.
RUNNING_AVERAGES = """
    running_mean = w * old_mean + m * mean;
    running_var = w * old_var + m * (unbiased * var);
"""

# It comes before an optimizer's text if there is a weight decay; see optim.py.
WEIGHT_DECAY = "T g = gradient + weight_decay * p;"


class Kernel(NamedTuple):
    """The lines of an optimizer's `update` for one element of p, g and the moments."""

    text: str
    symbols: str  # the names of the moments in the text
    numbers: Any  # a function: (optimizer, step) -> {the name in the text: a number}


def sgd_numbers(optimizer, step):
    return {"mu": optimizer.momentum, "lr": optimizer.lr}


def rmsprop_numbers(optimizer, step):
    alpha = optimizer.alpha
    return {"alpha": alpha, "w": 1 - alpha, "lr": optimizer.lr, "eps": optimizer.eps}


def adam_numbers(optimizer, step):
    beta1, beta2 = optimizer.betas
    c = (1 - beta2**step) ** 0.5
    rate = optimizer.lr * c / (1 - beta1**step)
    small = c * optimizer.eps
    # 1 - β is computed here. In float32, 1 - 0.999 has an error of 0.005 %.
    return dict(beta1=beta1, w1=1 - beta1, beta2=beta2, w2=1 - beta2, rate=rate, small=small)


def average_numbers(average, step):
    return {"w": average.weight(step)}


SGD = Kernel("b = mu * b + g; p = p - lr * b;", "b", sgd_numbers)
RMSPROP = Kernel(
    "v = alpha * v + w * g * g; p = p - lr * g / (sqrt(v) + eps);", "v", rmsprop_numbers
)
ADAM = Kernel(
    "v = beta2 * v + w2 * g * g; m = beta1 * m + w1 * g; p = p - rate * m / (sqrt(v) + small);",
    "m v",
    adam_numbers,
)
# Of an AveragedModel: p is the running average, and g is the parameter.
AVERAGE = Kernel("p = p + w * (g - p);", "", average_numbers)

FLOATS = np.dtype("float32"), np.dtype("float64")
LINES: dict = {}  # {the function `update` of an optimizer: the kernel with the same lines}


def same_lines(update, kernel):
    """Note that a kernel has the lines of `update`, and return the kernel."""
    LINES[update] = kernel
    return kernel


def whole_text(optimizer, text):
    """The text with the weight decay, the name of the gradient in it, and the decay's number."""
    if optimizer.weight_decay:
        numbers = {"weight_decay": optimizer.weight_decay}
        return f"{WEIGHT_DECAY}\n{dedent(text)}", "gradient", numbers
    return text, "g", {}


# --- an update in one call ---------------------------------------------------------------------


def prepare_update(optimizer, p):
    """Compile what `run_update` will need for the array p of a large parameter on a CPU.

    This runs in a thread of its own, because Ctrl-C interrupts only the main thread: it ends the
    wait, and cannot leave Numba half done. If Numba fails, one warning says so.
    """
    key = loop_key(optimizer, p)
    if key is not None and key not in loops:
        thread = threading.Thread(target=make_loop, args=(optimizer, key), daemon=False)
        try:
            thread.start()
        except RuntimeError as error:  # there can be no more threads
            give_up(error)
        else:
            thread.join()
    with suppress(IndexError):
        warnings.warn(messages.pop(), RuntimeWarning, stacklevel=3)


def run_update(optimizer, step, p, g, *moments):
    """Do what `update` does to a whole parameter, in one call; return whether it was done.

    It is not done where there is no compiled function, or for arrays that share memory.
    """
    if on_gpu(p):
        if optimizer.kernel:
            launch_update(optimizer, step, p, g, *moments)
        return bool(optimizer.kernel)
    key = loop_key(optimizer, p)
    loop = loops.get(key)
    if loop is None:
        return False
    arrays = [a.reshape(-1) for a in (p, *moments)]
    arrays.append(np.ascontiguousarray(g.reshape(-1)))  # it is only read, so it may be a copy
    shared = any(np.may_share_memory(a, b) for a, b in combinations(arrays, 2))
    if shared or not all(fits(a, p) for a in arrays):
        return False
    _, _, decay = whole_text(optimizer, "")
    numbers = key.kernel.numbers(optimizer, step) | decay
    loop(*arrays, *map(p.dtype.type, numbers.values()))
    return True


def fits(a, p):
    """Whether a compiled loop can take the flat array a beside those of p."""
    flags = a.flags
    plain = type(a) is np.ndarray and flags.c_contiguous and flags.aligned
    return plain and a.size == p.size and a.dtype == p.dtype


# --- CuPy --------------------------------------------------------------------------------------


def on_gpu(x):
    """Whether x is an array on a GPU. A Tensor is no array."""
    return backend.get_array_module(x) is not np


def launch(text, outputs, **values):
    """Run a kernel once. It changes the arrays that `outputs` names, in place.

    text: assignments to the outputs; values: all arrays and numbers that the text names. The arrays
    are on the GPU, have one dtype, and broadcast to the shape of the outputs.
    """
    changed = {name: values.pop(name) for name in outputs.split()}
    cupy = backend.get_array_module(*changed.values())
    kernel = compiled_by_cupy(cupy, text, " ".join(values), outputs)
    kernel(*values.values(), *changed.values())


@cache
def compiled_by_cupy(cupy, text, inputs, outputs):
    """Return the kernel of a text as a function of the inputs, then the outputs, by position.

    An element of an array and all numbers have the dtype of the arrays.
    """
    return cupy.ElementwiseKernel(declared(inputs), declared(outputs), text, "minigan_kernel")


def declared(names):
    """Return the names as parameters of one common type T: "a b" -> "T a, T b"."""
    return ", ".join(f"T {name}" for name in names.split())


def launch_update(optimizer, step, p, g, *moments):
    """Do what `update` does, and the weight decay, by one launch of the optimizer's kernel."""
    text, gradient, decay = whole_text(optimizer, optimizer.kernel)
    values = {gradient: g} | optimizer.numbers(step) | decay
    symbols = optimizer.symbols.split()
    launch(
        text, f"p {optimizer.symbols}", **values, p=p, **dict(zip(symbols, moments, strict=True))
    )


def input_gradient_on_gpu(gamma, s, gy, centred, mean_g, mean_gx):
    """Batch norm's input gradient, in the memory of `centred`; see ops/norm.py."""
    values = dict(gamma=gamma, s=s, gy=gy, mean_g=mean_g, mean_gx=mean_gx)
    launch(INPUT_GRADIENT, "gx", gx=centred, **values)
    return centred


def running_averages_on_gpu(old_mean, old_var, mean, var, m, unbiased):
    """New arrays with batch norm's running averages; see nn/norm.py."""
    xp = backend.get_array_module(mean)
    new = {"running_mean": xp.empty_like(mean), "running_var": xp.empty_like(var)}
    old = {"old_mean": old_mean, "old_var": old_var}
    batch = {"mean": mean, "var": var, "w": 1 - m, "m": m, "unbiased": unbiased}
    launch(RUNNING_AVERAGES, "running_mean running_var", **old, **batch, **new)
    return new.values()


# --- Numba -------------------------------------------------------------------------------------


class Key(NamedTuple):
    """What a loop is compiled for."""

    kernel: Kernel
    code: Any  # of `update`: an edit of it, which a notebook can load again, is another code
    dtype: str
    decay: bool  # is there a weight decay?


loops: dict = {}  # {key: the compiled function, or None if it gives other numbers than `update`}
making = threading.Lock()  # one loop is compiled at a time
failures: list = []  # why Numba is of no use in this process
messages: deque = deque()  # warnings that nobody has seen yet


def updates_with():
    """Return what updates large parameters on the CPU in this thread: "numba" or "numpy".

    It is "numba" if Numba is installed and has not failed. `MINIGAN_COMPILED=0` in the environment
    turns it off, and so does a trace function, such as that of a debugger. Numba compiles at the
    first update of a parameter with more than `optim.BLOCK` numbers. Both give the same bits.

    Raises ValueError if MINIGAN_COMPILED is neither 0 nor 1.

    >>> updates_with() in ("numba", "numpy")
    True
    """
    if not may_compile() or failures or not has_numba():
        return "numpy"
    return "numba"


def loop_key(optimizer, p):
    """The key of the loop for the array p of a parameter; None if NumPy is to run the lines.

    An optimizer with an `update` of its own has no loop.
    """
    update = getattr(optimizer.update, "__func__", None)
    on_cpu = isinstance(p, np.ndarray)
    if update not in LINES or not on_cpu or p.dtype not in FLOATS:
        return None
    if updates_with() == "numpy":
        return None
    return Key(LINES[update], update.__code__, str(p.dtype), bool(optimizer.weight_decay))


def make_loop(optimizer, key):
    """Compile the loop of a key, unless another thread has, and compare it with `update`."""
    with making:
        if key in loops or failures:
            return
        try:
            optimizer = copy(optimizer)  # its settings may change after Ctrl-C
            loop = loop_of_key(optimizer, key)
            if gives_the_bits_of_update(optimizer, key, loop):
                loops[key] = loop
                return
        except Exception as error:
            give_up(error)
            return
        loops[key] = None
        messages.append(
            f"{type(optimizer).__name__}.update and its text in {__file__}, which Numba compiled, "
            f"give different numbers in {key.dtype}, so NumPy runs the lines of update"
        )


def give_up(error):
    """Note that Numba cannot be used, and why."""
    failures.append(error)
    reason = next(iter(str(error).splitlines()), "")
    messages.append(
        "Numba failed, so NumPy runs the updates of the parameters, more slowly and with the same "
        f"result ({type(error).__name__}: {reason})"
    )


def loop_of_key(optimizer, key):
    """Return the loop of a key as a function of p, the moments, the gradient, then the numbers."""
    text, gradient, decay = whole_text(optimizer, key.kernel.text)
    outputs = ["p", *key.kernel.symbols.split()]
    numbers = [*key.kernel.numbers(optimizer, 1), *decay]
    return compiled_by_numba(text, outputs, gradient, numbers, key.dtype)


def compiled_by_numba(text, outputs, gradient, numbers, dtype):
    """Compile a loop over flat arrays. There is no cache on disk, because Numba's is a pickle."""
    import numba

    if numba.config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set")
    scope = {"sqrt": math.sqrt}
    exec(loop_in_python(text, outputs, gradient, numbers), scope)
    number = numba.from_dtype(np.dtype(dtype))
    output = numba.types.Array(number, 1, "C")
    read = numba.types.Array(number, 1, "C", readonly=True)
    signature = (*[output] * len(outputs), read, *[number] * len(numbers))
    # error_model: a division by zero gives infinity, as in NumPy. Without fastmath, no product and
    # sum become one operation. nogil: other threads go on, as in a function of NumPy.
    return numba.njit(signature, error_model="numpy", nogil=True)(scope["loop"])


def loop_in_python(text, outputs, gradient, numbers):
    """The source of a function that runs the text for each element of flat arrays."""
    arrays = [*outputs, gradient]
    lines = [f"def loop({', '.join([f'all_{name}' for name in arrays] + numbers)}):"]
    lines += ["    for i in range(all_p.size):"]
    lines += [f"        {name} = all_{name}[i]" for name in arrays]
    lines += [f"        {line}" for line in as_python(text).splitlines()]
    lines += [f"        all_{name}[i] = {name}" for name in outputs]
    return "\n".join(lines)


def as_python(text):
    """The text as lines of Python, which declares no types."""
    return re.sub(r"\bT (?=\w+ = )", "", dedent(text))


def gives_the_bits_of_update(optimizer, key, loop):
    """Whether the loop gives the bits of the lines, for some thousand numbers of each kind.

    This finds an edit of `update` that was not made in the text, and a compiler or a processor that
    rounds in another way.
    """
    arrays = different_numbers(2 + len(optimizer.moments), key.dtype)
    p, *moments, g = (a.copy() for a in arrays)
    _, _, decay = whole_text(optimizer, "")
    numbers = key.kernel.numbers(optimizer, 3) | decay
    with np.errstate(all="ignore"):
        loop(*arrays, *map(p.dtype.type, numbers.values()))
        if optimizer.weight_decay:
            g = g + optimizer.weight_decay * p
        optimizer.update(3, p, g, *moments)
    return all(same_bits(a, b) for a, b in zip(arrays, (p, *moments), strict=False))
