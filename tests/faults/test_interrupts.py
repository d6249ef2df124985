"""Ctrl-C or a MemoryError at any line: nothing has changed, or the state is one of a run.

Each test runs an action again and again, and interrupts it at another line each time. The action
starts from the same state each time. After it, each parameter and each buffer has its old value or
the new one, what belongs together has changed together, and the next step works.
"""

import contextlib
from functools import partial

import numpy as np
import pytest
from interrupts import interrupt, lines, once_each

import minigan
from minigan import gradcheck, nn, optim
from minigan.nn import frozen
from minigan.nn.module import Module
from minigan.optim import AveragedModel, Optimizer
from minigan.switches import switches
from minigan.tensor import as_array
from minigan.trainers import GAN, WGAN, WGANGP

ERRORS = (KeyboardInterrupt, MemoryError)
MOMENTS = ("exp_avg", "exp_avg_sq", "square_avg", "momentum_buffer")
BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "calls")
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1),
}
RNG = np.random.default_rng(0)
REAL = RNG.standard_normal((3, 2)).astype("f4")
Z = RNG.standard_normal((3, 1)).astype("f4")
EPS = np.float32([0.1, 0.5, 0.9])


class Twice(Module):
    """A network that keeps a count of its own, in its own array."""

    buffer_names = ("calls",)

    def __init__(self):
        self.inner = nn.Linear(2, 2)
        self.calls = np.zeros(1)

    def forward(self, x):
        self.calls += 1
        return self.inner(x)


def networks(*last):
    minigan.seed(0)
    G = nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2), Twice(), nn.Dropout(0.5))
    D = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1), *last)
    return G, D


def gan(optimizer):
    G, D = networks(nn.BatchNorm1d(1), nn.Sigmoid())
    return GAN(G, D, optimizer(G.parameters()), optimizer(D.parameters()))


def wgan(optimizer):
    G, f = networks(nn.BatchNorm1d(1))
    for w in f.parameters():
        w.data = w.data.clip(-0.3, 0.3)
    return WGAN(G, f, optimizer(G.parameters()), optimizer(f.parameters()), clip_value=0.3)


def wgan_gp(optimizer):
    G, f = networks()
    return WGANGP(G, f, optimizer(G.parameters()), optimizer(f.parameters()))


# {name: (a new trainer, a step of its opponent)}
TRAINERS = {
    "GAN": (gan, lambda t, real: t.discriminator_step(real, Z)),
    "WGAN": (wgan, lambda t, real: t.critic_step(real, Z)),
    "WGANGP": (wgan_gp, lambda t, real: t.critic_step(real, Z, EPS)),
}


def parts(trainer):
    """The networks, the optimizers and the averages of an object."""
    kinds = (Module, Optimizer, AveragedModel)
    return {name: part for name, part in vars(trainer).items() if isinstance(part, kinds)}


def state_of(trainer):
    """{path: a copy of an array, a number or a flag} of everything that a step may change."""
    state = {"steps": getattr(trainer, "steps", 0)}
    for name, part in parts(trainer).items():
        flat = part.state_dict()
        if isinstance(part, AveragedModel):
            flat = flat.pop("module") | flat
            part = part.module
        if isinstance(part, Optimizer):
            for i, own in flat.pop("state").items():
                flat |= {f"{i}.{key}": value for key, value in own.items()}
        else:
            flat |= {f"{k}: learns": p.requires_grad for k, p in part.named_parameters()}
            flat |= {f"{k}: version": p._version[0] for k, p in part.named_parameters()}
            flat |= {f"{k}: training": m.training for k, m in part.named_modules()}
        state |= {f"{name}.{key}": value for key, value in flat.items()}
    return state


def same(a, b):
    return np.array_equal(as_array(a), as_array(b))


def faults(before, after, found):
    """What is wrong with a state that is found after an interrupt of a step."""
    wrong = [f"{key} is gone" for key in before.keys() - found.keys()]
    for key, value in found.items():
        between = key.endswith((*MOMENTS, "version"))  # may have a part of the change
        old_or_new = same(value, after[key]) or same(value, before.get(key, 0))
        if not (between or old_or_new):
            wrong.append(f"{key} is neither old nor new")
    for key in found:
        if key.endswith(".step"):
            stem = key.removesuffix("step")
            lost = {k for k in after if k.startswith(stem)} - found.keys()
            wrong += [f"{k} is not there" for k in lost]
        if key.endswith("exp_avg") and same(found[key], after[key]):
            v = key + "_sq"  # a new mean of g beside an old mean of g² would give a huge step
            if not same(found.get(v), after[v]):
                wrong.append(f"{key} is new, and {v} is not")
    changed = {k for k in found if not same(found[k], before.get(k, 0))}
    learned = {k for k in changed if k.endswith(("weight", "bias", "version", ".step"))}
    buffers = {k for k in after if k.endswith(BUFFERS) and not same(before[k], after[k])}
    if buffers & changed and not learned:
        wrong.append(f"no parameter is new, but {buffers & changed}")
    if buffers & changed and buffers - changed:
        wrong.append(f"{buffers & changed} are new, and {buffers - changed} are not")
    expected = after if learned else before
    if found["steps"] != expected["steps"]:
        wrong.append(f"{found['steps']} steps are counted, not {expected['steps']}")
    return wrong


