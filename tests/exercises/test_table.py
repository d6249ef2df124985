"""Every exercise: its solution passes, its mistakes are recognised, and its text is whole."""

import ast
import re
from pathlib import Path

import pages
import pytest
from exercises import verify

from minigan.exercises import checker
from minigan.exercises.exercise import LINES, left_open
from minigan.exercises.table import CHAPTERS, EXERCISES, find

every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


@every_exercise
@pytest.mark.parametrize("what", verify.EVERY, ids=lambda f: f.__name__)
def test_of_every_exercise(exercise, what):
    what(exercise)


@every_exercise
def test_the_file_is_short_and_says_what_to_do(exercise):
    text = exercise.text
    assert len(text.splitlines()) <= LINES
    assert all(len(line) <= 100 for line in text.splitlines())
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring.startswith(f"{exercise.number} {exercise.name}: ")
    for word in ("shapes", "source", "read"):
        assert re.search(rf"^{word}   ", docstring, re.MULTILINE), f"the docstring has no {word!r}"
    assert f"check    python -m minigan.exercises check {exercise.name}" in docstring
    assert re.search(r"^guess = \.\.\.$", text, re.MULTILINE)
    names = ", ".join(exercise.names)
    assert f'    check("{exercise.name}", {names}, guess=guess)\n' in text


@every_exercise
def test_the_learner_has_something_to_write_and_the_solution_has_it(exercise):
    line, _ = left_open(exercise.text, exercise.names)
    if exercise.outcome:  # a script with one wrong line
        lines = list(zip(*map(str.splitlines, (exercise.text, exercise.solution)), strict=True))
        assert line is None and sum(a != b for a, b in lines) == 1
    else:
        first_of_chapter = exercise.number.endswith(".1")
        assert (exercise.text == exercise.solution) == (line is None) == first_of_chapter
    assert left_open(exercise.solution, exercise.names) == (None, ...)


@every_exercise
def test_what_is_named_exists(exercise):
    for place in exercise.where:
        where = checker.place_in_minigan(place)
        file, line, name = re.fullmatch(r"([\w/.]+)(?:, line (\d+))?: (\S+)", where).groups()
        source = (pages.ROOT / file).read_text().splitlines()
        lines = [source[int(line) - 1 + i] for i in (0, 1)] if line else source
        assert any(re.match(rf" *(class|def) {name.rpartition('.')[2]}\b", x) for x in lines)
    page, _, anchor = exercise.page.partition("#")
    assert anchor in pages.anchors((pages.ROOT / page).read_text())
    for path in re.findall(r"\b(?:docs|minigan|examples)/[\w/]+\.\w+", exercise.text):
        assert (pages.ROOT / path).exists(), path
    for path, title in re.findall(r'(docs/\w+\.md), "([^"]+)"', exercise.text):
        headings_and_words = re.findall(
            r"^(?:#+ |\| \*\*)(.*)", (pages.ROOT / path).read_text(), re.M
        )
        assert any(line.startswith(title) for line in headings_and_words), title


@every_exercise
def test_there_are_mistakes_hints_and_facts(exercise):
    assert len(exercise.mistakes) >= 4
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
    assert 1 <= len(exercise.hints) <= 3
    texts = [exercise.fact, exercise.why_guess, exercise.shown]
    texts += [text for mistake in exercise.mistakes for text in (mistake.name, mistake.why)]
    assert all(text.endswith((".", "?")) for text in texts)


def test_the_names_and_numbers_are_in_order():
    assert len({exercise.name for exercise in EXERCISES}) == len(EXERCISES)
    numbers = [tuple(map(int, exercise.number.split("."))) for exercise in EXERCISES]
    assert numbers == sorted(set(numbers))
    for chapter in CHAPTERS:
        places = [place for each, place in numbers if each == chapter]
        assert places == list(range(1, len(places) + 1))


def test_every_text_belongs_to_an_exercise():
    folder = Path(checker.__file__).parent / "texts"
    assert {p.name for p in folder.iterdir()} == {f"{e.stem}.txt" for e in EXERCISES}


@every_exercise
def test_an_exercise_is_found_by_each_of_its_names(exercise):
    number = exercise.stem[:4]
    names = [exercise.name, exercise.number, number, exercise.stem, f"exercises/{exercise.stem}.py"]
    for name in names:
        assert find(name) is find(name.upper()) is exercise
    assert find(f"exercises\\{exercise.stem}.py") is exercise
    with pytest.raises(KeyError, match=f"did you mean {exercise.name}"):
        find(exercise.name + "x")
    with pytest.raises(KeyError, match=rf"is a chapter.* {exercise.number} {exercise.name}"):
        find(exercise.number[0])


def test_a_name_that_is_near_no_exercise_lists_all():
    with pytest.raises(KeyError, match=r"there are power, .*, frechet"):
        find("zzzz")
