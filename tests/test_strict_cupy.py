"""Everything runs on a strict stand-in for CuPy, with the same results as on NumPy.

With a GPU, `pytest -m gpu` runs these tests on CuPy itself. So they also show whether the stand-in
accepts and refuses what CuPy does.
"""

from itertools import pairwise

import numpy as np
import pytest
import strict_cupy
from cases.every import CASES
from devices import compare_with_numpy, move
from hypothesis import given, settings

import minigan
from minigan import Tensor, backend, losses, ops, optim, randn, trainers
from minigan import nn as layers
from minigan.gradcheck import gradcheck
from minigan.ops.compiled import launch_update
from minigan.tensor import as_array


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_derivatives_are_numpys(case, stand_in):
    @settings(max_examples=5)
    @given(case.problems)
    def compare(problem):
        compare_with_numpy(problem, np.float64, stand_in, rtol=1e-12)

    compare()


def mlp(*widths, last):
    parts = [
        part for i, o in pairwise(widths) for part in (layers.Linear(i, o), layers.LeakyReLU(0.2))
    ]
    return layers.Sequential(*parts[:-1], *last)


OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.5),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "weight decay": lambda p: optim.Adam(p, lr=0.01, betas=(0.5, 0.9), weight_decay=0.1),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_an_optimizer_moves_the_parameters_as_on_numpy(make, cupy):
    def trained():
        minigan.seed(0)
        net = mlp(3, 4, 2, last=[])
        optimizer, x = make(net.parameters()), randn(5, 3)
        for _ in range(3):
            optimizer.zero_grad()
            (net(x) ** 2).mean().backward()
            optimizer.step()
        return net, optimizer

    net, optimizer = trained()
    for p in net.parameters():
        assert isinstance(p.data, cupy.ndarray)
    with backend.use("numpy"):
        expected, expected_optimizer = trained()
    for name, value in expected.state_dict().items():
        np.testing.assert_allclose(net.state_dict()[name], value, rtol=1e-6, atol=1e-7)
    expected_optimizer.load_state_dict(optimizer.state_dict())
    optimizer.load_state_dict(expected_optimizer.state_dict())
    optimizer.step()


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_a_kernel_computes_the_lines_of_update(make, any_kernel):
    """For p, g and moments of many sizes, in float64, at an early and at a late step."""
    rng = np.random.default_rng(0)
    for step in 1, 2, 1000:
        scale = 10.0 ** rng.uniform(-6, 6, 50)
        optimizer = make([layers.Parameter(np.zeros(1))])
        arrays = [scale * rng.standard_normal(50) for _ in optimizer.moments]
        arrays = [rng.standard_normal(50), scale * rng.standard_normal(50), *map(abs, arrays)]
        on_device = [any_kernel.asarray(a) for a in arrays]
        launch_update(optimizer, step, *on_device)
        p, g, *moments = arrays
        if optimizer.weight_decay:
            g = g + optimizer.weight_decay * p
        optimizer.update(step, p, g, *moments)
        for found, expected in zip(on_device, arrays, strict=True):
            np.testing.assert_allclose(found.get(), expected, rtol=1e-13)


class HalfAdam(optim.Adam):
    def update(self, step, p, g, m, v):
        p -= 0.5 * g


def test_an_update_of_a_subclass_is_not_passed_over_for_the_inherited_kernel(cupy):
    p = layers.Parameter(cupy.ones(3, dtype="float32"))
    (p * 2.0).sum().backward()
    HalfAdam([p]).step()
    assert p.numpy().tolist() == [0.0, 0.0, 0.0]


def test_running_averages_of_another_dtype_are_those_of_numpy(cupy):
    def averages():
        minigan.seed(0)
        layer = layers.BatchNorm1d(3, affine=False)
        layer(randn(8, 3, dtype="float64"))
        return layer.state_dict()

    found = averages()
    with backend.use("numpy"):
        expected = averages()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12)
        assert found[name].dtype == value.dtype


def sgd(params):
    return optim.SGD(params, lr=0.05, momentum=0.5)


def rmsprop(params):
    return optim.RMSprop(params, lr=1e-3)


def gan(G, D, optimizer=optim.Adam):
    D = layers.Sequential(*D, layers.Sigmoid())
    return trainers.GAN(G, D, optimizer(G.parameters()), optimizer(D.parameters()))


def wgan(G, f, optimizer=rmsprop):
    return trainers.WGAN(G, f, optimizer(G.parameters()), optimizer(f.parameters()))


def wgan_gp(G, f, optimizer=optim.Adam):
    return trainers.WGANGP(G, f, optimizer(G.parameters()), optimizer(f.parameters()))


