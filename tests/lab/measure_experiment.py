"""Processor time of the lab's experiment, without a browser: python tests/lab/measure_experiment.py

Other programs do not change the processor time much. The lab uses one thread, so on a quiet
computer the processor time is the time by the clock. If MINIGAN_PYODIDE names a folder with
Pyodide, and Node is installed, the script also measures inside Pyodide.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
sys.path.insert(0, str(Path(__file__).parents[2]))

from minigan.lab import export
from minigan.lab.experiment import Experiment

SCRIPT = """
import { loadPyodide } from "RUNTIME/pyodide.mjs";
import fs from "fs";
import readline from "readline";
const python = await loadPyodide({ indexURL: "RUNTIME/" });
await python.loadPackage("numpy", { messageCallback: () => {} });
python.unpackArchive(new Uint8Array(fs.readFileSync("ARCHIVE")), "zip");
python.runPython("import sys; sys.path.insert(0, '.')");
const lab = python.runPython("from minigan.lab.experiment import Experiment; Experiment()");
for await (const line of readline.createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const answer = JSON.parse(lab.call(line));
  const used = process.cpuUsage(before);
  const seconds = (used.user + used.system) / 1e6;
  console.log(JSON.stringify([answer.ok.position ?? null, seconds, python._module.HEAP8.length]));
}
"""


class Native:
    """Calls of an experiment in this process: (position, seconds, bytes in use)."""

    def __init__(self):
        self.experiment = Experiment()

    def __call__(self, method, **args):
        started = time.process_time()
        answer = self.experiment.call(json.dumps({"method": method, "args": args}))
        used = time.process_time() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return json.loads(answer)["ok"].get("position"), used, memory


class Pyodide:
    """The same in Node."""

    def __init__(self, folder):
        export.write_package(folder / "minigan.zip")
        runtime = Path(os.environ["MINIGAN_PYODIDE"]).resolve().as_posix()
        archive = (folder / "minigan.zip").as_posix()
        (folder / "run.mjs").write_text(
            SCRIPT.replace("RUNTIME", runtime).replace("ARCHIVE", archive)
        )
        self.node = subprocess.Popen(
            ["node", folder / "run.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, method, **args):
        self.node.stdin.write(json.dumps({"method": method, "args": args}) + "\n")
        self.node.stdin.flush()
        return json.loads(self.node.stdout.readline())


def measure(name, call, last):
    for model in "gan", "wgan", "wgan_gp":
        call("reset", settings={"model": model})
        call("go", position=60)
        step = call("go", position=360, layers=[])[1] / 300
        picture = min(call("play", steps=0)[1] for _ in range(10))  # as while playing
        rate = (1 - 10 * picture) / step
        print(
            f"{name}, {model}: a step {1000 * step:.1f} ms, a picture {1000 * picture:.1f} ms: ",
            end="",
        )
        print(f"{rate:.0f} steps a second with 10 pictures a second", flush=True)
    call("reset")
    for n in range(1000, last + 1, 1000):
        call("go", position=n, layers=[])
    near = [call("back")[1] for _ in range(20)]
    far = []
    for position in last // 2, last // 3, 1234, 99:
        call("go", position=position + 1)
        call("go", position=last)
        far.append(call("go", position=position)[1])
        far.append(call("back")[1])
    memory = call("frame")[2]
    print(f"{name}: at step {last:,}, one step back takes at most {max(near):.2f} s, ", end="")
    print(f"and at most {max(far):.2f} s elsewhere; {memory / 1e6:.0f} MB", flush=True)
    for settings in {}, {"model": "wgan_gp"}, {"data": "mnist"}:
        call("reset", settings=settings)
        call("go", position=4)
        print(
            f"{name}: recording a step of D {settings or ''}: {call('record', player='D')[1]:.2f} s"
        )


if __name__ == "__main__":
    last = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    measure("native", Native(), last)
    if os.environ.get("MINIGAN_PYODIDE") and shutil.which("node"):
        with tempfile.TemporaryDirectory() as folder:
            lab = Pyodide(Path(folder))
            measure("Pyodide", lab, last)
            lab.node.stdin.close()
            lab.node.wait()
