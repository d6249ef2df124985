"""Each optimizer agrees with its textbook, for parameters of any size and memory layout."""

import copy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from same import assert_same

import minigan
from minigan import nn, optim
from minigan.optim import BLOCK

# --- the textbooks, a line of NumPy each -------------------------------------------------------


def sgd(p, g, state, t, *, lr, momentum=0.0):
    state["b"] = momentum * state.get("b", 0.0) + g
    return p - lr * state["b"]


def rmsprop(p, g, state, t, *, lr=0.01, alpha=0.99, eps=1e-8):
    state["v"] = alpha * state.get("v", 0.0) + (1 - alpha) * g**2
    return p - lr * g / (np.sqrt(state["v"]) + eps)


def adam(p, g, state, t, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    beta1, beta2 = betas
    state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
    m_hat = state["m"] / (1 - beta1**t)
    v_hat = state["v"] / (1 - beta2**t)
    return p - lr * m_hat / (np.sqrt(v_hat) + eps)


CASES = {
    "SGD": (optim.SGD, sgd, dict(lr=0.1)),
    "SGD with momentum": (optim.SGD, sgd, dict(lr=0.1, momentum=0.9)),
    "RMSprop": (optim.RMSprop, rmsprop, dict()),
    "RMSprop for WGAN": (optim.RMSprop, rmsprop, dict(lr=5e-5, alpha=0.9, eps=1e-3)),
    "Adam": (optim.Adam, adam, dict()),
    "Adam for GANs": (optim.Adam, adam, dict(lr=2e-4, betas=(0.5, 0.999))),
    "Adam for WGAN-GP": (optim.Adam, adam, dict(lr=1e-4, betas=(0.0, 0.9), eps=1e-2)),
}
every_optimizer = pytest.mark.parametrize("name", CASES)


def gradients(shape, n, dtype=np.float64):
    """Gradients of very different sizes. They show whether ε is in the wrong place."""
    rng = np.random.default_rng(0)
    return [
        (rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 3, shape)).astype(dtype)
        for _ in range(n)
    ]


def run(optimizer, p, gs):
    for g in gs:
        p.grad = minigan.Tensor(g)
        optimizer.step()


