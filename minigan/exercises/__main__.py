"""The command of the exercises: python -m minigan.exercises. See docs/exercises.md."""

import argparse
import sys
from pathlib import Path

from minigan.exercises import child, report
from minigan.exercises.table import CHAPTERS, EXERCISES, find
from minigan.runs import console

COMMAND = "python -m minigan.exercises"


def parse_flags(argv=None):
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Write the lines of a GAN yourself. Without a command: show where you are.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    name = dict(metavar="NAME", type=exercise, help="such as tanh, 1.2 or the name of the file")
    check = commands.add_parser("check", help="check one exercise, or the next one")
    check.add_argument("exercise", nargs="?", **name)
    check.add_argument("--all", action="store_true", help="check all exercises")
    watch = commands.add_parser("watch", help="check again whenever the file changes")
    watch.add_argument("exercise", nargs="?", **name)
    hint = commands.add_parser("hint", help="show a hint")
    hint.add_argument("exercise", **name)
    hint.add_argument("which", nargs="?", type=int, default=1, help="1 (default), 2 or 3")
    solution = commands.add_parser("solution", help="show the solution")
    solution.add_argument("exercise", **name)
    reset = commands.add_parser("reset", help="the file as it was at first; yours is kept")
    reset.add_argument("exercise", **name)
    run = commands.add_parser("run", help="train a GAN with the lines that you have solved")
    run.add_argument("model", nargs="?", choices=("gan", "wgan_gp"), default="gan")
    run.add_argument("--steps", type=positive, default=4000, help="of D (default: 4000)")
    return parser.parse_args(argv)


def exercise(name):
    try:
        return find(name)
    except KeyError as error:
        raise argparse.ArgumentTypeError(error.args[0]) from None


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of steps, 1 or more")
    return int(text)


def main(argv=None):
    args = parse_flags(argv)
    colours = report.Colours(sys.stdout)
    if args.command == "hint":
        return show_hint(args.exercise, args.which)
    if args.command == "solution":
        return show_solution(args.exercise)
    from minigan.exercises.folder import Folder

    folder = Folder()
    if args.command:  # only the call without a command writes the exercises
        folder.require()
    newer = folder.prepare(EXERCISES)
    for each in newer:
        print(
            f"{each.name} has a newer text in this minigan. Your file is as you left it.\n"
            f"`{COMMAND} reset {each.name}` gives you the newer text, and keeps your file."
        )
    if args.command == "check" and args.all:
        status = check_all(folder, colours)
    elif args.command == "check":
        status = check_one(folder, args.exercise, colours)
    elif args.command == "watch":
        from minigan.exercises import watch

        status = watch.watch(folder, args.exercise, lambda e: check_one(folder, e, colours))
    elif args.command == "reset":
        status = reset(folder, args.exercise)
    elif args.command == "run":
        from minigan.exercises import training

        status = training.run(folder, args.model, args.steps)
    else:
        status = show_all(folder, colours)
    return status


def show_all(folder, colours):
    """List the chapters, what is solved, and the next exercise."""
    following = folder.next(EXERCISES)
    for chapter, title in CHAPTERS.items():
        own = [e for e in EXERCISES if e.number.startswith(f"{chapter}.")]
        if not own:
            continue
        done = sum(map(folder.is_solved, own))  # those that are the same since they were solved
        print(colours.bold(f"{chapter} {title}") + f"  {done} of {len(own)} solved")
        for each in own:
            mark = "    "
            if folder.is_solved(each):
                mark = colours.green("done")
            elif each is following:
                mark = colours.yellow("next")
            changed = " (changed since it was solved)" if folder.is_changed(each) else ""
            print(f"  {mark}  {each.number}  {each.name:<18} {each.title}{changed}")
    show_next(folder)
    if not Path("docs", "exercises.md").exists():
        print("Pages such as docs/glossary.md are in minigan's repository. pip leaves them out.")
    return 0


def show_next(folder):
    following = folder.next(EXERCISES)
    if following is None:
        print(f"\nAll exercises are solved. `{COMMAND} run` trains a GAN with your lines.")
    else:
        print(f"\nNext: {folder.file(following)}")
        print(f"Open it in an editor, then: {COMMAND} check")


def check_one(folder, chosen, colours):
    """Check an exercise, or the next one. Return the exit status."""
    chosen = chosen or folder.next(EXERCISES)
    if chosen is None:
        show_next(folder)
        return 0
    solved, text = child.check_in(folder, chosen)
    headline = report.headline(chosen, solved)
    print(colours.green(headline) if solved else colours.yellow(headline))
    print(text)
    if solved:
        show_next(folder)
    else:
        print(f"\n  file: {folder.file(chosen)}    hint: {COMMAND} hint {chosen.name}")
    return 0 if solved else 1


def check_all(folder, colours):
    """Check all exercises, one line each. Return the exit status."""
    done = 0
    for each in EXERCISES:
        solved, _ = child.check_in(folder, each, shown=False)
        headline = report.headline(each, solved)
        print(colours.green(headline) if solved else colours.yellow(headline), flush=True)
        done += solved
    print(f"{done} of {len(EXERCISES)} solved")
    return 0 if done == len(EXERCISES) else 1


def show_hint(chosen, which):
    if not 1 <= which <= len(chosen.hints):
        print(f"{chosen.name} has {len(chosen.hints)} hints, and no hint {which}.")
        return 1
    print(f"Hint {which} of {len(chosen.hints)} for {chosen.number} {chosen.name}:")
    print(report.sentence(chosen.hints[which - 1]))
    if which < len(chosen.hints):
        print(f"More: {COMMAND} hint {chosen.name} {which + 1}")
    else:
        print(f"The solution: {COMMAND} solution {chosen.name}")
    return 0


def show_solution(chosen):
    from minigan.exercises import checker

    print(chosen.solution)
    for place in chosen.where:
        print(f"In minigan: {checker.place_in_minigan(place)}")
    print(f"To read more: {chosen.page}")
    return 0


def reset(folder, chosen):
    kept = folder.reset(chosen)
    print(f"{folder.file(chosen)} has its first text again.")
    if kept is not None:
        print(f"Your version is kept in {kept}")
    return 0


def start():
    status = main()
    if status:
        raise SystemExit(status)


if __name__ == "__main__":
    console.run(start)
