"""gradcheck: is a backward rule right? The answer of numbers, for first and second derivatives.

For y = f(x) and any v of y's shape, backward computes g(x, v) = vᵀ ∂f/∂x. To first order that is
compared with differences of f. To second order g is just another function, of x and of v, so its
own backward (what a gradient penalty needs) is compared with differences of g in the same way.

In reading order: function (what is checked), numeric (derivatives by numbers alone), contract
(all that must hold besides the numbers), compare, report.
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

    fn: a function of Tensors to a Tensor or several; or an Op; or a Module, whose parameters are
        then checked too, by name. It must give the same result at each call.
    inputs: a list of float64 arrays or Tensors of any shape and memory layout, or just one. What is
        not a float array (labels, sizes) is handed to fn as it is.
    order: 2 checks the gradient, and then the gradient of the gradient; 1 does not go on.
    mode: "full" compares every element, for small inputs. "directional" compares along `directions`
        random directions in each input and parameter, for large ones, and looks at single
        elements only to say which are wrong.
    eps: the step, which is shrunk by itself where the function bends sharply.
    atol, rtol: |analytic - numeric| may be atol + rtol · max(|analytic|, |numeric|).
    kinks: what to do where the function has a kink (abs at 0): "raise"; "skip" the elements that
        it concerns, and count them; or "ignore" that it is one, and compare all the same.
    seed: of the random directions.
    module: a Module that a function `fn` uses, to check its parameters too.
    reference: a NumPy function of the same arrays (inputs, then parameters) that computes the same
        thing and works on complex numbers. Then the values are compared with its values, and the
        first order with its derivative by a complex step: both are exact but for rounding, and
        may differ by 1e-12.

    Returns a Report, which prints as a table. Raises GradientError (an AssertionError) for a wrong
    gradient, a kink, a nan or an infinity, an array changed in place, memory that two gradients
    share, and results that change from call to call. Raises TypeError for float32, whose
    differences are too coarse to tell right from wrong. What fn and its rules raise comes through
    as it is. Parameters, buffers and `.grad` are left as they were.

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
