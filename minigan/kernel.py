"""Kernels: formulas that CuPy compiles, so that a GPU computes all their lines in one launch.

On the CPU, NumPy runs such lines one after the other, where a debugger can stop. A launch starts a
computation on the GPU. Each line would need one or two launches. For small arrays, the launches
take most of the time. The text of a kernel is the same lines, for one element. It may write `sqrt`
and the operators of arithmetic.
"""

from functools import cache


@cache
def compiled(cupy, text, inputs, outputs):
    """Return the kernel of a text as a function of the inputs, then the outputs, by position.

    inputs: names of arrays that are read and of numbers; outputs: names of arrays that are changed
    in place, or given first values. An element and all numbers have the dtype of the arrays.
    """
    return cupy.ElementwiseKernel(declared(inputs), declared(outputs), text, "minigan_kernel")


def declared(names):
    """Return the names as parameters of one common type T: "a b" -> "T a, T b"."""
    return ", ".join(f"T {name}" for name in names.split())
