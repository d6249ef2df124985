"""The same computation on a device (the stand-in for CuPy, or a real GPU) and on NumPy."""

import copy

import numpy as np

from minigan import Tensor, backend
from minigan.autograd import grad
from minigan.op import Op


def derivatives(problem, dtype, xp):
    """The outputs of a Problem on xp, its gradients in both modes, and its second derivatives.

    Returns Tensors. None stands for a derivative that does not exist.
    """
    leaves = [Tensor(xp.asarray(x, dtype=dtype), requires_grad=True) for x in problem.inputs]
    inputs = list(leaves)
    if problem.module is not None:
        convert = problem.module.double if dtype == np.float64 else problem.module.float
        leaves += convert().parameters()
    fn = copy.copy(problem.fn) if isinstance(problem.fn, Op) else problem.fn
    outputs = fn(*inputs)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    random = np.random.default_rng(0)
    vs = [Tensor(xp.asarray(random.standard_normal(y.shape), dtype=dtype)) for y in outputs]
    first = grad(outputs, leaves, vs, allow_unused=True)
    recorded = grad(outputs, leaves, vs, create_graph=True, allow_unused=True)
    live = [g.sum() for g in recorded if g is not None and g.requires_grad]
    second = grad(live, leaves, allow_unused=True)
    return [*outputs, *first, *recorded, *second]


def move(module, asarray):
    """Put the parameters and buffers of a module where `asarray` puts them."""
    for part in module.modules():
        for name in part.buffer_names:
            if name != "num_batches_tracked":
                setattr(part, name, asarray(getattr(part, name)))
    for p in module.parameters():
        p.data = asarray(p.data)
    return module


def compare_with_numpy(problem, dtype, cupy, rtol):
    """The problem gives arrays of the device, and their numbers are the same as NumPy's.

    Call it while the cupy backend is in use. Then the problem's module is on the device already.
    """
    on_device = derivatives(problem, dtype, cupy)
    for x in on_device:
        assert x is None or (isinstance(x.data, cupy.ndarray) and x.dtype == dtype)
    if problem.module is not None:
        move(problem.module, backend.to_numpy)
    with backend.use("numpy"):
        on_host = derivatives(problem, dtype, np)
    for x, y in zip(on_device, on_host, strict=True):
        assert (x is None) == (y is None)
        if x is not None:
            scale = max(1.0, np.abs(y.data).max(initial=0.0))
            np.testing.assert_allclose(x.numpy(), y.data, rtol=0, atol=rtol * scale)
