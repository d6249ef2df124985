"""A recorded step gives the same numbers as a plain one, and the recording is correct."""

import sys

import numpy as np
import pytest
from lab.lab import Lab, array
from lab.serving import ROOT

import minigan
from minigan.lab import source
from minigan.lab.helpers import HELPERS
from minigan.lab.recorder import Values

MODELS = ["gan", "wgan", "wgan_gp"]
CALL, LINE, RETURN = 0, 1, 2


@pytest.fixture(scope="module", params=[(m, p) for m in MODELS for p in "DG"], ids=str)
def recorded(request):
    model, player = request.param
    lab = Lab(model=model, batch_size=16, width_g=8, width_d=8)
    lab.go(position=7)
    return lab, lab.record(player=player)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("player", "DG")
def test_a_recorded_and_a_plain_step_give_the_same_bits(model, player):
    plain, lab = Lab(model=model), Lab(model=model)
    for one in plain, lab:
        one.go(position=9, layers=[])
    recording = lab.record(player=player)
    after_recording = lab.frame(layers=[])
    assert after_recording["position"] == 9
    assert after_recording["digest"] == plain.frame(layers=[])["digest"]  # all is put back
    expected = plain.step(player=player, layers=[])
    assert recording["digest_after"] == expected["digest"]
    step = lab.step(player=player, layers=[])
    assert (step["digest"], step["report"]) == (expected["digest"], expected["report"])


def test_the_recorder_leaves_the_trace_function_alone():
    lab = Lab(batch_size=4)
    before = sys.gettrace()
    lab.record()
    assert sys.gettrace() is before


def test_events_calls_and_lines_fit_together(recorded):
    lab, r = recorded
    calls, lines, kinds = (array(r["events"][name]) for name in ("call", "line", "kind"))
    assert len(calls) == len(lines) == len(kinds)
    assert (kinds[0], kinds[-1]) == (CALL, RETURN)
    for n in range(len(calls)):
        function = r["functions"][r["calls"][calls[n]]["function"]]
        assert function["first"] <= lines[n] <= function["last"]
    for i, call in enumerate(r["calls"]):
        assert calls[call["event"]] == i and kinds[call["event"]] == CALL
        assert calls[call["end"]] == i
        if call["parent"] >= 0:
            parent = r["calls"][call["parent"]]
            assert parent["event"] < call["event"] < call["end"] <= parent["end"]
    assert all(file.startswith("minigan/") and "/lab/" not in file for file in r["files"])
    for n, pairs in r["changes"]:
        assert 0 <= n < len(calls)
        assert all(0 <= value < len(r["values"]) for _, value in pairs)
    source_lines = lab.source(file=r["files"][r["algorithm"]["file"]])["lines"]
    assert r["algorithm"]["last"] <= len(source_lines)


def test_every_rule_stands_where_the_graph_says(recorded):
    lab, r = recorded
    for node in r["graph"]["nodes"]:
        if node["kind"] == "op":
            lines = lab.source(file=node["file"])["lines"]
            assert "def backward" in lines[node["first"] - 1]
            assert "def forward" in lines[node["forward_first"] - 1]
            assert node["formula"]


def test_the_graph_leads_from_the_leaves_to_the_loss(recorded):
    _, r = recorded
    nodes = r["graph"]["nodes"]
    for i, node in enumerate(nodes):
        assert node["id"] == i
        if node["kind"] == "leaf":
            assert node["generation"] == 0 and not node["inputs"]
        else:
            assert node["generation"] == 1 + max(nodes[j]["generation"] for j in node["inputs"])
    loss = nodes[r["graph"]["loss"]]
    assert loss["role"] == "loss" and loss["shape"] in ([], [1])
    walk = r["graph"]["walks"][-1]
    assert walk["title"] == "loss.backward()" and walk["steps"][0]["node"] == loss["id"]
    generations = [nodes[step["node"]]["generation"] for step in walk["steps"]]
    assert generations[0] == max(generations)
    reached = {g["input"] for step in walk["steps"] for g in step["gradients"] if g["value"]}
    learns = r["player"]
    for node in nodes:
        if node["role"] == "parameter" and node["graph"] == 1:
            assert (node["id"] in reached) == (node["player"] == learns)


