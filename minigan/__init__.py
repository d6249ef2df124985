"""minigan: generative adversarial networks from scratch, to read and to step through.

In reading order: backend, tensor, op, autograd, ops, nn, losses, optim, gradcheck, trainers;
and beside them datasets, mixtures, metrics, diagnosis, plot, files, checkpoint and exchange.
"""

from minigan import backend
from minigan.backend import seed
from minigan.tensor import Tensor, rand, randn, tensor
from minigan.op import Op, detect_anomaly, no_grad
from minigan.autograd import grad
from minigan import ops, nn, losses, optim, trainers, datasets, mixtures, metrics, diagnosis, plot
from minigan.gradcheck import GradientError, gradcheck
from minigan.checkpoint import CheckpointError, load, save
from minigan.exchange import load_safetensors, save_safetensors

__version__ = "0.1.0"