# The exact gradient of a bias in front of batch norm is 0: batch norm subtracts the mean. Rounding
# makes it 1e-9 in float32. This is not small next to Adam's ε of 1e-8, so Adam takes steps in the
# direction of the rounding. In float64 it is 1e-18. The steps of SGD stay as small as the rounding.
@pytest.mark.parametrize(
    "dtype, optimizer, rtol, of_report",
    [("float64", {}, 1e-9, 1e-10), ("float32", {"optimizer": sgd}, 1e-5, 1e-5)],
    ids=["float64", "float32"],
)
@pytest.mark.parametrize("make", [gan, wgan, wgan_gp])
def test_a_trainer_takes_the_steps_that_it_takes_on_numpy(
    make, dtype, optimizer, rtol, of_report, any_kernel
):
    def trained():
        minigan.seed(0)
        G = mlp(2, 8, 3, last=[layers.BatchNorm1d(3), layers.Tanh()])
        D = mlp(3, 8, 1, last=[])
        for net in G, D:
            net.float() if dtype == "float32" else net.double()
        trainer = make(G, D, **optimizer)
        data = [randn(6, 3, dtype=dtype).data for _ in range(6)]
        reports = list(trainer.train(data, lambda m: randn(m, 2, dtype=dtype)))
        return reports, G.state_dict() | {f"D.{name}": p for name, p in D.state_dict().items()}

    reports, state = trained()
    with backend.use("numpy"):
        expected_reports, expected_state = trained()
    assert len(reports[-2]) + len(reports[-1]) > 4
    for report, expected in zip(reports, expected_reports, strict=True):
        assert report == pytest.approx(expected, rel=of_report, abs=of_report / 10)
        assert all(type(value) is float for value in report.values())
    for name, value in expected_state.items():
        np.testing.assert_allclose(state[name], value, rtol=rtol, atol=rtol / 100)


def update_in_place(xp, p):
    with minigan.no_grad():
        p -= 0.1 * p
        p *= 2
    p.data -= 0.5 * p.data
    return p


def update_a_number(xp, p):
    n = layers.Parameter(p.data.sum())
    (n * n).backward()
    optim.Adam([n], lr=0.1).step()
    n.data = n.data - 0.5
    (n * n).backward()
    optim.SGD([n], lr=0.1, momentum=0.5).step()
    return n


def assign_a_gradient(xp, p):
    p.grad = xp.ones_like(p.data)
    (p * p).sum().backward()
    optim.RMSprop([p], lr=0.1).step()
    return p


def average(xp, p):
    net = layers.Sequential(layers.BatchNorm1d(3))
    averaged = optim.AveragedModel(net, decay=0.5)
    net(p)
    averaged.update_parameters(net)
    return averaged.module[0].running_mean


def refuse_a_batch(xp, p):
    minigan.seed(0)
    G = layers.Sequential(layers.Linear(3, 3), layers.BatchNorm1d(3))
    f = layers.Linear(3, 1)
    trainer = wgan(G, f)
    with pytest.raises(FloatingPointError, match="3 of the 6 numbers of the minibatch"):
        trainer.critic_step(xp.asarray(np.float32([[np.nan] * 3, [0.0] * 3])), p)
    return G[1].running_mean


def look_for_anomalies(xp, p):
    with minigan.detect_anomaly():
        y = (p * p).sum()
        y.backward()
        with pytest.raises(FloatingPointError, match="Log made 6 nan"):
            (-(p * p) - 1).log()
    return p.grad


def change_a_view(xp, p):
    x = p.detach()
    y = p * x[0]
    x[0].copy_(xp.zeros(3, dtype="float32"))
    with pytest.raises(RuntimeError, match="was changed"):
        y.sum().backward()
    return x