def test_the_players_parameters_are_all_in_the_graph(recorded):
    _, r = recorded
    labels = {node["label"] for node in r["graph"]["nodes"] if node["role"] == "parameter"}
    assert {label for label in labels if label.startswith(r["player"])} == {
        f"{r['player']}.{i}.{name}" for i in (0, 2, 4) for name in ("weight", "bias")
    }


def test_gradients_that_meet_are_added():
    lab = Lab(batch_size=16)
    r = lab.record(player="D")  # D is used twice: on real samples and on fakes
    for node in r["graph"]["nodes"]:
        if node["role"] == "parameter":
            arrivals = [
                gradient
                for step in r["graph"]["walks"][-1]["steps"]
                for gradient in step["gradients"]
                if gradient["input"] == node["id"]
            ]
            assert [gradient["added"] for gradient in arrivals] == [False, True]
            first, second, total = (
                array(lab.value(recording=r["recording"], value=v)["strip"])
                for v in (arrivals[0]["value"], arrivals[1]["value"], arrivals[1]["sum"])
            )
            if first.shape == total.shape == second.shape:
                np.testing.assert_allclose(first + second, total, rtol=1e-5, atol=1e-7)


def test_the_gradient_penalty_makes_a_second_graph():
    lab = Lab(model="wgan_gp", batch_size=16)
    r = lab.record(player="D")
    nodes, (inner, outer) = r["graph"]["nodes"], r["graph"]["walks"]
    assert inner["title"] == "grad(f(x̂), x̂), with create_graph" and inner["create_graph"]
    assert outer["title"] == "loss.backward()" and not outer["create_graph"]
    second = [node for node in nodes if node["graph"] == 2]
    assert second and all(node["inside"] is not None for node in second)
    visited = {step["node"] for step in inner["steps"]}
    assert {node["inside"] for node in second} <= visited
    assert any(step["node"] in {n["id"] for n in second} for step in outer["steps"])
    weights = {node["id"] for node in nodes if node["role"] == "parameter"}
    for step in inner["steps"]:  # the inner gradient computes none for a weight
        assert not [g for g in step["gradients"] if g["input"] in weights and g["value"]]


def test_the_algorithm_view_has_the_values_of_each_line():
    lab = Lab(batch_size=16)
    r = lab.record(player="D")
    box = lab.description["algorithm"]
    lines = lab.source(file="minigan/trainers/gan.py")["lines"]
    names = {}
    for line, pairs in r["algorithm"]["line_values"].items():
        for name, value in pairs:
            names[name] = (lines[int(line) - 1].strip(), r["values"][value])
    assert names["fake"][0] == "fake = self.generator(z)  # (m, ...)"
    assert names["fake"][1]["shape"] == [16, 2] and names["fake"][1]["image"] == "points"
    assert names["loss"][1]["text"].startswith("Tensor ()")
    update = next(int(n) for n in r["algorithm"]["box"] if "loss.backward()" in lines[int(n) - 1])
    (index,) = r["algorithm"]["box"][str(update)]
    assert box[index]["text"].strip().startswith("Update D by ascending")
    events = array(r["algorithm"]["events"])
    assert (array(r["events"]["call"])[events] == r["algorithm"]["call"]).all()
    name = r["functions"][r["calls"][r["algorithm"]["call"]]["function"]]["name"]
    assert name == "GAN.discriminator_step"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("player", "DG")
