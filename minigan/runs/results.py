"""Save the result of a finished run as .json. A program that is started again then loads it.

`run_trials` runs each of several settings in this way, for the programs in examples/studies that
try settings: mixtures_trials.py and mnist_trials.py.
"""

__tracebackhide__ = True  # pytest shows the user's lines alone; see guards/tracebacks.py

import argparse
import json
import time
from pathlib import Path

from minigan.runs.files import atomic_write
from minigan.runs.flags import read, user_path


def save_result(path, result):
    """Write a dict of settings and scores."""
    with atomic_write(path) as temporary:
        Path(temporary).write_text(json.dumps(result, indent=1))


def load_result(path, settings, table):
    """Read the result of a run with these settings.

    table: the function that shows a list of results; it raises an error if this one lacks a number.
    Raises OSError if the file cannot be read. Raises ValueError, naming the file, if it is no
    result or the run had another setting.
    """
    text = path.read_bytes()
    try:
        result = json.loads(text)
        table([result])
        other = {name: result[name] for name in settings if result[name] != settings[name]}
    except Exception as error:  # wrong content can raise anything
        raise ValueError(
            f"{path} is not the result of a run ({type(error).__name__}: {error}); delete it, and "
            "the run starts again"
        ) from error
    if other:
        name, value = next(iter(other.items()))
        raise ValueError(
            f"{path} is the result of a run with {name} {value}, not {settings[name]}; choose "
            "another --out, or delete the file, and the run starts again"
        )
    return result


def trial_parser(description, trials, out):
    """The command line of a program that runs trials: --only, --seeds and --out"""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=trials, default=list(trials), metavar="TRIAL")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[100], help="the seeds themselves (default: 100)"
    )
    parser.add_argument("--out", type=user_path, default=Path(out))
    return parser


def run_trials(args, settings, train, score, table):
    """Run the trials of args.only that have no result in args.out yet, and print the table.

    settings: {trial: its settings}. train(settings, seed) returns {weights: generator}.
    score(generator, settings) returns the scores of one generator.
    """
    results = []
    for name in args.only:
        for seed in args.seeds:
            path = args.out / f"{name}-{seed}.json"
            run = {"trial": name, "seed": seed} | settings[name]
            if not path.exists():
                start = time.process_time()
                generators = train(settings[name], seed)
                result = run | {"cpu_seconds": time.process_time() - start}
                result["scores"] = {k: score(G, settings[name]) for k, G in generators.items()}
                save_result(path, result)
            results.append(read(load_result, path, run, table))
            print(table(results[-1:]), flush=True)
    print(table(results))
