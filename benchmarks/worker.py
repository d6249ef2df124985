"""Run one work of one library, in a process that measure.py starts and tells when to run.

    python benchmarks/worker.py LIBRARY WORK JSON_SETTINGS

The first line that it prints is JSON: {"version": ..., "loaded": ...}, or {"missing": why}. The
number "loaded" is the peak memory in KiB after the import of the library and one tiny step. Then it
reads numbers of steps from standard input, one a line. For each it runs so many steps, and prints
the median of their seconds and the peak memory of the process so far, in KiB.
"""

import importlib
import json
import resource
import statistics
import sys
import time

import environment  # noqa: F401  # before NumPy


def prepare(library, work, settings):
    """(a function that makes one step, what to say of it); None for a step that cannot be made."""
    try:
        works = importlib.import_module(f"works_{library}")
        if not hasattr(works, work):
            return None, {"missing": f"works_{library}.py has no {work}"}
        works.load()
        about = {"version": works.version(), "loaded": peak_memory()}
        return getattr(works, work)(**settings), about
    except ImportError as error:
        return None, {"missing": str(error)}


def timed(step, n):
    """The median seconds of n steps, after a quarter as many that warm up."""
    for _ in range(max(1, n // 4)):
        step()
    times = []
    for _ in range(n):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_memory():
    """The most memory that this process has held so far, in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak  # macOS counts bytes


def main():
    library, work, settings = sys.argv[1:]
    step, about = prepare(library, work, json.loads(settings))
    print(json.dumps(about), flush=True)
    if step:
        for line in sys.stdin:
            print(timed(step, int(line)), peak_memory(), flush=True)


if __name__ == "__main__":
    main()
