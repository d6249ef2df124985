"""Write cupy_names.txt: the public names of CuPy, of its arrays and of its ufuncs.

It needs CuPy 14, but no GPU:

    pip install cupy-cuda12x && python tests/write_cupy_names.py
"""

from pathlib import Path

NAMES = Path(__file__).with_name("cupy_names.txt")


def public_names(cupy):
    """All names as they are used: zeros, ndarray.sum, ufunc.at."""
    names = [name for name in dir(cupy) if not name.startswith("_")]
    for kind in ("ndarray", "ufunc"):
        names += [f"{kind}.{name}" for name in dir(getattr(cupy, kind)) if not name.startswith("_")]
    return sorted(names)


def main():
    import cupy

    header = f"# The public names of CuPy {cupy.__version__}, written by write_cupy_names.py"
    NAMES.write_text("\n".join([header, *public_names(cupy)]) + "\n")


if __name__ == "__main__":
    main()
