"""minigan: generative adversarial networks from scratch, to read and to step through.

The reading path: backend, tensor, op, autograd, ops, nn, losses, optim, trainers.
Beside it: gradcheck (numerical checks), datasets, metrics, runs (files and pictures of a run),
guards (errors), switches (no_grad), debug (a debugger), lab (a web page), exercises (write it
yourself).
"""

import importlib
from typing import TYPE_CHECKING

from numpy import float32, float64

from minigan import backend
from minigan.backend import seed, seed as manual_seed
from minigan.tensor import Tensor, rand, randn, tensor
from minigan.tensor import from_numpy, full, full_like, ones, ones_like, rand_like, randn_like
from minigan.tensor import zeros, zeros_like
from minigan.switches import detect_anomaly, no_grad
from minigan.op import Op
from minigan.autograd import grad
from minigan import autograd, ops, nn, losses, optim, trainers
from minigan.ops import cat, concatenate, leaky_relu, log_softmax, maximum, minimum, softplus
from minigan.ops import stack, where
from minigan.gradcheck import GradientError, gradcheck
from minigan.guards import moved, pytorch, tracebacks

__version__ = "0.2.0"

# These are loaded when a program first uses them. They import much of the standard library, which
# would make `import minigan` a third slower than `import numpy`. {name: its module}
_LATER = {name: f"minigan.{name}" for name in ("datasets", "metrics", "runs")}
_LATER |= {old.removeprefix("minigan."): new for old, new in moved.MOVED.items()}
del _LATER["testing"]  # it needs Hypothesis
_LATER |= dict.fromkeys(("CheckpointError", "load", "save"), "minigan.runs.checkpoints")
_LATER |= dict.fromkeys(("load_safetensors", "save_safetensors"), "minigan.runs.safetensors")
moved.install()
tracebacks.hide_frames()

if TYPE_CHECKING:  # an editor does not run __getattr__
    from minigan import datasets, metrics, runs
    from minigan.runs.checkpoints import CheckpointError, load, save
    from minigan.runs.safetensors import load_safetensors, save_safetensors
else:  # or an editor would accept any name

    def __getattr__(name):
        if name not in _LATER:
            raise pytorch.missing_in_package(name, Tensor)
        module = importlib.import_module(_LATER[name])
        return vars(module).get(name, module)


def __dir__():
    return sorted({*globals(), *_LATER})
