"""Small settings and data with which the tests run the commands of the pages.

For writers of pages. A command that these tables do not mention runs as the page has it. It may
take 30 s of processor time. If it takes more, or cannot run as it is, add a line here:

    SCRIPTS  for every command of a script or module: flags to put at its end, such as --n_epochs 1
    WORDS    what stands for a word in capitals, a file of the reader's, or a long run
    LINES    for one whole command: a Small with another line, or a NotRun with the reason

Data are in {digits}, {many_digits}, {drawings}, {horses} and {pictures}. A command runs in a copy
of the project, so what it writes is lost. If it reads runs/NAME, examples/NAME.py runs before; if
it has --resume, the same command runs without that before.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Small:
    """flags: at the end of the command; line: what runs in its place; stdin: what is typed.

    until: what a server prints when it has started; it is then stopped. status: the exit status.
    needs: modules without which it is skipped. slow: more than about 5 s even so; CI leaves it out.
    """

    flags: str = ""
    line: str = ""
    stdin: str = ""
    until: str = ""
    status: int = 0
    needs: tuple = ()
    slow: bool = False


@dataclass
class NotRun:
    reason: str


EPOCH = "--n_epochs 1 --batch_size 100 --data {digits}"  # two steps
STEPS = "--n_steps 2 --batch_size 5 --data"
SCRIPTS = {
    "benchmarks/lessons.py": Small("--rounds 1", slow=True),
    "benchmarks/where_the_time_goes.py": Small("--steps 1"),
    "examples/studies/batch_norm_eps.py": Small("--n_epochs 1 --data {digits}", slow=True),
    "examples/cifar_wgan.py": Small(f"{STEPS} {{horses}}", slow=True),
    "examples/cifar_wgan_gp.py": Small(f"{STEPS} {{horses}}", slow=True),
    "examples/studies/critic_slope.py": Small("--steps 5 --data {digits}"),
    "examples/dice_gan.py": Small("--n_steps 2"),
    "examples/faces_wgan_gp.py": Small(f"{STEPS} {{pictures}}", slow=True),
    "examples/mixtures_2d.py": Small("--data ring --seeds 1 --steps 3 --width 8"),
    "examples/studies/mnist_2014_curve.py": Small("--n_epochs 10 --n_samples 10", slow=True),
    "examples/mnist_cgan.py": Small(EPOCH, slow=True),
    "examples/mnist_dcgan.py": Small(EPOCH, slow=True),
    "examples/mnist_gan.py": Small(EPOCH),
    "examples/mnist_gan_2014.py": Small(EPOCH),
    "examples/mnist_gan_keras.py": Small(EPOCH),
    "examples/mnist_gan_tf1.py": Small("--n_epochs 1 --batch_size 150 --data {many_digits}"),
    "examples/studies/mnist_scores.py": Small("--n_samples 10", slow=True),
    "examples/mnist_wgan.py": Small(EPOCH),
    "examples/mnist_wgan_gp.py": Small(EPOCH),
    "examples/mpi_wgan_gp.py": Small(EPOCH, needs=("mpi4py",), slow=True),
    "examples/studies/questions.py": Small("--seeds 1 --steps 20"),
    "examples/quickdraw_gan.py": Small(f"{STEPS} {{drawings}}", slow=True),
    "examples/theory_checkerboard.py": Small("--samples 16"),
    "examples/theory_divergences.py": Small("--points 25"),
    "examples/theory_figure1.py": Small("--steps 800 --seeds 1", slow=True),
    "examples/theory_generator_map.py": Small("--steps 2400 --seeds 1", slow=True),
    "examples/theory_minimax.py": Small("--steps 80"),
    "examples/theory_troubles.py": Small("--steps 1200 --seeds 1", slow=True),
    "examples/studies/train_digit_classifier.py": Small(EPOCH),
    "examples/trained_generator.py": Small("--data {digits}"),
    "http.server": Small("0", until="Serving HTTP on"),  # 0: any port
    "minigan.debug": Small(stdin="q\n", slow=True),
    "minigan.lab": Small("--no-browser --port 0", until="The lab is "),
    "mypy": Small(slow=True),
    "pytest": Small("--collect-only -q -p no:cacheprovider", slow=True),  # they run anyway
    "tests/lab/measure_experiment.py": Small("100", slow=True),
    "tests/lab/measure_page.py": Small("--steps 20", needs=("playwright",), slow=True),
}
WORDS = {
    "FOLDER_OR_NPY": "{pictures}",
    "FOLDER": ".",
    "MyOp.backward": "Linear.backward",
    "SCRIPT": "examples/mnist_gan.py",
    "my_gan.py": "examples/mnist_gan.py",
    "runs/mnist_2014_curve/epoch_250": "runs/mnist_2014_curve/epoch_10",
    **{f"runs/mnist_gan_{seed}": "runs/mnist_gan" for seed in range(3)},
}
LINES = {
    "python examples/studies/blind_test.py": NotRun(
        "it takes pictures of runs; its tests draw some"
    ),
    "jupyter execute --inplace --NotebookClient.record_timing=False examples/tour.ipynb": NotRun(
        "tests/examples/test_tour.py runs the notebook"
    ),
    **{
        f"python examples/{name}.py": NotRun("tests/examples/test_theory.py runs it")
        for name in ("evaluation", "theory_collapse", "theory_dirac", "theory_transport")
    },
    ".ci/run": NotRun("it runs these tests"),
    "diff minigan/trainers/gan.py minigan/trainers/wgan.py": Small(status=1),
    "python -m minigan.debug": NotRun("a name, not a command"),
    "python -m minigan.exercises check": NotRun("it needs a folder; the page's session runs it"),
    "python -m minigan.exercises watch": NotRun("it waits for the learner; its tests run it"),
    "python -m minigan.lab --export FOLDER": Small(line="python -m minigan.lab --export lab"),
    "python benchmarks/measure.py --growth --write --before COMMIT": Small(
        line="python benchmarks/measure.py --rounds 1 --work tiny", slow=True
    ),
    "python examples/export_onnx.py": Small(
        line="python examples/export_onnx.py examples/data/mnist_gan digits.onnx", needs=("onnx",)
    ),
    "python examples/sample.py": Small(
        line="python examples/sample.py examples/data/mnist_gan --n_samples 9"
    ),
    "python examples/sample.py runs/mnist_cgan --labels 7": Small(slow=True),  # it needs that run
    "python examples/studies/mnist_scores.py --train": NotRun(
        "100 minutes; the flag has tests of its own"
    ),
    "python benchmarks/launches.py": Small(needs=("torch",)),
    "python benchmarks/launches.py --gpu --write": NotRun("it needs a GPU"),
    "python benchmarks/measure.py --backend cupy --write": NotRun("it needs a GPU"),
    "python examples/studies/mixtures_trials.py": NotRun(
        "an hour; its own tests run it with few steps"
    ),
    "python examples/studies/mnist_trials.py": NotRun(
        "an hour; its own tests run it with few steps"
    ),
    "python examples/studies/questions.py": Small(
        line="python examples/studies/questions.py shapes"
    ),
}


def write_data(folder):
    """Small data sets: {name: path}."""
    rng = np.random.default_rng(0)
    names = "digits", "many_digits", "drawings", "horses", "pictures"
    paths = {name: folder / name for name in names}
    for path in paths.values():
        path.mkdir()
    for name, n in ("digits", 200), ("many_digits", 5300):
        for part, count in ("train", n), ("t10k", 200):
            images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
            labels = np.arange(count, dtype=np.uint8) % 10
            for kind, array in ("images-idx3", images), ("labels-idx1", labels):
                sizes = b"".join(k.to_bytes(4, "big") for k in array.shape)
                content = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
                (paths[name] / f"{part}-{kind}-ubyte").write_bytes(content)
    np.save(paths["drawings"] / "cat.npy", rng.integers(0, 256, (20, 784), dtype=np.uint8))
    for i in range(1, 6):
        records = rng.integers(0, 256, (4, 3073), dtype=np.uint8)
        records[:, 0] = 7  # a horse
        records.tofile(paths["horses"] / f"data_batch_{i}.bin")
    from PIL import Image

    for i, image in enumerate(rng.integers(0, 256, (10, 40, 50, 3), dtype=np.uint8)):
        Image.fromarray(image).save(paths["pictures"] / f"{i}.png")
    return paths
