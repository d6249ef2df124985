"""The answers of an experiment: pictures, measures, settings, and errors in plain words."""

import inspect
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lab.lab import Lab, array

from minigan.lab import arguments, data, problems, settings
from minigan.lab.experiment import Experiment
from minigan.lab.game import Game

SMALL = dict(batch_size=8, width_g=8, width_d=8)
PLANE = [name for name in data.LABELS if name != "mnist"]
STROKES = [[[-1, 0], [0, 0.5], [1, 0]], [[0.2, -0.7]]]


def test_importing_minigan_does_not_import_the_lab():
    code = "import sys, minigan; print([m for m in sys.modules if m.startswith('minigan.lab')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    package = Path(data.__file__).parent.parent
    for file in package.rglob("*.py"):
        if "lab" not in file.relative_to(package).parts:
            assert "minigan.lab" not in file.read_text(encoding="utf-8"), file


def test_the_lab_is_small():
    folder = Path(data.__file__).parent
    files = [f for f in folder.rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert sum(f.stat().st_size for f in files) < 1.5e6


@pytest.mark.parametrize("name", PLANE)
@pytest.mark.parametrize("model", settings.MODELS)
def test_every_model_on_every_data_set(model, name):
    lab = Lab(model=model, data=name, drawing=STROKES, **SMALL)
    description = lab.description
    assert array(description["real"]).shape == (500, 2)
    assert abs(array(description["real"])).max() < 1.2 * description["limit"]
    frame = lab.go(position=4)
    assert array(frame["fakes"]).shape == array(frame["arrows"]).shape == (200, 2)
    assert array(frame["heat"]).shape == (50, 50)
    assert array(frame["grid"]).shape == (15, 15, 2)
    assert array(frame["grid_density"]).shape == (14, 14)
    names = {entry["id"] for entry in description["measure_names"]}
    assert set(frame["measures"]) == names
    assert ("modes" in names) == (description["modes"] is not None)


def test_a_picture_is_coarser_while_the_game_plays():
    lab = Lab(**SMALL)
    playing = lab.play(milliseconds=10_000, steps=4)
    assert playing["position"] == 4 and playing["stopped"] is None
    still = lab.frame()
    assert array(playing["heat"]).shape == (32, 32) and array(still["heat"]).shape == (50, 50)
    for layer in "fakes", "arrows", "grid":
        assert np.array_equal(array(playing[layer]), array(still[layer]))
    assert playing["measures"] == still["measures"]


def test_play_trains_for_at_least_half_of_its_time():
    lab = Lab(**SMALL)
    lab.experiment.drawing = 60.0  # seconds, of a slow picture
    assert lab.play(milliseconds=10_000, steps=3)["position"] == 3


def test_real_samples_score_well():
    for name in "two_gaussians", "ring", "grid":
        modes, quality, divergence, distance = Lab(data=name, **SMALL).description["measure_names"]
        assert quality["best"] == pytest.approx(0.989, abs=0.02)
        assert 0 < divergence["floor"] < 0.08 and 0 < distance["floor"] < 0.08
        assert modes["max"] == {"two_gaussians": 2, "ring": 8, "grid": 25}[name]


def test_the_measures_of_known_samples():
    from minigan.lab.picture import Picture

    game = Game(settings.complete(dict(data="ring", **SMALL)))
    picture = Picture(game)
    far = np.full((1000, 2), 100.0)
    assert picture._jensen_shannon(far) == pytest.approx(math.log(2))
    shifted = game.data.sample(1000, np.random.default_rng(0)) + np.float32([0.5, 0.0])
    # The mean over all directions of |0.5 cos φ| is 0.5 · 2/π. Here the samples overlap, too.
    assert picture._wasserstein(shifted) == pytest.approx(0.5 * 2 / math.pi, abs=0.06)


@pytest.mark.parametrize("model", settings.MODELS)
def test_an_arrow_is_minus_the_gradient_of_the_loss_of_g(model):
    lab = Lab(model=model, **SMALL)
    frame = lab.go(position=20)
    game = lab.experiment.game
    fakes, arrows = array(frame["fakes"]), array(frame["arrows"])
    D = game.networks["D"]

    def loss(points):
        import minigan

        with minigan.no_grad():
            out = D(minigan.Tensor(points.astype(np.float32))).numpy()[:, 0].astype(np.float64)
        return -np.log(out) if model == "gan" else -out

    h = 3e-3
    for axis in 0, 1:
        move = np.zeros(2)
        move[axis] = h
        slope = (loss(fakes + move) - loss(fakes - move)) / (2 * h)
        close = np.isclose(-slope, arrows[:, axis], atol=5e-3, rtol=0.03)
        assert close.mean() > 0.9  # a few fakes lie at a kink of a ReLU
    assert frame["arrow_max"] == pytest.approx(np.linalg.norm(arrows, axis=1).max(), rel=1e-5)


def test_the_rows_of_the_heat_map_go_up():
    lab = Lab(model="wgan", **SMALL)
    heat, limit = array(lab.frame()["heat"]), lab.description["limit"]
    import minigan

    x, y = -limit + 0.5 * 2 * limit / 50, -limit + 10.5 * 2 * limit / 50
    score = lab.experiment.game.networks["D"](minigan.tensor([[x, y]])).item()
    assert heat[10, 0] == pytest.approx(score, abs=1e-5)


def test_a_picture_changes_nothing():
    lab, other = Lab(**SMALL), Lab(**SMALL)
    for n in range(1, 6):
        lab.go(position=n)
        lab.curves()
        lab.frame()
        other.go(position=n, layers=[])
    assert lab.frame()["digest"] == other.frame()["digest"]


def test_hidden_layers_are_not_computed():
    frame = Lab(**SMALL).frame(layers=["fakes"])
    assert "fakes" in frame and not {"heat", "arrows", "grid", "measures"} & set(frame)


def test_noise_of_one_and_of_many_dimensions():
    frame = Lab(noise_dim=1, noise="uniform", **SMALL).frame()
    assert array(frame["grid"]).shape == (1, 61, 2) and "grid_density" not in frame
    assert array(Lab(noise_dim=5, **SMALL).frame()["grid"]).shape == (15, 15, 2)


def test_a_drawing_is_sampled_along_its_strokes():
    lab = Lab(data="drawing", drawing=STROKES, **SMALL)
    real = array(lab.description["real"])
    on_dot = np.linalg.norm(real - [0.2, -0.7], axis=1) < 0.15
    assert 0 < on_dot.mean() < 0.1
    above = abs(abs(real[:, 0]) * -0.5 + 0.5 - real[:, 1])[~on_dot]
    assert np.quantile(above, 0.95) < 0.1


@pytest.mark.parametrize(
    "given, setting",
    [
        ({"lr_d": -1}, "lr_d"),
        ({"lr_d": "fast"}, "lr_d"),
        ({"batch_size": 1}, "batch_size"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"model": "vae"}, "model"),
        ({"model": ["gan"]}, "model"),
        ({"beta1": 1}, "beta1"),
        ({"speed": 1}, "speed"),
        ({"data": "drawing"}, "drawing"),
        ({"data": "drawing", "drawing": [[[0, "x"]]]}, "drawing"),
        ({"data": "drawing", "drawing": [[[0, 1, 2]]]}, "drawing"),
        ({"data": "drawing", "drawing": [[[0, 0]] * 2001]}, "drawing"),
        ({"data": "drawing", "drawing": 3}, "drawing"),
    ],
)
def test_a_bad_setting_is_named(given, setting):
    lab = Lab(**SMALL)
    lab.go(position=3)
    error = lab.answer("reset", settings=given)["error"]
    assert (error["kind"], error["setting"]) == ("settings", setting)
    assert error["message"].endswith(".")
    assert lab.frame()["position"] == 3  # the run before goes on


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"method": "__init__"}',
        '{"method": "_start"}',
        '{"method": "call", "args": {"text": ""}}',
        '{"method": "frame", "args": {"colour": 1}}',
        '{"method": "frame", "args": [1]}',
        '{"method": ["frame"]}',
        '{"method": "step", "args": {"count": %s}}' % ("9" * 5000),
        '{"method": "step", "args": {"count": 1e999}}',
        '{"method": "frame", "args": {"layers": ["all"]}}',
        '{"method": "step", "args": {"player": "E"}}',
        '{"method": "step", "args": {"count": 1e9}}',
        '{"method": "step", "args": {"count": "1"}}',
        '{"method": "go", "args": {"position": -1}}',
        '{"method": "play", "args": {"milliseconds": 1e9}}',
        '{"method": "reset", "args": {"settings": 3}}',
        '{"method": "record", "args": {"player": 3}}',
        "[" * 100_000,
    ],
)
def test_a_bad_request_is_told(text):
    answer = json.loads(Experiment().call(text))
    assert answer["error"]["kind"] == "request", answer


