"""Measure the time and memory of minigan's steps beside those of other libraries.

    python benchmarks/measure.py --python torch=PYTHON_THAT_HAS_TORCH jax=PYTHON_THAT_HAS_JAX

The works are in works_LIBRARY.py. They compute the same in every library. Each library runs in its
own process, which is replaced by a new one halfway. In each round every library has a turn of about
half a second. So if the speed of the machine changes, it changes for all libraries. A round in
which one library takes more than 1.5 times its own median is removed for all, because the machine
was busy. The table has the medians of the remaining rounds. Each ratio is the ratio of two of these
medians. Its spread is the middle half of the ratio over the rounds. Below
the table is the share of the matrix products, where they were measured alone.

The memory of a step is the peak memory of the process, minus its peak after the import of the
library and one tiny step.

--before COMMIT also measures minigan as it was at that commit, under the name `before`.
"""

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import environment  # noqa: F401  # before NumPy, and for every process that is started
from tables import (
    Measured,
    floors,
    growth_table,
    machine,
    replace_between,
    table,
    without_stalls,
)
from turns import measure

ROOT = Path(__file__).parents[1]
LIBRARIES = [
    "minigan",
    "minigan_fast",
    "minigan_upsample",
    "before",
    "before_upsample",
    "numpy",
    "numpy_ordered",
    "torch",
    "torch_products",
    "torch_fused",
    "torch_compile",
    "jax",
    "autograd",
    "mygrad",
]
# The networks of `dcgan` with the layers of the PyTorch script, Upsample and Conv2d.
UPSAMPLE = "dcgan_upsample"
WORKS = ["mlp_gan", "wgan_gp", "dcgan", "adam", "tiny", "chain", "gradcheck", "import"]
ON_A_GPU = ["minigan", "torch", "torch_fused"]
GPU_BATCHES = {"mlp_gan": [64, 4096], "wgan_gp": [64], "dcgan": [64]}

# {what grows: (the work, the values)}; what grows is a setting of the work
GROWTH = {
    "batch": ("mlp_gan", [64, 256, 1024, 4096]),
    "width": ("mlp_gan", [0.5, 1, 2, 4]),
    "depth": ("mlp_gan", [0, 4, 16, 64]),
    "operations": ("chain", [10, 100, 1000, 10_000]),
    "parameters": ("update", [2**9, 2**12, 2**15, 2**18, 2**21, 2**24]),
}
GROWING = {
    "mlp_gan": ["minigan", "minigan_fast", "torch", "torch_products", "numpy_ordered"],
    "chain": ["minigan", "torch"],
    "update": ["minigan", "minigan_fast", "torch", "torch_fused"],
}
PICTURES = {
    "measured": "\n\n![minigan's time over the others'](images/performance.png)",
    "growth": "\n\n![the time of a growing MLP GAN](images/performance_growth.png)",
}
PAGES = dict.fromkeys(["launches", "kernels", "gpu"], "gpu.md")  # the others: performance.md
DEFAULT = {"batch": 64, "width": 1, "depth": 0}  # of the MLP GAN
GROWTH_ROUNDS = 4


def measure_works(args):
    """{work: {library: Measured}} of the chosen works, with their default settings."""
    results = {}
    for work in args.work:
        if work == "import":
            measured = measure_imports(args.python["minigan"], args.rounds)
        else:
            settings = {library: {} for library in args.library}
            measured = split(work, measure(args.python, work, settings, args.rounds))
        print(table(measured), flush=True)  # all is not lost if a later one fails
        results |= measured
    return results


def split(work, measured):
    """{work: {library: Measured}}: minigan with the script's layers has a table of its own.

    Both tables are of the same rounds, so PyTorch's step has the same time in both.
    """
    variants = {name: of for name, of in measured.items() if name.endswith("_upsample")}
    others = {name: of for name, of in measured.items() if name not in variants}
    if not variants:
        return {work: others}
    own = {name.removesuffix("_upsample"): of for name, of in variants.items()}
    return {work: others, UPSAMPLE: {name: own.get(name, of) for name, of in others.items()}}


def measure_imports(python, rounds):
    """`import minigan` beside `import numpy`, without the interpreter's start and with it."""
    codes = {"start": "pass", "numpy": "import numpy", "minigan": "import minigan"}
    times = {name: [] for name in codes}

    def seconds(code):
        begin = time.perf_counter()
        subprocess.run([python, "-c", code], check=True)
        return time.perf_counter() - begin

    for code in codes.values():
        seconds(code)  # leaves the byte code behind
    for _ in range(rounds):
        for name, code in codes.items():
            times[name].append(statistics.median(seconds(code) for _ in range(5)))

    def without_start(name):
        return [whole - start for whole, start in zip(times[name], times["start"], strict=True)]

    libraries = ("minigan", "numpy")
    own = {name: Measured(without_start(name)) for name in libraries}
    whole = {name: Measured(times[name]) for name in libraries}
    return {"import": without_stalls(own), "import, whole process": without_stalls(whole)}


def measure_growth(args, results):
    """{what grows: {its value: {library: Measured}}}. One size grows at a time.

    results: those of the works with their default settings. The MLP GAN's are one point of the
    curves of its batch, its width and its depth.
    """
    growth = {}
    for name, (work, values) in GROWTH.items():
        libraries = [library for library in GROWING[work] if library in args.library]
        growth[name] = {}
        for value in values:
            if value == DEFAULT.get(name):
                default = results[work]
                measured = {
                    library: default[library] for library in libraries if library in default
                }
            else:
                settings = {library: {name: value} for library in libraries}
                rounds = min(args.rounds, GROWTH_ROUNDS)
                measured = measure(args.python, work, settings, rounds)
            growth[name][value] = measured
        print(growth_table({name: growth[name]}), flush=True)
    return growth


