"""A user's script for the type checkers. They must report nothing here.

Every combination of operands is a Tensor, every method can be called, and Op and Module can be
subclassed with the signatures of the docs. It also runs as a program.
"""

from typing import TYPE_CHECKING, Any, get_origin

import numpy as np
from numpy.typing import NDArray

import minigan
from minigan import Op, Tensor, losses, nn, ops, optim, tensor, trainers
from minigan.trainers import GAN

if TYPE_CHECKING:
    from typing_extensions import assert_type  # which type checkers bring along
else:

    def assert_type(value, expected):
        assert isinstance(value, get_origin(expected) or expected)


Array = NDArray[np.float32]


class Cube(Op):
    def forward(self, x):
        return x**3

    def backward(self, gy, y, x):
        return gy * (3 * x**2)


class Scaled(Op):
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def forward(self, a: Array, b: Array) -> Array:
        return self.factor * a * b

    def backward(self, gy: Any, y: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return self.factor * gy * b, self.factor * gy * a if self.needs[1] else None


class Named(Op):
    """It takes any number of inputs. Its backward has other argument names than the docs."""

    def forward(self, *arrays):
        return arrays[0] + arrays[1]

    def backward(self, gradient, *unused):
        return gradient, gradient


class Momentum(optim.Optimizer):
    moments = ("buffer",)

    def __init__(self, params, lr=0.1, beta=0.9):
        super().__init__(params, lr)
        self.beta = beta

    def update(self, step, p, g, buffer):
        buffer *= self.beta
        buffer += g
        p -= self.lr * buffer


class Network(nn.Module):
    def __init__(self, width: int) -> None:
        self.inner = nn.Linear(2, width)
        self.last = nn.Sequential(nn.Linear(width, 1), nn.Sigmoid())
        self.scale = nn.Parameter([1.0])

    def forward(self, x):
        return self.last(self.inner(x).tanh() * self.scale)


class Typed(nn.Module):
    def __init__(self) -> None:
        self.inner = nn.Linear(2, 2)

    def forward(self, x: Tensor, labels: Array | None = None) -> Tensor:
        y = self.inner(x)
        return y if labels is None else y * labels


def arithmetic(t: Tensor, u: Tensor, a: Array) -> Tensor:
    """Numbers, arrays and Tensors on either side of every operator."""
    assert_type(t + u, Tensor)
    assert_type(t - u, Tensor)
    assert_type(t * u, Tensor)
    assert_type(t / u, Tensor)
    assert_type(t @ u, Tensor)
    assert_type(t + a, Tensor)
    assert_type(t - a, Tensor)
    assert_type(t * a, Tensor)
    assert_type(t / a, Tensor)
    assert_type(t @ a, Tensor)
    assert_type(a + t, Tensor)
    assert_type(a - t, Tensor)
    assert_type(a * t, Tensor)
    assert_type(a / t, Tensor)
    assert_type(a @ t, Tensor)
    assert_type(t + 2, Tensor)
    assert_type(t - 2, Tensor)
    assert_type(t * 2, Tensor)
    assert_type(t / 2, Tensor)
    assert_type(t**2, Tensor)
    assert_type(2 + t, Tensor)
    assert_type(2 - t, Tensor)
    assert_type(2 * t, Tensor)
    assert_type(2 / t, Tensor)
    assert_type(2**t, Tensor)
    assert_type(t + 0.5, Tensor)
    assert_type(t - 0.5, Tensor)
    assert_type(t * 0.5, Tensor)
    assert_type(t / 0.5, Tensor)
    assert_type(t**0.5, Tensor)
    assert_type(0.5 + t, Tensor)
    assert_type(0.5 - t, Tensor)
    assert_type(0.5 * t, Tensor)
    assert_type(0.5 / t, Tensor)
    assert_type(0.5**t, Tensor)
    assert_type(np.float32(2) + t, Tensor)
    assert_type(np.float32(2) - t, Tensor)
    assert_type(np.float32(2) * t, Tensor)
    assert_type(np.float32(2) / t, Tensor)
    assert_type(np.float64(2) * t, Tensor)
    assert_type(np.float64(2) / t, Tensor)
    assert_type(np.int64(2) * t, Tensor)
    assert_type(t ** np.float32(2), Tensor)
    assert_type(t ** np.int64(2), Tensor)
    assert_type(t * np.float32(2), Tensor)
    assert_type(a.T @ t, Tensor)
    assert_type(np.ones((2, 2), dtype=np.float32) * t, Tensor)
    assert_type(t + [[1.0, 2.0], [3.0, 4.0]], Tensor)
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert_type(rows - t, Tensor)
    assert_type(rows * t, Tensor)
    assert_type(-t, Tensor)
    assert_type(+t, Tensor)
    assert_type(abs(t), Tensor)
    y = t * 1.0
    y += u
    y -= a
    y *= 2
    y /= 2.0
    y **= 2
    assert_type(y, Tensor)
    return y + 1 - a * t / 2


def methods(t: Tensor) -> Tensor:
    """Every method and attribute of a Tensor."""
    assert_type(t.exp(), Tensor)
    assert_type(t.log(), Tensor)
    assert_type(t.sqrt(), Tensor)
    assert_type(t.abs(), Tensor)
    assert_type(t.tanh(), Tensor)
    assert_type(t.sigmoid(), Tensor)
    assert_type(t.relu(), Tensor)
    assert_type(t.clip(0.0, 1.0), Tensor)
    assert_type(t.clip(min=np.float32(0)), Tensor)
    assert_type(t.sum(), Tensor)
    assert_type(t.sum(axis=0, keepdims=True), Tensor)
    assert_type(t.mean((0, 1)), Tensor)
    assert_type(t.var(axis=0, correction=1), Tensor)
    assert_type(t.max(axis=-1), Tensor)
    assert_type(t.min(), Tensor)
    assert_type(t.norm(axis=1), Tensor)
    assert_type(t.T, Tensor)
    assert_type(t.reshape(4, 1), Tensor)
    assert_type(t.reshape((4, 1)), Tensor)
    assert_type(t.reshape(-1), Tensor)
    assert_type(t.transpose(1, 0), Tensor)
    assert_type(t.flatten(), Tensor)
    assert_type(t.unsqueeze(1), Tensor)
    assert_type(t.unsqueeze(1).squeeze(1), Tensor)
    assert_type(t[0], Tensor)
    assert_type(t[:, 1:], Tensor)
    assert_type(t[t > 0], Tensor)
    assert_type(t[..., None], Tensor)
    assert_type(t.detach(), Tensor)
    assert_type(t.detach().requires_grad_(), Tensor)
    assert_type(t.detach().copy_(np.ones((2, 2), dtype=np.float32)), Tensor)
    assert_type(t.shape, tuple[int, ...])
    assert_type(t.ndim, int)
    elements: int = t.size
    assert elements == t.numel() and t.size(0) == t.shape[0] and t.size() == t.shape
    assert t.requires_grad
    assert_type(len(t), int)
    assert_type(bool(t[0, 0] > 0), bool)
    print(t.dtype == np.float32, t.generation, t.op, repr(t), f"{t.sum():.3f}", int(t[0, 0]))
    n: float = t.sum().item() + float(t[0, 0])
    rows = [row.sum() for row in t]
    array: np.ndarray = t.detach().numpy() * n
    print(np.asarray(t.detach()).shape, array.shape, len(rows), (t == t).all(), (t <= 1).any())
    return rows[0] + t.exp().sum(axis=0).mean()


def pytorchs_names(t: Tensor, net: nn.Module) -> Tensor:
    """Every name and keyword of PyTorch that docs/from_pytorch.md calls accepted."""
    assert_type(t.view(-1), Tensor)
    assert_type(t.view(4, 1).permute(1, 0), Tensor)
    assert_type(t.clamp(0.0, 1.0).clamp(min=0.5), Tensor)
    assert_type(t.contiguous(), Tensor)
    assert_type(t.dim(), int)
    assert_type(t.numel(), int)
    assert_type(t.float().detach().double().to(minigan.float32).to("cpu"), Tensor)
    assert_type(t.cpu(), Tensor)
    for on_the_gpu in (t.cuda, net.cuda):
        try:
            on_the_gpu()
        except RuntimeError as error:
            print(error)
    assert_type(minigan.zeros(2, 3, device="cpu"), Tensor)
    assert_type(minigan.ones((2, 3)), Tensor)
    assert_type(minigan.full((2, 3), 0.5), Tensor)
    assert_type(minigan.ones_like(t), Tensor)
    assert_type(minigan.zeros_like(t) + minigan.full_like(t, 2.0), Tensor)
    assert_type(minigan.randn_like(t) + minigan.rand_like(t), Tensor)
    assert_type(minigan.from_numpy(np.ones(2)), Tensor)
    assert_type(minigan.cat([t, t], dim=1), Tensor)
    assert_type(minigan.randn(2, requires_grad=True), Tensor)
    assert_type(minigan.autograd.Variable(t, requires_grad=True), Tensor)
    minigan.manual_seed(0)
    first = next(net.parameters())
    print(first.shape, len(net.children()), net.to("cpu").cpu())
    net.add_module("extra", nn.ReLU(inplace=True))
    net.load_state_dict(net.state_dict(), strict=True)
    layers = nn.Sequential({"a": nn.Conv2d(1, 2, 1, groups=1, dilation=1)}).append(nn.ReLU())
    layers.append(nn.Upsample(scale_factor=2, mode="nearest")).append(nn.InstanceNorm2d(2))
    layers.append(nn.BatchNorm2d(2, track_running_stats=True))
    print(layers(minigan.ones(2, 1, 2, 2)).size())
    loss = nn.BCELoss()(t.sigmoid(), minigan.ones_like(t)) + nn.MSELoss()(t, 1.0)
    loss += nn.BCEWithLogitsLoss()(t, minigan.ones_like(t)) + nn.L1Loss(reduction="sum")(t, 0.0)
    loss += nn.CrossEntropyLoss()(t, np.array([0, 1]))
    print(optim.Adam(net.parameters(), amsgrad=False), optim.SGD([first], 0.1, nesterov=False))
    assert (t.grad == None) in (True, False)  # noqa: E711
    return loss


def functions(t: Tensor, a: Array) -> Tensor:
    """The functions that are not methods."""
    assert_type(tensor([1, 2], dtype="float64", requires_grad=True), Tensor)
    assert_type(minigan.randn(2, 3), Tensor)
    assert_type(minigan.rand(2), Tensor)
    assert_type(ops.maximum(t, 0.0), Tensor)
    assert_type(ops.minimum(1, t), Tensor)
    assert_type(ops.where(t > 0, t, a), Tensor)
    assert_type(ops.softplus(t), Tensor)
    assert_type(ops.leaky_relu(t, 0.2), Tensor)
    assert_type(ops.log_softmax(t), Tensor)
    assert_type(ops.broadcast_to(t, (2, 2)), Tensor)
    assert_type(ops.stack([t, t]), Tensor)
    assert_type(ops.concatenate([t, t], axis=1), Tensor)
    p = t.sigmoid()
    assert_type(losses.binary_cross_entropy(p, a), Tensor)
    assert_type(losses.binary_cross_entropy_with_logits(t, 1), Tensor)
    assert_type(losses.cross_entropy(t, np.array([0, 1])), Tensor)
    assert_type(losses.discriminator_loss(p, p), Tensor)
    assert_type(losses.minimax_generator_loss(p), Tensor)
    assert_type(losses.non_saturating_generator_loss(p), Tensor)
    assert_type(losses.wasserstein_critic_loss(t, t), Tensor)
    assert_type(losses.wasserstein_generator_loss(t), Tensor)
    assert_type(minigan.grad(t.sum(), t), tuple[Tensor, ...])
    return ops.stack([t, t]).sum() + ops.concatenate([t, t], axis=1).mean()


def gradients(network: nn.Module, t: Tensor) -> None:
    """backward, grad, and the attributes of parameters."""
    y = Cube()(t) + Scaled(2.0)(t, t) + Named()(t, t)
    y.sum().backward()
    t.grad = None
    assert t.grad is None
    (g,) = minigan.grad((t * t).sum(), [t], create_graph=True)
    g.sum().backward()
    minigan.grad(t.sum(), t)[0].data.mean()
    t.backward(np.ones((2, 2), dtype=np.float32))
    network(t).mean().backward()
    for name, p in network.named_parameters():
        print(name, p.grad.data.shape, p.grad.norm().item(), abs(p.grad).max() / p.size)
        p.data -= 0.1 * p.grad.data
        p.data = p.data * 0.9
        if p.grad is not None:
            p.grad = None
        p.grad = np.zeros(p.shape, dtype=np.float32)
        p.grad = tensor(np.zeros(p.shape, dtype=np.float32))
    optimizer = Momentum(network.parameters(), lr=np.float64(0.1))
    optimizer.step()
    with minigan.no_grad():
        for p in network.parameters():
            p -= 0.1 * p.grad
    network.zero_grad()
    leaf = t.detach()
    leaf.requires_grad = True
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.02)
    with nn.frozen(network):
        network(leaf).mean().backward()


