"""The works in minigan with the extra `fast`: Numba compiles the updates of large parameters."""

import os

import works_minigan
from works_minigan import *  # noqa: F403
from works_minigan import minigan, optim


def version():
    import numba

    return f"{minigan.__version__} with Numba {numba.__version__}"


def load():
    os.environ["MINIGAN_COMPILED"] = "1"
    if optim.updates_with() != "numba":
        raise ImportError("Numba is not installed")
    works_minigan.load()
