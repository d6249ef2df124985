"""Start a process for each library, and let the processes take turns."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

from tables import Measured, without_stalls

TURN = 0.5  # seconds
PAUSE = 0.3  # seconds before a turn: the threads of the one before wait actively for a while


class WorkerError(Exception):
    """A library has no such work, or its process ended early."""


class Worker:
    """A process that runs a work of a library when it is told to; see worker.py."""

    def __init__(self, python, library, work, settings):
        script = Path(__file__).with_name("worker.py")
        self.name = f"{library}'s {work}"
        self.process = subprocess.Popen(
            [python, script, library, work, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = json.loads(self.answer())
        if "missing" in self.about:
            self.stop()
            raise WorkerError(self.about["missing"])

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"the process of {self.name} ended; its error is printed above")
        return line

    def run(self, n):
        """Run n steps: (the median of their seconds, the most MiB that the process has held)."""
        with contextlib.suppress(BrokenPipeError):  # there will be no answer, either
            self.process.stdin.write(f"{n}\n")
            self.process.stdin.flush()
        seconds, kilobytes = self.answer().split()
        return float(seconds), int(kilobytes) / 1024

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def start(pythons, work, settings):
    """{library: (its Worker, the steps of its turns)}, and {library: why it is left out}."""
    workers, left_out = {}, {}
    for name in settings:
        try:
            worker = Worker(pythons[name], name, work, settings[name])
            seconds, _ = worker.run(3)  # a library that compiles does it now
            workers[name] = worker, max(1, round(TURN / seconds))
        except WorkerError as error:
            left_out[name] = str(error)
    if "minigan" in left_out:
        sys.exit(f"there is nothing to compare: {left_out['minigan']}")
    return workers, left_out


def measure(pythons, work, settings, rounds):
    """{library: Measured}, without the rounds in which the machine was busy.

    settings: for each library, the keyword arguments of its work.
    """
    measured = {}
    for part in filter(None, (rounds - rounds // 2, rounds // 2)):
        workers, left_out = start(pythons, work, settings)
        for name, (worker, _) in workers.items():
            measured.setdefault(name, Measured(version=worker.about["version"]))
        for name, why in left_out.items():
            measured.pop(name, None)
            print(f"{work}: {name} is left out: {why}", file=sys.stderr)
        order = list(workers)
        for _ in range(part):
            for name in order:
                worker, steps = workers[name]
                time.sleep(PAUSE)
                seconds, memory = worker.run(steps)
                measured[name].times.append(seconds)
                if memory > measured[name].memory:
                    measured[name].memory = memory
                    measured[name].loaded = worker.about["loaded"] / 1024
            order.reverse()  # so that nobody always comes after the same neighbour
        for worker, _ in workers.values():
            worker.stop()
    return without_stalls(measured)