def faults_of_an_average(before, after, found):
    """The same for an average. Each of its arrays is old or new."""
    return [
        f"{key} is neither old nor new"
        for key in after
        if not (same(found[key], before[key]) or same(found[key], after[key]))
    ]


def old_or_new(before, after, found):
    """The same for what must not be done by halves."""
    found = {k: v for k, v in found.items() if not k.endswith("version")}
    halves = []
    for whole in before, after:
        keys = {k for k in whole if not k.endswith("version")}
        different = {k for k in keys & found.keys() if not same(found[k], whole[k])}
        halves.append(different | (keys ^ found.keys()))
    return [f"{halves[0]} is new, and {halves[1]} is not"] if all(halves) else []


def sweep(make, action, again, choose, check=faults):
    """Interrupt action(make()) at each chosen line. Return the places and {place: faults}."""
    before = state_of(make())
    done = make()
    with contextlib.suppress(Exception):  # an action that is refused
        action(done)
    after = state_of(done)
    fresh = make()
    places = lines(lambda: action(fresh))
    chosen = choose(places)
    found = {}
    for n in chosen:
        thing = make()
        interrupt(lambda thing=thing: action(thing), n, ERRORS[n % 2])
        wrong = check(before, after, state_of(thing))
        if switches.no_grad or switches.anomaly:
            wrong.append("no_grad stays on")
            switches.no_grad = switches.anomaly = 0
        try:
            for part in parts(thing).values():
                part.load_state_dict(part.state_dict())
            again(thing)
        except Exception as problem:
            wrong.append(f"the next step: {type(problem).__name__}: {problem}")
        if wrong:
            found[(n, *places[n])] = wrong
    return [places[n] for n in chosen], found


# Files and functions in which several things change, or change back.
STATE = {"optim.py", "steps.py", "switches.py", "contextlib.py", "interrupts.py"}
STATE |= {"gan.py", "wgan.py", "wgan_gp.py", "frozen", "track"}


def sample(places, start=0, step=1):
    """The numbers of each line of STATE, once, and of every 150th line; or every `step`th of them.

    Tests of trainers take turns, because most of their lines are the same.
    """
    first = {place: n for n, place in reversed(list(enumerate(places)))}
    chosen = {n for (file, name, _), n in first.items() if {file, name} & STATE}
    return sorted(chosen | {*range(0, len(places), 150)})[start::step]


def each(places):
    return range(len(places))


def take_both_steps(step):
    def again(trainer):
        report = step(trainer, REAL) | trainer.generator_step(Z)
        assert np.isfinite(list(report.values())).all()

    return again


def opponent(step):
    return lambda trainer: step(trainer, REAL)


def generator(step):
    return lambda trainer: trainer.generator_step(Z)


@pytest.mark.parametrize("player", [opponent, generator])
@pytest.mark.parametrize("name", TRAINERS)
def test_a_step_that_is_interrupted_is_undone_or_counts(name, player):
    make, step = TRAINERS[name]
    choose = partial(sample, start=sorted(TRAINERS).index(name) % 2, step=2)
    places, found = sweep(
        lambda: make(OPTIMIZERS["Adam"]), player(step), take_both_steps(step), choose
    )
    assert {"optim.py", "steps.py"} <= {file for file, _, _ in places}
    assert found == {}


@pytest.mark.slow
@pytest.mark.parametrize("player", [opponent, generator])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", TRAINERS)
def test_a_step_can_be_interrupted_at_every_line(name, optimizer, player):
    make, step = TRAINERS[name]
    places, found = sweep(
        lambda: make(OPTIMIZERS[optimizer]), player(step), take_both_steps(step), once_each
    )
    assert len(places) > 600
    assert found == {}


def no_memory(x):
    raise MemoryError


REFUSED = {
    "another shape": (lambda t: None, np.ones((3, 5), "f4")),
    "nan": (lambda t: None, np.full((3, 2), np.nan, "f4")),
    "no memory": (lambda t: setattr(t.discriminator[1], "forward", no_memory), REAL),
}


