"""Kernels: which arrays they are for, and what a launch changes.

test_compiled_updates.py tests the updates of the optimizers that Numba compiles.
test_norm.py tests the kernel of BatchNorm, and tests/test_strict_cupy.py those of the optimizers.
Both run the text in Python and in C++, and compare the numbers with the lines for NumPy.
"""

import numpy as np
import pytest
import strict_cupy

from minigan import Tensor
from minigan.ops.compiled import compiled_by_cupy, declared, launch, on_gpu


def test_an_array_of_cupy_is_on_a_gpu(any_kernel):
    assert on_gpu(any_kernel.zeros(2))


def test_an_array_of_numpy_and_a_tensor_are_not_on_a_gpu(any_kernel):
    assert not on_gpu(np.zeros(2))
    assert not on_gpu(Tensor(any_kernel.zeros(2)))


def test_a_launch_changes_the_outputs_in_place_and_nothing_else(any_kernel):
    x, w, v, p = (any_kernel.asarray(np.float32(a)) for a in ([1, 2], [[3], [4]], 0, 0))
    v, p = any_kernel.zeros((2, 2), np.float32) + v, any_kernel.zeros((2, 2), np.float32) + p
    launch("v = c * x * w; p = sqrt(v) - p;", "v p", v=v, p=p, x=x, w=w, c=3)
    np.testing.assert_array_equal(v.get(), np.float32([[9, 18], [12, 24]]))
    np.testing.assert_allclose(p.get(), np.sqrt([[9, 18], [12, 24]]), rtol=1e-6)
    assert v.dtype == p.dtype == np.float32
    assert (x.get().tolist(), w.get().tolist()) == ([1, 2], [[3], [4]])


def test_all_lines_of_a_kernel_are_one_launch(stand_in):
    x, y, z = (stand_in.asarray(np.ones(3)) for _ in range(3))
    before = strict_cupy.COUNTS["launches"]
    launch("y = x + 1; z = x * y;", "y z", x=x, y=y, z=z)
    assert strict_cupy.COUNTS["launches"] == before + 1


def test_a_text_is_compiled_once(stand_in):
    first = compiled_by_cupy(stand_in, "y = x;", "x", "y")
    assert compiled_by_cupy(stand_in, "y = x;", "x", "y") is first
    assert compiled_by_cupy(stand_in, "y = x + x;", "x", "y") is not first


@pytest.mark.parametrize("names, parameters", [("", ""), ("a", "T a"), ("a b", "T a, T b")])
def test_the_parameters_of_a_kernel_have_one_type(names, parameters):
    assert declared(names) == parameters
