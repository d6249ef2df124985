"""What can go wrong around an operation, said at once and by name.

Nothing here computes; `autograd` calls these before, between and after what does.
"""

import math
import os

from minigan import backend


def check_inputs(op, arrays):
    """Arrays of one backend and one float dtype, or an error that names the operation."""
    backend.get_array_module(*arrays)
    dtypes = [a.dtype for a in arrays]
    for dtype in dtypes:
        if dtype.kind != "f":
            raise TypeError(
                f"{op} of {listed(dtypes)}: floats are needed; convert with tensor(x, "
                "dtype='float32'), images with datasets.to_float"
            )
        if dtype != dtypes[0]:
            raise TypeError(
                f"{op} of {listed(dtypes)}, shapes {shapes(arrays)}: all must be the same; convert "
                "the data with .astype, or the module with .float() or .double()"
            )


def check_versions(op):
    """The inputs are as the operation saw them, or the gradient would mix two sets of weights."""
    now = [x.version for x in op.inputs]
    if now != op.versions:
        i = next(i for i, version in enumerate(op.versions) if version != now[i])
        raise RuntimeError(
            f"input {i} of {op}, of shape {op.inputs[i].shape}, was changed after {op} used it (by "
            "an optimizer's step, perhaps): compute the loss again before going backward"
        )


def check_output(y, gy):
    """An output y that a gradient gy can start from; gy is None where it is to be 1."""
    if not y.requires_grad:
        raise RuntimeError(
            f"a tensor of shape {y.shape} has no graph to go back through: nothing that it was "
            "made from has requires_grad=True, or it was made under no_grad()"
        )
    if gy is None and y.size != 1:
        raise RuntimeError(
            f"the loss must be a single number, but its shape is {y.shape}: take its .mean() or "
            ".sum(), or give the gradient of each element"
        )
    if gy is not None and (gy.shape != y.shape or gy.dtype != y.dtype):
        raise ValueError(
            f"the gradient given is {gy.dtype} of shape {gy.shape}, but the tensor is {y.dtype} "
            f"of shape {y.shape}"
        )


def check_data(data):
    """What NumPy would quietly make a number of: None (a NaN) and text ("1" is 1.0)."""
    if data is None or isinstance(data, (str, bytes)):
        raise TypeError(f"a Tensor, an array or numbers are needed, not {data!r}")
    if isinstance(data, (list, tuple)) and any(hasattr(x, "requires_grad") for x in data):
        raise TypeError("a list of Tensors would lose their history: use ops.stack or concatenate")


def check_count(op, gxs):
    """A gradient, or None, for each input."""
    if len(gxs) != len(op.inputs):
        raise ValueError(f"{op}.backward gave {len(gxs)} gradients for {len(op.inputs)} inputs")


def check_gradient(op, i, gx, x):
    """The gradient that op.backward gave its input is of the shape and dtype of the input, x."""
    if gx.shape != x.shape:
        raise ValueError(
            f"{op}.backward gave input {i}, of shape {x.shape}, a gradient of shape {gx.shape}"
        )
    if gx.dtype != x.dtype:
        raise TypeError(f"{op}.backward gave input {i}, which is {x.dtype}, a {gx.dtype} gradient")


def check_finite(y, maker, inputs, called_at):
    """For detect_anomaly: no NaN or infinity in y, or an error that tells who made it, where."""
    xp = backend.get_array_module(y)
    nan, infinite = int(xp.isnan(y).sum()), int(xp.isinf(y).sum())
    if nan or infinite:
        innocent = all(xp.isfinite(x).all() for x in inputs)
        raise FloatingPointError(
            f"{maker} made {nan} nan and {infinite} infinite of {y.size} elements, from inputs "
            f"that are {'all' if innocent else 'not all'} finite; called at {called_at}"
        )


def check_optimizer(optimizer, network, player):
    """An optimizer that moves its own player, since the two are easily swapped."""
    own = {id(p) for p in network.parameters()}
    if not all(id(p) in own for p in optimizer.params):
        raise ValueError(
            f"the {player}'s optimizer has parameters that are not the {player}'s; the arguments "
            "are both networks, then both optimizers, each time the generator's first"
        )


def check_loss(loss, player, data):
    """Before an update: the loss as a float, or an error that tells what spoilt it."""
    value = loss.item()
    if not math.isfinite(value):
        xp = backend.get_array_module(data)
        bad = int((~xp.isfinite(data)).sum())
        why = (
            f"{bad} of the {data.size} numbers of the minibatch are not finite; clean the data"
            if bad
            else "the minibatch is finite, so the networks have diverged; lower the learning rate, "
            "or find the first bad operation with minigan.detect_anomaly()"
        )
        raise FloatingPointError(f"{player}'s loss is {value}: {why} (no parameter was updated)")
    return value


def line_of_the_caller():
    """The line outside minigan that is being run, as "file:line: code"."""
    import traceback  # which would be a twentieth of the time that `import minigan` takes

    package = os.path.dirname(__file__)
    for frame in reversed(traceback.extract_stack()):
        if not frame.filename.startswith(package):
            return f"{frame.filename}:{frame.lineno}: {frame.line}"
    return "a line of minigan's own"


def shapes(arrays):
    return listed(a.shape for a in arrays)


def listed(items):
    return ", ".join(str(item) for item in items)