HABITS = {
    "numbers": lambda xp, p: (2**p + 1 - p / 3) * np.float64(2) + (3 - p) / 2.0 + +p,
    "numbers without axes": lambda xp, p: p.sum() * 2 - np.float32(1) / p.mean(),
    "arrays on the left": lambda xp, p: xp.ones((2, 3), dtype="float32") - p,
    "a boolean array": lambda xp, p: p * (p > 0),
    "a mask": lambda xp, p: p[p > 0],
    "an index array": lambda xp, p: p[np.array([1, 0, 1])],
    "an index Tensor": lambda xp, p: p[Tensor(xp.asarray([1, 0]))],
    "rows": lambda xp, p: sum(row * row for row in p),
    "a copy": lambda xp, p: minigan.tensor(p.data, dtype="float64"),
    "a list": lambda xp, p: p + [1.0, 2.0, 3.0],
    "text": lambda xp, p: Tensor(xp.asarray([float(f"{p.sum():.3f}"), len(repr(p))])),
    "conversions": lambda xp, p: p * (float(p[0, 0]) + int(p[0, 0]) + bool(p[0, 0] == p[0, 0])),
    "labels": lambda xp, p: losses.binary_cross_entropy(p.sigmoid(), np.ones((2, 3))),
    "classes": lambda xp, p: losses.cross_entropy(p, np.array([0, 2])),
    "a condition": lambda xp, p: ops.where(p > 0, p, 0.0) + ops.where(np.eye(2, 3) > 0, 1.0, p),
    "a bound": lambda xp, p: p.clip(np.float32(-0.5), 0.5) + ops.maximum(np.float64(0), p),
    "a variance": lambda xp, p: p.var(axis=0, correction=1),
    "a gradient": lambda xp, p: minigan.grad((p**3).sum(), p, create_graph=True)[0].norm(),
    "half precision": lambda xp, p: Tensor(p.data.astype("float16")),
    "update in place": update_in_place,
    "update a number": update_a_number,
    "assign a gradient": assign_a_gradient,
    "average": average,
    "refuse a batch": refuse_a_batch,
    "look for anomalies": look_for_anomalies,
    "change a view": change_a_view,
}


@pytest.mark.parametrize("habit", HABITS.values(), ids=HABITS.keys())
def test_what_users_write_gives_what_it_gives_on_numpy(habit, cupy):
    values = np.float32([[-1.0, 0.5, 2.0], [0.25, -0.75, 1.5]])
    found = habit(cupy, layers.Parameter(cupy.asarray(values)))
    with backend.use("numpy"):
        expected = as_array(habit(np, layers.Parameter(values.copy())))
    found = as_array(found)
    assert isinstance(found, cupy.ndarray)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found.get(), expected, rtol=1e-6, atol=1e-7)


def test_gradcheck_checks_what_is_on_the_device(cupy):
    layer = layers.Sequential(layers.Linear(3, 2), layers.Softplus()).double()
    x = cupy.asarray(np.linspace(-1.0, 1.0, 6).reshape(2, 3))
    weight = layer[0].weight.data
    for mode in ("full", "directional"):
        gradcheck(layer, [x], mode=mode)
    assert layer[0].weight.data is weight


def test_noise_is_the_same_on_both(cupy):
    minigan.seed(3)
    on_device = randn(4, 2)
    minigan.seed(3)
    with backend.use("numpy"):
        assert isinstance(on_device.data, cupy.ndarray)
        np.testing.assert_array_equal(on_device.numpy(), randn(4, 2).data)


def test_arrays_of_both_are_never_mixed(cupy):
    x, y = Tensor(cupy.ones(2)), Tensor(np.ones(2))
    for mix in (lambda: x + y, lambda: x * np.ones(2), lambda: np.ones(2) / x, lambda: y @ x):
        with pytest.raises(TypeError, match="NumPy and CuPy arrays are mixed"):
            mix()


def test_a_module_can_be_moved_and_saved(cupy):
    net = layers.Sequential(layers.Linear(2, 3), layers.BatchNorm1d(3))
    state = net.state_dict()
    assert all(type(value) is np.ndarray for value in state.values())
    net.load_state_dict(state)
    assert isinstance(net[0].weight.data, cupy.ndarray)
    assert isinstance(net[1].running_mean, cupy.ndarray)
    move(net, backend.to_numpy)
    assert type(net[0].weight.data) is np.ndarray


def test_on_a_gpu_a_range_is_not_looked_at(stand_in):
    x, p = randn(4, 3), randn(4, 1).sigmoid()
    strict_cupy.COUNTS.clear()
    losses.binary_cross_entropy(p, stand_in.full((4, 1), 2.0))
    losses.gradient_penalty(lambda x: x.sum(axis=1), x, x, stand_in.full(4, 2.0))
    assert strict_cupy.COUNTS["to_host"] == 0


# Tests of the stand-in itself: it must refuse what CuPy refuses.

