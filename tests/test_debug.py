"""python -m minigan.debug, driven by commands on its standard input."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GAME = """
import sys
import numpy as np
import minigan
from minigan import Op, nn, optim, randn
from minigan.trainers import GAN, WGAN

class Cube(Op):
    def forward(this, x):
        return x**3

    def backward(this, gy, y, x):
        return gy * (3 * x**2)

class CubeLayer(nn.Module):
    def forward(self, x):
        return Cube()(x)

class Game:
    def play(self, rounds):
        for n in range(rounds):
            yield self.turn(n)

    def turn(self, n):
        doubled = 2 * n
        return doubled

def adam(network):
    return optim.Adam(network.parameters())

def main():
    print("arguments", sys.argv[1:])
    minigan.seed(0)
    G = nn.Linear(2, 1)
    real = np.ones((4, 1), dtype="float32")
    D = nn.Sequential(nn.Linear(1, 3), CubeLayer(), nn.Linear(3, 1), nn.Sigmoid())
    for report in GAN(G, D, adam(G), adam(D)).train([real, real], lambda m: randn(m, 2)):
        print("losses", sorted(report))
    f = nn.Linear(1, 1)
    WGAN(G, f, adam(G), adam(f)).critic_step(real, randn(4, 2))
    print("turns", list(Game().play(3)))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def session(tmp_path):
    """A function that runs a script under the debugger: (what each command printed, the result).

    The first answer is what it prints before the first prompt.
    """

    def session(commands, code=GAME, options=(), arguments=(), status=0):
        script = tmp_path / "game.py"
        script.write_text(code)
        result = subprocess.run(
            [sys.executable, "-m", "minigan.debug", *options, str(script), *arguments],
            input="".join(command + "\n" for command in commands),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
            timeout=120,
        )
        assert result.returncode == status, result.stdout + result.stderr
        return [answer.strip() for answer in result.stdout.split("(Pdb) ")], result

    return session


def place(answer):
    """The function and the line of code of the last stop in a command's answer."""
    return re.findall(r"^> .*?\(\d+\)(\S+?)\(\).*\n-> (.*)$", answer, re.MULTILINE)[-1]


def test_stops_inside_the_first_discriminator_step_and_not_in_its_wrapper(session):
    answers, _ = session(["p sorted(locals())", "r", "n", "q"])
    assert place(answers[0]) == ("discriminator_step", "with no_grad():  # G is fixed")
    assert answers[1] == "['real', 'self', 'z']"
    assert "--Return--" in answers[2]
    assert place(answers[3]) == (
        "train",
        "if self.steps % self.k == 0:  # 2: for k steps",
    )  # not in the wrapper


def test_step_enters_the_trainers_step_without_its_wrapper(session):
    commands = ["n", "n", "s", "r", "s", "s", "q"]  # into the noise, out of it, on, into the step
    answers, _ = session(commands, options=["--at", "GAN.train"])
    assert place(answers[2]) == ("train", "z = noise(len(real))  # 3: Sample m noise samples z")
    assert place(answers[3])[0] == "<lambda>"
    assert place(answers[5]) == ("train", "report = self.discriminator_step(real, z)")
    assert place(answers[6])[0] == "discriminator_step"
    assert "--Call--" in answers[6]


def test_stops_at_a_critic_step_if_no_discriminator_step_runs_before(session):
    code = GAME.replace("for report in GAN", "for report in () and GAN")
    answers, _ = session(["p type(self).__name__", "q"], code)
    assert place(answers[0])[0] == "critic_step"
    assert answers[1] == "'WGAN'"


