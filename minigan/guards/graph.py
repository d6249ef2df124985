"""Checks on operations and on the walk. Each raises an error that names the operation.

Nothing here computes a value. Tensors, operations, the walk and the losses call these functions.
"""

import os
import warnings

import numpy as np

from minigan import backend
from minigan.guards.data import check_float


def check_inputs(op, arrays):
    """Raise TypeError unless the arrays have one backend and one float dtype."""
    backend.get_array_module(*arrays)
    dtypes = [a.dtype for a in arrays]
    for dtype in dtypes:
        if dtype.kind != "f":
            raise TypeError(
                f"{op} of {listed(dtypes)}: floats are needed; convert with tensor(x, "
                "dtype='float32'), or images with datasets.to_float"
            )
        if dtype != dtypes[0]:
            raise TypeError(
                f"{op} of {listed(dtypes)}, shapes {listed_shapes(arrays)}: dtypes must agree; "
                "convert the data with .astype, or the module with .float() or .double()"
            )


def raise_changed_or_wrong_count(op, y, gxs):
    """Raise the error for a tensor changed since y = op(...), or for a wrong number of gxs."""
    changed = [
        f"input {i}" for i, x in enumerate(op.inputs) if x._version[0] != op.input_versions[i]
    ]
    if y._version[0] != op.output_version:
        changed.append("the output")
    if changed:
        shapes = [x.shape for x in op.inputs]
        raise RuntimeError(
            f"{changed[0]} of {op} was changed after {op} used it, in the call on shapes "
            f"{listed(shapes)} (by an optimizer's step, perhaps): compute the loss again before "
            "going backward"
        )
    raise ValueError(f"{op}.backward gave {len(gxs)} gradients for {len(op.inputs)} inputs")


def check_output(y, gy):
    """Raise an error unless a walk can start at y with gradient gy; None stands for 1."""
    if not y.requires_grad:
        raise RuntimeError(
            f"a tensor of shape {y.shape} has no graph: no input of it has requires_grad=True, or "
            "it was made under no_grad(), or it is a gradient that was computed without "
            "create_graph=True"
        )
    if isinstance(gy, bool):
        raise TypeError(
            f"the gradient of the loss must be numbers, not {gy}; to keep the graph, nothing is "
            "needed, and for a second derivative write create_graph=True"
        )
    if gy is None and y._data.size != 1:
        raise RuntimeError(
            f"the loss must be a single number, but its shape is {y.shape}: take its .mean() or "
            ".sum(), or give the gradient of each element"
        )

    if gy is not None and (gy.shape != y.shape or gy.dtype != y.dtype):
        raise ValueError(
            f"the gradient is {gy.dtype} of shape {gy.shape}, but the tensor is {y.dtype} "
            f"of shape {y.shape}"
        )


def check_leaf(x, requires_grad):
    """Raise an error unless requires_grad is a boolean and can be set on x."""
    if not isinstance(requires_grad, (bool, np.bool_)):
        raise TypeError(
            f"requires_grad must be True or False, not {requires_grad!r}; for a Tensor of a shape, "
            "write minigan.zeros(64, 1), and for a Parameter nn.Parameter(minigan.zeros(64, 1))"
        )
    if x.op is not None and not requires_grad:
        raise RuntimeError(
            f"{x.op} made this tensor, and it stays in the graph; write x.detach() for a leaf that "
            "requires no gradient"
        )
    if requires_grad:
        check_float(x.data)


def check_learned(what, value):
    """Raise TypeError if the value of a module's attribute hides a Parameter from the module.

    value: a result that was computed from a Parameter that no module has, or a container of such
    results. For a leaf that requires a gradient and is no Parameter, there is a warning, because it
    may be an input that `forward` keeps.
    """
    if isinstance(value, (list, tuple)):
        values = value
    elif isinstance(value, dict):
        values = value.values()
    else:
        values = (value,)
    for x in values:
        if not getattr(x, "requires_grad", False) or not hasattr(x, "op"):
            continue
        if x.op is None and not hasattr(x, "_in_module"):
            warnings.warn(
                f"{what}: this Tensor requires a gradient, but it is not a Parameter, and would "
                "not be learned; write nn.Parameter(...), or .detach() to keep a value",
                stacklevel=3,
            )
        if has_lost_parameter(x):
            raise TypeError(
                f"{what}: {x.op} computed this Tensor from a Parameter that is no attribute of a "
                "module, so the Parameter would not be found, nor learned; compute first, and then "
                "make the Parameter, as in nn.Parameter(0.02 * minigan.randn(8, 4)), or make the "
                "Parameter an attribute, and compute in forward"
            )


