"""The operations, a family a file, and the functions that are no methods of a Tensor.

arithmetic: + - * / **.  elementwise: exp, log, sigmoid, ...  reduce: sum, mean, ...
shape: reshape, indexing, ...  matmul: @.  conv: convolution and its two adjoints.
norm: batch and layer norm.
"""

from minigan.ops.elementwise import leaky_relu, maximum, minimum, softplus, where
from minigan.ops.reduce import log_softmax
from minigan.ops.shape import broadcast_to, concatenate, stack

__all__ = ["broadcast_to", "concatenate", "leaky_relu", "log_softmax", "maximum", "minimum"]
__all__ += ["softplus", "stack", "where"]