STRANGE = [
    None,
    True,
    -1,
    2**70,
    0.5,
    1e300,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "D",
    "\0",
    "x" * 300,
]
STRANGE += [[], [1], [[[]]], ["heat", 1], {}, {"layers": 5}, {"": {}}]


@pytest.mark.parametrize("method", arguments.CALLS)
def test_no_argument_is_an_error_of_the_lab_itself(method):
    lab = Lab(**SMALL)
    lab.record()
    for name, check in arguments.CALLS[method].items():
        for value in STRANGE:
            error = lab.answer(method, **{name: value}).get("error")
            try:
                check(name, value)
            except problems.RequestError:
                assert error["kind"] == "request" and name in error["message"], (name, value)
            else:
                assert error is None or error["kind"] in ("request", "settings"), error
    for args in [*STRANGE, {"colour": 1}]:
        text = json.dumps({"method": method, "args": args})
        answer = json.loads(lab.experiment.call(text))
        assert args == {} or answer["error"]["kind"] == "request", (args, answer)


def test_the_error_begins_with_the_argument():
    lab = Lab(**SMALL)
    for method, name, value in [
        ("frame", "layers", 5),
        ("value", "recording", [1]),
        ("go", "position", True),
        ("step", "count", "1"),
        ("record", "player", ["D"]),
    ]:
        error = lab.answer(method, **{name: value})["error"]
        assert error["kind"] == "request" and error["message"].startswith(name)


