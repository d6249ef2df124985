"""Every page of every lesson can be done, and what its text says is true."""

import math

import numpy as np
import pytest
from lab.lab import Lab, array

from minigan.lab.lessons import LESSONS

IDS = [
    "discriminator-step",
    "fixed-discriminator",
    "two-losses",
    "mode-collapse",
    "gradient-of-gradient",
    "one-half",
]
POINTS = {
    "button-step-d", "button-step-g", "button-play", "button-back", "heat", "arrows",
    "plot-losses", "plot-measures", "algorithm-code", "algorithm-box", "graph", "graph-walk",
    "line-locals", "settings", None,
}  # fmt: skip


def test_there_are_six():
    assert [lesson["id"] for lesson in LESSONS] == IDS


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_every_page_can_be_carried_out(lesson):
    lab = Lab()
    assert 3 <= len(lesson["pages"]) <= 7
    for page in lesson["pages"]:
        assert page["point_at"] in POINTS and page["depth"] in (1, 2, 3, 4, None)
        assert page["text"].count("$") % 2 == 0 and page["text"].count("**") % 2 == 0
        for action in page["do"]:
            getattr(lab, action["call"])(**action["args"])
        if page["cursor"]:
            recording = lab.record(player=page["cursor"]["record"])
            _find(lab, recording, page["cursor"]["at"])
        if page["try"] and page["try"]["what"] == "play":
            lab.go(position=page["try"]["until"], layers=[])
        if page["try"] and page["try"]["what"] == "step":
            lab.step(player=page["try"]["player"])


def _find(lab, recording, where):
    if isinstance(where, str):
        assert where in ("start", "end")
    elif "walk" in where:
        steps = recording["graph"]["walks"][where["walk"]]["steps"]
        assert len(steps) > where["step"]
    else:
        lines = lab.source(file=where["file"])["lines"]
        numbers = {i for i, line in enumerate(lines, 1) if where["line_contains"] in line}
        calls, line, kind = (array(recording["events"][k]) for k in ("call", "line", "kind"))
        file = recording["files"].index(where["file"])
        assert any(
            kind[n] == 1
            and line[n] in numbers
            and recording["functions"][recording["calls"][calls[n]]["function"]]["file"] == file
            for n in range(len(calls))
        )


def test_thirty_steps_of_d_lower_its_loss():
    lab = Lab(data="two_gaussians")
    first = lab.step(player="D")["report"]["d_loss"]
    report = lab.step(player="D", count=29)["report"]
    assert abs(first - 2 * math.log(2)) < 0.3
    assert report["d_loss"] < first and report["D(x)"] > 0.5 > report["D(G(z))"]


def test_the_arrows_of_the_two_losses():
    length, digest = {}, {}
    for loss in "minimax", "non_saturating":
        lab = Lab(data="regions", generator_loss=loss, lr_d=1e-3)
        frame = lab.step(player="D", count=200)
        arrows = array(frame["arrows"])
        length[loss], digest[loss] = np.linalg.norm(arrows, axis=1), frame["digest"]
        assert 0.02 < array(frame["outputs"]).mean() < 0.04
    assert digest["minimax"] == digest["non_saturating"]
    assert length["minimax"].max() == pytest.approx(2.2, abs=0.5)
    assert length["minimax"].mean() == pytest.approx(0.27, abs=0.03)
    assert 20 < length["non_saturating"].mean() / length["minimax"].mean() < 35


@pytest.mark.slow
def test_a_slow_discriminator_collapses_and_wgan_gp_does_not():
    def modes(position, **settings):
        lab, found = Lab(data="ring", **settings), []
        for n in range(100, position + 1, 100):
            found.append(lab.go(position=n, layers=["measures"])["measures"]["modes"])
        return found

    slow = dict(lr_g=1e-3, lr_d=1e-4)
    assert max(modes(700, **slow)) <= 2
    cloud = array(Lab(data="ring", **slow).go(position=700, layers=["fakes"])["fakes"])
    assert cloud.std(axis=0).max() < 0.3  # the ring's own is 0.7
    assert modes(1500, model="wgan_gp")[-1] == 8
    assert max(modes(1500, model="wgan_gp", lr_d=1e-4)) <= 2
    assert modes(1000)[-1] == 8


@pytest.mark.slow
def test_the_losses_stay_at_two_log_two_and_the_measures_say_more():
    lab = Lab(data="two_gaussians")
    floor = next(
        m["floor"] for m in lab.description["measure_names"] if m["id"] == "jensen_shannon"
    )
    for n in 2000, 4000:
        frame = lab.go(position=n)
        reports = lab.curves(points=10_000)["reports"]
        for name, value in ("d_loss", 2 * math.log(2)), ("g_loss", math.log(2)):
            assert array(reports[name]["y"])[-200:].mean() == pytest.approx(value, abs=0.05)
        assert abs(array(frame["outputs"]) - 0.5).mean() < 0.1
        assert frame["measures"]["jensen_shannon"] > 5 * floor


@pytest.mark.slow
@pytest.mark.parametrize("weight, slope", [(1, 1.0), (0.1, 1.5)])
def test_the_penalty_keeps_the_slope_near_one(weight, slope):
    lab = Lab(model="wgan_gp", penalty_weight=weight)
    lab.go(position=900 if weight == 1 else 1500)
    reports = lab.curves(points=10_000)["reports"]
    norms = array(reports["gradient norm"]["y"])
    assert norms[-200:].mean() == pytest.approx(slope, abs=0.1)
    estimate = array(reports["wasserstein"]["y"])
    assert estimate[-200:].mean() < 0.5 * estimate[:100].mean()
