"""Load the networks of a training run from its checkpoint."""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import importlib.util
import inspect
import os
from pathlib import Path

import numpy as np

from minigan.runs.checkpoints import load


class OtherExampleError(ValueError):
    """The run belongs to an example that the caller cannot use, or does not name its example."""


class FinishedRun:
    """A run's checkpoint and the example that wrote it.

    folder: the folder that holds checkpoint.npz.
    examples: the folder of the examples. `import` must find its modules.
    names: the examples that the caller can use; None for all.
    name: the example, for an old run that does not name it.

    Attributes: folder, state (the checkpoint), module (the example's).
    Raises OSError if the checkpoint cannot be read. Raises OtherExampleError if the run belongs to
    another example, or to one without `build_generator`. Raises another ValueError if the
    checkpoint is damaged or incomplete, or if the example cannot be imported.
    """

    def __init__(self, folder, examples, names=None, name=None):
        self.folder = Path(os.path.expanduser(folder))
        checkpoint = self.folder / "checkpoint.npz"
        if not checkpoint.exists():
            raise FileNotFoundError(
                f"there is no run in {folder}: no {checkpoint.name}; name the --out of an example "
                "that saves checkpoints"
            )
        self.state = load(checkpoint)
        name = name or self.state.get("example")
        if not isinstance(name, (str, type(None))):
            raise ValueError(f"the checkpoint in {folder} names no example, but has {name!r}")
        if names and name not in names:
            these = ", ".join(names)
            raise OtherExampleError(f"{folder} is a run of {name}, not of one of {these}")
        files = {path.stem: path for path in Path(examples).glob("*.py")}
        if name not in files:  # also if the checkpoint names a path
            raise OtherExampleError(f"{folder} is a run of {name}, which is none of these examples")
        missing = {"generator", "flags", "steps"} - self.state.keys()
        if missing:
            raise ValueError(f"the checkpoint in {folder} lacks {', '.join(sorted(missing))}")
        kinds = {"generator": dict, "flags": dict, "steps": int, "average": dict}
        for key in kinds.keys() & self.state.keys():
            if type(self.state[key]) is not kinds[key]:
                raise ValueError(f"the checkpoint in {folder} has {key} of a wrong type")
        if "average" in self.state and "module" not in self.state["average"]:
            raise ValueError(f"the checkpoint in {folder} has an average without its weights")
        spec = importlib.util.find_spec(name)
        found = None if spec is None else spec.origin
        if os.path.realpath(str(found)) != os.path.realpath(files[name]):
            raise ValueError(
                f"{folder} is a run of {name}.py, and `import {name}` finds {found}, not "
                f"{files[name]}: put the folder of the examples first in sys.path"
            )
        try:
            self.module = importlib.import_module(name)
        except ImportError as error:
            raise ValueError(f"{folder} is a run of {name}.py, which fails: {error}") from error
        if not hasattr(self.module, "build_generator"):
            raise OtherExampleError(f"{folder} is a run of {name}.py, which has no build_generator")

    def network(self, player, weights=None):
        """Build the run's "generator", "discriminator" or "critic", in eval mode.

        weights: a state dict in place of the last weights. Raises ValueError if the weights or the
        flags do not fit.
        """
        name = self.module.__name__
        build = getattr(self.module, f"build_{player}")
        try:
            flags = self.state["flags"]
            parameters = inspect.signature(build).parameters
            missing = [k for k, v in parameters.items() if v.default is v.empty and k not in flags]
            if missing:
                raise ValueError(f"no flag {', '.join(missing)}")
            if weights is None and player not in self.state:
                raise ValueError(f"no {player}")
            network = build(**{k: flags[k] for k in parameters if k in flags})
            weights = self.state[player] if weights is None else weights
            network.load_state_dict({k: as_float32(v) for k, v in weights.items()})
        except Exception as error:  # wrong content can raise anything
            raise ValueError(f"{self.folder} does not fit {name}.py: {error}") from error
        return network.eval()


def best_weights(state):
    """Return the running mean of G's weights if the run has one (--average), else the last ones."""
    return state["average"]["module"] if "average" in state else state["generator"]


def as_float32(array):
    """Convert to float32. The committed checkpoint is in float16, so that it is small."""
    return array.astype(np.float32) if array.dtype == np.float16 else array
