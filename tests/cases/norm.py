"""Cases of the two operations of the norms, and of their layers."""

import numpy as np
from hypothesis import strategies as st

from cases import Problem, arrays, problem_case, seeded
from minigan import backend, nn
from minigan.gradcheck.strategies import shapes
from minigan.ops.norm import BatchNorm, Normalize


@problem_case("normalize", Normalize)
@st.composite
def normalize(draw):
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    axes = draw(st.sets(st.integers(0, x.ndim - 1), min_size=1).map(sorted).map(tuple))
    eps = 0.5  # a large one keeps the third derivative, and so the numeric error, small

    def numpy_normalize(x):
        x = x - x.mean(axis=axes, keepdims=True)
        return x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + eps)

    return Problem(Normalize(axes, eps), [x], numpy_normalize, analytic=True)


@st.composite
def batches_to_normalize(draw, dims):
    """(N, C, ...) with at least two values for a channel, which are not all the same."""
    n, c = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    rest = [draw(st.integers(1, 2)) for _ in range(dims - 2)]
    return draw(arrays((n, c, *rest), distinct=True))


def batch_norm(make, dims):
    """Two Cases: normalising by the batch, and by the running averages."""

    @problem_case(f"{make.__name__} in training, {dims} dimensions", (make, BatchNorm))
    @st.composite
    def training(draw):
        x = draw(batches_to_normalize(dims))
        layer = seeded(draw, lambda: make(x.shape[1], eps=0.1))
        return Problem(layer, [x], numpy_batch_norm, analytic=True, module=shaken(draw, layer))

    @problem_case(f"{make.__name__} in use, {dims} dimensions", make)
    @st.composite
    def in_use(draw):
        x = draw(batches_to_normalize(dims))
        layer = seeded(draw, lambda: make(x.shape[1]))
        layer.running_mean += 0.3
        layer.running_var *= 1.5
        return Problem(layer.eval(), [x], module=shaken(draw, layer))

    @problem_case(f"{make.__name__} without affine, {dims} dimensions", (make, Normalize))
    @st.composite
    def plain(draw):
        x = draw(batches_to_normalize(dims))
        layer = make(x.shape[1], eps=0.1, affine=False)
        return Problem(
            layer, [x], lambda x: numpy_batch_norm(x, 1.0, 0.0), analytic=True, module=layer
        )

    @problem_case(f"{make.__name__} without affine in use, {dims} dimensions", make)
    @st.composite
    def plain_in_use(draw):
        x = draw(batches_to_normalize(dims))
        layer = make(x.shape[1], eps=0.1, affine=False).double().eval()
        layer.running_mean += 0.3
        return Problem(layer, [x], lambda x: (x - 0.3) / np.sqrt(1.1), analytic=True, module=layer)

    return [training, in_use, plain, plain_in_use]


def numpy_batch_norm(x, gamma, beta):
    axes, channels = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
    x = x - x.mean(axis=axes, keepdims=True)
    x = x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + 0.1)
    return x * np.reshape(gamma, channels) + np.reshape(beta, channels)


def shaken(draw, layer):
    """The layer with parameters that are not all 0 or 1."""
    for p in layer.parameters():
        p.data += backend.asarray(draw(arrays(p.shape, low=-0.5, high=0.5, strided=False)))
    return layer


@problem_case("LayerNorm", nn.LayerNorm)
@st.composite
def layer_norm(draw):
    x = draw(arrays(shapes(min_dims=1, min_side=1), distinct=True))
    n = draw(st.integers(1, x.ndim))
    layer = seeded(draw, lambda: nn.LayerNorm(x.shape[-n:], eps=0.1))

    def numpy_layer_norm(x, gamma, beta):
        axes = tuple(range(-n, 0))
        x = x - x.mean(axis=axes, keepdims=True)
        return x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + 0.1) * gamma + beta

    return Problem(layer, [x], numpy_layer_norm, analytic=True, module=shaken(draw, layer))


@problem_case("InstanceNorm2d", (nn.InstanceNorm2d, Normalize))
@st.composite
def instance_norm(draw):
    x = draw(arrays((draw(st.integers(1, 3)), draw(st.integers(1, 2)), 2, 2), distinct=True))
    affine = draw(st.booleans())
    layer = seeded(draw, lambda: nn.InstanceNorm2d(x.shape[1], eps=0.1, affine=affine))

    def numpy_instance_norm(x, gamma=1.0, beta=0.0):
        x = x - x.mean(axis=(2, 3), keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=(2, 3), keepdims=True) + 0.1)
        return x * np.reshape(gamma, (-1, 1, 1)) + np.reshape(beta, (-1, 1, 1))

    module = shaken(draw, layer)
    return Problem(layer, [x], numpy_instance_norm, analytic=True, module=module)


CASES = [
    normalize,
    *batch_norm(nn.BatchNorm1d, 2),
    *batch_norm(nn.BatchNorm1d, 3),
    *batch_norm(nn.BatchNorm2d, 4),
    layer_norm,
    instance_norm,
]