@every_optimizer
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3), (2 * BLOCK + 5,), (3, BLOCK // 2)])
def test_several_steps_of_the_textbook(name, shape):
    make, textbook, settings = CASES[name]
    p = nn.Parameter(np.ones(shape))
    expected, state = np.ones(shape), {}
    optimizer = make([p], **settings)
    for t, g in enumerate(gradients(shape, 4), start=1):
        run(optimizer, p, [g])
        expected = textbook(expected, g, state, t, **settings)
        np.testing.assert_allclose(p.data, expected, rtol=1e-12, atol=1e-14)
        assert p.shape == shape


@every_optimizer
def test_float32_stays_float32_and_near_the_textbook(name):
    make, textbook, settings = CASES[name]
    p = nn.Parameter(np.ones(50, np.float32))
    optimizer = make([p], **settings)
    expected, state, gs = np.ones(50), {}, gradients(50, 10, np.float32)
    run(optimizer, p, gs)
    for t, g in enumerate(gs, start=1):
        expected = textbook(expected, g.astype(np.float64), state, t, **settings)
    assert p.dtype == np.float32
    assert all(optimizer.state[0][name].dtype == np.float32 for name in optimizer.moments)
    np.testing.assert_allclose(p.data - 1, expected - 1, rtol=1e-3, atol=1e-6)


LAYOUTS = {
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backward": lambda a: a[::-1].copy()[::-1],
}


@every_optimizer
@pytest.mark.parametrize("of", ["the parameter", "the gradient", "the loaded moments"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_makes_no_difference(name, of, layout):
    make, _, settings = CASES[name]
    layout, shape = LAYOUTS[layout], (3, BLOCK)  # several blocks
    first, second = gradients(shape, 2)
    plain, other = nn.Parameter(np.ones(shape)), nn.Parameter(np.ones(shape))
    if of == "the parameter":
        other.data = layout(other.data)
        assert not other.data.flags.c_contiguous
    optimizer, other_optimizer = make([plain], **settings), make([other], **settings)
    run(optimizer, plain, [first])
    run(other_optimizer, other, [layout(first) if of == "the gradient" else first])
    if of == "the loaded moments":
        saved = optimizer.state_dict()
        state = saved["state"]["0"]
        saved["state"]["0"] = {k: v if k == "step" else layout(v) for k, v in state.items()}
        other_optimizer.load_state_dict(saved)
    run(optimizer, plain, [second, first])
    run(other_optimizer, other, [second, first])
    np.testing.assert_array_equal(other.data, plain.data)


@every_optimizer
def test_gradient_is_read_only_and_zero_grad_forgets_it(name):
    make, _, settings = CASES[name]
    p, (g,) = nn.Parameter(np.ones((3, 4))), gradients((3, 4), 1)
    kept = g.copy()
    optimizer = make([p], **settings)
    run(optimizer, p, [g])
    np.testing.assert_array_equal(g, kept)
    assert not np.shares_memory(g, p.data)
    optimizer.zero_grad()
    assert p.grad is None


@every_optimizer
def test_parameter_without_a_gradient_is_left_alone_and_its_steps_are_not_counted(name):
    make, textbook, settings = CASES[name]
    p, idle = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))
    optimizer = make([p, idle], **settings)
    first, second = gradients(2, 2)
    run(optimizer, p, [first, first])
    assert (idle.data == 1).all()
    assert idle._version == [0]
    run(optimizer, idle, [second])
    expected = textbook(np.ones(2), second, {}, 1, **settings)
    np.testing.assert_allclose(idle.data, expected, rtol=1e-12)


@every_optimizer
def test_graph_of_the_old_parameters_cannot_be_gone_through_any_more(name):
    make, _, settings = CASES[name]
    layer = nn.Linear(2, 1)
    optimizer = make(layer.parameters(), **settings)
    x = minigan.randn(3, 2)
    loss, other = layer(x).sum(), layer(x).sum()
    loss.backward()
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"input 1 of Linear.*was changed.*loss again"):
        other.backward()


# --- saving ------------------------------------------------------------------------------------


@every_optimizer
@pytest.mark.parametrize("steps_before", [0, 1, 3])
def test_saved_and_loaded_it_goes_on_bit_for_bit(name, steps_before, tmp_path):
    make, _, settings = CASES[name]
    start = np.float32([1.0, -2.0, 3.0])
    p, q = nn.Parameter(start.copy()), nn.Parameter(start[:2].copy())
    optimizer = make([p, q], **settings)
    gs = gradients(3, 8, np.float32)
    run(optimizer, p, gs[:steps_before])  # q has no moments yet
    minigan.save(optimizer.state_dict(), tmp_path / "optimizer.npz")
    resumed = nn.Parameter(p.data.copy()), nn.Parameter(q.data.copy())
    other = make(resumed, lr=9.0)
    other.load_state_dict(minigan.load(tmp_path / "optimizer.npz"))

    run(optimizer, p, gs[steps_before:])
    run(other, resumed[0], gs[steps_before:])
    np.testing.assert_array_equal(resumed[0].data, p.data)
    assert_same(other.state_dict(), optimizer.state_dict())


@every_optimizer
def test_state_dict_is_a_copy_in_both_directions(name):
    make, _, settings = CASES[name]
    p = nn.Parameter(np.ones(3))
    optimizer = make([p], **settings)
    run(optimizer, p, gradients(3, 1))
    state = optimizer.state_dict()
    before = copy.deepcopy(state)
    other = make([p], **settings)
    other.load_state_dict(state)
    run(optimizer, p, gradients(3, 2))
    run(other, p, gradients(3, 2))
    assert_same(state, before)


def saved_sgd():
    return optim.SGD([nn.Parameter([1.0])], lr=0.1).state_dict()


def saved_adam(*shapes, **changes):
    return adam_after_a_step(*shapes).state_dict() | changes


