"""gradcheck: compare backward rules with numerical derivatives, to first and second order.

For y = f(x) and any v of y's shape, backward computes g(x, v) = vᵀ ∂f/∂x. To first order, gradcheck
compares g with differences of f. To second order, g is another function, of x and v. Its own
backward, which a gradient penalty needs, is compared with differences of g in the same way.

In reading order: function (what is checked), numeric (numerical derivatives), contract (what must
hold besides the numbers), compare, report.
"""

import numpy as np

from minigan.gradcheck.compare import Settings, compare
from minigan.gradcheck.contract import check_contract
from minigan.gradcheck.function import Function, Gradient, unchanged
from minigan.gradcheck.report import GradientError, Report
from minigan.nn.module import Module

__all__ = ["GradientError", "Report", "gradcheck"]

MODES = ("full", "directional")
KINKS = ("raise", "skip", "ignore")


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
    seed=0,
    directions=4,
    module=None,
    reference=None,
):
    """Compare the gradients of `fn` with numerical derivatives; raise GradientError if they differ.

    fn: a function from Tensors to one Tensor or several; or an Op; or a Module, whose parameters
        are also checked. It must give the same result at each call.
    inputs: a list of float64 arrays or Tensors of any shape and memory layout, or a single one.
        Anything else (labels, sizes) is passed to fn unchanged.
    order: 1 checks the gradient. 2 checks the gradient and the gradient of the gradient.
    mode: "full" compares every element, for small inputs. "directional" compares along `directions`
        random directions in each input and parameter, for large inputs. It looks at single elements
        only to find those that are wrong.
    eps: the step. It is made smaller where the function bends sharply.
    atol, rtol: |analytic - numeric| may be atol + rtol · max(|analytic|, |numeric|).
    kinks: what to do at a kink, such as abs at 0. "raise" an error; "skip" and count the elements
        that have one; or "ignore" it and compare as elsewhere.
    seed: the seed of the random directions.
    module: a Module that the function `fn` uses. Its parameters are also checked.
    reference: a NumPy function of the same arrays (inputs, then parameters) that computes the same
        values and works on complex numbers. The values are compared with its values, and the first
        order with its derivative by a complex step. Both are exact to rounding, and the tolerance
        is 1e-12.

    Returns a Report, which prints as a table. Raises GradientError (an AssertionError) for a wrong
    gradient, a kink, a nan or an infinity, an array changed in place, memory that two gradients
    share, and results that change from call to call. Raises TypeError for float32, whose rounding
    errors hide wrong gradients. Errors of fn and its rules pass through. Parameters, buffers and
    `.grad` do not change.

    >>> import numpy as np
    >>> gradcheck(lambda x: (x * x).sum(), [np.ones((2, 3))], order=1)  # doctest: +ELLIPSIS
    gradcheck passed
      order  derivative of  with respect to  elements  kinks    error  of allowed
          1  the output     input 0 (2, 3)          6      0  ...
    """
    for value, choices in ((order, (1, 2)), (mode, MODES), (kinks, KINKS)):
        if value not in choices:
            raise ValueError(f"gradcheck: {value!r} is not one of {', '.join(map(repr, choices))}")
    if not (0 < eps < np.inf and 0 <= atol < np.inf and 0 <= rtol < np.inf):
        raise ValueError(
            f"gradcheck: eps={eps}, atol={atol} and rtol={rtol} must be finite, and eps more than 0"
        )
    if directions < 1:
        raise ValueError(f"gradcheck: directions={directions}: there is nothing to check")
    if module is None and isinstance(fn, Module):
        module = fn
    f = Function(fn, inputs, module)
    random = np.random.default_rng(seed)
    how = Settings(mode, eps, atol, rtol, kinks, directions, random)
    with unchanged(module):
        outputs = check_contract(f, order, module)
        lines = compare(f, how, 1, reference)
        if order == 2:
            lines += compare(Gradient(f, outputs, random), how, 2)
    return Report(mode, lines)
