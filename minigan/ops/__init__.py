"""The operations, one family per file, and the functions that are not methods of a Tensor.

arithmetic: + - * / **.  elementwise: exp, log, sigmoid, ...  reduce: sum, mean, ...
shape: reshape, indexing, ...  matmul: @.  conv: convolution and its two adjoints.
norm: batch and layer norm.

Tests: tests/ops/, one file per family.
"""

from minigan.ops.elementwise import leaky_relu, maximum, minimum, softplus, where
from minigan.ops.reduce import log_softmax
from minigan.ops.shape import broadcast_to, cat, concatenate, stack