def adam_after_a_step(*shapes, dtype=np.float64):
    ps = [nn.Parameter(np.ones(shape, dtype)) for shape in shapes]
    optimizer = optim.Adam(ps, lr=0.5)
    for p in ps:
        run(optimizer, p, gradients(p.shape, 1, dtype))
    return optimizer


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (saved_sgd(), "no state of Adam: it has no betas"),
        ({}, "no state of Adam: it has no state"),
        (saved_adam(3, 3), "state for 2 parameters, but there are 1"),
        (saved_adam(4), r"shape \(4,\), but the parameter .*\(3,\)"),
        (
            adam_after_a_step(3, dtype=np.float32).state_dict(),
            r"exp_avg of parameter 0 is float32 .* but the parameter is float64",
        ),
        (
            saved_adam(3, state={"0": {"step": 1, "exp_avg": np.ones(3)}}),
            r"state of parameter 0: \['exp_avg', 'step'\] is not Adam's",
        ),
    ],
    ids=["SGD's", "empty", "of two", "shape", "dtype", "moments"],
)
def test_state_that_does_not_fit_changes_nothing(state, message):
    optimizer = adam_after_a_step(3)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert_same(optimizer.state_dict(), before)


ONE = {"step": 1, "exp_avg": np.ones(3), "exp_avg_sq": np.ones(3)}
NO_STATES = [
    ([], "a state of Adam must be a dict, as state_dict.. gives, not list"),
    (None, "a state of Adam must be a dict.* not NoneType"),
    (saved_adam(3, state=[ONE]), "the state of Adam must be a dict.* not list"),
    (saved_adam(3, state={"0": 1}), "the state of parameter 0 must be a dict.* not int"),
    (saved_adam(3, state={0: ONE}), r"keys of the state must be '0' to '0', not \[0\]"),
    (saved_adam(3, state={"1": ONE}), r"keys of the state must be '0' to '0', not \['1'\]"),
    (saved_adam(3, state={"0": ONE | {"more": 1}}), r"\['exp_avg', 'exp_avg_sq', 'more', 'step'\]"),
]
WRONG_MOMENTS = [
    ([1.0, 1.0, 1.0], "must be an array, not list"),
    (None, "must be an array, not NoneType"),
    (np.ma.masked_array(np.ones(3), [0, 1, 0]), r"must be an array, not numpy\.ma"),
    (np.ones(3, np.float32), "is float32 of shape"),
    (np.ones(3, int), "is int64 of shape"),
    (np.ones(3, object), "is object of shape"),
    (np.ones((1, 3)), r"of shape \(1, 3\), but"),
    (np.ones(()), r"of shape \(\), but"),
    (np.array([1.0, np.nan, 1.0]), "is not finite"),
    (np.array([1.0, 1.0, -np.inf]), "is not finite"),
]
WRONG_SETTINGS = {
    "lr": [-1.0, "0.1", None, float("nan"), [0.1]],
    "betas": [(0.9,), (0.9, 0.9, 0.9), 0.9, (0.9, 1.0), ("a", 0.9), None],
    "eps": [-1e-8, float("inf")],
    "weight_decay": [-0.1, "0"],
}
WRONG_STATES = [
    *NO_STATES,
    *[
        (saved_adam(3, state={"0": ONE | {"step": step}}), "step of parameter 0 must be an integer")
        for step in (0, -1, 1.0, "1", None, True, float("nan"))
    ],
    *[
        (saved_adam(3, state={"0": ONE | {name: moment}}), f"{name} of parameter 0 .*{message}")
        for moment, message in WRONG_MOMENTS
        for name in ("exp_avg", "exp_avg_sq")
    ],
    (
        saved_adam(3, state={"0": ONE | {"exp_avg_sq": np.array([1.0, -1e-9, 1.0])}}),
        "exp_avg_sq of parameter 0 is a mean of squares, but has numbers below 0",
    ),
    *[
        (saved_adam(3, **{name: value}), "Adam: (lr|beta|eps|weight_decay).* must be")
        for name, values in WRONG_SETTINGS.items()
        for value in values
    ],
]


