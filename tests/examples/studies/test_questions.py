"""docs/questions.md shows what questions.py prints, and what it claims is true."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "questions.md"


@pytest.fixture
def questions(example):
    return example("questions")


def shown(name):
    """The output that the page shows below a command."""
    pattern = rf"python examples/studies/questions\.py {name}\n\n```\n(.*?)```"
    (text,) = re.findall(pattern, PAGE.read_text(), re.DOTALL)
    return text


def test_the_page_shows_the_shapes(questions, capsys):
    questions.main(["shapes"])
    assert capsys.readouterr().out == shown("shapes")


def test_the_page_shows_the_answers_of_a_smoothed_discriminator(questions, capsys):
    questions.main(["smoothing"])
    printed, page = capsys.readouterr().out.splitlines(), shown("smoothing").splitlines()
    assert printed[0] == page[0]
    for line, written in zip(printed[1:], page[1:], strict=True):
        assert numbers(line) == pytest.approx(numbers(written), abs=0.02)
    # Labels above 0 for fakes keep D above 0 where only fakes are.
    hard, one_sided, two_sided = map(numbers, printed[1:])
    assert hard[6] < 0.02 and one_sided[6] < 0.02  # D(1)
    assert two_sided[6] == pytest.approx(0.1, abs=0.02)


def test_every_order_of_the_players_finds_modes(questions, capsys):
    questions.main(["order", "--steps", "300", "--seeds", "1"])
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[:2] for row in rows] == [
        [first, noise] for first in "DG" for noise in ("fresh", "shared")
    ]
    assert all(1 <= int(row.split()[2]) <= 8 for row in rows)


def numbers(line):
    return [float(number) for number in re.findall(r"\d+\.?\d*", line)]


@pytest.mark.parametrize("flag", ["--steps", "--seeds"])
def test_numbers_out_of_range_are_refused(questions, flag, capsys):
    with pytest.raises(SystemExit):
        questions.main(["order", flag, "0"])
    assert f"{flag} must be at least 1" in capsys.readouterr().err
