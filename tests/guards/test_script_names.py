"""The names that public GAN scripts use are accepted, or their error names a remedy that works.

The names are from 42 files: 23 of eriklindernoren/PyTorch-GAN, 9 of znxlwm's collection, and those
of caogang, martinarjovsky, devnag, EmilienDupont and lyeoni.
"""

import re

import numpy as np
import pytest

import minigan
from minigan import nn, optim
from minigan.nn import functional

# {the owner in PyTorch: the names that the scripts take from it}
NAMES = {
    "torch": """FloatTensor LongTensor Tensor abs autograd cat clamp cuda device empty exp
        from_numpy linspace load log long manual_seed matmul max mean mul nn no_grad norm ones optim
        pow rand randint randn save sigmoid sqrt sum tanh utils zeros einsum isnan bernoulli float
        randperm arange eye stack where ones_like zeros_like full randn_like""",
    "nn": """BCELoss BCEWithLogitsLoss BatchNorm1d BatchNorm2d Conv2d ConvTranspose2d
        CrossEntropyLoss
        Dropout Dropout2d Embedding InstanceNorm2d L1Loss LeakyReLU Linear MSELoss Module ModuleList
        Parameter ReLU ReflectionPad2d Sequential Sigmoid Softmax Tanh Upsample ZeroPad2d init
        parallel ELU PReLU MaxPool2d AvgPool2d AdaptiveAvgPool2d GroupNorm Flatten DataParallel
        utils functional""",
    "F": """softmax sigmoid relu leaky_relu tanh interpolate nll_loss l1_loss gelu mse_loss
        binary_cross_entropy binary_cross_entropy_with_logits cross_entropy dropout log_softmax
        avg_pool2d pad one_hot softplus""",
    "optim": "Adam RMSprop SGD lr_scheduler AdamW Adagrad",
    "autograd": "Variable grad Function",
    "init": """constant_ normal_ uniform_ xavier_normal_ xavier_uniform_ kaiming_normal_ zeros_
        ones_""",
    "tensor": """backward clamp_ cpu cuda data detach dim expand expand_as fill_ grad item mean mul
        norm normal_ numpy pow random_ repeat requires_grad requires_grad_ reshape resize_
        resize_as_ scatter_ shape sigmoid size squeeze std sum t tolist transpose type unsqueeze
        view zero_ astype copy ravel dot prod cumsum new_ones max min argmax float long clone chunk
        permute contiguous""",
    "module": """add_module apply cpu cuda eval float load_state_dict modules parameters state_dict
        train zero_grad children named_parameters to half register_buffer""",
    "optimizer": "step zero_grad param_groups state_dict load_state_dict",
}


@pytest.fixture(scope="module")
def owners():
    net = nn.Linear(2, 1)
    return {
        "torch": minigan,
        "nn": nn,
        "F": functional,
        "optim": optim,
        "autograd": minigan.autograd,
        "init": nn.init,
        "tensor": minigan.randn(2, 2),
        "module": net,
        "optimizer": optim.Adam(net.parameters()),
    }


@pytest.mark.parametrize(
    "owner, name", [(owner, name) for owner, names in NAMES.items() for name in names.split()]
)
def test_a_name_is_accepted_or_its_error_names_a_remedy(owners, owner, name):
    try:
        getattr(owners[owner], name)
    except AttributeError as error:
        assert re.search(rf"has no attribute '{name}': \w", str(error))


@pytest.mark.parametrize(
    "line",
    [
        "from minigan import Variable",
        "from minigan import einsum, isnan",
        "from minigan.nn import Softmax",
        "from minigan.nn import (Linear, ELU)",
        "from minigan.nn.functional import gelu",
        "from minigan.nn.init import xavier_normal_",
        "from minigan.optim import AdamW as Adam",
        "from minigan.autograd import Function",
        "from minigan.losses import mse",
    ],
)
def test_an_import_of_a_name_says_what_to_write(line):
    with pytest.raises(ImportError, match=r"has no attribute '\w+': \w"):
        exec(line)


def test_an_import_of_a_misspelt_name_has_pythons_error():
    with pytest.raises(ImportError, match="cannot import name 'Adamm'"):
        from minigan.optim import Adamm  # noqa: F401
    assert not hasattr(minigan, "Variable") and not hasattr(optim, "AdamW")


