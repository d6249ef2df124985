"""Kernels: formulas that CuPy compiles, so that a GPU computes all their lines in one launch.

On the CPU, NumPy runs such lines one after the other, where a debugger can stop. A launch starts a
computation on the GPU. Each line would need one or two launches. For small arrays, the launches
take most of the time. The text of a kernel is the same lines, for one element. It may write `sqrt`
and the operators of arithmetic.

Tests: tests/ops/test_compiled.py.
"""

from functools import cache

import numpy as np

from minigan import backend


def on_gpu(x):
    """Whether x is an array on a GPU. A Tensor is no array."""
    return backend.get_array_module(x) is not np


def launch(text, outputs, **values):
    """Run a kernel once. It changes the arrays that `outputs` names, in place.

    text: assignments to the outputs; values: all arrays and numbers that the text names. The arrays
    are on the GPU, have one dtype, and broadcast to the shape of the outputs.
    """
    changed = {name: values.pop(name) for name in outputs.split()}
    cupy = backend.get_array_module(*changed.values())
    kernel = compiled(cupy, text, " ".join(values), outputs)
    kernel(*values.values(), *changed.values())


@cache
def compiled(cupy, text, inputs, outputs):
    """Return the kernel of a text as a function of the inputs, then the outputs, by position.

    An element of an array and all numbers have the dtype of the arrays.
    """
    return cupy.ElementwiseKernel(declared(inputs), declared(outputs), text, "minigan_kernel")


def declared(names):
    """Return the names as parameters of one common type T: "a b" -> "T a, T b"."""
    return ", ".join(f"T {name}" for name in names.split())