@pytest.mark.parametrize("why", REFUSED)
def test_an_interrupt_while_a_refused_step_is_undone_changes_nothing(why):
    prepare, real = REFUSED[why]

    def make():
        trainer = gan(OPTIMIZERS["Adam"])
        prepare(trainer)
        return trainer

    def action(trainer):
        trainer.discriminator_step(real, Z)

    def same_as_before(before, after, found):
        return [key for key in before if not same(before[key], found[key])]

    places, found = sweep(make, action, lambda trainer: None, sample, same_as_before)
    assert "settle" in {function for _, function, _ in places}
    assert found == {}


class Some:
    """Objects whose states are compared."""

    steps = 0

    def __init__(self, **objects):
        vars(self).update(objects)


def network(seed=0):
    minigan.seed(seed)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def stepped(optimizer, steps=1, seed=0):
    """A network and its optimizer after some steps, and with gradients for another one."""
    net = network(seed)
    both = Some(net=net, optimizer=optimizer(net.parameters()))
    for i in range(steps + 1):
        both.optimizer.zero_grad()
        (net(REAL * (1 + i)) ** 2).sum().backward()
        if i < steps:
            both.optimizer.step()
    return both


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_interrupted_step_of_an_optimizer_leaves_a_whole_state(name, steps):
    places, found = sweep(
        lambda: stepped(OPTIMIZERS[name], steps),
        lambda both: both.optimizer.step(),
        lambda both: both.optimizer.step(),
        once_each,
        check=lambda *states: [w for w in faults(*states) if "counted" not in w],
    )
    assert "update" in {function for _, function, _ in places}
    assert found == {}


def test_an_interrupted_update_of_an_average_is_part_of_the_next_one():
    def make():
        average = AveragedModel(network(1))
        average.update_parameters(network(2))
        return Some(average=average)

    def action(some):
        some.average.update_parameters(network(3))

    _, found = sweep(make, action, action, sample, faults_of_an_average)
    assert found == {}


def test_the_first_update_of_an_average_is_complete_after_it_was_interrupted():
    def again(some):
        action(some)
        for a, p in zip(some.average.module.parameters(), network(2).parameters(), strict=True):
            np.testing.assert_allclose(a.data, p.data, rtol=1e-6)

    def action(some):
        some.average.update_parameters(network(2))

    def make():
        return Some(average=AveragedModel(network(1)))

    def all_but_the_last(places):  # which is after the count
        return [n for n, place in enumerate(places) if place[1] == "update_parameters"][:-1:2]

    _, found = sweep(make, action, again, all_but_the_last, faults_of_an_average)
    assert found == {}


def other_average():
    average = AveragedModel(network(1), decay=0.5)
    average.update_parameters(network(2))
    return average


# {what is loaded: (an object, another one of its kind)}
LOADED = {
    "a network": (network, lambda: network(1)),
    "an average": (lambda: AveragedModel(network()), other_average),
    **{
        name: (
            lambda make=make: stepped(make).optimizer,
            lambda make=make: stepped(make, steps=2, seed=1).optimizer,
        )
        for name, make in OPTIMIZERS.items()
    },
}


@pytest.mark.parametrize("what", LOADED)
def test_a_state_is_loaded_completely_or_not_at_all(what):
    make, other = LOADED[what]
    state = other().state_dict()
    if "lr" in state:
        state["lr"] = 0.5

    def action(some):
        some.part.load_state_dict(state)

    places, found = sweep(lambda: Some(part=make()), action, action, once_each, old_or_new)
    assert len(places) > 10
    assert found == {}


@pytest.mark.parametrize("fails", [False, True])
def test_frozen_thaws_after_an_interrupt_at_any_line(fails):
    def action(some):
        with frozen(some.net), frozen(some.net[0]):
            if fails:
                raise ZeroDivisionError

    _, found = sweep(lambda: Some(net=network()), action, action_of_frozen, each, old_or_new)
    assert found == {}


def action_of_frozen(some):
    with frozen(some.net):
        assert not some.net[0].weight.requires_grad
    assert some.net[0].weight.requires_grad


def test_gradcheck_restores_a_module_after_an_interrupt():
    def make():
        minigan.seed(0)
        return Some(net=nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)).double())

    def action(some):
        gradcheck(some.net, [REAL.astype("f8")], order=1)

    def unchanged(before, after, found):
        return [k for k in before if not same(before[k], found[k])]

    def sparse(places):
        ends = [n for n, place in enumerate(places) if place[0] in ("function.py", "interrupts.py")]
        return ends[-4:] + [*range(0, len(places), len(places) // 10)]

    _, found = sweep(make, action, action, sparse, unchanged)
    assert found == {}
