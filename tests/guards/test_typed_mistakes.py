"""A table of mistakes that people type, and the words that the error must contain.

The test runs each line of the table as it is. The error names what was given, or what to write.
"""

import numpy as np
import pytest

import minigan
from minigan import Tensor, grad, nn, optim, randn, trainers


class Generator(nn.Module):
    """A user's own network."""

    def __init__(self):
        self.layer = nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x)


class WithoutInit(nn.Module):
    """A network whose forward uses a layer that was never made."""

    def forward(self, x):
        return self.layer(x)


class WithoutForward(nn.Module):
    """A network that cannot be called."""


def linear():
    return nn.Linear(2, 1)


def critic():
    return nn.Linear(1, 1)


def discriminator():
    return nn.Sequential(critic(), nn.Sigmoid())


def sgd(network):
    return optim.SGD(network.parameters(), lr=0.1)


def gan(**settings):
    G, D = linear(), discriminator()
    return trainers.GAN(G, D, sgd(G), sgd(D), **settings)


def first_step(minibatches):
    return next(gan().train(minibatches, lambda m: randn(m, 2)))


def cubed():
    """x, and the gradient of x³ without create_graph."""
    x = Tensor(3.0, requires_grad=True)
    return x, grad(x * x * x, x)[0]


def second_derivative():
    x, g = cubed()
    return grad(g, x)


def backward_of_a_gradient():
    cubed()[1].backward()


def gradient_penalty_by_hand():
    x, g = cubed()
    w = Tensor(1.0, requires_grad=True)
    return grad(w * (g - 1) ** 2, x)


def freeze(network):
    with nn.frozen(network):
        pass


def new_data(x):
    x.data = x * 2


ONES = np.ones((4, 1), np.float32)
IMAGES = np.ones((4, 28, 28))

