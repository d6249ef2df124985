"""A module or graph that was copied, or made in another process, gets all its gradients."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from faults.in_a_worker import X, built, loss_of, network
from hypothesis import given
from hypothesis import strategies as st

import minigan
from minigan import Tensor, grad, nn, randn


def gradients(net, loss):
    net.zero_grad()
    loss.backward()
    return [p.grad.data for p in net.parameters()]


def assert_all_gradients(net, loss):
    """The gradients have the same bits as those of a network with these weights, made here."""
    fresh = network()
    fresh.load_state_dict(net.state_dict())
    for found, expected in zip(gradients(net, loss), gradients(fresh, loss_of(fresh)), strict=True):
        np.testing.assert_array_equal(found, expected)
        assert np.abs(found).sum() > 0


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_network_from_a_worker_gets_all_its_gradients(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    if method == "fork":  # by hand: the standard library warns of a fork beside threads
        net, loss = from_a_fork()
    else:
        net, loss = from_a_new_process()
    assert_all_gradients(net, loss_of(net))  # used here
    assert_all_gradients(net, loss)  # the graph that came with it


def from_a_fork():
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(write, "wb") as file:
                pickle.dump(built(1), file)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        answer = pickle.load(file)
    os.waitpid(child, 0)
    return answer


def from_a_new_process():
    code = "import sys, pickle\nfrom faults.in_a_worker import built\n"
    code += "for _ in range(50): built(0)  # its own counters are ahead\n"
    code += "sys.stdout.buffer.write(pickle.dumps(built(1)))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    return pickle.loads(run.stdout)


COPIES = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "pickle, protocol 2": lambda x: pickle.loads(pickle.dumps(x, protocol=2)),
    "deepcopy": copy.deepcopy,
    "twice": lambda x: copy.deepcopy(pickle.loads(pickle.dumps(x))),
}


@pytest.mark.parametrize("name", COPIES)
@given(before=st.integers(0, 3), after=st.integers(0, 3), branches=st.integers(1, 3))
def test_a_copied_part_of_a_graph_goes_on_with_all_its_gradients(name, before, after, branches):
    def part(x):
        for _ in range(before):
            x = x * x + 1.0
        return [x * float(i + 1) for i in range(branches)]

    def rest(parts):
        y = parts[0] * 1.0
        for p in parts[1:] + parts[:1]:
            y = y * p + parts[-1]
        for _ in range(after):
            y = y.tanh() + parts[0] * 0.1
        return y.sum()

    def leaf():
        return Tensor(np.array([0.1, 0.2, -0.3]), requires_grad=True)

    x = leaf()
    (expected,) = grad(rest(part(x)), x)
    x = leaf()
    twin, parts = COPIES[name]((x, part(x)))
    (g,) = grad(rest(parts), twin)
    np.testing.assert_array_equal(g.data, expected.data)
    (gg,) = grad(rest(parts), twin, create_graph=True)
    np.testing.assert_array_equal(gg.data, expected.data)


@pytest.mark.parametrize("name", COPIES)
def test_a_copied_network_with_a_feature_of_it_gets_all_its_gradients(name):
    net = network()
    features = net[0](Tensor(X))
    twin, twin_features = COPIES[name]((net, features))
    assert_all_gradients(twin, loss_of(twin, twin_features))
    assert net[0].weight.grad is None


@pytest.mark.parametrize("name", COPIES)
def test_copied_and_own_tensors_meet_in_one_graph(name):
    old = Tensor([2.0], requires_grad=True)
    y = old
    for _ in range(20):
        y = y * 1.0
    twin, twin_y = COPIES[name]((old, y))
    own = Tensor([3.0], requires_grad=True)
    for a, b in ((own * twin_y, twin_y), (twin_y * own, own * 1.0)):
        twin.grad = own.grad = None
        (a + b * twin_y).sum().backward()
        expected_own = 2.0 if b is twin_y else 4.0
        expected_twin = 3.0 + 4.0 if b is twin_y else 6.0
        assert (own.grad.item(), twin.grad.item()) == (expected_own, expected_twin)


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_still_notices_a_change(name):
    x = randn(3).requires_grad_()
    y = (x * x).sum()
    twin, twin_y = COPIES[name]((x, y))
    twin.data *= 2
    with pytest.raises(RuntimeError, match="was changed"):
        twin_y.backward()
    y.backward()


@pytest.mark.parametrize("name", COPIES)
def test_optimizers_and_trainers_are_copied_with_their_networks(name):
    G, D = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    players = G, D, *(minigan.optim.Adam(net.parameters()) for net in (G, D))
    gan = minigan.trainers.GAN(*players)
    z = randn(4, 2)
    gan.discriminator_step(X, z)
    twin = COPIES[name](gan)
    for trainer in (gan, twin):
        trainer.discriminator_step(X, z)
        trainer.generator_step(z)
    for p, q in zip(
        gan.generator.parameters() + gan.discriminator.parameters(),
        twin.generator.parameters() + twin.discriminator.parameters(),
        strict=True,
    ):
        assert p is not q
        np.testing.assert_array_equal(p.data, q.data)
