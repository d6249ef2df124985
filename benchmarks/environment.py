"""Let NumPy choose its own kernel. Import this before NumPy.

OpenBLAS, which does NumPy's matrix products, has a kernel for each family of processors and chooses
one when it is loaded. OPENBLAS_CORETYPE overrides that choice, and OPENBLAS_L2_SIZE changes the
sizes of its blocks. Some machines set them for another program. Importing this module unsets both,
here and in every process that is started from here.
"""

import os

VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")

for variable in VARIABLES:
    os.environ.pop(variable, None)


def blas():
    """NumPy's BLAS and the kernel that it uses, as in "openblas 0.3.31, kernel SkylakeX"."""
    import numpy  # noqa: F401  # loads the BLAS

    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "kernel unknown: threadpoolctl is not installed"
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return "; ".join(
        f"{library['internal_api']} {library['version']}, kernel {library['architecture']}"
        for library in found
    )
