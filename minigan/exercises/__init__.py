"""Exercises: write the lines of a GAN yourself. A check says whether they are right.

    python -m minigan.exercises        # write the exercises into exercises/, and show the next one

If an answer is wrong, the check shows where, and names the mistake if it knows it.

The files, in reading order:

exercise    what an exercise and a known mistake are
rules       what is compared of an operation
chapter1    the exercises of chapter 1; then chapter2 to chapter7. chapter2 uses node (the Node that
            a learner gets), chapters 4 to 6 use players and ring (small networks, and what they
            learn)
table       all exercises in one list
checker     compares an answer with minigan's own, and recognises known mistakes
report      the texts of a check
explain     a sentence about an error that a learner's lines raise
child       the process that runs a learner's file, and is ended after ten seconds
folder      the learner's files
watch       checks again when a file has changed
training    trains a GAN with the learner's lines
__main__    the command
"""

from types import SimpleNamespace


def check(name, *answers, guess=...):
    """Check an answer, in a notebook or in a file, and print what the check says.

    name: the name of the exercise. answers: what it asks for, in the order of the file.
    guess: your answer to the question at the top of the file.
    Raises KeyError for a name that there is not, and TypeError for another number of answers.

    >>> from minigan import Op
    >>> class Power(Op):
    ...     def __init__(self, n):
    ...         self.n = n
    ...     def forward(self, x):
    ...         return x**self.n
    ...     def backward(self, gy, y, x):
    ...         return self.n * x ** (self.n - 1)
    >>> check("power", Power)  # doctest: +ELLIPSIS
    1.1 power: not yet.
      Your gradient does not use gy. ...
    """
    from minigan.exercises import checker, report
    from minigan.exercises.table import find

    exercise = find(name)
    if len(answers) != len(exercise.names):
        asked = ", ".join(exercise.names)
        raise TypeError(f'write check("{name}", {asked}), not {len(answers)} answers')
    answer = SimpleNamespace(**dict(zip(exercise.names, answers, strict=True)))
    verdict = checker.examine(exercise, answer)
    print(report.headline(exercise, verdict.solved))
    for text in [verdict.text, *report.guess_lines(exercise, guess, verdict.solved)]:
        print(text)