@minigan.no_grad()
def sampled(network: nn.Module) -> Tensor:
    return network(minigan.randn(4, 2)).detach()


def training(real: Array) -> dict[str, float]:
    """A few steps of each trainer."""
    G, D = nn.Linear(2, 2), Network(4)
    f = nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1))
    minigan.seed(0)
    adam = dict(lr=1e-3, betas=(0.5, 0.9))
    gan = GAN(G, D, optim.SGD(G.parameters(), lr=0.1), optim.Adam(D.parameters(), lr=1e-3))
    report = gan.discriminator_step(real, minigan.randn(2, 2)) | gan.generator_step(real)
    wgan = trainers.WGAN(G, f, optim.RMSprop(G.parameters()), optim.RMSprop(f.parameters()))
    report |= wgan.critic_step(real, minigan.randn(2, 2))
    optimizer = optim.Adam(G.parameters(), lr=1e-4, betas=(0.0, 0.9))
    wgan_gp = trainers.WGANGP(G, f, optimizer, optim.Adam(f.parameters()), penalty_weight=1)
    average = optim.AveragedModel(G, decay=0.9)
    for step in wgan_gp.train([real] * 5, lambda m: minigan.randn(m, 2)):
        average.update_parameters(G)
        report |= step
    optimizer.lr = np.float64(1e-5)
    optimizer.zero_grad()
    loss = losses.discriminator_loss(D(real), D(G(minigan.randn(2, 2))), real_label=0.9)
    loss += losses.gradient_penalty(f, real, G(minigan.randn(2, 2)), np.ones(2))
    loss.backward()
    adam2 = optim.Adam(f.parameters(), np.float32(1e-3), (0.0, np.float32(0.9)), weight_decay=1)
    images = nn.Sequential(
        nn.Conv2d(1, 2, (3, 3), stride=(2, 2), padding="same", bias=False),
        nn.ConvTranspose2d(2, 1, 3, stride=2, padding=(1, 1), output_padding=(1, 1)),
    )
    nn.init.normal_(images[0].weight, std=0.1)
    print(images(minigan.randn(1, 1, 4, 4)).shape, adam2.state_dict().keys())
    state: dict[str, np.ndarray] = G.state_dict()
    G.load_state_dict(state)
    print(f[0], f[1:], len(f), average.module, adam, G.eval().requires_grad_(False).double())
    return report


if __name__ == "__main__":
    t = tensor([[0.5, 0.25], [0.125, 0.75]], requires_grad=True)
    a = np.ones((2, 2), dtype=np.float32)
    arithmetic(t, t, a).sum().backward()
    methods(t).backward()
    functions(t, a).backward()
    pytorchs_names(t, Network(3)).backward()
    gradients(Network(3), t)
    Typed()(t, labels=a).sum().backward()
    print(sampled(Network(3)), training(a))
