"""All exercises in order. The checker and the tests use this one table."""

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
    """The exercise with this name: "tanh", "1.2", "1_02_tanh" or a path to its file.

    Raises KeyError with a sentence if there is none.
    """
    short = name.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    for exercise in EXERCISES:
        if short in (exercise.name, exercise.number, exercise.stem):
            return exercise
    names = ", ".join(exercise.name for exercise in EXERCISES)
    raise KeyError(f"there is no exercise {name!r}; there are {names}")
