"""minigan: generative adversarial networks from scratch, to read and to step through.

In reading order: backend, tensor, op, autograd, ops, nn, losses, optim, gradcheck, trainers,
datasets, mixtures, metrics, diagnosis, plot, files, checkpoint, exchange.
"""

import importlib
from typing import TYPE_CHECKING

from minigan import backend, porting
from minigan.backend import seed
from minigan.tensor import Tensor, rand, randn, tensor
from minigan.switches import detect_anomaly, no_grad
from minigan.op import Op
from minigan.autograd import grad
from minigan import ops, nn, losses, optim, trainers
from minigan.gradcheck import GradientError, gradcheck

__version__ = "0.2.0"

# These modules are loaded when a program first uses them. They import much of the standard
# library, which would make `import minigan` a third slower than `import numpy`.
_LATER = {name: name for name in ("datasets", "mixtures", "metrics", "diagnosis", "plot")}
_LATER |= {name: name for name in ("files", "checkpoint", "exchange")}
_LATER |= dict.fromkeys(("CheckpointError", "load", "save"), "checkpoint")
_LATER |= dict.fromkeys(("load_safetensors", "save_safetensors"), "exchange")

if TYPE_CHECKING:  # for editors, which do not run __getattr__
    from minigan import checkpoint, datasets, diagnosis, exchange, files, metrics, mixtures, plot
    from minigan.checkpoint import CheckpointError, load, save
    from minigan.exchange import load_safetensors, save_safetensors


def __getattr__(name):
    if name not in _LATER:
        return porting.package_attribute(name)
    module = importlib.import_module(f"minigan.{_LATER[name]}")
    return module if name == _LATER[name] else getattr(module, name)


def __dir__():
    return sorted({*globals(), *_LATER})
