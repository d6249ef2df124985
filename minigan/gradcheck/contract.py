"""Rules that must hold before numbers can be compared.

Results are finite. They are the same at each call and in each memory layout of the inputs. Nothing
changes in place. No two gradients share memory. Both backward modes give the same gradient.
"""

import numpy as np

from minigan.backend import get_array_module, to_numpy
from minigan.gradcheck.function import module_buffers, vjp
from minigan.gradcheck.report import GradientError, listing, not_finite
from minigan.tensor import Tensor


def check_contract(f, order, module):
    """Return the outputs of the Function f at f.point; GradientError if a rule is broken."""
    given = copies(f.point)
    buffers = {} if module is None else module_buffers(module)
    _, outputs = f(f.point)
    ys = copies(y.data for y in outputs)
    for y, name in zip(ys, f.output_names(len(ys)), strict=True):
        _check_finite(y, name)
    _check_untouched(f.names, f.point, given, "fn")
    if not _same(ys, copies(y.data for y in f(f.point)[1])):
        raise GradientError(_not_repeatable(module, buffers))
    if not _same(ys, copies(y.data for y in f(given)[1])):
        raise GradientError(
            "fn gives another result for the same numbers in contiguous memory: an operation in it "
            "ignores the layout (the strides) of its input"
        )
    _check_backward(f, order, given)
    return outputs


def _check_backward(f, order, given):
    leaves, outputs = f(f.point)
    random = np.random.default_rng(0)
    v_given = [random.standard_normal(y.shape) for y in outputs]
    vs = [Tensor(get_array_module(y.data).array(v)) for y, v in zip(outputs, v_given, strict=True)]
    gs = vjp(outputs, leaves, vs)
    first = copies(g.data for g in gs)
    names = [f"the gradient of {name}" for name in f.names]
    for g, name in zip(first, names, strict=True):
        _check_finite(g, name)
    _check_untouched(f.names, f.point, given, "a backward rule")
    v_names = ["the incoming gradient"] * len(vs)
    _check_untouched(v_names, [v.data for v in vs], v_given, "a backward rule")

    gs_again = vjp(outputs, leaves, vs)
    others = [*zip(v_names, vs, strict=True), *zip(f.names, leaves, strict=True)]
    for i, (g, name) in enumerate(zip(gs, names, strict=True)):
        _check_memory(g, name, [*others, *zip(names[:i], gs, strict=False)])
        _check_memory(g, name, [("itself when computed again", gs_again[i])])
    for name, g, h in zip(names, first, copies(g.data for g in gs_again), strict=True):
        if not _same([g], [h]):
            raise GradientError(
                f"{name} comes out different when the same graph is walked a second time: a "
                f"backward rule changes what it has stored\n{listing('first', g, 'second', h)}"
            )

    if order == 2:
        leaves, outputs = f(f.point)
        recorded = copies(g.data for g in vjp(outputs, leaves, vs, create_graph=True))
        for name, g, h in zip(names, first, recorded, strict=True):
            if not _same([g], [h]):
                raise GradientError(
                    f"{name} is not the same in the two backward modes, on arrays and on Tensors "
                    f"(create_graph)\n{listing('on arrays', g, 'on Tensors', h)}"
                )


def copies(arrays):
    return [np.array(to_numpy(a), order="C") for a in arrays]


def _same(ys, zs):
    """Whether the arrays are equal, up to rounding from the order of additions."""
    return all(
        y.shape == z.shape and np.allclose(y, z, rtol=1e-10, atol=1e-12)
        for y, z in zip(ys, zs, strict=True)
    )


def _check_finite(array, name):
    message = not_finite(name, array)
    if message:
        raise GradientError(f"{message}: derivatives can be checked only where all is finite")


def _check_untouched(names, arrays, before, culprit):
    for name, x, old in zip(names, copies(arrays), before, strict=True):
        if not np.array_equal(x, old):
            raise GradientError(
                f"{culprit} changed {name} in place, and others hold that array\n"
                f"{listing('before', old, 'after', x)}"
            )


def _check_memory(g, name, others):
    xp = get_array_module(g.data)
    for other, x in others:
        if xp.may_share_memory(g.data, x.data):
            raise GradientError(
                f"{name} shares memory with {other}, so that changing one changes the other: a "
                "backward rule must return new arrays"
            )


def _not_repeatable(module, buffers):
    """Return the error for two results from the same inputs, with the reasons in the module."""
    reasons = []
    for name, owner in [] if module is None else module.named_modules():
        kind = type(owner).__name__
        if "Dropout" in kind and owner.training:
            reasons.append(f"{name or 'it'} ({kind}) draws a new mask for each call")
    after = {} if module is None else module_buffers(module)
    for name, (_, _, old) in buffers.items():
        if not np.array_equal(old, after[name][2]):
            reasons.append(f"the buffer {name} changes from call to call")
    if not reasons:
        reasons.append("it draws random numbers, perhaps, or keeps a running average")
    return (
        f"fn gives different results for the same inputs: {'; '.join(reasons)}. Call .eval() on "
        "the module, or minigan.seed(0) inside fn, so that each call computes the same"
    )
