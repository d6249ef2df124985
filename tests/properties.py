"""Checks that must pass for every operation, layer and loss, on any inputs."""

import copy
import gc
import itertools
import weakref
from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from minigan.autograd import grad
from minigan.gradcheck import gradcheck
from minigan.gradcheck.strategies import all_layouts
from minigan.op import Op
from minigan.tensor import Tensor

SMALL = 16  # with more elements than this, gradcheck goes along random directions


def check_case(case, **changes):
    """Run check_problem on many problems of a Case: a quarter of the profile's max_examples.

    changes: other settings for Hypothesis.
    """
    examples = {"max_examples": max(10, settings.default.max_examples // 4)}

    @settings(**examples | changes)
    @given(case.problems)
    def check(problem):
        check_problem(problem)

    check()


def check_problem(problem):
    """Run all checks below."""
    check_value(problem)
    check_derivatives(problem)
    first64 = check_contract(problem, np.float64)
    first32 = check_contract(problem, np.float32)
    for g64, g32 in zip(first64, first32, strict=True):
        assert_close(g32, g64, 1e-3)
    check_accumulation(problem)
    check_graph_is_freed(problem)


def check_value(problem):
    """fn computes the same as NumPy, in every memory layout of its inputs."""
    leaves, outputs = run(problem, np.float64)
    expected = [y.data for y in outputs]
    if problem.numpy is not None:
        expected = [problem.numpy(*[x.data for x in leaves])]
    for inputs in zip(*map(all_layouts, problem.inputs), strict=True):
        _, outputs = run(replace(problem, inputs=inputs), np.float64)
        for y, z in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(y.data, z, rtol=1e-12, atol=1e-12)


def check_derivatives(problem):
    """Derivatives of both orders, in both backward modes, agree with numerical ones."""
    size = sum(x.size for x in problem.inputs)
    if problem.module is not None:
        size += sum(p.size for p in problem.module.double().parameters())
    gradcheck(
        problem.fn,
        problem.inputs,
        mode="full" if size <= SMALL else "directional",
        directions=2,
        module=problem.module,
        reference=problem.numpy if problem.analytic else None,
    )


def check_contract(problem, dtype):
    """Shapes and dtypes are right to second order, nothing is changed in place, no gradient shares
    memory with another or with an input, and both backward modes agree. Returns the gradients.
    """
    leaves, outputs = run(problem, dtype)
    vs = weights(outputs, dtype)
    before = [x.data.copy() for x in [*leaves, *vs]]

    first = grad(outputs, leaves, vs, allow_unused=True)
    recorded = grad(outputs, leaves, vs, create_graph=True, allow_unused=True)
    live = [g.sum() for g in recorded if g is not None and g.requires_grad]
    second = grad(live, leaves, allow_unused=True)

    for y in outputs:
        assert y.dtype == dtype
    for x, *gradients in zip(leaves, first, recorded, second, strict=True):
        for g in gradients:
            assert g is None or (g.dtype == dtype and g.shape == x.shape)
    for g, h in zip(first, recorded, strict=True):
        assert_close(g, h, 1e-4 if dtype == np.float32 else 1e-12)
    for g, x in itertools.product(first, [*leaves, *vs, *outputs, *first]):
        assert g is None or x is None or g is x or not np.shares_memory(g.data, x.data)
    for x, old in zip([*leaves, *vs], before, strict=True):
        np.testing.assert_array_equal(x.data, old)
    return first


def check_accumulation(problem):
    """backward() leaves in .grad what grad() returns, and twice that after a second time."""
    leaves, outputs = run(problem, np.float64)
    vs = weights(outputs, np.float64)
    once = grad(outputs, leaves, vs, allow_unused=True)
    for times in (1, 2):
        for y, v in zip(outputs, vs, strict=True):
            if y.requires_grad:
                y.backward(v)
        for x, g in zip(leaves, once, strict=True):
            assert_close(x.grad, None if g is None else Tensor(times * g.data), 1e-12)
    for x in leaves:
        x.grad = None


def check_graph_is_freed(problem):
    """The graph is freed with the last result, without the cycle collector."""
    gc.disable()
    try:
        leaves, outputs = run(problem, np.float64)
        gradients = grad(
            outputs, leaves, weights(outputs, np.float64), create_graph=True, allow_unused=True
        )
        ops = [weakref.ref(op) for op in operations([*outputs, *gradients])]
        del leaves, outputs, gradients
        left = [op() for op in ops if op() is not None]
        assert not left
    finally:
        gc.enable()


def run(problem, dtype):
    """(the inputs and parameters as leaf Tensors, the outputs as a list): fn in a dtype."""
    leaves = [Tensor(x.astype(dtype, copy=False), requires_grad=True) for x in problem.inputs]
    parameters = []
    if problem.module is not None:
        convert = problem.module.double if dtype == np.float64 else problem.module.float
        parameters = convert().parameters()
    fn = copy.copy(problem.fn) if isinstance(problem.fn, Op) else problem.fn
    outputs = fn(*leaves)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    return leaves + parameters, outputs


def weights(outputs, dtype):
    """A gradient for each output. It depends only on the shapes."""
    random = np.random.default_rng(0)
    return [Tensor(np.asarray(random.standard_normal(y.shape), dtype=dtype)) for y in outputs]


def operations(tensors):
    """All operations in the graphs of some tensors."""
    found, ahead = set(), [x for x in tensors if x is not None]
    while ahead:
        op = ahead.pop().op
        if op is not None and op not in found:
            found.add(op)
            ahead.extend(op.inputs)
    return found


def assert_close(g, h, tolerance):
    """Two gradients agree, relative to the largest element; or both are None."""
    assert (g is None) == (h is None)
    if g is not None:
        scale = max(1.0, np.abs(h.data).max(initial=0.0))
        np.testing.assert_allclose(g.data, h.data, rtol=0, atol=tolerance * scale)
