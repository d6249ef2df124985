"""Stepping back gives the same bits, within the promised time and memory."""

import time

import numpy as np
import pytest
from lab.lab import Lab, array

from minigan.lab.game import Game, intervals
from minigan.lab.settings import complete

MODELS = ["gan", "wgan", "wgan_gp"]
NO_LAYERS = {"layers": []}


@pytest.mark.parametrize("model", MODELS)
def test_back_and_forward_gives_the_same_bits(model):
    lab = Lab(model=model)
    digests = {n: lab.go(position=n, **NO_LAYERS)["digest"] for n in (50, 93, 100)}
    assert lab.back(count=7, **NO_LAYERS)["digest"] == digests[93]
    assert lab.go(position=50, **NO_LAYERS)["digest"] == digests[50]
    assert lab.go(position=100, **NO_LAYERS)["digest"] == digests[100]
    assert len(set(digests.values())) == 3


@pytest.mark.slow
def test_a_thousand_steps_back_to_500_and_forward():
    lab = Lab()
    middle = lab.go(position=500)
    end = lab.go(position=1000)
    back = lab.go(position=500)
    again = lab.go(position=1000)
    for one, other in (middle, back), (end, again):
        assert one["digest"] == other["digest"]
        for layer in "fakes", "arrows", "heat", "grid":
            assert one[layer] == other[layer]
        assert one["measures"] == other["measures"]
        assert one["report"] == other["report"]


def test_a_single_step_back_from_every_position():
    lab = Lab(model="wgan_gp", batch_size=8)
    digests = [lab.frame(**NO_LAYERS)["digest"]]
    for _ in range(45):
        digests.append(lab.step(**NO_LAYERS)["digest"])
    for n in range(44, -1, -1):
        frame = lab.back(**NO_LAYERS)
        assert (frame["position"], frame["digest"]) == (n, digests[n])
    assert lab.back(**NO_LAYERS)["position"] == 0


def test_another_players_step_drops_the_known_future():
    lab = Lab(batch_size=8)
    lab.go(position=10)
    assert lab.go(position=4)["recorded"] == 10
    assert lab.step(player="D")["recorded"] == 10  # as recorded: D, G, D, G, and then D
    frame = lab.step(player="D")
    assert (frame["position"], frame["recorded"], frame["steps"]) == (6, 6, {"D": 4, "G": 2})
    assert frame["next"] == "G"


def test_plain_training_with_minigan_gives_the_same_bits():
    """The lab's steps are the trainer's steps, on the batches of `batch`."""
    from minigan.lab.game import build_trainer

    game, settings = Game(complete({})), complete({})
    game.go(20)
    trainer = build_trainer(settings, plane=True)
    for n in range(20):
        real, z, _ = game.batch(n)
        if n % 2 == 0:
            trainer.discriminator_step(real, z)
        else:
            trainer.generator_step(z)
    for ours, theirs in zip(
        game.trainer.generator.parameters(), trainer.generator.parameters(), strict=True
    ):
        np.testing.assert_array_equal(ours.data, theirs.data)


def test_a_seed_is_a_run():
    one, same, other = (Lab(seed=s).go(position=6, **NO_LAYERS)["digest"] for s in (1, 1, 2))
    assert one == same != other


def test_an_experiment_leaves_minigans_generator_alone():
    import minigan

    minigan.seed(5)
    expected = minigan.randn(3).data
    minigan.seed(5)
    Lab().go(position=3)
    np.testing.assert_array_equal(minigan.randn(3).data, expected)


def test_two_experiments_do_not_disturb_each_other():
    alone = Lab(seed=3).go(position=8, **NO_LAYERS)["digest"]
    one, two = Lab(seed=3), Lab(seed=4)
    for n in range(1, 9):
        one.go(position=n, **NO_LAYERS)
        two.go(position=n, **NO_LAYERS)
    assert one.frame(**NO_LAYERS)["digest"] == alone


def test_the_curves_stay_after_going_back():
    lab = Lab(batch_size=8)
    lab.go(position=120)
    before = lab.curves()
    lab.go(position=30)
    after = lab.curves()
    assert after["position"] == 30
    for curves in "reports", "measures":
        assert after[curves] == before[curves]
    x = array(before["measures"]["modes"]["x"])
    assert x.tolist() == [0, 50, 100]
    assert len(array(before["reports"]["d_loss"]["y"])) == 60


@pytest.mark.slow
def test_going_back_is_quick_up_to_step_10_000():
    """The default experiment: 0.2 s within the last 500 steps, 2 s elsewhere, 300 MB."""
    game = Game(complete({}))
    game.go(10_000)
    step = min(_seconds(lambda: game.step()) for _ in range(20))
    game.go(10_000)
    assert len(game.snapshots) * game.snapshot_bytes < 300e6
    # The number of steps to repeat is certain, the time of one depends on the computer.
    assert game.near_every * step < 0.2
    assert game.far_every * step < 2
    for position in 9_999, 9_501, 9_000, 5_050, 199, 1:
        ran = _steps_to(game, position)
        assert ran < (game.near_every if position >= 9_500 else game.far_every)
        game.go(10_000)


def _steps_to(game, position):
    count, step = 0, game.step

    def counted(player=None):
        nonlocal count
        count += 1
        return step(player)

    game.step = counted
    game.go(position)
    del game.step
    return count


def _seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def test_large_networks_keep_fewer_snapshots_and_the_page_says_so():
    near, far = intervals(20_000_000)  # two networks of 6 layers of 512 take 38 MB
    assert near > 100 and far % near == 0
    assert 10_000 / far * 20_000_000 <= 125e6
    lab = Lab(width_g=32, width_d=32)
    assert lab.description["history"]["sentence"] == ""  # no step has been timed yet
    sentence = lab.go(position=30)["history"]["sentence"]
    assert sentence.startswith("One step back takes about 0.0")


def test_a_slow_first_step_does_not_change_what_the_page_says_of_a_step_back(monkeypatch):
    clock = iter([0.0, 100.0, *np.repeat(np.arange(101.0, 200.0), 2)])  # then each step takes 0
    monkeypatch.setattr("minigan.lab.game.time.perf_counter", lambda: next(clock))
    game = Game(complete({"batch_size": 2, "width_g": 8, "width_d": 8}))
    for _ in range(30):
        game.step()
    assert game.history()["near_seconds"] == 0


def test_the_memory_of_a_long_run_is_bounded(monkeypatch):
    from minigan.lab import game as module

    game = Game(complete({"batch_size": 2, "width_g": 8, "width_d": 8}))
    monkeypatch.setattr(module, "FAR_BYTES", 6 * game.snapshot_bytes)
    game.go(2_000)
    far = sorted(n for n in game.snapshots if n % game.far_every == 0)
    assert len(far) <= 7 and game.far_every > 100 and 0 in far
    digest = game.digest()
    game.go(150)
    game.go(2_000)
    assert game.digest() == digest