def test_the_table_of_arguments_is_that_of_the_methods():
    for method, checks in arguments.CALLS.items():
        parameters = inspect.signature(getattr(Experiment, method)).parameters
        assert set(parameters) - {"self"} == set(checks)


@pytest.mark.parametrize("setting", settings.SETTINGS, ids=lambda setting: setting.id)
def test_every_strange_setting_is_refused_by_its_name(setting):
    experiment = Experiment()
    for value in [*STRANGE, [["1", "2"]], [[[1, 2**400]]], [[[True, False]]]]:
        if (setting.id, value) in [("drawing", []), ("lr_g", 0.5), ("lr_d", 0.5), ("beta1", 0.5)]:
            continue
        if (setting.id, value) in [("clip_value", 0.5), ("penalty_weight", 0.5)]:
            continue
        request = {"method": "reset", "args": {"settings": {setting.id: value}}}
        error = json.loads(experiment.call(json.dumps(request)))["error"]
        assert (error["kind"], error.get("setting")) == ("settings", setting.id), (value, error)


def test_defaults_depend_on_the_model_and_the_data():
    assert settings.complete({})["k"] == 1
    assert settings.complete({"model": "wgan"})["k"] == 5
    assert settings.complete({"model": "wgan", "k": 2})["k"] == 2
    assert settings.complete({"data": "mnist"})["noise_dim"] == 64
    hello = Lab(**SMALL).hello()
    for setting in hello["settings"]:
        assert setting["default"] == hello["defaults"][setting["id"]]
        assert setting["help"].endswith(".")


@pytest.mark.parametrize("model, trouble", [("gan", "stuck"), ("wgan_gp", "diverged")])
def test_a_learning_rate_of_ten_is_told(model, trouble):
    lab = Lab(model=model, lr_d=10, lr_g=10, layers_d=4, layers_g=4)
    warnings = lab.play(milliseconds=10_000, steps=60, layers=[])["warnings"]
    assert any(f": {trouble}. " in sentence for sentence in warnings)


def test_nan_is_told_and_the_picture_can_still_be_drawn():
    lab = Lab(model="wgan_gp", layers_g=6, layers_d=6, lr_g=100, lr_d=100)
    frame = lab.play(milliseconds=10_000, steps=500)
    assert frame["stopped"]["kind"] == "nan" and "learning rate" in frame["stopped"]["message"]
    n, digest = frame["position"], lab.frame()["digest"]
    for method in "step", "record":
        error = lab.answer(method)["error"]
        assert error["kind"] == "nan" and error["message"].startswith(f"Step {n + 1}, of ")
    frame = lab.frame()
    assert (frame["position"], frame["digest"]) == (n, digest)
    assert lab.back()["position"] == n - 1


def test_mnist():
    if not data.mnist_available():
        pytest.skip("MNIST's files are not on this computer")
    lab = Lab(data="mnist", batch_size=16, width_g=16, width_d=16)
    assert array(lab.description["real_images"]).shape == (6, 6, 28, 28)
    frame = lab.go(position=5)
    assert array(frame["images"]).shape == (6, 6, 28, 28) and "heat" not in frame
    assert set(frame["measures"]) == {"digits", "confidence"}
    recording = lab.record(player="D")
    real = next(n for n in recording["graph"]["nodes"] if n["role"] == "data")
    value = lab.value(recording=recording["recording"], value=real["value"])
    assert array(value["images"]).shape == (16, 28, 28)


def test_without_mnist_the_lab_says_what_to_do(monkeypatch):
    monkeypatch.setattr(data, "mnist_folder", lambda: None)
    monkeypatch.setattr(data._Digits, "images", None)
    monkeypatch.setattr(data, "HERE", Path("nowhere"))
    lab = Lab(**SMALL)
    error = lab.answer("reset", settings={"data": "mnist"})["error"]
    assert error["kind"] == "unavailable" and "datasets.mnist()" in error["message"]
    (entry,) = (d for d in lab.hello()["data"] if d["id"] == "mnist")
    assert not entry["available"] and entry["why"]


@pytest.mark.parametrize(("model", "lr_g"), [("gan", 1e-3), ("wgan", 0.3), ("wgan_gp", 0.1)])
def test_the_fakes_outside_the_plane_are_counted(model, lr_g):
    lab = Lab(model=model, lr_g=lr_g, **SMALL)
    for position in 0, 5, 40:
        frame = lab.go(position=position)
        outside = abs(array(frame["fakes"])) > lab.description["limit"]
        assert frame["outside"] == outside.any(axis=1).sum()
    assert model == "gan" or frame["outside"] > 0


def test_a_dead_critic_is_told():
    lab = Lab(model="wgan", lr_d=10.0, **SMALL)
    assert any(": dead. " in sentence for sentence in lab.go(position=400)["warnings"])