def test_stops_in_a_step_that_the_script_defines(session):
    code = GAME.replace("def turn", "def critic_step").replace("self.turn", "self.critic_step")
    answers, _ = session(["p n", "q"], code.replace("\n    main()", "\n    list(Game().play(3))"))
    assert place(answers[0]) == ("critic_step", "doubled = 2 * n")
    assert answers[1] == "0"


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("Game.turn", ("turn", "doubled = 2 * n")),
        ("game.Game.turn", ("turn", "doubled = 2 * n")),
        ("play", ("play", "for n in range(rounds):")),  # a generator
        ("Cube.backward", ("backward", "return gy * (3 * x**2)")),
        ("minigan.nn.Sigmoid.forward", ("forward", "return elementwise.Sigmoid()(as_tensor(x))")),
        (
            "minigan.trainers.gan.GAN.train",
            ("train", 'check_function("noise, which is called with m,", noise)'),
        ),
        ("Sequential.forward", ("forward", "layers = list(self)")),  # of a module in SKIP
        ("WGAN.critic_step", ("critic_step", "with no_grad():  # G is fixed")),
        (
            "GAN.generator_step",
            ("generator_step", "with frozen(self.discriminator):  # D is fixed"),
        ),
    ],
)
def test_at_stops_at_the_first_line_of_the_function_named(session, name, where):
    answers, _ = session(["n", "q"], options=["--at", name])
    assert place(answers[0]) == where
    assert place(answers[1])[0] == where[0]


def test_breakpoints_and_continue_work_as_in_pdb(session):
    commands = ["b Game.turn", "c", "p n", "c", "p n", "cl 1", "c"]
    answers, result = session(commands, options=["--at", "main"], arguments=["--k", "2"])
    assert answers[3] == "0"
    assert answers[5] == "1"
    assert "arguments ['--k', '2']" in result.stdout
    assert result.stdout.endswith("turns [0, 2, 4]\n")


@pytest.mark.parametrize("name", ["Game.turnip", "Other.turn", "turn.Game"])
def test_a_script_that_ends_without_a_stop_says_so(session, name):
    (text,), _ = session([], options=["--at", name])
    assert text.endswith(f"game.py ended without a stop: no call of a {name}")


def test_a_script_without_a_trainer_runs_as_main_and_says_what_it_lacks(session):
    (text,), _ = session([], "print(__name__, __file__)\nraise SystemExit(3)", status=3)
    first, last = text.splitlines()
    assert first.startswith("__main__ ") and first.endswith("game.py")
    assert last.endswith("ended without a stop: no call of a discriminator_step or critic_step")


def test_an_error_of_the_script_can_be_looked_at_where_it_was_raised(session):
    code = "def half(n):\n    return n / 0\n\nhalf(7)\n"
    answers, result = session(["p n", "q"], code, status=1)
    assert "ZeroDivisionError" in result.stderr
    assert place(answers[0]) == ("half", "return n / 0")
    assert answers[1] == "7"


def test_a_missing_script_is_an_error_of_the_command_line(tmp_path):
    command = [sys.executable, "-m", "minigan.debug", str(tmp_path / "none.py")]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 2
    assert "there is no file" in result.stderr


def test_rule_visits_every_rule_of_a_step_in_the_order_of_graph(session):
    to_the_loss = ["n"] * 9
    rules = ["rule", "p type(locals().get('self') or this).__name__"] * 13
    answers, _ = session([*to_the_loss, "graph loss", *rules, "q"])
    graph = [line.split()[0] for line in answers[10].splitlines()]
    assert graph[0] == "Add"
    assert graph.count("Cube") == 2
    assert [answer.strip("'") for answer in answers[12::2]] == graph
    cubes = [i for i, name in enumerate(graph) if name == "Cube"]
    assert {place(answers[11 + 2 * i]) for i in cubes} == {("backward", "return gy * (3 * x**2)")}


