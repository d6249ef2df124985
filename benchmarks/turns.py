"""The libraries' processes, and the turns that they take."""

import json
import subprocess
import sys
import time
from pathlib import Path

from tables import Measured

TURN = 0.5  # seconds
PAUSE = 0.3  # seconds before a turn: the threads of the one before spin for a while


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

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the process of {self.name} ended; what it printed is above")
        return line

    def run(self, n):
        """Run n steps: (the median of their seconds, MiB)."""
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        seconds, kilobytes = self.answer().split()
        return float(seconds), int(kilobytes) / 1024

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def start(pythons, work, settings):
    """A Worker for each library that has this work, and for each other one the reason."""
    workers = {name: Worker(pythons[name], name, work, settings[name]) for name in settings}
    left_out = {
        name: worker.about["missing"]
        for name, worker in workers.items()
        if "missing" in worker.about
    }
    if "minigan" in left_out:
        sys.exit(f"there is nothing to compare: {left_out['minigan']}")
    for name in left_out:
        workers.pop(name).stop()
    return workers, left_out


def measure(pythons, work, settings, rounds):
    """{library: Measured}. settings: for each library, the keyword arguments of its work."""
    measured = {}
    for part in filter(None, (rounds - rounds // 2, rounds // 2)):
        workers, left_out = start(pythons, work, settings)
        if not measured:
            without = [f"{name} ({why})" for name, why in left_out.items()]
            print(f"{work}, left out: {', '.join(without) or 'none'}", file=sys.stderr)
        # The first turn tells how many steps make a turn; what a library compiles, it compiles now.
        steps = {name: max(1, round(TURN / worker.run(3)[0])) for name, worker in workers.items()}
        for name, worker in workers.items():
            measured.setdefault(name, Measured(version=worker.about["version"]))
        for _ in range(part):
            for name, worker in workers.items():
                time.sleep(PAUSE)
                seconds, memory = worker.run(steps[name])
                measured[name].times.append(seconds)
                measured[name].memory = max(measured[name].memory, memory)
        for worker in workers.values():
            worker.stop()
    return measured
