"""Layers. Names, arguments, defaults and state-dict keys are PyTorch's."""

from minigan.nn import init
from minigan.nn.activation import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from minigan.nn.conv import Conv2d, ConvTranspose2d, Upsample, UpsampleConv2d
from minigan.nn.dropout import Dropout, Dropout2d
from minigan.nn.linear import Linear, Maxout
from minigan.nn.module import Module, Parameter, Sequential, frozen
from minigan.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm
from minigan.nn.shape import Flatten, Unflatten

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "Maxout",
    "Module",
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
