"""gan.py and wgan.py differ in mathematics, settings and the names of the players alone."""

from pathlib import Path

from trainer_diff import EXPLAINED, difference, unexplained

ROOT = Path(__file__).parents[2]


def test_the_trainers_differ_in_mathematics_settings_and_names_alone():
    assert unexplained(ROOT) == []


def test_every_line_that_may_differ_does():
    assert sorted(difference(ROOT)) == sorted(EXPLAINED)