@pytest.mark.parametrize(("state", "message"), WRONG_STATES)
def test_state_of_wrong_content_is_refused_by_name_and_changes_nothing(state, message):
    optimizer = adam_after_a_step(3)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert_same(optimizer.state_dict(), before)


def test_moments_that_may_be_negative_and_steps_of_numpy_are_loaded():
    optimizer = adam_after_a_step(3)
    optimizer.load_state_dict(
        saved_adam(3, state={"0": ONE | {"step": np.int64(7), "exp_avg": -np.ones(3)}})
    )
    assert optimizer.state_dict()["state"]["0"]["step"] == 7


def test_weight_decay_that_an_older_state_does_not_have_is_zero():
    state = saved_adam(3)
    del state["weight_decay"]
    optimizer = optim.Adam([nn.Parameter(np.ones(3))], weight_decay=0.1)
    optimizer.load_state_dict(state)
    assert optimizer.weight_decay == 0.0


# --- what is refused ---------------------------------------------------------------------------

P = [nn.Parameter([1.0])]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optim.SGD([], lr=0.1), "there are no parameters to learn"),
        (lambda: optim.SGD([minigan.Tensor([1.0])], lr=0.1), "needs a list of Parameters"),
        (lambda: optim.Adam(nn.Linear(2, 2)(minigan.randn(1, 2))), "needs a list of Parameters"),
        (lambda: optim.SGD(P, lr=-0.1), "lr must be 0 or more, and finite, and is -0.1"),
        (lambda: optim.Adam(P, lr=float("nan")), "lr must be 0 or more, and finite, and is nan"),
        (lambda: optim.Adam(P, lr=float("inf")), "lr must be 0 or more, and finite, and is inf"),
        (lambda: optim.Adam(P, betas=(1.0, 0.9)), r"Adam: beta1 must be in \[0, 1\), not 1.0"),
        (lambda: optim.Adam(P, betas=(0.5, -0.1)), r"Adam: beta2 must be in \[0, 1\), not -0.1"),
        (lambda: optim.RMSprop(P, alpha=1.5), r"RMSprop: alpha must be in \[0, 1\), not 1.5"),
    ],
)
def test_settings_that_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_parameters_may_come_from_a_generator():
    layer = nn.Linear(2, 3)
    optimizer = optim.SGD((p for _, p in layer.named_parameters()), lr=0.1)
    assert optimizer.params == layer.parameters()


# --- the average of a model's weights ----------------------------------------------------------


def test_averaged_model_has_the_weighted_mean_of_parameters_and_buffers():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average = optim.AveragedModel(model, decay=0.9)
    mean = {}
    for step in range(100):
        minigan.seed(step)
        for p in model.parameters():
            p.copy_(minigan.randn(*p.shape).data)
        model(minigan.randn(5, 3))  # which moves the running averages
        average.update_parameters(model)
        w = max(0.1, 9 / (9 + step))
        for name, value in model.state_dict().items():
            mean[name] = mean.get(name, 0) * (1 - w) + w * value
    for name, value in average.module.state_dict().items():
        if name.endswith("tracked"):
            assert value == 100 and value.dtype == np.int64
        else:
            np.testing.assert_allclose(value, mean[name], rtol=1e-5, atol=1e-6)
            assert value.dtype == np.float32


def test_averaged_model_shares_nothing_with_the_model_and_asks_for_no_gradient():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average = optim.AveragedModel(model)
    average.update_parameters(model)
    assert_same(average.module.state_dict(), model.state_dict())
    mine, theirs = ([p.data for p in m.parameters()] + m.buffers() for m in (average.module, model))
    assert not any(np.shares_memory(a, b) for a, b in zip(mine, theirs, strict=True))
    assert not any(p.requires_grad for p in average.module.parameters())
    assert all(p.requires_grad for p in model.parameters())
    assert model.training and not average.module.training