def has_lost_parameter(x):
    """Whether a Parameter that is no attribute of a module is in the graph behind x."""
    ahead = [x]
    seen = set()
    while ahead:
        op = ahead.pop().op
        if op is not None and id(op) not in seen:
            seen.add(id(op))
            ahead += op.inputs
            if any(getattr(leaf, "_in_module", True) is False for leaf in op.needed_leaves):
                return True
    return False


def check_in_place(recording, sign):
    """Raise RuntimeError for an in-place change of a leaf that requires a gradient."""
    if recording:
        raise RuntimeError(
            f"{sign}= would change a leaf that requires a gradient; to update it, write `with "
            f"no_grad(): p {sign}= ...`, and to compute with it, `y = p {sign} ...`"
        )


def check_used(inputs, found, allow_unused):
    """Raise RuntimeError for an input of `grad` without a gradient, unless allow_unused."""
    for i, x in enumerate(inputs):
        if x not in found and not allow_unused:
            why = "it has requires_grad=False"
            if x.requires_grad:
                why = "it is not in their graph (a gradient enters one by create_graph=True only)"
            raise RuntimeError(f"the outputs do not depend on input {i}, of shape {x.shape}: {why}")


def check_gradient(op, x, gx, create_graph, anomaly):
    """Raise an error unless the gradient gx has the kind, shape and dtype of op's input x."""
    i = position(op, x)
    if create_graph and not hasattr(gx, "requires_grad"):
        raise TypeError(
            f"{op}.backward returned an array for input {i}, but create_graph needs a Tensor: this "
            "rule is first-order only; write it with operators and operations on its arguments"
        )
    if gx.shape != x.shape:
        raise ValueError(
            f"{op}.backward returned shape {gx.shape} for input {i}, which has shape {x.shape}"
        )
    if gx.dtype != x.dtype:
        raise TypeError(f"{op}.backward returned {gx.dtype} for input {i}, which is {x.dtype}")
    if anomaly:
        array = gx.data if create_graph else gx
        check_finite(array, f"{op}.backward for input {i}", [], op.called_at)


def position(op, x):
    """Return the position of x among the inputs of op."""
    return next(i for i, y in enumerate(op.inputs) if y is x)


def check_result(op, y, arrays):
    """For detect_anomaly: raise unless y = op(...) is finite, and store the calling line in op."""
    op.called_at = line_of_the_caller()
    check_finite(y, op, arrays, op.called_at)


def check_finite(y, maker, inputs, called_at):
    """For detect_anomaly: raise FloatingPointError if y has a NaN or an infinity."""
    xp = backend.get_array_module(y)
    nan = int(xp.isnan(y).sum())
    infinite = int(xp.isinf(y).sum())
    if nan or infinite:
        innocent = all(xp.isfinite(x).all() for x in inputs)
        raise FloatingPointError(
            f"{maker} made {nan} nan and {infinite} infinite of {y.size} elements, from inputs "
            f"that are {'all' if innocent else 'not all'} finite; called at {called_at}"
        )


def line_of_the_caller():
    """Return the innermost running line outside minigan, as "file:line: code"."""
    import traceback  # here, because it would make `import minigan` 5 % slower

    package = os.path.dirname(backend.__file__)
    for frame in reversed(traceback.extract_stack()):
        if not frame.filename.startswith(package):
            return f"{frame.filename}:{frame.lineno}: {frame.line}"
    return "a line of minigan's own"


def listed_shapes(arrays):
    return listed(a.shape for a in arrays)


def listed(items):
    return ", ".join(str(item) for item in items)