# Each line is what a user types. Below it are the words of the error, separated by "|".
TABLE = """
optim.Adam(linear())
    TypeError | parameters() | Linear
optim.Adam(linear().parameters)
    TypeError | parameters() | method
optim.Adam(discriminator())
    TypeError | parameters() | Sequential
optim.Adam(Generator)
    TypeError | parameters() | an instance of the class
optim.Adam(linear().weight)
    TypeError | module.parameters() | Parameter
optim.Adam({p for p in linear().parameters()})
    TypeError | set | no order
optim.Adam(linear().state_dict())
    ValueError | module.parameters()
optim.Adam(linear().named_parameters())
    ValueError | module.parameters()
optim.Adam([linear().parameters()])
    ValueError | module.parameters()
optim.Adam([{"params": p}])
    ValueError | one optimizer for each
optim.Adam([])
    ValueError | no parameters to learn
optim.Adam([*p, *p])
    ValueError | twice
optim.Adam(p, lr="1e-3")
    TypeError | Adam: lr must be a number | str
optim.Adam(p, lr=None)
    TypeError | Adam: lr must be a number | NoneType
optim.Adam(p, lr=[1e-3])
    TypeError | Adam: lr must be a number | list
optim.Adam(p, lr=-1)
    ValueError | Adam: lr | -1
optim.Adam(p, betas=(0.5, 0.9, 0.99))
    ValueError | Adam: betas must be two numbers | 0.99
optim.Adam(p, betas=0.5)
    ValueError | Adam: betas must be two numbers | 0.5
optim.Adam(p, betas="0.5")
    ValueError | Adam: betas must be two numbers | '0.5'
optim.Adam(p, betas=("0.5", 0.9))
    TypeError | Adam: beta1 must be a number | str
optim.Adam(p, eps=-1)
    ValueError | Adam: eps | -1
optim.Adam(p, weight_decay=-1)
    ValueError | Adam: weight_decay | -1
optim.Adam(p, learning_rate=0.1)
    TypeError | learning_rate
optim.SGD(p)
    TypeError | lr
optim.SGD(p, lr=0.1, momentum=9)
    ValueError | SGD: momentum must be in [0, 1) | 9
optim.SGD(p, lr=0.1, momentum="0.9")
    TypeError | SGD: momentum must be a number | str
optim.RMSprop(p, alpha=9)
    ValueError | RMSprop: alpha must be in [0, 1) | 9
optim.Adma(p)
    AttributeError | Adma
optim.Adam(p).learning_rate
    AttributeError | Adam | learning_rate
optim.AveragedModel(Generator)
    TypeError | Generator(...)
optim.AveragedModel(linear().parameters())
    TypeError | not a Module
optim.AveragedModel(linear(), 999)
    ValueError | decay must be in [0, 1) | 999
optim.AveragedModel(linear()).update_parameters(Generator)
    TypeError | Generator(...)

gan(k=1.5)
    TypeError | k, the discriminator steps | 1.5 | integer
gan(k="1")
    TypeError | k, the discriminator steps | '1' | integer
gan(k=0)
    ValueError | k, the discriminator steps | 0 | 1 or more
gan(real_label=2.0).discriminator_step(ONES, randn(4, 2))
    ValueError | real_label must be from 0 to 1 | 2.0
trainers.GAN(Generator, discriminator(), optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    TypeError | the generator | Generator(...)
trainers.GAN(linear(), discriminator(), optim.SGD, optim.SGD)
    TypeError | the generator's optimizer | SGD
trainers.GAN(linear(), discriminator(), 0.1, 0.1)
    TypeError | the generator's optimizer | 0.1 | both networks, then both optimizers
trainers.GAN(linear(), discriminator(), optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    ValueError | the generator's optimizer | both networks, then both optimizers
trainers.WGAN(linear(), Generator, optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    TypeError | the critic | Generator(...)
trainers.WGAN(linear(), critic, optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    TypeError | the critic is not a Module
trainers.WGAN(linear(), discriminator(), optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    ValueError | ends in a Sigmoid
trainers.WGANGP(linear(), Generator, optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    TypeError | the critic | Generator(...)
trainers.WGANGP(linear(), nn.BatchNorm1d(1), optim.SGD(p, 0.1), optim.SGD(p, 0.1))
    ValueError | LayerNorm
gan(generator_loss="minimax")
    TypeError | generator_loss | losses.minimax_generator_loss | str
next(gan().train([ONES], randn(4, 2)))
    TypeError | noise | a function | Tensor
next(gan().train([ONES], 2))
    TypeError | noise | a function | int
first_step(ONES)
    ValueError | expected a minibatch of shape (m, 1) | datasets.minibatches
first_step([np.ones((4, 1))])
    TypeError | float64 | float32 | .astype
first_step([np.ones((4, 1), np.uint8)])
    TypeError | uint8 | datasets.to_float
first_step([ONES[:, 0]])
    ValueError | (m, 1) | (4,)
gan().discriminator_step(None, randn(4, 2))
    TypeError | None
gan().discriminator_step(ONES, randn(4, 3))
    ValueError | (..., 2) | (4, 3)
gan().discriminator_step(ONES)
    TypeError | z
freeze(Generator)
    TypeError | Generator(...)

nn.BatchNorm1d(64, momentum=80)
    ValueError | BatchNorm1d: momentum must be from 0 to 1 | 80
nn.BatchNorm1d(64, 0.8)
    TypeError | BatchNorm1d(64, eps=0.8) | momentum=
nn.BatchNorm2d(64, 0.8)
    TypeError | BatchNorm2d(64, eps=0.8) | momentum=
nn.BatchNorm1d(64, eps=0)
    ValueError | eps must be > 0
nn.BatchNorm1d("64")
    TypeError | num_features must be an integer | '64'
nn.BatchNorm1d((64,))
    TypeError | num_features must be an integer | (64,)
nn.BatchNorm1d(2)(randn(4, 3))
    ValueError | (N, 2, ...) | (4, 3)
nn.BatchNorm2d(2)(randn(4, 2))
    ValueError | (N, 2, H, W) | (4, 2)
nn.BatchNorm1d(2)(randn(1, 2))
    ValueError | larger batch or eval()
nn.LayerNorm(())
    ValueError | empty
nn.LayerNorm("16")
    TypeError | normalized_shape | '16'
nn.LayerNorm(16.0)
    TypeError | normalized_shape | 16.0
nn.LayerNorm(3)(x)
    ValueError | (3,) | (4, 2)
nn.Linear(2)
    TypeError | out_features
nn.Linear(2.0, 3)
    TypeError | in_features must be an integer | 2.0
nn.Linear("2", 3)
    TypeError | in_features must be an integer | '2'
nn.Linear(0, 3)
    ValueError | in_features must be at least 1
nn.Linear(True, 3)
    TypeError | in_features must be an integer | True
nn.Linear((2, 3), 3)
    TypeError | in_features must be an integer | (2, 3)
nn.Linear(2, 3)(randn(4, 3))
    ValueError | (..., 2) | (4, 3)
nn.Linear(2, 3)(3.0)
    ValueError | (..., 2) | ()
nn.Linear(2, 3)([1.0, 2.0, 3.0])
    ValueError | (..., 2) | (3,)
nn.Linear(2, 3)([[1.0, 2.0], [3.0]])
    TypeError | list makes no array of numbers
nn.Linear(2, 3)([randn(2), randn(2)])
    TypeError | ops.stack
nn.Linear(2, 3)("x")
    TypeError | 'x'
nn.Linear(2, 3)(None)
    TypeError | None
nn.Linear(2, 3)(nn.ReLU())
    TypeError | ReLU
nn.Linear(2, 3)({"x": 1})
    TypeError | dict
nn.Linear(2, 3)(np.ones((4, 2)))
    TypeError | float64 | float32 | .astype
nn.Linear(2, 3)(np.ones((4, 2), int))
    TypeError | int64 | floats are needed
nn.Linear(2, 3)()
    TypeError | x
nn.Conv2d(1, 4)
    TypeError | kernel_size
nn.Conv2d(1, 4, 3)(3)
    ValueError | (N, 1, H, W) | ()
nn.Conv2d(1, 4, 3)([1, 2])
    ValueError | (N, 1, H, W) | (2,)
nn.Conv2d(1, 4, 3)(randn(4, 784))
    ValueError | (N, 1, H, W) | (4, 784)
nn.Conv2d(1, 4, 3)(randn(4, 28, 28, 1))
    ValueError | (N, 1, H, W) | (4, 28, 28, 1)
nn.Conv2d(1, 4, 3, stride=0)
    ValueError | stride | at least 1 | 0
nn.Conv2d(1, 4, 3, stride=1.5)
    ValueError | stride | 1.5
nn.Conv2d(1, 4, 3, padding="valid")
    ValueError | padding | 'valid'
nn.Conv2d(1, 4, 3, padding=-1)
    ValueError | padding | at least 0 | -1
nn.Conv2d(1, 4, 30)(randn(1, 1, 28, 28))
    ValueError | (30, 30) does not fit | (28, 28)
nn.Conv2d(1, 4, 3, dilation=2)
    TypeError | dilation
nn.ConvTranspose2d(1, 4, 3, output_padding=1)
    ValueError | output_padding 1 | stride 1
nn.Upsample(2)
    TypeError | nn.Upsample(scale_factor=...)
nn.Upsample()
    ValueError | scale_factor
nn.Upsample(scale_factor=2.5)
    ValueError | scale_factor | 2.5
nn.Upsample(scale_factor=2)(randn(4, 784))
    ValueError | (N, C, H, W) | (4, 784)
nn.Unflatten(1, 784)
    TypeError | (1, 28, 28) | 784
nn.Unflatten(1, "784")
    TypeError | (1, 28, 28) | '784'
nn.Unflatten("1", (1, 28, 28))
    TypeError | dim must be an integer | '1'
nn.Unflatten((1, 28, 28))
    TypeError | unflattened_size
nn.Unflatten(1, (1, -1, 28))
    ValueError | size must be at least 1 | -1
nn.Unflatten(1, (1, 28, 28))(randn(4, 100))
    ValueError | (1, 28, 28) | (4, 100)
nn.Flatten(0)
    ValueError | x.flatten(0)
nn.Flatten()(3.0)
    ValueError | (N, C, ...) | ()
nn.Dropout(50)
    ValueError | p must be in [0, 1) | 50
nn.Dropout("0.5")
    TypeError | p must be a number | str
nn.Dropout(0.5, 0.5)
    TypeError | inplace must be True or False
nn.Dropout2d(0.5)(x)
    ValueError | (N, C, H, W) | (4, 2)
nn.LeakyReLU(-0.2)
    ValueError | slope | -0.2
nn.LeakyReLU("0.2")
    TypeError | slope | str
nn.ReLU(0.2)
    TypeError | inplace | float
nn.ReLU(x)
    TypeError | ReLU()(x)
nn.Tanh(x)
    TypeError | Tanh()(x)
nn.Sigmoid(x)
    TypeError | Sigmoid()(x)
nn.ReLU()("a")
    TypeError | 'a'
nn.Maxout(2, 3)
    TypeError | num_pieces
nn.Sequential(nn.Linear(2, 3), nn.ReLU)
    TypeError | layer 1 | ReLU(...)
nn.Sequential([nn.Linear(2, 3), nn.ReLU()])
    TypeError | Sequential(*layers)
nn.Sequential(nn.Linear(2, 3), ops.softplus)
    TypeError | layer 1 is not a Module | softplus
nn.ModuleList([nn.ReLU])
    TypeError | layer 0 | ReLU(...)
nn.ModuleList(nn.ReLU())
    TypeError | a list of Modules
nn.ModuleList([nn.ReLU()])(x)
    NotImplementedError | ModuleList has no forward
nn.Lienar(2, 3)
    AttributeError | Lienar
nn.functional.rleu(x)
    AttributeError | rleu
nn.init.uniform(p[0])
    AttributeError | uniform
setattr(linear(), "weight", np.ones((1, 2)))
    TypeError | weight.data | Parameter(...)
setattr(linear(), "layers", [nn.ReLU()])
    TypeError | Sequential(*layers) | ModuleList(layers)
linear().weigth
    AttributeError | Linear | weigth
linear().load_state_dict("net.npz")
    TypeError | needs a dict | minigan.load(path) | str
linear().load_state_dict(linear())
    TypeError | needs a dict | Linear
linear().load_state_dict(None)
    TypeError | needs a dict | NoneType
linear().load_state_dict({})
    KeyError | missing | weight
linear()(x, x)
    TypeError | positional
WithoutInit()(x)
    AttributeError | WithoutInit | layer
WithoutForward()(x)
    NotImplementedError | WithoutForward has no forward
WithoutForward(2, 3)
    TypeError | WithoutForward takes no arguments

losses.binary_cross_entropy(1.0, discriminator()(ONES))
    ValueError | the network's output is the first argument | labels are the second
losses.binary_cross_entropy(ONES, discriminator()(ONES))
    ValueError | the network's output is the first argument | labels are the second
losses.binary_cross_entropy_with_logits(ONES, critic()(ONES))
    ValueError | the network's output is the first argument | labels are the second
losses.binary_cross_entropy(tensor([5.0]), 1.0)
    ValueError | Sigmoid | binary_cross_entropy_with_logits
losses.binary_cross_entropy(x.sigmoid(), 2.0)
    ValueError | labels must be from 0 to 1
losses.binary_cross_entropy(x.sigmoid(), np.ones(4))
    ValueError | (4, 2) | (4,)
losses.binary_cross_entropy(x.sigmoid(), "real")
    TypeError | 'real'
losses.binary_cross_entropy(x.sigmoid(), None)
    TypeError | None
losses.binary_cross_entropy(x.sigmoid())
    TypeError | target
losses.binary_cross_entropy(x.sigmoid(), 1.0, reduction="avg")
    ValueError | "mean", "sum" or "none" | 'avg'
losses.binary_cross_entropy(discriminator(), 1.0)
    TypeError | Sequential
losses.cross_entropy(x, np.ones(4))
    TypeError | labels must be integers | float64
losses.cross_entropy(x, np.eye(4, 2))
    TypeError | labels must be integers | float64
losses.cross_entropy(x, [0, 1])
    ValueError | (4, 2) | (2,)
losses.cross_entropy(x, [0, 1, 2, 3])
    ValueError | labels from 0 to 3 | 2 classes
losses.cross_entropy(np.array([0, 1, 0, 1]), x)
    TypeError | labels must be integers | float32
losses.gradient_penalty(critic(), ONES, ONES, 0.5)
    ValueError | eps | 4 samples
losses.gradient_penalty(critic(), ONES, ONES[:3], np.ones(4))
    ValueError | (4, 1) | (3, 1)
losses.gradient_penalty(critic(), ONES, ONES, 2 * np.ones(4))
    ValueError | eps must be from 0 to 1
losses.bce(x, 1.0)
    AttributeError | losses.binary_cross_entropy

x.sum(dim=1)
    TypeError | axis
x.mean(dim=1)
    TypeError | axis
x.max(dim=1)
    TypeError | axis
x.min(dim=1)
    TypeError | axis
x.var(dim=1, correction=1)
    TypeError | axis
x.norm(dim=1)
    TypeError | axis
x.sum(1, keepdim=True)
    TypeError | keepdims
x.mean(1, keepdim=True)
    TypeError | keepdims
x.norm(axis=1, keepdim=True)
    TypeError | keepdims
ops.stack([x, x], dim=1)
    TypeError | axis
ops.concatenate([x, x], dim=1)
    TypeError | axis
ops.log_softmax(x, dim=1)
    TypeError | axis
x.sum(axes=1)
    TypeError | axes
x.norm(2)
    TypeError | norm(axis=...)
x.norm(p=2)
    TypeError | Euclidean
x.var()
    TypeError | correction
x.var(unbiased=False)
    TypeError | correction=0
x.sum(axis=5)
    ValueError | axis 5 | dimension 2
x.squeeze(0)
    ValueError | not equal to one
x.squeeze(5)
    ValueError | axis 5 | dimension 2
x.unsqueeze(9)
    ValueError | axis 9
x.reshape(3, 5)
    ValueError | (4, 2) | (3,5)
x.reshape(-2)
    ValueError | -2
x @ randn(3, 3)
    ValueError | (4, 2) | (3, 3)
x @ 2
    ValueError | a number has no matrix product
x + randn(3)
    ValueError | (4, 2) | (3,)
x + "a"
    TypeError | 'a'
x + None
    TypeError | None
x ** x
    TypeError | exponent
x // 2
    TypeError | use /
x.clip()
    ValueError | min, max or both
x.clip("a")
    TypeError | a bound of clip | str
x.nmupy()
    AttributeError | nmupy
x["a"]
    IndexError | integers
x[5]
    IndexError | 5
float(x)
    ValueError | one element | (4, 2)
bool(x)
    ValueError | one element | (4, 2)
new_data(tensor([1.0], requires_grad=True))
    TypeError | p.data -= lr * p.grad.data
Tensor("a")
    TypeError | 'a'
Tensor(None)
    TypeError | None
Tensor([x, x])
    TypeError | ops.stack
Tensor([[1, 2], [3]])
    TypeError | list makes no array of numbers
Tensor(1j)
    TypeError | complex
Tensor(np.array([1, 2]), requires_grad=True)
    TypeError | only floats have a gradient | int64
Tensor([1, 2], dtype="float32")
    TypeError | dtype
minigan.nothing
    AttributeError | minigan | nothing
minigan.tensr([1.0])
    AttributeError | tensr

x.backward()
    RuntimeError | requires_grad=True | no_grad()
tensor([1.0, 2.0], requires_grad=True).backward()
    RuntimeError | single number | (2,)
tensor(1.0, requires_grad=True).backward(np.ones(4))
    ValueError | (4,)
second_derivative()
    RuntimeError | create_graph
backward_of_a_gradient()
    RuntimeError | create_graph
gradient_penalty_by_hand()
    RuntimeError | create_graph
grad(x.sum(), x)
    RuntimeError | no graph
grad(cubed()[0] * 2, x)
    RuntimeError | requires_grad=False
grad(cubed()[0] * 2)
    TypeError | inputs
grad(cubed()[0] * 2, x, retain=True)
    TypeError | retain
np.asarray(tensor([1.0], requires_grad=True))
    TypeError | .numpy()
no_grad()(Generator)
    TypeError | Generator | with

plot.save_images(path, linear()(x))
    TypeError | NumPy array | Tensor | (x.numpy() + 1) / 2
plot.save_images(IMAGES, path)
    TypeError | images must be a NumPy array
plot.save_images(path, [IMAGES[0]])
    TypeError | images must be a NumPy array | list
plot.save_images(path, IMAGES.reshape(4, 784))
    ValueError | (N, H, W) | (4, 784)
plot.save_images(path, IMAGES[:, None])
    ValueError | transpose(0, 2, 3, 1)
plot.save_images(path, IMAGES.astype(np.uint8))
    TypeError | divide by 255
plot.save_images(path, IMAGES, columns=0)
    ValueError | columns | at least 1 | 0
plot.save_images(path, IMAGES, columns=2.5)
    ValueError | columns | integer | 2.5
plot.save_images(path, IMAGES, scale=0)
    ValueError | scale | at least 1 | 0
plot.save_animation(path, [])
    ValueError | no picture
plot.save_animation(path, "a.png")
    TypeError | a list of paths | 'a.png'
plot.save_curves(path, [1.0, 2.0])
    TypeError | panels must be | list
plot.save_curves(path, {"loss": [1.0, 2.0]})
    TypeError | panels must be | (steps, values)
plot.save_curves(path, {})
    ValueError | no curve
datasets.minibatches(ONES, 0, seed=0)
    ValueError | batch_size | at least 1 | 0
datasets.minibatches(ONES, 2.5, seed=0)
    TypeError | batch_size | integer | 2.5
datasets.minibatches(ONES, 2)
    TypeError | seed
datasets.minibatches("mnist", 2, seed=0)
    TypeError | str
datasets.to_float([1, 2])
    TypeError | list
minigan.save(linear(), path)
    TypeError | a dict | Linear
backend.use("gpu")
    ValueError | 'gpu' | "cupy"
"""


def entries():
    """[(what is typed, the class of the error, its words)] for the table."""
    lines = [line for line in TABLE.splitlines() if line.strip()]
    answers = [[word.strip() for word in line.split(" | ")] for line in lines[1::2]]
    return [
        pytest.param(typed, kind, words, id=typed)
        for typed, (kind, *words) in zip(lines[::2], answers, strict=True)
    ]


@pytest.mark.parametrize(("typed", "kind", "words"), entries())
def test_the_error_says_what_is_wrong(typed, kind, words, tmp_path):
    names = {name: getattr(minigan, name) for name in dir(minigan)} | globals()
    names |= {"x": randn(4, 2), "p": [nn.Parameter([1.0])], "path": tmp_path / "a.png"}
    with pytest.raises(Exception) as caught:
        eval(typed, names)
    assert kind in [base.__name__ for base in type(caught.value).__mro__]
    for word in words:
        assert word in str(caught.value)
