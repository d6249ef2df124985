"""Run a kernel's text as C++, on the CPU, as CuPy runs it on a GPU.

The stand-in for CuPy runs the text as Python. Python also takes text that is wrong in C++, such as
`g**2` or a line without a semicolon. `1 / 2` is 0.5 in Python and 0 in C++.
"""

import ctypes
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from strict_cupy import names, ndarray

COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
NUMBERS = {"float32": (ctypes.c_float, "float"), "float64": (ctypes.c_double, "double")}
SOURCE = """
#include <cmath>
using std::sqrt;
typedef %(type)s T;

extern "C" void run(long size, %(parameters)s) {
    for (long i = 0; i < size; i++) {
        %(elements)s
        %(text)s
    }
}
"""


class KernelInC:
    """Has the interface of the stand-in's ElementwiseKernel."""

    def __init__(self, in_params, out_params, operation, name):
        self.inputs, self.outputs, self.text = names(in_params), names(out_params), operation

    def __call__(self, *args):
        arrays = [a._host if isinstance(a, ndarray) else None for a in args]
        shape = np.broadcast_shapes(*(a.shape for a in arrays if a is not None))
        assert all(a.shape == shape for a in arrays[len(self.inputs) :])
        (dtype,) = {str(a.dtype) for a in arrays if a is not None}
        number, kind = NUMBERS[dtype]
        parameters, elements, values, copies = [], [], [], []
        for name, value, a in zip(self.inputs + self.outputs, args, arrays, strict=True):
            const = "const " * (name in self.inputs)
            if a is None:
                parameters.append(f"const T {name}")
                values.append(number(value))
            else:
                parameters.append(f"{const}T *all_{name}")
                elements.append(f"{const}T &{name} = all_{name}[i];")
                copies.append(np.array(np.broadcast_to(a, shape), order="C"))
                values.append(copies[-1].ctypes.data_as(ctypes.c_void_p))
        source = SOURCE % {
            "type": kind,
            "parameters": ", ".join(parameters),
            "elements": "\n        ".join(elements),
            "text": self.text,
        }
        compiled(source)(ctypes.c_long(int(np.prod(shape))), *values)
        for a, copy in zip(arrays[len(self.inputs) :], copies[-len(self.outputs) :], strict=True):
            a[...] = copy


@cache
def compiled(source):
    """Compile the source, and return its function `run`."""
    with TemporaryDirectory() as folder:
        path, library = Path(folder, "kernel.cpp"), Path(folder, "kernel.so")
        path.write_text(source)
        command = [COMPILER, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", path, "-o", library]
        subprocess.run(command, check=True)
        return ctypes.CDLL(str(library)).run