# The remedies of layers and losses that are one expression: PyTorch's numbers, written with NumPy.

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 4, 6, 4)).astype(np.float32) * 3
ROWS = RNG.standard_normal((3, 5)).astype(np.float32)
P = np.exp(ROWS) / np.exp(ROWS).sum(axis=1, keepdims=True)
Q = P[::-1].copy()
LABELS = np.array([1, 0, 4])
POOLED = X.reshape(2, 4, 3, 2, 2, 2)
D = X[0, 0] - X[0, 1]


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def padded(x, mode, top=1, bottom=1, **settings):
    return np.pad(x, [(0, 0), (0, 0), (top, bottom), (0, 0)], mode, **settings)


def shuffled(x, r=2):
    n, c, h, w = x.shape
    y = np.zeros((n, c // r**2, h * r, w * r), x.dtype)
    for i in range(r):
        for j in range(r):
            y[:, :, i::r, j::r] = x[:, i * r + j :: r**2]
    return y


def smooth(d):
    return np.where(abs(d) < 1, d * d / 2, abs(d) - 0.5).mean()


def rows_softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


EXPECTED = {
    "Softmax": rows_softmax(X),
    "LogSoftmax": np.log(rows_softmax(X)),
    "ELU": elu(X),
    "SELU": 1.0507 * np.where(X > 0, X, 1.67326 * elu(X)),
    "SiLU": X / (1 + np.exp(-X)),
    "Mish": X * np.tanh(np.log1p(np.exp(X))),
    "ReLU6": X.clip(0, 6),
    "Hardtanh": X.clip(-1, 1),
    "LogSigmoid": -np.log1p(np.exp(-X)),
    "Softsign": X / (1 + abs(X)),
    "MaxPool2d": POOLED.max(axis=(3, 5)),
    "AvgPool2d": POOLED.mean(axis=(3, 5)),
    "AdaptiveAvgPool2d": X.mean(axis=(2, 3), keepdims=True),
    "AdaptiveMaxPool2d": X.max(axis=(2, 3), keepdims=True),
    "ReflectionPad2d": padded(X, "reflect"),
    "ReplicationPad2d": padded(X, "edge"),
    "ZeroPad2d": padded(X, "constant", bottom=0),
    "ConstantPad2d": padded(X, "constant", bottom=0, constant_values=0.5),
    "PixelShuffle": shuffled(X),
    "NLLLoss": -np.log(P)[np.arange(3), LABELS].mean(),
    "KLDivLoss": (P * np.log(P / Q)).sum(axis=1).mean(),
    "SmoothL1Loss": smooth(D),
    "HuberLoss": smooth(D),
    "CosineSimilarity": (P * Q).sum(1) / np.sqrt((P * P).sum(1) * (Q * Q).sum(1)),
    "PairwiseDistance": np.sqrt(((P - Q) ** 2).sum(axis=1)),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_remedy_for_a_layer_gives_its_numbers(name):
    with pytest.raises(AttributeError) as error:
        getattr(nn, name)
    text = str(error.value).split(": ", 1)[1]
    code = re.match(r"write (.*?)( in forward.*| for .*|, with .*|;.*)?$", text)[1]
    tensor = minigan.tensor
    names = {"minigan": minigan, "ops": minigan.ops, "F": functional, "np": np, "value": 0.5}
    names |= {"x": tensor(X), "log_p": tensor(np.log(P)), "labels": LABELS, "d": tensor(D)}
    names |= {"p": tensor(P), "log_q": tensor(np.log(Q)), "a": tensor(P), "b": tensor(Q)}
    n, c, h, w = X.shape
    names |= {"n": n, "c": c, "h": h, "w": w, "r": 2}
    if name == "NLLLoss":
        names["n"] = 3
    if name == "PixelShuffle":
        names["c"] = c // 4
    found = eval(code, names)
    np.testing.assert_allclose(found.data, EXPECTED[name], rtol=1e-4, atol=1e-5)


def test_the_remedy_for_an_embedding_learns_its_rows():
    class Label(nn.Module):
        def __init__(self, classes, n):
            self.table = nn.Parameter(minigan.randn(classes, n))

        def forward(self, labels):
            return self.table[labels]

    embedding = Label(10, 3)
    embedding(np.array([7, 7, 2])).sum().backward()
    np.testing.assert_array_equal(embedding.table.grad.data[[2, 7, 0]], [[1] * 3, [2] * 3, [0] * 3])
    with pytest.raises(AttributeError, match=r"nn\.Parameter\(minigan\.randn\(classes, n\)\)"):
        _ = nn.Embedding


def test_the_remedy_for_gelu_differs_as_it_says():
    from math import erf

    x = np.linspace(-6, 6, 1001)
    gelu = x * 0.5 * (1 + np.array([erf(v / 2**0.5) for v in x]))
    y = x / (1 + np.exp(-1.702 * x))
    assert 0.019 < abs(y - gelu).max() < 0.021