FORBIDDEN = {
    "conversion": (lambda cp, x: np.asarray(x), TypeError, "Implicit conversion"),
    "an argument": (lambda cp, x: cp.maximum(x, np.ones(2)), TypeError, "Unsupported type"),
    "an operand": (lambda cp, x: x + np.ones(2), TypeError, "Unsupported type"),
    "an operand without axes": (lambda cp, x: x * np.array(2.0), TypeError, "Unsupported type"),
    "in place": (lambda cp, x: x.__iadd__(np.ones(2)), TypeError, "Unsupported type"),
    "assignment": (lambda cp, x: x.__setitem__(0, np.ones(1)), ValueError, "non-scalar numpy"),
    "a NumPy array to copy": (lambda cp, x: cp.ascontiguousarray(np.ones(2)), TypeError, "type"),
    "a NumPy buffer": (lambda cp, x: np.add(np.ones(2), x), TypeError, "Unsupported type"),
    "a function it lacks": (lambda cp, x: cp.errstate, AttributeError, "'cupy' has no attribute"),
    "another": (lambda cp, x: cp.float128, AttributeError, "'cupy' has no attribute"),
    "a method it lacks": (lambda cp, x: x.setflags, AttributeError, "has no attribute 'setflags'"),
    "an argument it lacks": (lambda cp, x: x.sum(where=True), TypeError, "unexpected .* 'where'"),
    "a kernel's parameter i": (
        lambda cp, x: cp.ElementwiseKernel("T i", "T y", "y = i;", "k"),
        ValueError,
        "Can not use 'i'",
    ),
    "a kernel's smaller output": (
        lambda cp, x: cp.ElementwiseKernel("T x", "T y", "y = x;", "k")(x, cp.ones(1)),
        ValueError,
        "Out shape is mismatched",
    ),
}


@pytest.mark.parametrize("misuse, error, message", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_the_stand_in_forbids(misuse, error, message, cupy):
    with pytest.raises(error, match=message):
        misuse(cupy, cupy.ones(2))


def test_the_stand_in_shares_no_memory_with_the_host(cupy):
    host = np.ones(2)
    for to_device in (cupy.asarray, cupy.array):
        to_device(host)[...] = 5.0
    cupy.asnumpy(cupy.asarray(host))[...] = 5.0
    assert (host == 1).all()


def test_the_stand_in_keeps_scalars_on_the_device(cupy):
    x = cupy.ones((2, 3))
    for y in (x.sum(), x[0, 0], x.max(axis=(0, 1)), cupy.asarray(2.0), x.sum() * 2, -x[1, 1]):
        assert isinstance(y, cupy.ndarray)
        assert y.shape == ()
    x[0, 0][...] = 5.0  # a view, as every basic index makes
    assert x[0, 0].item() == 5.0
    assert isinstance(np.float32(2) * x, cupy.ndarray)


def test_the_stand_in_counts_launches_and_transfers(stand_in):
    def counts(use):
        x = stand_in.asarray(np.ones((2, 3)))
        strict_cupy.COUNTS.clear()
        use(x)
        return {name: n for name, n in strict_cupy.COUNTS.items() if n}

    for view in (
        lambda x: x.T,
        lambda x: x[0],
        lambda x: x.reshape(6),
        lambda x: stand_in.empty(3),
    ):
        assert counts(view) == {}
    for launch in (
        lambda x: x + 1,
        lambda x: x.__iadd__(x),
        lambda x: x.sum(axis=0),
        lambda x: np.exp(x),
        lambda x: np.maximum(x, 0, out=x),
        lambda x: x.T.reshape(6),
        lambda x: x[x.T.shape[:1] and [1, 0]],
        lambda x: x.__setitem__(0, 2.0),
        lambda x: x.copy(),
        lambda x: stand_in.stack([x, x]),
        lambda x: stand_in.add.at(x, [0, 1], x),
        lambda x: stand_in.ElementwiseKernel("T x", "T y", "y = x * y;", "k")(x, x),
    ):
        assert counts(launch) == {"launches": 1}
    assert counts(lambda x: stand_in.einsum("ij,ij->j", x, x)) == {"launches": 2}
    windows = stand_in.lib.stride_tricks.sliding_window_view
    for transfer in (
        stand_in.asnumpy,
        lambda x: x.tolist(),
        lambda x: float(x.sum()),
        lambda x: windows(x, 2, axis=0),
        lambda x: x[x > 0],
    ):
        assert counts(transfer)["to_host"] == 1
    assert counts(lambda x: stand_in.asarray(np.ones(2))) == {"to_device": 1}


def test_what_is_on_the_gpu_is_moved_there_by_doing_nothing(cupy):
    layer, x = layers.Linear(2, 1), minigan.ones(3, 2)
    assert layer.cuda() is layer.to("cuda:0") is layer
    assert x.cuda() is x.to("cuda") is x.float() is x
    assert layers.ReLU().cuda().cpu()(x).shape == (3, 2)
    assert x.unsqueeze(0).squeeze(0).shape == (3, 2)
    assert isinstance(minigan.cat([x.double(), x.double()]).data, cupy.ndarray)
    for part in layer, x:
        with pytest.raises(RuntimeError, match=r"is on the GPU, and stays there; x\.numpy"):
            part.cpu()