def test_averaged_model_goes_on_from_its_state():
    def steps(model, average, seeds):
        for seed in seeds:
            minigan.seed(seed)
            model.weight.copy_(minigan.randn(2, 3).data)
            average.update_parameters(model)

    model = nn.Linear(3, 2)
    whole, first = optim.AveragedModel(model, 0.5), optim.AveragedModel(model, 0.5)
    steps(model, whole, range(20))
    steps(model, first, range(12))
    second = optim.AveragedModel(model)
    second.load_state_dict(first.state_dict())
    steps(model, second, range(12, 20))
    assert_same(second.state_dict(), whole.state_dict())


def test_early_on_the_average_is_over_about_the_last_ninth_of_the_steps():
    model = nn.Linear(1, 1)
    average = optim.AveragedModel(model, 0.999)
    for step in range(6559):
        model.weight.data[:] = step >= 6559 * 8 / 9
        average.update_parameters(model)
    # Of weights n/(n + 9) for n = 5831 to 6558, what is left of the zeros is their product.
    expected = 1 - np.prod([n / (n + 9) for n in range(5831, 6559)])
    assert average.module.weight.item() == pytest.approx(expected, abs=1e-3)
    assert 0.6 < expected < 0.7


def test_averaged_model_refuses_another_model_and_a_state_that_does_not_fit():
    average = optim.AveragedModel(nn.Linear(2, 3))
    for other in nn.Linear(1, 3), nn.Linear(2, 3, bias=False):
        with pytest.raises(ValueError, match="not the model"):
            average.update_parameters(other)
    before, state = average.state_dict(), optim.AveragedModel(nn.Linear(2, 3)).state_dict()
    weights = state["module"]
    wrong_states = [
        *[None, [], {}, {"decay": 0.5}],
        *[state | {"decay": decay} for decay in (1.5, -0.1, "0.9", None, float("nan"))],
        *[state | {"n_averaged": n} for n in (-1, 1.0, "1", None, True)],
        *[state | {"module": module} for module in ({}, None, [], weights | {"more": 1})],
        state | {"module": weights | {"bias": np.zeros(4, np.float32)}},
        state | {"module": weights | {"bias": np.zeros(3)}},
        state | {"module": weights | {"bias": "zeros"}},
    ]
    for wrong in wrong_states:
        with pytest.raises(ValueError):
            average.load_state_dict(wrong)
    assert_same(average.state_dict(), before)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_averaged_model_refuses_a_decay_out_of_range(decay):
    with pytest.raises(ValueError, match="AveragedModel: decay must be in"):
        optim.AveragedModel(nn.Linear(1, 1), decay)


# --- the learning rate that falls --------------------------------------------------------------

RATES = st.floats(1e-8, 10.0)


@given(lr=RATES, end=st.integers(1, 10**6), data=st.data())
def test_linear_decay_from_the_first_step_has_these_bits(lr, end, data):
    step = data.draw(st.integers(0, end))
    assert optim.linear_decay(lr, step, end) == lr * (1 - step / end)
    assert optim.linear_decay(lr, step, end, start=0) == lr * (1 - step / end)


@given(lr=RATES, start=st.integers(1, 10**6), length=st.integers(1, 10**6), data=st.data())
def test_linear_decay_from_a_later_step_has_these_bits(lr, start, length, data):
    end = start + length
    before, step = data.draw(st.integers(0, start - 1)), data.draw(st.integers(start, end))
    assert optim.linear_decay(lr, before, end, start) == lr
    assert optim.linear_decay(lr, step, end, start) == lr * (end - step) / (end - start)


@given(lr=RATES, start=st.integers(0, 1000), length=st.integers(1, 1000))
def test_linear_decay_falls_from_lr_at_its_start_to_0_at_its_end(lr, start, length):
    end = start + length
    rates = [optim.linear_decay(lr, step, end, start) for step in range(end + 1)]
    assert rates[: start + 1] == [pytest.approx(lr, rel=1e-15)] * (start + 1)
    assert rates[-1] == 0.0
    assert all(later < earlier for earlier, later in pairwise(rates[start:]))