def measure_on_gpu(pythons, rounds):
    """{work and batch: {library: Measured}}"""
    results = {}
    for work, batches in GPU_BATCHES.items():
        for batch in batches:
            settings = {library: {"batch": batch} for library in ON_A_GPU}
            results[f"{work}, batch {batch}"] = measure(pythons, work, settings, rounds)
    return results


def find_gpu(python):
    """The name of the GPU that CuPy finds. Without one, the program ends and says why."""
    code = (
        "import minigan; runtime = minigan.backend.current().cuda.runtime; "
        "print(runtime.getDeviceProperties(runtime.getDevice())['name'].decode())"
    )
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    if found.returncode:
        sys.exit(f"--backend cupy: {found.stderr.strip().splitlines()[-1]}")
    return found.stdout.strip()


def library_and_python(text):
    library, _, python = text.partition("=")
    if library not in LIBRARIES:
        raise argparse.ArgumentTypeError(f"{library!r} is not one of {', '.join(LIBRARIES)}")
    if not shutil.which(python):
        raise argparse.ArgumentTypeError(f"{library}={python}: there is no such Python")
    return library, python


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--work", nargs="*", choices=WORKS, help="all of them by default")
    parser.add_argument(
        "--python",
        nargs="+",
        type=library_and_python,
        default=[],
        metavar="LIBRARY=PYTHON",
        help="the Pythons that have the libraries (default: this one); torch's serves its variants",
    )
    parser.add_argument("--library", nargs="*", choices=LIBRARIES, help="all of them by default")
    parser.add_argument("--before", metavar="COMMIT", help="also measure minigan at this commit")
    parser.add_argument("--rounds", type=int, default=10, help="turns of each library")
    parser.add_argument("--threads", type=int, default=2, help="threads and cores of a library")
    parser.add_argument("--growth", action="store_true", help="also let the sizes grow")
    parser.add_argument("--backend", choices=["numpy", "cupy"], default="numpy", help="of minigan")
    parser.add_argument("--write", action="store_true", help="update the page in docs/")
    args = parser.parse_args(argv)
    if args.rounds < 1 or args.threads < 1:
        parser.error("--rounds and --threads must be 1 or more")
    if args.backend == "cupy" and (args.work is not None or args.growth):
        parser.error("--backend cupy has works of its own: leave out --work and --growth")
    if args.write and (args.work or args.library):
        parser.error("--write replaces the whole table, so it is not for --work or --library")
    if args.growth and not {"mlp_gan"} <= set(args.work or WORKS):
        parser.error("--growth needs the work mlp_gan")
    for name in ("minigan", "matplotlib") if args.write else ():
        if not importlib.util.find_spec(name):
            parser.error(f'--write needs {name}, which is not installed: pip install -e ".[dev]"')
    args.work = WORKS if args.work is None else args.work
    args.library = ["minigan", *(args.library or LIBRARIES)]
    if not args.before:
        args.library = [name for name in args.library if not name.startswith("before")]
    args.library = list(dict.fromkeys(args.library))
    given = dict(args.python)
    args.python = {name: given.get(name, sys.executable) for name in LIBRARIES}
    for name in LIBRARIES:
        whose = name.split("_")[0].replace("before", "minigan")
        args.python[name] = given.get(name, args.python[whose])
    return args


def main(argv=None):
    args = parse(argv)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    os.environ["MINIGAN_BACKEND"] = args.backend
    os.environ["BENCHMARK_DEVICE"] = {"numpy": "cpu", "cupy": "cuda"}[args.backend]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # `import` is measured with byte code
    cores = args.threads
    if hasattr(os, "sched_setaffinity"):  # the workers inherit it
        allowed = sorted(os.sched_getaffinity(0))[: args.threads]
        os.sched_setaffinity(0, allowed)
        cores = len(allowed)
    gpu = find_gpu(args.python["minigan"]) if args.backend == "cupy" else None
    with tempfile.TemporaryDirectory() as folder:
        if args.before:
            export(args.before, folder)
        results = measure_on_gpu(args.python, args.rounds) if gpu else measure_works(args)
    growth = {}
    if args.growth:
        growth = measure_growth(args, results)

    texts = {}
    if results:
        line = machine(cores, results.values(), gpu)
        texts["gpu" if gpu else "measured"] = f"{line}:\n\n{table(results)}"
    if growth:
        points = [measured for curve in growth.values() for measured in curve.values()]
        line = machine(cores, points)
        texts["growth"] = f"{line}:\n\n{growth_table(growth)}"
    print("\n\n".join(filter(None, [*texts.values(), floors(results)])))
    if args.write:
        write(texts, {} if gpu else results, growth)


def export(commit, folder):
    """Write the package of a commit into a folder. works_before.py imports it from there."""
    archive = subprocess.run(
        ["git", "archive", commit, "minigan"], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    os.environ["MINIGAN_BEFORE"] = str(folder)


def write(texts, results, growth):
    """Put the texts between their markers on the page, and draw its pictures."""
    from draw import draw_growth, draw_ratios  # not before: a worker would inherit the memory

    from minigan.runs.files import atomic_write

    for name, text in texts.items():
        path = ROOT / "docs" / PAGES.get(name, "performance.md")
        page = path.read_text(encoding="utf-8")
        page = replace_between(page, name, text + PICTURES.get(name, ""))
        with atomic_write(path) as temporary:
            temporary.write_text(page, encoding="utf-8")
    if results:
        draw_ratios(ROOT / "docs" / "images" / "performance.png", results)
    if growth:
        draw_growth(ROOT / "docs" / "images" / "performance_growth.png", growth)


if __name__ == "__main__":
    main()
