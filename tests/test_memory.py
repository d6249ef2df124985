"""Reference counting alone frees graphs, and the memory of a training loop does not grow."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from minigan import Op, Tensor, grad, losses, nn, no_grad, optim, trainers


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def small_gan():
    G = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Linear(8, 3))
    D = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1))
    return G, D


def gan_step():
    G, D = small_gan()
    D = nn.Sequential(*D, nn.Sigmoid())
    gan = trainers.GAN(G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters()))
    real, z = np.ones((8, 3), dtype=np.float32), np.ones((8, 4), dtype=np.float32)

    def step():
        gan.discriminator_step(real, z)
        gan.generator_step(z)

    return step


def penalty_step():
    _, critic = small_gan()
    optimizer = optim.RMSprop(critic.parameters(), lr=1e-3)
    real, eps = np.ones((8, 3), dtype=np.float32), np.full(8, 0.5, dtype=np.float32)

    def step():
        optimizer.zero_grad()
        losses.gradient_penalty(critic, real, -real, eps).backward()
        optimizer.step()

    return step


def evaluation_step():
    G, D = small_gan()
    z = Tensor(np.ones((8, 4), dtype=np.float32))

    def step():
        with no_grad():
            D(G(z)).mean().item()

    return step


LOOPS = {"GAN": gan_step, "gradient penalty": penalty_step, "evaluation": evaluation_step}


def living():
    """The number of Tensors and operations that exist, and the bytes of arrays."""
    # type(x): isinstance would ask an object of another library for its __class__
    tensors_and_ops = sum(issubclass(type(x), (Tensor, Op)) for x in gc.get_objects())
    arrays = tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)
    traces = tracemalloc.take_snapshot().filter_traces([arrays]).traces
    return tensors_and_ops, sum(trace.size for trace in traces)


@pytest.mark.parametrize("make_step", LOOPS.values(), ids=LOOPS.keys())
def test_the_memory_of_a_loop_does_not_grow(make_step, without_collector):
    """Python's pools of small objects grow slowly. So this counts Tensors, operations, arrays."""
    tracemalloc.start()
    try:
        step = make_step()
        for _ in range(5):
            step()
        before = living()
        for _ in range(20):
            step()
        assert living() == before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make_step", LOOPS.values(), ids=LOOPS.keys())
def test_a_step_leaves_nothing_for_the_cycle_collector(make_step, without_collector):
    step = make_step()
    step()
    gc.collect()
    step()
    assert gc.collect() == 0


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_result_holds_its_graph_and_lets_it_go(create_graph, without_collector):
    x = Tensor(np.ones(3), requires_grad=True)
    middle = x * 2
    array = weakref.ref(middle.data)
    (g,) = grad((middle * middle).sum(), x, create_graph=create_graph)
    del middle
    assert (array() is not None) == create_graph  # the second order needs it
    del g
    assert array() is None


def test_a_graph_that_was_walked_is_freed_although_gradients_are_kept(without_collector):
    x = Tensor(np.ones(3), requires_grad=True)
    middle = x * 2
    array = weakref.ref(middle.data)
    middle.sum().backward()
    del middle
    assert array() is None
    assert x.grad is not None