def test_a_step_carries_out_the_lines_of_its_player_except_the_samples(model, player):
    lab = Lab(model=model, batch_size=8)
    box = lab.record(player=player)["algorithm"]["box"]
    carried_out = {i for indices in box.values() for i in indices}
    entries = lab.description["algorithm"]
    assert carried_out == {
        i
        for i, entry in enumerate(entries)
        if player in entry["players"] and "Sample" not in entry["text"]
    }


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("player", "DG")
def test_the_report_and_the_checks_are_marked_with_nothing(model, player):
    lab = Lab(model=model, batch_size=8)
    recording = lab.record(player=player)["algorithm"]
    lines = lab.source(file=lab.description["trainer_file"])["lines"]
    for number, marked in recording["box"].items():
        line = lines[int(number) - 1]
        if "report" in line or "zero_grad" in line or "self.steps" in line:
            assert marked == [], line


def test_a_value_in_numbers():
    lab = Lab(batch_size=16)
    r = lab.record(player="D")
    bias = next(n for n in r["graph"]["nodes"] if n["label"] == "D.4.bias")
    value = lab.value(recording=r["recording"], value=bias["value"])
    assert value["shape"] == [1] and len(value["numbers"]) == 1
    fake = next(n for n in r["graph"]["nodes"] if n["label"] == "G(z)")
    value = lab.value(recording=r["recording"], value=fake["value"], bins=7)
    points = array(value["points"])
    assert points.shape == (16, 2) and sum(value["histogram"]["counts"]) == 32
    assert value["mean"] == pytest.approx(points.mean(), abs=1e-5)
    text = next(i for i, v in enumerate(r["values"]) if not v.get("array"))
    assert lab.answer("value", recording=r["recording"], value=text)["error"]["kind"] == "request"
    assert lab.answer("value", recording=99, value=0)["error"]["kind"] == "request"


def test_arrays_beyond_the_budget_are_thinned(monkeypatch):
    from minigan.lab import recorder

    monkeypatch.setattr(recorder, "BUDGET", 0)
    monkeypatch.setattr(recorder, "THIN", 64)
    lab = Lab(batch_size=16)
    r = lab.record(player="D")
    weight = next(n for n in r["graph"]["nodes"] if n["label"] == "D.2.weight")
    value = lab.value(recording=r["recording"], value=weight["value"])
    assert value["thinned"] and value["numbers"] is None and value["shape"] == [64, 64]


def test_a_change_in_place_is_a_new_value():
    values, a = Values(), np.zeros((30, 40), dtype=np.float32)
    first = values.index(a)
    a += 1
    second = values.index(a)
    assert values.entries[first]["mean"] == 0 and values.entries[second]["mean"] == 1
    assert values.arrays[first].max() == 0


