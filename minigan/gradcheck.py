"""gradcheck: is a backward rule right? The answer of numbers, for first and second derivatives.

For y = f(x) and any v of y's shape, backward computes g(x, v) = vᵀ ∂f/∂x. To first order that is
compared with differences of f. To second order g is just another function, of x and of v, so its
backward (what a gradient penalty needs) is compared with differences of g in the same way.
"""

import copy

import numpy as np

from minigan import autograd, backend
from minigan.gradcheck_contract import check_contract
from minigan.gradcheck_numeric import central, complex_step, flat
from minigan.gradcheck_report import GradientError, Line, Report, not_finite, wrong_elements
from minigan.nn.module import Module
from minigan.tensor import Tensor, as_array

__all__ = ["GradientError", "gradcheck"]

PROBED = 200  # elements looked at one by one to say where a direction goes wrong


def gradcheck(
    fn,
    inputs,
    *,
    order=2,
    mode="full",
    eps=1e-4,
    atol=1e-8,
    rtol=1e-6,
    kinks="raise",
    directions=4,
    seed=0,
    module=None,
    reference=None,
):
    """Compare the gradients of `fn` with numerical derivatives; raise GradientError where they differ.

    fn: a function of Tensors to a Tensor or several, an Op, or a Module, whose parameters are then
        checked too, by name. It must give the same result at each call.
    inputs: a list of float64 arrays or Tensors, in any shape and memory layout, or just one. Anything
        that is not a float array (labels, sizes) is handed to fn as it is.
    order: 2 also checks the gradient of the gradient; 1 does not.
    mode: "full" compares every element, for small inputs. "directional" compares `directions` random
        directions for each input and parameter, for large ones, and looks at single elements only
        to say which are wrong.
    eps: the step, which is shrunk where the function bends sharply.
    atol, rtol: |analytic - numeric| may be atol + rtol·max(|analytic|, |numeric|).
    kinks: where the function has a kink (abs at 0), "raise", "skip" it, or "ignore" that it is one.
    seed: of the random directions.
    module: a Module that fn uses, to check its parameters too.
    reference: a NumPy function of the same arrays (inputs, then parameters) that computes the same,
        for which complex numbers work. The first order is then compared with its derivative by a
        complex step, which is exact to rounding, and the values are compared as well.

    Returns a report, which prints as a table. Raises GradientError (an AssertionError) for a wrong
    gradient, a kink, a nan or an infinity, an input changed in place, or results that change from
    call to call; TypeError for float32, whose differences are too coarse to tell right from wrong.
    Parameters, buffers and `.grad` are as before when it returns.

    >>> x = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
    >>> gradcheck(lambda x: (x * x).sum(), [x])
    gradcheck passed
      order  the derivative of  with respect to  elements  kinks  abs. error  rel. error
          1  the output         ...
    """
    if order not in (1, 2) or mode not in ("full", "directional") or kinks not in KINKS:
        raise ValueError(
            f'gradcheck: order is 1 or 2, mode is "full" or "directional", and kinks is one of '
            f"{', '.join(KINKS)}; not {order!r}, {mode!r}, {kinks!r}"
        )
    if module is None and isinstance(fn, Module):
        module = fn
    f = Function(fn, inputs, module)
    how = Comparison(mode, eps, atol, rtol, kinks, directions, np.random.default_rng(seed))
    report = Report(order, mode)
    saved = _state(module)
    try:
        outputs = check_contract(f, order, module, how.random)
        f.name_outputs(outputs)
        if reference is not None:
            how.compare_with_reference(f, outputs, reference, report)
        else:
            how.compare(f, report, order=1)
        if order == 2:
            how.compare(Gradient(f, outputs, how.random), report, order=2)
    finally:
        _restore(module, saved)
    return report