def test_rule_stops_in_rules_however_they_are_written(session):
    code = """
from functools import wraps
from minigan import Op, Tensor, grad
from minigan.switches import no_grad

class Plain(Op):
    def forward(op, x):
        return x * 1

    def backward(op, grad_of_y, y, x):
        return 1 * grad_of_y

class Inherited(Plain):
    pass

class Extended(Plain):
    def backward(self, *arguments):
        return super().backward(*arguments)

class Lambda(Plain):
    backward = lambda self, gy, y, x: 2 * gy

def loud(rule):
    @wraps(rule)
    def louder(self, *arguments):
        return rule(self, *arguments)

    return louder

class Decorated(Plain):
    @loud
    def backward(self, gy, y, x):
        return 3 * gy

class Other:
    def backward(self, gy):
        return gy

def turn():
    x = Tensor(2.0, requires_grad=True)
    y = Lambda()(Decorated()(Extended()(Inherited()(Plain()(x)))))
    Other().backward(y)
    grad(y, x, create_graph=True)

turn()
"""
    answers, _ = session(["rule"] * 7, code, options=["--at", "turn"])
    lines = [place(answer)[1] for answer in answers[1:6]]
    assert lines == [
        "backward = lambda self, gy, y, x: 2 * gy",
        "return 3 * gy",
        "return super().backward(*arguments)",
        "return 1 * grad_of_y",
        "return 1 * grad_of_y",
    ]
    assert answers[6].endswith("no call of a rule")


def test_rule_says_if_no_other_rule_runs_and_a_breakpoint_ends_the_wait(session):
    code = """
from minigan import Tensor

def loss(x):
    return x * x

def turn():
    x = Tensor(2.0, requires_grad=True)
    loss(x).backward()

turn()
"""
    answers, _ = session(["b loss", "rule", "rule", "rule"], code, options=["--at", "turn"])
    assert place(answers[2]) == ("loss", "return x * x")
    assert place(answers[3])[0] == "backward"
    assert answers[4].endswith("game.py ended without a stop: no call of a rule")


def test_graph_lists_the_operations_behind_a_tensor_with_their_shapes(session):
    code = """
import numpy as np
from minigan import Tensor

def turn():
    x = Tensor(np.ones((4, 3)), requires_grad=True)
    z = (x * 2.0).sum(axis=1).exp()
    return z

turn()
"""
    commands = ["r", "graph z", "graph x", "graph 3", "graph nothing", "graph", "q"]
    answers, _ = session(commands, code, options=["--at", "turn"])
    assert [line.split(maxsplit=1) for line in answers[2].splitlines()] == [
        ["Exp", "(4,) -> (4,)"],
        ["Sum", "(4, 3) -> (4,)"],
        ["Mul", "(4, 3), () -> (4, 3)"],
    ]
    assert answers[3].startswith("*** graph is for a Tensor that an operation made")
    assert answers[4] == answers[3]
    assert answers[5].startswith("*** NameError")
    assert answers[6].startswith("*** SyntaxError")


def test_shapes_lists_every_local_array_and_tensor(session):
    code = """
import numpy as np
from minigan import Tensor

def turn():
    number, text, dtype, kind = 3, "a", np.dtype("float32"), np.float32
    x = Tensor(np.array([[1, 2, 6]], dtype="float32"), requires_grad=True)
    mask = np.array([True, False])
    index = np.arange(5, dtype="int64")
    infinite = np.array([1.0, np.inf, -np.inf])
    empty = np.zeros((0, 3))
    words = np.array(["a", "b"])
    return np.array(2.5)

turn()
"""
    answers, result = session(["r", "shapes", "q"], code, options=["--at", "turn"])
    assert [" ".join(line.split()) for line in answers[2].splitlines()] == [
        "x Tensor (1, 3) float32 mean 3, from 1 to 6",
        "mask array (2,) bool mean 0.5, from 0 to 1",
        "index array (5,) int64 mean 2, from 0 to 4",
        "infinite array (3,) float64 mean nan, from -inf to inf",
        "empty array (0, 3) float64",
        "words array (2,) <U1",
        "__return__ array () float64 mean 2.5, from 2.5 to 2.5",
    ]
    assert result.stderr == ""


def test_the_new_commands_are_in_help(session):
    commands = ["help", "help rule", "help graph", "help shapes", "q"]
    answers, _ = session(commands, options=["--at", "main"])
    assert {"rule", "graph", "shapes"} <= set(answers[1].split())
    usages = [answer.strip().removeprefix("Usage: ") for answer in answers[2:5]]  # Python 3.12
    assert [usage.split()[0] for usage in usages] == ["rule", "graph", "shapes"]
