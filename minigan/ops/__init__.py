# mypy: ignore-errors
"""The operations, a family a file, and the notation that a Tensor has for them.

arithmetic: + - * / ** and comparisons.  elementwise: exp, log, sigmoid, ...  reduce: sum, mean, ...
shape: reshape, indexing, ...  matmul: @.  conv: convolution and its two adjoints.  norm: what batch
norm and layer norm share.
"""

from minigan.ops import arithmetic, elementwise, matmul, reduce, shape
from minigan.ops.elementwise import (
    exp,
    leaky_relu,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
    softplus,
    sqrt,
    tanh,
    where,
)
from minigan.ops.reduce import log_softmax
from minigan.ops.shape import broadcast_to, concatenate, stack
from minigan.tensor import Tensor

__all__ = [
    "broadcast_to",
    "concatenate",
    "exp",
    "leaky_relu",
    "log",
    "log_softmax",
    "maximum",
    "minimum",
    "relu",
    "sigmoid",
    "softplus",
    "sqrt",
    "stack",
    "tanh",
    "where",
]

# What a + b and its like mean.
Tensor.__add__ = Tensor.__radd__ = arithmetic.add
Tensor.__sub__ = arithmetic.sub
Tensor.__rsub__ = arithmetic.rsub
Tensor.__mul__ = Tensor.__rmul__ = arithmetic.mul
Tensor.__truediv__ = arithmetic.div
Tensor.__rtruediv__ = arithmetic.rdiv
Tensor.__neg__ = arithmetic.neg
Tensor.__abs__ = elementwise.absolute
Tensor.__pow__ = arithmetic.power
Tensor.__matmul__ = matmul.matmul
Tensor.__rmatmul__ = matmul.rmatmul
Tensor.__getitem__ = shape.getitem
Tensor.__eq__ = arithmetic.eq
Tensor.__ne__ = arithmetic.ne
Tensor.__lt__ = arithmetic.lt
Tensor.__le__ = arithmetic.le
Tensor.__gt__ = arithmetic.gt
Tensor.__ge__ = arithmetic.ge
Tensor.__hash__ = object.__hash__  # by identity, since == compares elements

# The methods. Arrays have most of them too, which lets one backward rule serve both.
Tensor.abs = elementwise.absolute
Tensor.clip = elementwise.clip
Tensor.exp = exp
Tensor.log = log
Tensor.relu = relu
Tensor.sigmoid = sigmoid
Tensor.sqrt = sqrt
Tensor.tanh = tanh
Tensor.max = reduce.max_
Tensor.mean = reduce.mean
Tensor.min = reduce.min_
Tensor.norm = reduce.norm
Tensor.sum = reduce.sum_
Tensor.var = reduce.var
Tensor.T = property(shape.transpose)
Tensor.flatten = shape.flatten
Tensor.reshape = shape.reshape
Tensor.transpose = shape.transpose