@pytest.mark.parametrize(
    "shape", [(256, 512), (512, 784), (64, 49), (1, 3000), (7, 7, 98)], ids=str
)
@pytest.mark.parametrize("part", ["columns", "rows"])
def test_a_change_of_half_an_array_is_a_new_value(shape, part):
    values, a = Values(), np.zeros(shape)
    before = values.index(a)
    if part == "columns" or shape[0] == 1:
        a[..., shape[-1] // 2 :] = 1.0
    else:
        a[shape[0] // 2 :] = 1.0
    assert values.index(a) != before


def test_the_source_of_minigan_and_nothing_else():
    lab = Lab(batch_size=4)
    answer = lab.source(file="minigan/trainers/gan.py")
    assert len(answer["lines"]) == len(answer["tokens"])
    row = next(i for i, line in enumerate(answer["lines"]) if line.startswith("class GAN"))
    assert answer["tokens"][row][:2] == [[0, 5, "keyword"], [6, 9, "definition"]]
    for file in "../../etc/passwd", "/etc/passwd", "minigan/../setup.py", "", None, "setup.cfg":
        assert lab.answer("source", file=file)["error"]["kind"] == "request"


def test_columns_are_counted_as_javascript_counts_them():
    lines, tokens = source.read("minigan/losses.py")
    row = next(i for i, line in enumerate(lines) if "ε" in line)
    width = len(lines[row].encode("utf-16-le")) // 2
    assert all(0 <= a < b <= width for a, b, _ in tokens[row])


@pytest.mark.parametrize("player", "DG")
@pytest.mark.parametrize("model", MODELS)
def test_only_samples_are_drawn_as_points(model, player):
    """The noise, gradients and the weights have the same shape here."""
    size = 6
    lab = Lab(model=model, batch_size=size, width_g=size, width_d=size, noise_dim=2)
    lab.go(position=5)
    game = lab.experiment.game
    arguments = game.arguments(player, game.position)
    z = arguments[0] if player == "G" else arguments[1]
    fake = game.networks["G"](minigan.Tensor(z)).numpy()
    samples = [fake] if player == "G" else [arguments[0], fake]
    if len(arguments) == 3:  # a gradient penalty
        eps = arguments[2][:, None]
        samples.append(eps * arguments[0] + (1 - eps) * fake)
    recording = lab.record(player=player)
    drawn = []
    for number, value in enumerate(recording["values"]):
        if value.get("shape") == [size, 2]:
            details = lab.value(recording=recording["recording"], value=number)
            numbers = np.array(details["numbers"], dtype=np.float32)
            is_sample = any(np.allclose(numbers, s, atol=1e-7) for s in samples)
            assert (value["image"] == "points") == is_sample
            assert (details["points"] is not None) == is_sample
            drawn.append(is_sample)
    assert sum(drawn) >= len(samples) and not all(drawn)


def test_the_parts_of_a_trainer_are_those_of_the_moment():
    """After the step, `self` holds the new weights and the new moments of the optimizer."""
    lab = Lab(batch_size=8, width_d=8, width_g=8)
    lab.step(count=2)
    recorded = lab.record(player="D")

    def numbers(event, *names):
        number = dict(dict(recorded["changes"])[event])["self"]
        for name in names:
            entry = recorded["values"][number]
            number = entry["items"][entry["names"].index(name)]
        value = lab.value(recording=recorded["recording"], value=number, limit=10_000)
        return np.array(value["numbers"], dtype=np.float32)

    steps = [call for call in recorded["calls"] if not call["helper"]]
    begin = steps[0]["event"]  # the trainer's step; its last change of `self` is after the update
    events = {event for event, pairs in recorded["changes"] if "self" in dict(pairs)}
    call = array(recorded["events"]["call"])
    end = max(event for event in events if call[event] == call[begin])
    places = {"exp_avg": ("d_optimizer", "state", "[0]", "['exp_avg']")}
    places["weight"] = ("d_optimizer", "params", "[0]")
    game = lab.experiment.game
    for moment in begin, end:
        now = game.trainer.d_optimizer
        assert np.array_equal(numbers(moment, *places["weight"]), now.params[0].data)
        assert np.array_equal(numbers(moment, *places["exp_avg"]), now.state[0]["exp_avg"])
        lab.step(player="D")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("player", "DG")
def test_without_the_helpers_a_step_begins_in_the_trainer(model, player):
    recorded = Lab(model=model, batch_size=8, width_d=8, width_g=8).record(player=player)
    files, functions = recorded["files"], recorded["functions"]
    shown = [functions[c["function"]] for c in recorded["calls"] if not c["helper"]]
    assert files[shown[0]["file"]].startswith("minigan/trainers/")
    assert shown[0]["name"].endswith("_step")
    for function in shown:
        assert not files[function["file"]].startswith("minigan/guards/"), function
    names = {function["name"].split(".")[-1] for function in shown}
    assert {"forward", "backward", "walk", "step", "update"} <= names


def test_every_helper_exists():
    for place, names in HELPERS.items():
        file = ROOT / place
        assert file.exists(), place
        for name in names or ():
            assert f"def {name}(" in file.read_text(encoding="utf-8"), (place, name)
