"""Modules under their names of version 0.2, as in `from minigan.plot import save_images`."""

import importlib
import sys
from importlib.machinery import ModuleSpec

MOVED = {
    "minigan.checkpoint": "minigan.runs.checkpoints",
    "minigan.diagnosis": "minigan.metrics.diagnosis",
    "minigan.exchange": "minigan.runs.safetensors",
    "minigan.files": "minigan.runs.files",
    "minigan.mixtures": "minigan.datasets.mixtures",
    "minigan.plot": "minigan.runs.plots",
    "minigan.testing": "minigan.gradcheck.strategies",
}


class OldNames:
    """A finder and loader for `sys.meta_path`: the old name gives the module of the new name."""

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name in MOVED else None

    def create_module(self, spec):
        return None  # Python makes an empty module, which exec_module replaces

    def exec_module(self, module):
        sys.modules[module.__name__] = importlib.import_module(MOVED[module.__name__])


def install():
    """Let Python's import ask OldNames after its own finders."""
    if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
        sys.meta_path.append(OldNames())
