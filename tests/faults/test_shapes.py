"""An impossible shape, axis or size raises an error that names it, as in NumPy."""

import numpy as np
import pytest

from minigan import Tensor, losses, nn, ops


def ones(*shape):
    return Tensor(np.ones(shape, np.float32), requires_grad=True)


REFUSED = {
    "stack, axis 3": (lambda: ops.stack([ones(2, 3), ones(2, 3)], axis=3), "axis 3"),
    "stack, axis -4": (lambda: ops.stack([ones(2, 3), ones(2, 3)], axis=-4), "axis -4"),
    "stack of none": (lambda: ops.stack([]), "stack"),
    "stack of two shapes": (lambda: ops.stack([ones(2), ones(3)]), r"Concatenate"),
    "stack of two dimensions": (lambda: ops.stack([ones(2), ones(2, 1)]), r"Concatenate"),
    "concatenate, axis": (lambda: ops.concatenate([ones(2), ones(2)], axis=1), "Concatenate"),
    "concatenate of numbers": (lambda: ops.concatenate([ones(), ones()]), "Concatenate"),
    "concatenate of two": (
        lambda: ops.concatenate([ones(2, 3), ones(2, 4)]),
        r"\(2, 3\), \(2, 4\)",
    ),
    "flatten(2)": (lambda: ones(2, 3).flatten(2), r"\(2, 3\) has no axis 2"),
    "flatten(-3)": (lambda: ones(2, 3).flatten(-3), "axis -3"),
    "flatten(1) of a number": (lambda: ones().flatten(1), "axis 1"),
    "vector @ vector": (lambda: ones(2) @ ones(3), r"MatMul"),
    "vector @ matrix": (lambda: ones(2) @ ones(3, 2), r"MatMul"),
    "matrix @ vector": (lambda: ones(3, 2) @ ones(3), r"MatMul"),
    "matrix @ matrix": (lambda: ones(3, 2) @ ones(3, 2), r"\(3, 2\), \(3, 2\)"),
    "batches @": (lambda: ones(2, 3, 4) @ ones(3, 4, 5), "MatMul"),
    "@ a number": (lambda: ones(3) @ 2.0, "no matrix product"),
    "a number @": (lambda: 2.0 @ ones(3), "no matrix product"),
    "vector @ array": (lambda: ones(2) @ np.ones(3, np.float32), "MatMul"),
    "array @ vector": (lambda: np.ones(2, np.float32) @ ones(3), "MatMul"),
    "reshape(-2)": (lambda: ones(4).reshape(-2), r"-2"),
    "reshape(2, -3)": (lambda: ones(4).reshape(2, -3), r"-3"),
    "reshape(-1, -1)": (lambda: ones(4).reshape(-1, -1), "Reshape"),
    "reshape(3, -1)": (lambda: ones(4).reshape(3, -1), r"Reshape of shapes \(4,\)"),
    "reshape(5)": (lambda: ones(4).reshape(5), r"\(5,\)"),
    "mean of a number, axis 1": (lambda: ones().mean(1), "axis 1"),
    "mean, axis 2": (lambda: ones(2, 3).mean(2), "axis 2"),
    "mean, axis twice": (lambda: ones(2, 3).mean((0, 0)), "Mean .*repeated axis"),
    "mean, axis twice, many": (
        lambda: ones(200, 100).mean((0, -2), keepdims=True),
        "Mean .*repeated axis",
    ),
    "mean, axis twice, huge": (
        lambda: ones(20000, 3).mean((0, 0), keepdims=True),
        "Mean .*repeated axis",
    ),
    "var, axis twice": (lambda: ones(200, 100).var((0, 0), correction=1), "repeated axis"),
    "norm, axis twice": (lambda: ones(20, 10).norm(axis=(1, -1)), "duplicate|twice"),
    "mean of none": (lambda: ones(0, 3).mean(), "no elements"),
    "mean of empty columns": (lambda: ones(0, 3).mean(axis=0), "no elements"),
    "sum, axis 2": (lambda: ones(2, 3).sum(2), "axis 2"),
    "sum, axis 1 of a number": (lambda: ones().sum(1), "axis 1"),
    "max, axis 2": (lambda: ones(2, 3).max(axis=2), "axis 2"),
    "max of none": (lambda: ones(0).max(), "Max"),
    "norm, axis 2": (lambda: ones(2, 3).norm(axis=2), "axis 2"),
    "var, axis 2": (lambda: ones(2, 3).var(2, correction=0), "axis 2"),
    "log_softmax, axis": (lambda: ops.log_softmax(ones(2, 3), axis=2), "axis 2"),
    "log_softmax of none, axis": (lambda: ops.log_softmax(ones(0, 3), axis=2), "axis 2"),
    "transpose": (lambda: ones(2, 3).transpose(0, 2), "Transpose"),
    "transpose of one": (lambda: ones(2, 3).transpose(0), "Transpose"),
    "transpose twice": (lambda: ones(2, 3).transpose(0, 0), "Transpose"),
    "broadcast_to": (lambda: ops.broadcast_to(ones(2), (3,)), "BroadcastTo"),
    "where of shapes": (lambda: ops.where([True, False], ones(3), ones(3)), "Where"),
    "a + b": (lambda: ones(2) + ones(3), r"Add of shapes \(2,\), \(3,\)"),
    "maximum": (lambda: ops.maximum(ones(2), ones(3)), "Maximum"),
    "Linear": (lambda: nn.Linear(2, 3)(ones(4, 3)), r"\(\.\.\., 2\), got \(4, 3\)"),
    "Linear of a number": (lambda: nn.Linear(2, 3)(1.0), r"got \(\)"),
    "Maxout": (lambda: nn.Maxout(2, 3, 2)([1.0]), r"got \(1,\)"),
    "Flatten of a number": (lambda: nn.Flatten()(1.0), r"got \(\)"),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 2))(ones(3, 5)), "does not fit"),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(2)(ones(3, 4)), "expected"),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2)(ones(3, 2)), "expected"),
    "LayerNorm": (lambda: nn.LayerNorm((2, 3))(ones(3)), "expected"),
    "Conv2d": (lambda: nn.Conv2d(1, 1, 3)(ones(1, 2, 5, 5)), "expected"),
    "Conv2d, small": (lambda: nn.Conv2d(1, 1, 3)(ones(1, 1, 2, 2)), "does not fit"),
    "Dropout2d": (lambda: nn.Dropout2d()(ones(3, 4)), "expected"),
    "Upsample": (lambda: nn.Upsample(scale_factor=2)([1.0]), "expected"),
    "labels": (lambda: losses.binary_cross_entropy(Tensor([0.5]), [1.0, 0.0]), "shape"),
    "classes": (lambda: losses.cross_entropy(ones(2, 3), [0]), r"cross_entropy"),
    "penalty of a number": (lambda: losses.gradient_penalty(len, 1.0, 1.0, 1.0), "batch"),
    "an index": (lambda: ones(2)[5], "5"),
    "too many indices": (lambda: ones(2)[0, 0], "too many"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_shape_that_cannot_be_is_refused_and_named(name):
    call, message = REFUSED[name]
    with pytest.raises((ValueError, IndexError, TypeError), match=message):
        call()
