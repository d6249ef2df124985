"""All exercises in order. The checker and the tests use this one table."""

import difflib
import re

from minigan.exercises import (
    chapter1,
    chapter2,
    chapter3,
    chapter4,
    chapter5,
    chapter6,
    chapter7,
)

CHAPTERS = {
    1: "Rules",
    2: "The walk",
    3: "Networks",
    4: "GAN",
    5: "Wasserstein",
    6: "Find the mistake",
    7: "Measure",
}
EXERCISES = [
    *chapter1.EXERCISES,
    *chapter2.EXERCISES,
    *chapter3.EXERCISES,
    *chapter4.EXERCISES,
    *chapter5.EXERCISES,
    *chapter6.EXERCISES,
    *chapter7.EXERCISES,
]


def find(name):
    """The exercise with this name: "tanh", "1.2", "1_02", "1_02_tanh" or a path to its file.

    Capital letters count as small ones. Raises KeyError with a sentence if there is none.
    """
    short = name.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".py")
    number = re.fullmatch(r"(\d+)[._]0*(\d+)", short)
    if number:
        short = f"{number[1]}.{number[2]}"
    for exercise in EXERCISES:
        if short in (exercise.name, exercise.number, exercise.stem):
            return exercise
    chapter = [e for e in EXERCISES if e.number.startswith(f"{short}.")]
    if chapter:
        listed = ", ".join(f"{e.number} {e.name}" for e in chapter)
        raise KeyError(f"{short} is a chapter; name one of its exercises: {listed}")
    names = [exercise.name for exercise in EXERCISES]
    near = difflib.get_close_matches(short, names, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    raise KeyError(f"there is no exercise {name!r}{guess or '; there are ' + ', '.join(names)}")
