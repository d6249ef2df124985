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
        source = source_in_c(kind, parameters, elements, self.text)
        compiled(source)(ctypes.c_long(int(np.prod(shape))), *values)
        for a, copy in zip(arrays[len(self.inputs) :], copies[-len(self.outputs) :], strict=True):
            a[...] = copy


def source_in_c(kind, parameters, elements, text):
    return SOURCE % {
        "type": kind,
        "parameters": ", ".join(parameters),
        "elements": "\n        ".join(elements),
        "text": text,
    }


def loop_in_c(text, outputs, gradient, numbers, dtype):
    """The text as a function like the one that Numba compiles; see minigan/ops/compiled.py."""
    number, kind = NUMBERS[dtype]
    parameters = [f"T *all_{name}" for name in outputs] + [f"const T *all_{gradient}"]
    elements = [f"T &{name} = all_{name}[i];" for name in outputs]
    elements += [f"const T &{gradient} = all_{gradient}[i];"]
    parameters += [f"const T {name}" for name in numbers]
    run = compiled(source_in_c(kind, parameters, elements, text))

    def loop(*args):
        arrays = args[: len(outputs) + 1]
        assert all(a.dtype == dtype and a.flags.c_contiguous for a in arrays)
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in arrays]
        run(ctypes.c_long(arrays[0].size), *pointers, *map(number, args[len(arrays) :]))

    return loop


@cache
def compiled(source):
    """Compile the source, and return its function `run`."""
    with TemporaryDirectory() as folder:
        path, library = Path(folder, "kernel.cpp"), Path(folder, "kernel.so")
        path.write_text(source)
        # -ffp-contract=off: some compilers would make one operation of a product and a sum.
        flags = ["-O1", "-ffp-contract=off", "-Wall", "-Werror", "-shared", "-fPIC"]
        subprocess.run([COMPILER, *flags, path, "-o", library], check=True)
        return ctypes.CDLL(str(library)).run
