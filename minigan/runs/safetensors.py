"""Exchange the weights of a network with other libraries, in `.safetensors` files.

This needs the package safetensors: pip install -e ".[safetensors]"

docs/from_pytorch.md shows both directions. `checkpoints` saves a whole training run.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

from pathlib import Path

import numpy as np

from minigan.runs.checkpoints import CheckpointError, host_array
from minigan.runs.files import atomic_write

__all__ = ["load_safetensors", "save_safetensors"]


def save_safetensors(state_dict, path):
    """Write a network's `state_dict()` for PyTorch and others, completely or not at all.

    state_dict: {name: Tensor, or array of NumPy or CuPy}, not nested. Names, shapes and dtypes are
    kept. In PyTorch, a module of the same structure loads the file with
    `module.load_state_dict(safetensors.torch.load_file(path))`. docs/from_pytorch.md shows what to
    write for `UpsampleConv2d`, which PyTorch does not have.

    Raises TypeError for anything else, naming it. Raises OSError, naming `path`, if the file cannot
    be written. Raises ImportError without the package safetensors, which the extra
    `.[safetensors]` installs. Unlike the format of `save`, this format has no checksum.

    >>> import os, tempfile
    >>> from minigan import nn
    >>> path, a, b = os.path.join(tempfile.mkdtemp(), "a"), nn.Linear(2, 3), nn.Linear(2, 3)
    >>> save_safetensors(a.state_dict(), path)
    >>> b.load_state_dict(load_safetensors(path))
    >>> bool((a.weight.data == b.weight.data).all())
    True
    """
    safetensors = _safetensors()
    if not isinstance(state_dict, dict):
        raise TypeError(
            "save_safetensors(state_dict, path) takes a module's state_dict(), not "
            f"{type(state_dict).__name__}"
        )
    arrays = {}
    for name, value in state_dict.items():
        if not isinstance(name, str) or name == "__metadata__":  # which is the format's own
            raise TypeError(f"a state dict has the key {name!r}, which safetensors cannot hold")
        if not hasattr(value, "shape"):
            raise TypeError(
                f"{name!r} is of type {type(value).__name__}, and safetensors holds only arrays: "
                "give it the state_dict() of one module"
            )
        array = host_array(value, name)
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"{name!r} is of dtype {array.dtype}, which safetensors cannot hold")
        # The package ignores strides, so the array must be contiguous.
        arrays[name] = np.array(array, dtype=array.dtype.newbyteorder("="), order="C")
    with atomic_write(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(arrays))


def load_safetensors(path):
    """Read {name: NumPy array} from a `.safetensors` file, for `module.load_state_dict`.

    PyTorch writes one with `safetensors.torch.save_file(module.state_dict(), path)`.

    Raises FileNotFoundError if there is no such file. Raises CheckpointError, naming the file, if
    it is cut short, has another format, or holds a type that NumPy does not have, such as bfloat16.
    Raises ImportError without the package safetensors, which the extra `.[safetensors]` installs.
    `save_safetensors` has an example.

    The format has no checksum, so a changed number is not noticed. Reading takes memory for twice
    the size of the file, whatever its header claims.
    """
    safetensors = _safetensors()
    data = Path(path).read_bytes()
    try:
        return {name: np.array(array) for name, array in safetensors.numpy.load(data).items()}
    except KeyError as error:
        raise CheckpointError(
            f"{path} holds numbers of the type {error}, which NumPy does not have; convert them to "
            "float32 where the file comes from"
        ) from error
    except Exception as error:  # the package's own error, and those of NumPy
        raise CheckpointError(
            f"{path} is not a safetensors file, or is cut short or damaged ({error!s:.200})"
        ) from error


def _safetensors():
    """Import the package; ImportError with the command that installs it."""
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            f"{error}; install the package: pip install -e '.[safetensors]' in the folder of "
            "minigan, or pip install safetensors"
        ) from error
    return safetensors
