"""Layers. Names, arguments, defaults and state-dict keys are PyTorch's."""

from typing import TYPE_CHECKING

from minigan.nn import init
import importlib

from minigan.guards import pytorch
from minigan.nn.activation import Identity, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from minigan.nn.conv import Conv2d, ConvTranspose2d, Upsample, UpsampleConv2d
from minigan.nn.dropout import Dropout, Dropout2d
from minigan.nn.linear import Linear, Maxout
from minigan.nn.loss import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss
from minigan.nn.module import Module, ModuleList, Parameter, Sequential, frozen
from minigan.nn.norm import BatchNorm1d, BatchNorm2d, InstanceNorm2d, LayerNorm
from minigan.nn.shape import Flatten, Unflatten

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "Identity",
    "InstanceNorm2d",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "Maxout",
    "Module",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "Unflatten",
    "Upsample",
    "UpsampleConv2d",
    "frozen",
    "init",
]


if TYPE_CHECKING:  # an editor would accept any name if it saw __getattr__
    from minigan.nn import functional
else:

    def __getattr__(name):
        """Load nn.functional when it is asked for. Say what to write for other names."""
        if name == "functional":
            return importlib.import_module("minigan.nn.functional")
        raise pytorch.missing("minigan.nn", name, pytorch.NN)
